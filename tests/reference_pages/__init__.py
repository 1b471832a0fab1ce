"""Makes the pages in docs/reference from the code: `python -m tests.reference_pages`.

Commands and their options come from the parsers, settings and presets from the tasks, keys from the
bindings, Python's names from their docstrings, entries of the configuration file from where they are read, and JSON documents from what the
commands print. `tests/test_documents.py` fails when a page is older than what it is made from.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.reference_pages import commands, configuration, documents, keys, python, settings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "settings.md": settings.page,
    "keys.md": keys.page,
    "configuration.md": configuration.page,
    "json.md": documents.page,
    "python.md": python.page,
}
