"""Puts the man page into the wheel: hatchling calls this at its build, pyproject.toml says so."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPageHook(BuildHookInterface):
    """Makes the page in a process of its own, which has the package and nothing that is
    installed.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make it and say where it belongs; an editable install does without."""
        if version == "editable":
            return
        root = Path(self.root)
        self._folder = tempfile.TemporaryDirectory()  # gone with the build
        page = Path(self._folder.name) / "rnn-tui.1"
        # Nothing of this computer's may come into the page: -S leaves installed tasks out.
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RNN_TUI_"))
        }
        environment |= {
            "PYTHONPATH": self.root,
            "PYTHONDONTWRITEBYTECODE": "1",
            "RNN_TUI_HOME": os.devnull,
        }
        made = subprocess.run(
            [sys.executable, "-S", str(root / "docs" / "man" / "page.py")],
            env=environment,
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(
                f"The man page can't be made: {made.stderr.decode(errors='replace')}"
            )
        page.write_bytes(made.stdout)
        build_data["shared_data"][str(page)] = "share/man/man1/rnn-tui.1"
