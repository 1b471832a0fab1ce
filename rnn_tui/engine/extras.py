"""Say how to install what only an extra of rnn-tui has, by a command that works when it is pasted.

The command is that of this environment, and installs from where rnn-tui was installed: a checkout,
an archive, a repository, or an index of packages.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rnn_tui.engine.errors import printable

DISTRIBUTION = "rnn-tui"
LONGEST_COMMAND = 2000  # longer than two paths
#: what a help says of extras: their command is one of this machine.
HOW_TO_INSTALL = "without its extra, a command prints how to install it"


def install_command(extra: str) -> str:
    """Return a command that installs an extra, quoted for a shell."""
    return printable(quoted([*_installer(), *_wanted(extra)]), LONGEST_COMMAND)


def quoted(words: list[str]) -> str:
    """Return a command line of these words, for the shell of this system."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _installer() -> list[str]:
    """Return the words that install packages into the environment of this process."""
    has_pip = importlib.util.find_spec("pip") is not None
    if not has_pip and shutil.which("uv"):
        return ["uv", "pip", "install", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install"]


def _wanted(extra: str) -> list[str]:
    """Return what to install: rnn-tui with the extra, from where it was installed."""
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # it runs from a checkout without being installed
        return ["-e", f"{Path(__file__).resolve().parents[2]}[{extra}]"]
    origin = _origin(distribution)
    if origin is None:
        return [f"{DISTRIBUTION}[{extra}]"]
    address = str(origin.get("url", ""))
    if urlsplit(address).scheme == "file":
        path = Path(url2pathname(urlsplit(address).path))
        if not path.exists():
            return _requirements(distribution, extra)
        is_editable = bool(_part(origin, "dir_info").get("editable"))
        return [*(["-e"] if is_editable else []), f"{path}[{extra}]"]
    vcs = _part(origin, "vcs_info")
    if vcs:
        address = f"{vcs.get('vcs')}+{address}@{vcs.get('commit_id')}"
    return [f"{DISTRIBUTION}[{extra}] @ {address}"]


def _origin(distribution: metadata.Distribution) -> dict[str, Any] | None:
    """Return where a distribution was installed from (PEP 610); None if that is an index."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "null")
    except ValueError:
        return None
    return origin if isinstance(origin, dict) else None


def _part(origin: dict[str, Any], name: str) -> dict[str, Any]:
    part = origin.get(name)
    return part if isinstance(part, dict) else {}


def _requirements(distribution: metadata.Distribution, extra: str) -> list[str]:
    """Return the packages of an extra themselves, if what rnn-tui was installed from is gone."""
    of_extra = re.compile(rf"(.+?)\s*;.*\bextra\s*==\s*['\"]{re.escape(extra)}['\"]")
    matches = [of_extra.fullmatch(line) for line in distribution.requires or ()]
    return [match[1] for match in matches if match is not None]
