"""A home for data sets, and files that become some."""

from pathlib import Path

import pytest

from tests.data.reading import Read, reader_in


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_TUI_HOME", str(tmp_path))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes a file of this content and reads it."""
    return reader_in(tmp_path)
