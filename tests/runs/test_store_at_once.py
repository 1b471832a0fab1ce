"""Short versions of two scripts that take minutes: see `kill_and_resume` and `write_at_once`."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork")
def test_killed_at_random_moments_and_resumed_it_is_the_run_that_nobody_killed() -> None:
    told = run("kill_and_resume.py", "--kills", "12", "--seed", "5")
    assert told.startswith("12 kills of")
    assert told.endswith("nothing lost.")
