"""A short version of a script that takes minutes: see `write_at_once`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

TESTS = Path(__file__).resolve().parent.parent


def run(script: str, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, str(TESTS / script), *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()[-1]


def test_two_processes_that_write_at_once_lose_nothing() -> None:
    assert run("write_at_once.py", "--seconds", "2").endswith("nothing lost.")
