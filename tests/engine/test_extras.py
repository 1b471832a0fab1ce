"""The command that installs an extra: it works when it is pasted, wherever rnn-tui came from."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.engine.extras import install_command

PIP = [sys.executable, "-m", "pip", "install"]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells of Windows quote otherwise")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages in which rnn-tui seems to be installed."""
    folder = tmp_path / "site" / "rnn_tui-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: rnn-tui\nVersion: 1.0\nRequires-Dist: numpy>=1.26\n"
        "Provides-Extra: plots\nRequires-Dist: matplotlib>=3.8; extra == 'plots'\n"
        "Provides-Extra: web\nRequires-Dist: aiohttp<4,>=3.9.5; extra == 'web'\n"
        "Requires-Dist: textual-serve==1.1.3; (python_version >= '3.11') and extra == 'web'\n"
    )
    monkeypatch.syspath_prepend(str(folder.parent))
    return folder


def words(site: Path, extra: str, **origin: Any) -> list[str]:
    """Return the words of the command, as a shell reads them, after those of pip."""
    (site / "direct_url.json").write_text(json.dumps(origin))
    command = shlex.split(install_command(extra))
    assert command[:4] == PIP
    return command[4:]


def test_from_an_index_it_is_named(site: Path) -> None:
    assert shlex.split(install_command("plots")) == [*PIP, "rnn-tui[plots]"]


def test_from_a_checkout_its_folder_is_named_blanks_or_not(site: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "my work"
    checkout.mkdir()
    url = checkout.as_uri()
    assert "%20" in url
    editable = words(site, "plots", url=url, dir_info={"editable": True})
    assert editable == ["-e", f"{checkout}[plots]"]
    assert words(site, "web", url=url, dir_info={}) == [f"{checkout}[web]"]


def test_from_a_repository_or_a_file_on_the_web_that_is_named(site: Path) -> None:
    git = {"vcs": "git", "commit_id": "abc123"}
    assert words(site, "plots", url="https://example.org/r.git", vcs_info=git) == [
        "rnn-tui[plots] @ git+https://example.org/r.git@abc123"
    ]
    wheel = "https://example.org/rnn_tui-1.0-py3-none-any.whl"
    assert words(site, "plots", url=wheel, archive_info={}) == [f"rnn-tui[plots] @ {wheel}"]


def test_if_what_it_came_from_is_gone_the_packages_are_named(site: Path, tmp_path: Path) -> None:
    gone = (tmp_path / "gone.whl").as_uri()
    assert words(site, "plots", url=gone, archive_info={}) == ["matplotlib>=3.8"]
    assert words(site, "web", url=gone) == ["aiohttp<4,>=3.9.5", "textual-serve==1.1.3"]


@pytest.mark.parametrize("text", ["", "no JSON", "[1]"])
def test_a_damaged_origin_counts_as_an_index(site: Path, text: str) -> None:
    (site / "direct_url.json").write_text(text)
    assert shlex.split(install_command("plots")) == [*PIP, "rnn-tui[plots]"]


@pytest.mark.process
def test_the_command_of_this_environment_works_when_it_is_pasted() -> None:
    command = f"{install_command('plots')} --dry-run --no-deps --no-index --no-build-isolation -q"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
