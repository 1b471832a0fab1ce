"""A page with a shared folder can read, complete and name nothing outside of it, however it is
spelled.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.outside import exists, expanded
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.page import SHARE_VARIABLE
from rnn_tui.engine.training.loop import fit
from rnn_tui.photos.collection import find_images
from rnn_tui.photos.files import read_image
from rnn_tui.photos.options import PhotoOptions
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.data import load_extra, load_mnist
from rnn_tui.ui.photos.form import ReadingJob, path_end
from rnn_tui.ui.photos.pictures import small
from rnn_tui.ui.widgets.path_input import completed, parse_paths
from tests.web.page_process import PageProcess

SECRET = "secret-of-the-server"
SAMPLE = sorted((asset_dir() / "samples").glob("*"))[0]


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared folder with a photo and links that lead out of it, beside what must not be seen."""
    outside, share = tmp_path / "server" / SECRET, tmp_path / "server" / "share"
    (outside / "7").mkdir(parents=True)
    (share / "digits").mkdir(parents=True)
    photo = SAMPLE.read_bytes()
    for path in (
        outside / f"{SECRET}.png",
        outside / "7" / f"{SECRET}.png",
        share / "digits" / "3.png",
    ):
        path.write_bytes(photo)
    np.savez(
        outside / "extra.npz", images=np.zeros((9, 28, 28), np.uint8), labels=np.zeros(9, np.uint8)
    )
    (share.parent / "share-of-others").symlink_to(outside)
    (share / "out").symlink_to(outside)
    (share / "out.png").symlink_to(outside / f"{SECRET}.png")
    (share / "folder.png").symlink_to(outside)
    (share / "up").symlink_to("..")
    (share / "round").symlink_to("round")
    (share / "gone.png").symlink_to(outside / "gone.png")
    (share / "twice").symlink_to("out")
    monkeypatch.setenv(SHARE_VARIABLE, str(share))
    monkeypatch.setenv("HOME", str(outside))
    monkeypatch.chdir(share)
    return share


def spellings(share: Path) -> Iterator[str]:
    """Ways to say a folder or a photo outside."""
    outside = share.parent / SECRET
    ways = [
        outside,
        f"{share}/../{SECRET}",
        f"../{SECRET}",
        f"./..//{SECRET}/.",
        f"digits/../../{SECRET}",
        "out",
        "./out",
        "out/7",
        "twice",
        "up/" + SECRET,
        "up/up/server/" + SECRET,
        f"{share}-of-others",
        "~",
        "~/",
        "~root",
        "~/..",
        f"{Path.home()}",
        f"/proc/self/cwd/../{SECRET}",
        f"/proc/self/root{outside}",
        f"/proc/{os.getpid()}/cwd/out",
        "/proc/self/fd",
        "/dev/fd",
        "/",
        "/etc",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "folder.png",
        f"{share}/digits/../../share/../{SECRET}",
        f"//{outside}",
        f"{outside}/7/..",
        "..",
        "../..",
        "up",
        "round/..",
    ]
    for way in map(str, ways):
        yield way
        yield f"{way}/{SECRET}.png"
        yield f"'{way}'"
        yield f"file://{quote(os.path.abspath(way))}"
        yield f"file://localhost{quote(os.path.abspath(way))}"
        yield way.replace("/", "\\/")
    yield from (
        f"{outside}\0",
        f"digits\0/../../{SECRET}",
        f"\0{outside}",
        "out.png",
        "gone.png",
        "\ud800",
        "x" * 5000,
    )
    yield from (
        f"file://%2e%2e/{SECRET}",
        f"file:///{SECRET}%00",
        f"FILE://{outside}",
        "${HOME}",
        "$HOME",
        "`ls /`",
        "*",
    )


