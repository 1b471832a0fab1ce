"""`man rnn-tui`: all of the command line is on it, it is made without anything installed, and man
reads it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui import __version__
from rnn_tui.engine.files.paths import HOME_VARIABLE
from tests.cli.test_examples import parsers

pytestmark = pytest.mark.process

SCRIPT = Path(__file__).parent.parent / "docs" / "man" / "page.py"


@pytest.fixture(scope="module")
def page() -> str:
    """The page, made as a build makes it: without installed packages."""
    environment = {k: v for k, v in os.environ.items() if k != HOME_VARIABLE}
    environment |= {"PYTHONPATH": str(SCRIPT.parents[2]), HOME_VARIABLE: "/nowhere/in-particular"}
    result = subprocess.run(
        [sys.executable, "-S", str(SCRIPT)], env=environment, capture_output=True, check=False
    )
    assert result.returncode == 0, (
        f"the page needs what a build does not have: {result.stderr.decode()}"
    )
    return result.stdout.decode()


def plain(page: str) -> str:
    """The text without what sets it."""
    return (
        re.sub(r"\\f[BIR]|\\&", "", page)
        .replace("\\-", "-")
        .replace("\\ ", " ")
        .replace("\\(aq", "'")
    )


def test_it_has_every_command_with_its_options_and_examples(page: str) -> None:
    text = plain(page)
    for parser in parsers():
        if parser.prog != "rnn-tui":
            assert f"\n.SS {parser.prog}\n" in text
        for option, action in parser._option_string_actions.items():
            hidden = action.help == argparse.SUPPRESS or option in ("-h", "--help")
            assert hidden or option in text, f"{parser.prog} {option}"
        assert parser.examples
        for example in parser.examples:
            assert f"\n{example}\n" in text


def test_it_has_what_help_has_not(page: str) -> None:
    sections = re.findall(r"^\.SH (.+)$", page, re.MULTILINE)
    wanted = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "COMMANDS",
        "EXAMPLES",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
    ]
    assert sections == wanted
    text = plain(page)
    assert f"rnn-tui {__version__}" in text
    assert HOME_VARIABLE in text
    assert all(code in text for code in (".B 0\n", ".B 1\n", ".B 2\n", "130", "143", "129"))
    assert "~/.local/share/rnn-tui/runs.db" in text


def test_nothing_of_the_computer_that_made_it_is_on_it(page: str) -> None:
    assert "/nowhere/in-particular" not in page
    assert str(Path.home()) not in page or Path.home() == Path("/")
    assert str(SCRIPT.parents[2]) not in page


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_it_without_complaint_at_80_columns(page: str, tmp_path: Path) -> None:
    file = tmp_path / "rnn-tui.1"
    file.write_text(page, encoding="utf-8")
    variables = {
        "MANWIDTH": "80",
        "LC_ALL": "C.UTF-8",
        "MAN_KEEP_FORMATTING": "",
        "PAGER": "cat",
        "GROFF_NO_SGR": "1",
    }
    result = subprocess.run(
        ["man", "--warnings", "-l", str(file)],
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if "nroff" in result.stderr or "troff: command not found" in result.stderr:
        pytest.skip("groff is not installed")
    assert (result.returncode, result.stderr) == (0, "")
    lines = re.sub(r".\x08", "", result.stdout).splitlines()
    assert max(map(len, lines)) <= 80
    assert "   rnn-tui train mnist" in lines
    assert any(line.strip() == "rnn-tui runs show last" for line in lines)
