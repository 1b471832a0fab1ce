"""Writes the pages, all or those named: `python -m tests.reference_pages [NAME …]`."""

import os
import sys
import tempfile

from tests.reference_pages import FOLDER, PAGES

with tempfile.TemporaryDirectory() as home:
    os.environ["RNN_TUI_HOME"] = home  # what a command prints must not be of runs that are here
    for name in sys.argv[1:] or PAGES:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(FOLDER / name)
