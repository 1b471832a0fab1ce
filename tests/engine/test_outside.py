"""Files that a user names: what is opened, and what a confined page may know of the rest."""

import os
from pathlib import Path

import pytest

from rnn_tui.engine.files import outside
from rnn_tui.engine.page import SHARE_VARIABLE


def test_a_regular_file_is_opened_by_any_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"what is in it")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with outside.opened(tmp_path / name) as file:
            assert file.read() == b"what is in it"


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "round").symlink_to("round")
    for name in ("pipe", "link", "round", ".", "nothing", "\0"):
        with pytest.raises((OSError, ValueError)), outside.opened(f"{tmp_path}/{name}"):
            pytest.fail("it was opened")


def test_a_confined_page_opens_and_lists_what_is_shared_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, secret = tmp_path / "share", tmp_path / "secret"
    for folder in (share, secret):
        folder.mkdir()
        (folder / "file").write_bytes(folder.name.encode())
    (share / "out").symlink_to(secret)
    (share / "out-file").symlink_to(secret / "file")
    monkeypatch.setenv(SHARE_VARIABLE, str(share))
    with outside.opened(share / "file") as file:
        assert file.read() == b"share"
    for path in (
        secret / "file",
        share / "out" / "file",
        share / "out-file",
        share / ".." / "secret",
    ):
        assert not outside.exists(path)
        for look in (outside.opened, outside.entries):
            with pytest.raises(FileNotFoundError), look(path):  # type: ignore[operator]
                pytest.fail("it was opened")
        with pytest.raises(FileNotFoundError):
            outside.status(path)
    assert outside.home() == share
    assert outside.shown(share / "file") == Path("file")
    assert outside.shown(secret / "file") == Path("file")
