"""Makes docs/how-to/notebook.ipynb of the page beside it: `python -m tests.notebook`.

Prose becomes cells of Markdown, blocks of Python become cells of code. It has no outputs, which
would hold paths and times of the machine that made them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "how-to"
PAGE, NOTEBOOK = FOLDER / "notebook.md", FOLDER / "notebook.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def cells(text: str) -> Iterator[dict[str, Any]]:
    """The cells of a page, in their order."""
    parts = BLOCK.split(text)  # prose and code in turn
    for number, part in enumerate(parts):
        source = part.strip("\n")
        if not source:
            continue
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
        if number % 2:
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        else:
            cell["cell_type"] = "markdown"
        yield {**cell, "source": source.splitlines(keepends=True)}


def notebook() -> str:
    """The notebook, as it is written."""
    document = {
        "cells": [*cells(PAGE.read_text(encoding="utf-8"))],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(notebook(), encoding="utf-8")
    print(NOTEBOOK)
