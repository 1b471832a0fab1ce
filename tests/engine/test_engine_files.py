"""Files are replaced whole; devices, pipes and links stay what they are."""

import os
import select
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.files.atomic import (
    make_folder,
    remove_temporary,
    whole_folder,
    why_unwritable,
    write_file,
)
from tests.devices import device

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
DATA = b"data" * 50_000


def kind_of(path: Path) -> tuple[int, int, int]:
    """What tells a file from one that has taken its place."""
    status = os.lstat(path)
    return status.st_mode, status.st_ino, status.st_rdev


def assert_written(path: Path) -> None:
    assert why_unwritable(path) == ""
    write_file(path, DATA)
    assert path.read_bytes() == DATA


def assert_refused(path: Path, words: str, folder: Path) -> None:
    """What is refused is told with the path, and nothing is left."""
    before = sorted(os.listdir(folder))
    with pytest.raises(OSError, match=words) as refused:
        write_file(path, DATA)
    assert refused.value.filename == str(path)
    assert refused.value.strerror is not None
    assert sorted(os.listdir(folder)) == before


@posix
def test_the_permissions_of_a_file_that_is_replaced_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    for mode in (0o600, 0o640, 0o755):
        path.chmod(mode)
        assert_written(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(tmp_path) == ["file"]


@posix
@pytest.mark.parametrize("there", [True, False], ids=["whole", "dangling"])
def test_a_link_stays_and_what_it_leads_to_is_written(there: bool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "file"
    if there:
        target.write_bytes(b"before")
    (tmp_path / "first").symlink_to("elsewhere/file")
    (tmp_path / "second").symlink_to("first")
    links = [kind_of(tmp_path / name) for name in ("first", "second")]
    assert_written(tmp_path / "second")
    assert [kind_of(tmp_path / name) for name in ("first", "second")] == links
    assert target.read_bytes() == DATA
    assert os.listdir(tmp_path / "elsewhere") == ["file"]


@posix
def test_a_ring_of_links_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("link")
    assert why_unwritable(path)
    assert_refused(path, "symbolic links", tmp_path)
    assert path.is_symlink()


@posix
def test_a_device_takes_the_data(tmp_path: Path) -> None:
    null = device("null", tmp_path)
    (tmp_path / "link").symlink_to(null)
    for path in (null, tmp_path / "link"):
        before = kind_of(path)
        assert why_unwritable(path) == ""
        write_file(path, DATA)
        assert kind_of(path) == before


@posix
def test_a_full_device_is_told(tmp_path: Path) -> None:
    full = device("full", tmp_path)
    before = kind_of(full)
    assert_refused(full, "No space left", tmp_path)
    assert kind_of(full) == before


@posix
def test_a_pipe_takes_the_data(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    before, found = kind_of(path), []
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)

    def read() -> None:
        select.select([reader], [], [])  # or it would end before anybody has written
        with os.fdopen(reader, "rb") as file:
            found.append(file.read())

    assert why_unwritable(path) == ""
    thread = threading.Thread(target=read)
    thread.start()
    write_file(path, DATA)  # more than a pipe holds
    thread.join()
    assert (found, kind_of(path)) == ([DATA], before)


@posix
def test_a_pipe_that_nobody_reads_from_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "pipe", "nobody reads", tmp_path)


@posix
def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    for name in ("folder", "link"):
        assert why_unwritable(tmp_path / name) == "it is a folder"
        assert_refused(tmp_path / name, "it is a folder", tmp_path)


@pytest.mark.process
@posix
@pytest.mark.parametrize("name", ["to stdout", "to descriptor", "to link"])
def test_an_open_descriptor_takes_the_data_behind_what_is_there(name: str, tmp_path: Path) -> None:
    (tmp_path / "to stdout").symlink_to("/dev/stdout")
    (tmp_path / "to descriptor").symlink_to("/dev/fd/1")
    (tmp_path / "to link").symlink_to("to stdout")
    path, log = tmp_path / name, tmp_path / "log"
    program = (
        "import os, pathlib, sys\n"
        "from rnn_tui.engine.files.atomic import why_unwritable, write_file\n"
        "path = pathlib.Path(sys.argv[1]); os.write(1, b'before ')\n"
        "assert not why_unwritable(path); write_file(path, b'data'); os.write(1, b' after')"
    )
    with log.open("wb") as file:
        subprocess.run([sys.executable, "-c", program, path], stdout=file, check=True, timeout=60)
    assert log.read_bytes() == b"before data after"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    assert_written(tmp_path / ("n" * 255))
    assert_written(tmp_path / ("é" * 120))


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "weights[1].safetensors"
    write_file(path, DATA)
    (tmp_path / ".weights[1].safetensors.0a1b").touch()
    (tmp_path / ".weights1.safetensors.0a1b").touch()
    remove_temporary(path)
    assert sorted(os.listdir(tmp_path)) == [".weights1.safetensors.0a1b", path.name]


@posix
def test_a_folder_is_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("there")
    for _ in range(2):
        make_folder(tmp_path / "link")
        assert (tmp_path / "there").is_dir()
        assert (tmp_path / "link").is_symlink()


@posix
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_a_descriptor_s_name_writes_where_its_file_stands(folder: str, tmp_path: Path) -> None:
    if not os.path.isdir(folder):
        pytest.skip("this system has no such folder")
    with (tmp_path / "log").open("wb", buffering=0) as log:
        log.write(b"before ")
        write_file(Path(folder, str(log.fileno())), b"data")
        log.write(b" after")
    assert (tmp_path / "log").read_bytes() == b"before data after"
    assert os.listdir(tmp_path) == ["log"]


def write_files(folder: Path, **files: bytes | Iterator[bytes]) -> None:
    """Write these files in order."""
    for name, data in files.items():
        write_file(folder / name, data)


def files_below(folder: Path) -> dict[str, bytes]:
    """The files in a folder and in those below, by their paths."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_of_files_comes_whole(there: bool, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder"
    before = {}
    if there:
        (path / "below").mkdir(parents=True)
        before = {"old": b"old", "below/both": b"old"}
        for name, data in before.items():
            (path / name).write_bytes(data)
    with whole_folder(path) as place:
        (place / "below").mkdir()
        write_file(place / "below" / "both", DATA)
        write_file(place / "one", DATA)
        assert not (path / "one").exists()
    assert files_below(tmp_path) == {
        f"new/folder/{name}": data
        for name, data in {**before, "below/both": DATA, "one": DATA}.items()
    }


@pytest.mark.parametrize("there", [False, True])
def test_of_a_folder_of_files_nothing_is_left_if_one_fails(there: bool, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder"
    if there:
        path.mkdir(parents=True)
        (path / "one").write_bytes(b"old")
    before = sorted(tmp_path.rglob("*"))

    def failing() -> Iterator[bytes]:
        yield DATA
        raise ValueError("later")

    with pytest.raises(ValueError, match="later"), whole_folder(path) as place:
        write_files(place, one=DATA, two=failing())
    assert sorted(tmp_path.rglob("*")) == before
    assert not there or (path / "one").read_bytes() == b"old"


def test_a_file_of_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "two").mkdir(parents=True)
    with pytest.raises(OSError, match="folder") as refused, whole_folder(path) as place:
        write_files(place, one=DATA, two=DATA)
    assert refused.value.filename == str(path / "two")
    assert sorted(tmp_path.rglob("*")) == [path, path / "two"]
    (tmp_path / "file").touch()
    with pytest.raises(OSError), whole_folder(tmp_path / "file" / "inside"):  # noqa: PT011
        pass
    assert (tmp_path / "file").is_file()
