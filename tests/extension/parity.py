"""The task from another package that `docs/how-to/own-task.md` builds, installed from that page."""

import subprocess
import sys
from pathlib import Path

from tests.documents.pages import files

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "own-task.md"


def install(folder: Path) -> Path:
    """Write the package below `folder` and install it there; returns what to add to the path."""
    source, site = folder / "source", folder / "site"
    for name, text in files(PAGE).items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-index", "--no-build-isolation", "--target", str(site)),
            str(source),
        ],
        check=True,
        timeout=120,
    )
    return site
