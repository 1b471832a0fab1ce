"""Fetches data sets from where torchvision does, checked by its checksums; only when asked to.

torchvision says which files there are, where they lie and what their MD5 sums are. They are
received here, since its own download can't be stopped, shows its progress on stderr only, waits for
ever for a silent server, and leaves parts of files that it takes for whole ones afterwards.
"""

import gzip
import hashlib
import http.client
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rnn_tui.engine.errors import DownloadError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.atomic import make_folder, whole_folder, write_file
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.engine.training.resources import heavy_imports
from rnn_tui.tasks.image_sets import ImageSet

AT_ONCE = 1 << 16  # bytes received at a time: after each of them a stop counts
SECONDS_OF_SILENCE = 20.0  # after which a server counts as out of reach
MOST_BYTES = 2_000_000_000  # of a file; the largest one, EMNIST's archive, has 560 million


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch."""

    addresses: tuple[str, ...]  #: where it lies; the next one if one fails.
    md5: str  #: of the file as it is sent.
    #: the files below the root that come of it, each with what it is called in an archive.
    files: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The last part of its address."""
        return urlsplit(self.addresses[0]).path.rpartition("/")[2]


class _StoppedError(Exception):
    """A download was stopped."""


def fetch(
    image_set: ImageSet, root: Path, progress: Progress = UNWATCHED, source: Any = None
) -> bool:
    """Fetch a data set into a torchvision root, unless its files are there.

    All files are moved there at the end, so that none is there if one is missing.

    Args:
        image_set: the data set.
        root: the folder, which is made if it is missing.
        progress: in files; it can stop the download.
        source: what says where the files are, as a class of torchvision does; None for that of
            the data set.

    Returns:
        whether they are there now; False if it was stopped.

    Raises:
        DownloadError: if a server does not answer, or sends another file; or files can't be
            written.
    """
    if not image_set.missing(root):
        return True
    try:
        folder = Path(outside.real_path(root))
        remote = remote_files(image_set, source or _torchvision_class(image_set))
        with whole_folder(folder) as temporary:
            for number, file in enumerate(remote):
                archive = temporary / f"{number}.part"
                write_file(archive, _received(image_set, file, number, len(remote), progress))
                _unpack(archive, file, temporary)
                archive.unlink()
    except _StoppedError:
        return False
    except (OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise DownloadError(
            f"{image_set.label} can't be stored in {printable(root, 200)} ({why(error, 160)})."
        ) from error
    return True


def _torchvision_class(image_set: ImageSet) -> Any:
    with heavy_imports():
        from torchvision import datasets  # a second, on use only

    return getattr(datasets, image_set.torchvision_name)


def remote_files(image_set: ImageSet, source: Any) -> list[RemoteFile]:
    """Return the files of a data set, as `source` names them."""
    if image_set.torchvision_name == "EMNIST":  # an archive of all parts
        names = tuple((name, f"gzip/{Path(name).name}.gz") for name in image_set.files)
        return [RemoteFile((source.url,), source.md5, names)]
    if image_set.torchvision_name == "USPS":
        parts = [source.split_list["train"], source.split_list["test"]]
        return [RemoteFile((url,), md5, ((name, ""),)) for url, name, md5 in parts]
    if image_set.torchvision_name == "QMNIST":
        resources = [*source.resources["train"], *source.resources["test"]]
        addresses = [(url,) for url, _ in resources]
    else:
        resources = source.resources
        addresses = [tuple(mirror + name for mirror in source.mirrors) for name, _ in resources]
    return [
        RemoteFile(addresses_of_file, md5, ((name, ""),))
        for addresses_of_file, (_, md5), name in zip(
            addresses, resources, image_set.files, strict=True
        )
    ]


def _received(
    image_set: ImageSet, remote: RemoteFile, number: int, count: int, progress: Progress
) -> Iterator[bytes]:
    """Yield the contents of a file from the first address that has it.

    Raises:
        DownloadError: if none does, or a server ends in the middle, or the checksum is wrong.
    """
    response = _opened(image_set, remote)
    length = response.length or 0
    digest = hashlib.md5(usedforsecurity=False)
    size = 0
    with closing(response):
        while True:
            if progress.stopping:
                raise _StoppedError
            progress.advance(number + (min(1.0, size / length) if length else 0.0), count)
            try:
                part = response.read(AT_ONCE)
            except (OSError, http.client.HTTPException) as error:
                raise _out_of_reach(image_set, remote, error) from error
            if not part or size > MOST_BYTES:
                break
            size += len(part)
            digest.update(part)
            yield part
    if digest.hexdigest() != remote.md5:
        raise DownloadError(
            f"{printable(response.url, 200)} sent another file than {image_set.label}'s (its MD5 "
            f"sum is {digest.hexdigest()}, not {remote.md5}), so nothing was kept; try again later."
        )
    progress.advance(number + 1, count)


def _opened(image_set: ImageSet, remote: RemoteFile) -> http.client.HTTPResponse:
    """Return the answer of the first address that has a file."""
    failure: Exception = OSError("it has no address")
    for address in remote.addresses:
        if urlsplit(address).scheme not in ("http", "https"):
            continue
        request = urllib.request.Request(address, headers={"User-Agent": "rnn-tui"})
        try:
            response: http.client.HTTPResponse = urllib.request.urlopen(
                request, timeout=SECONDS_OF_SILENCE
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure = error
        else:
            return response
    raise _out_of_reach(image_set, remote, failure) from failure


def _out_of_reach(image_set: ImageSet, remote: RemoteFile, error: Exception) -> DownloadError:
    """Return the error for a file that no server sends."""
    hosts = ", ".join(dict.fromkeys(urlsplit(address).netloc for address in remote.addresses))
    reason = why(getattr(error, "reason", None) or error, 120)  # urllib wraps the system's words
    return DownloadError(
        f"{image_set.label} can't be fetched: {printable(remote.name)} from "
        f"{printable(hosts, 120)} ({reason}); try again with a network, or name a folder that has "
        "it with --data-dir."
    )


def _unpack(archive: Path, remote: RemoteFile, folder: Path) -> None:
    """Write the files that come of a file below a folder, as torchvision reads them."""
    for name, member in remote.files:
        target = folder / name
        make_folder(target.parent)
        if member:
            with zipfile.ZipFile(archive) as whole, whole.open(member) as packed:
                write_file(target, _parts(gzip.GzipFile(fileobj=packed)))
        elif remote.name.endswith(".gz"):
            with gzip.open(archive) as unpacked:
                write_file(target, _parts(unpacked))
        else:
            with archive.open("rb") as file:
                write_file(target, _parts(file))


def _parts(file: Any) -> Iterator[bytes]:
    while part := file.read(AT_ONCE):
        yield part
