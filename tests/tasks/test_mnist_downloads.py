"""Data sets fetched from a server on this machine: whole and as published, or not at all."""

from pathlib import Path
from typing import Any

import pytest
import torch

from rnn_tui.engine.errors import DownloadError
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.image_sets import IMAGE_SETS, ImageSet
from rnn_tui.tasks.mnist.data import load_set
from rnn_tui.tasks.mnist.downloads import fetch
from tests.cli.command_line import EXIT_FAILURE, EXIT_USAGE, assert_one_sentence, rnn_tui
from tests.made_up_sets import COUNTS, labels_of, md5, packed
from tests.served_sets import Serve, serve, served

__all__ = ["serve"]
NAMES = list(IMAGE_SETS)


def left_in(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_a_set_is_fetched_as_torchvision_reads_it(name: str, serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS[name], packed(name)
    server = serve(files)
    root = tmp_path / "new" / "folder"
    seen: list[float] = []
    progress = Progress(lambda news: seen.append(news.share))
    assert fetch(image_set, root, progress, served(image_set, files, server.address))
    assert left_in(root) == sorted(image_set.files)
    assert load_set(image_set, str(root)).test_labels.tolist() == labels_of(COUNTS[1]).tolist()
    assert seen == sorted(seen)
    assert seen[-1] == 1
    count = len(server.asked)
    assert count == len(files)
    # once it is there, nobody is asked
    assert fetch(image_set, root, progress, served(image_set, files, server.address))
    assert len(server.asked) == count


def test_the_names_are_those_of_torchvisions_own_addresses() -> None:
    """Each file has an address and a checksum, where torchvision has them today."""
    from rnn_tui.tasks.mnist.downloads import remote_files  # noqa: PLC0415

    for name in NAMES:
        remote = remote_files(IMAGE_SETS[name], served_by_torchvision(IMAGE_SETS[name]))
        fetched = [file for each in remote for file, _ in each.files]
        assert fetched == list(IMAGE_SETS[name].files)
        for each in remote:
            assert len(each.md5) == 32
            assert all(address.startswith(("http://", "https://")) for address in each.addresses)
            [*_, stem] = each.files[0][0].split("/")
            assert len(each.files) > 1 or each.name.startswith(stem)


def served_by_torchvision(image_set: ImageSet) -> Any:
    from torchvision import datasets  # noqa: PLC0415 - a second

    return getattr(datasets, image_set.torchvision_name)


def test_the_next_mirror_is_asked_if_one_fails(serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["fashion"], packed("fashion")
    empty, full = serve({}), serve(files)
    source = served(image_set, files, "http://127.0.0.1:1/", empty.address, full.address)
    assert fetch(image_set, tmp_path, source=source)
    assert len(empty.asked) == len(full.asked) == 4


@pytest.mark.parametrize("name", NAMES)
def test_another_file_than_published_is_refused_and_nothing_is_kept(
    name: str, serve: Serve, tmp_path: Path
) -> None:
    image_set, files = IMAGE_SETS[name], packed(name)
    last = list(files)[-1]
    server = serve({**files, last: files[last] + b"\0"})
    with pytest.raises(DownloadError) as refused:
        fetch(image_set, tmp_path, source=served(image_set, files, server.address))
    sentence = str(refused.value)
    assert last in sentence
    assert md5(files[last]) in sentence
    assert sentence.isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_ends_too_early_is_refused(serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["usps"], packed("usps")
    server = serve({name: data[: len(data) // 2] for name, data in files.items()})
    with pytest.raises(DownloadError, match="MD5"):
        fetch(image_set, tmp_path, source=served(image_set, files, server.address))
    assert list(tmp_path.iterdir()) == []


def test_a_stop_ends_a_download_and_leaves_nothing(serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["fashion"], packed("fashion")
    server = serve(files)
    server.slow = list(files)[2]

    def stop_in_the_third(progress: Progress) -> None:
        if progress.done >= 2:
            progress.stop()
            server.release.set()

    source = served(image_set, files, server.address)
    assert not fetch(image_set, tmp_path, Progress(stop_in_the_third), source)
    assert list(tmp_path.iterdir()) == []


def test_without_an_answer_the_server_and_what_to_do_are_named(tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["kmnist"], packed("kmnist")
    source = served(image_set, files, "http://127.0.0.1:1/")
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1:1 .*network, or name a folder"):
        fetch(image_set, tmp_path, source=source)


def test_files_of_this_machine_are_no_downloads(tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["usps"], packed("usps")
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    root = tmp_path / "root"
    with pytest.raises(DownloadError):
        fetch(image_set, root, source=served(image_set, files, tmp_path.as_uri() + "/"))


def test_a_folder_that_cannot_be_made_is_named(serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["usps"], packed("usps")
    (tmp_path / "file").touch()
    source = served(image_set, files, serve(files).address)
    with pytest.raises(DownloadError, match="can't be stored"):
        fetch(image_set, tmp_path / "file" / "below", source=source)


TRAIN = ("train", "mnist", "--cell", "rnn", "--hidden-size", "4", "--epochs", "1", "--quiet")


@pytest.mark.process
def test_the_command_fetches_only_where_it_says_so(tmp_path: Path) -> None:
    """By a proxy that does not answer: no test asks the servers themselves."""
    nowhere = {
        "http_proxy": "http://127.0.0.1:1",
        "https_proxy": "http://127.0.0.1:1",
        "no_proxy": "",
    }
    words = (*TRAIN, "--dataset", "fashion", "--data-dir", str(tmp_path))
    done = rnn_tui(*words, **nowhere)
    assert done.returncode == EXIT_FAILURE  # the run fails for want of data
    assert "--download" in done.stderr
    done = rnn_tui(*words, "--download", **nowhere)
    assert done.returncode == EXIT_FAILURE
    assert done.stdout == ""
    assert "can't be fetched" in assert_one_sentence(done.stderr)
    done = rnn_tui(*TRAIN, "--download", **nowhere)
    assert done.returncode == EXIT_USAGE
    assert "comes with rnn-tui" in done.stderr


@pytest.mark.process
def test_the_command_holds_the_published_checksums(serve: Serve, tmp_path: Path) -> None:
    server = serve(packed("fashion"))  # made-up files in the place of the published ones
    words = (*TRAIN, "--dataset", "fashion", "--data-dir", str(tmp_path), "--download")
    done = rnn_tui(*words, http_proxy=server.address, no_proxy="")
    assert done.returncode == EXIT_FAILURE
    assert "sent another file than Fashion-MNIST's" in assert_one_sentence(done.stderr)
    assert server.asked
    assert IMAGE_SETS["fashion"].missing(tmp_path)


def test_fetched_sets_are_read_upright(serve: Serve, tmp_path: Path) -> None:
    image_set, files = IMAGE_SETS["emnist-digits"], packed("emnist-digits")
    fetch(image_set, tmp_path, source=served(image_set, files, serve(files).address))
    images = load_set(image_set, str(tmp_path)).train_images
    assert torch.equal(images[:, 1, 2], torch.full((COUNTS[0],), 200, dtype=torch.uint8))