def inside(path: str | os.PathLike[str], share: Path) -> bool:
    """Whether a path that exists leads into the shared folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(share))


def test_no_prompt_reads_or_finds_anything_outside(share: Path) -> None:
    for text in spellings(share):
        for path in parse_paths(text):
            assert not exists(path) or inside(path, share), text
            for photo in find_images([path], recursive=True):
                assert small(photo) is None or inside(photo, share), text
        for load in (load_mnist, load_extra):
            with pytest.raises(UserError) as refusal:
                load(text)
            assert "permission" not in str(refusal.value)


def test_what_is_outside_is_answered_as_what_is_not_there(share: Path) -> None:
    outside = share.parent / SECRET

    def answer(path: Path) -> str:
        job = ReadingJob(
            [path], lambda: pytest.fail("it would be read"), PhotoOptions(recursive=True)
        )
        job._run()
        return job.failure.replace(path_end(path), "PATH")

    missing = answer(outside / "nothing.png")
    assert missing == answer(share / "nothing.png") == "There is no file or folder PATH."
    for path in (
        outside,
        outside / f"{SECRET}.png",
        Path("/etc/passwd"),
        Path("/root"),
        share / "out",
        share / "out.png",
    ):
        assert answer(path) == missing

    def why(load: object, name: str) -> str:
        with pytest.raises(UserError) as refusal:
            load(name)  # type: ignore[operator]
        return str(refusal.value).replace(name, "NAME")

    for load, there in ((load_extra, outside / "extra.npz"), (load_mnist, outside)):
        assert why(load, str(there)) == why(load, str(outside / "nothing"))


def test_no_name_outside_is_completed(share: Path) -> None:
    for text in spellings(share):
        for begun in (text, f"{text}/", f"{text}/s", f"{text}/{SECRET[:3]}", text[:-1]):
            ends = completed(begun) or ""
            assert SECRET not in ends.removeprefix(begun), begun
            assert not ends or inside(
                os.path.dirname(os.path.expandvars(expanded(ends))) or ".", share
            ), begun
    assert completed("dig") == "digits/"
    assert completed(f"{share}/digits/") == f"{share}/digits/3.png"
    assert completed("~/dig") == "~/digits/"


def test_what_is_inside_is_read_however_it_is_spelled(share: Path) -> None:
    (share / "in").symlink_to("digits")
    for text in (
        "digits",
        "~/digits",
        f"{share}/digits",
        "in",
        "up/share/digits",
        f"{share}/nothing/../digits",
        "file://" + str(share / "digits"),
    ):
        photos = list(find_images(parse_paths(text), recursive=False))
        assert [path.name for path in photos] == ["3.png"], text
        assert read_image(photos[0]).size
    assert read_image(SAMPLE).size  # what ships may be seen by all


def test_a_way_by_the_outside_tells_nothing_of_it(share: Path) -> None:
    """Not even where it comes back, as it does for what is there, and for some links alone."""
    link = share.parent / "link"
    link.symlink_to("share")
    for way in ("/proc/self/cwd", f"{link}", f"/proc/self/root{share}", f"{link}/nothing"):
        assert not exists(Path(way, "digits")), way
        assert completed(f"{way}/dig") is None, way
    assert exists(share.parent / "link" / ".." / "share" / "digits")
    link.unlink()
    link.symlink_to("/etc/ssl")
    assert exists(share.parent / "link" / ".." / "share" / "digits")


def test_a_run_whose_settings_name_what_is_outside_fails_like_one_that_names_nothing(
    share: Path,
) -> None:
    outside, told = share.parent / SECRET, []
    for setting, value in (
        ("data_dir", outside),
        ("extra_data", outside / "extra.npz"),
        ("start_from", outside / "w.safetensors"),
    ):
        (outside / "w.safetensors").write_bytes(b"secret")
        config = TASKS["mnist"].config(
            "lstm", "fast", **{setting: str(value)}, device="cpu", workers=1
        )
        fit(TASKS["mnist"].load(), config, told.append, Control())
        assert "no such f" in told[-1].message.lower()
        assert "secret" not in told[-1].message.replace(str(value), "")


# In a real page


@pytest.fixture
def page(share: Path, tmp_path: Path) -> Iterator[PageProcess]:
    """A confined page that shows photos."""
    with PageProcess(store=tmp_path / "store", share=share, size=(130, 45)) as page:
        page.wait_for("Home")
        page.press("\x1bOR")
        page.wait_for("Photos")
        page.press("3")
        page.wait_for(r"\d+ photos")
        yield page
        assert page.process.poll() is None


@pytest.mark.long
def test_the_field_and_the_tree_of_a_page_know_the_share_alone(
    page: PageProcess, share: Path
) -> None:
    outside = share.parent / SECRET

    def ask(text: str) -> None:
        page.press("\x1b")
        page.watch(0.2)
        page.press("/")
        page.watch(0.2)
        page.press("\x15\x0b")
        page.press(text + "\r")

    for text in (
        str(outside),
        "out",
        f"../{SECRET}",
        "/etc/passwd",
        f"/proc/self/root{outside}",
        f"~/../{SECRET}",
    ):
        ask(text)
        page.wait_for("There is no file or folder")
    page.press(f"\x1b[200~file://{outside}/{SECRET}.png\x1b[201~")  # dropped on the window
    page.wait_for("There is no file or folder")
    ask("~/digits")
    page.wait_for("1–1 of 1")
    page.press("o")
    page.wait_for("Choose a photo")
    page.screen = ""
    for key in (
        "\x7f",
        "\x7f",
        "~",
        "\x1b[C",
        "\x1b[B",
        "\x1b[C",
        "\x1b[B",
        "\x1b[C",
        "\x1b[B",
        "\x1b[C",
        "w",
    ):
        page.press(key)
        page.watch(0.5)
    assert "digits" in page.screen
    assert SECRET not in page.screen
    assert str(share.parent) not in page.screen


@pytest.mark.long
def test_a_page_writes_nothing_into_the_share(page: PageProcess, share: Path) -> None:
    files_before = sorted(share.rglob("*"))
    page.press("e")
    page.wait_for("goes to the downloads of your browser")
    page.press("\r")
    name, data = page.download()
    assert name == "/photos.csv"
    assert str(share).encode() not in data
    assert sorted(share.rglob("*")) == files_before
