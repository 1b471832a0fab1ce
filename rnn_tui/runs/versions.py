"""What a run was made with."""

import platform
from functools import cache
from importlib import metadata

from rnn_tui import __version__

PACKAGES = ("torch", "numpy", "safetensors", "opencv-python-headless")


@cache
def versions() -> dict[str, str]:
    """Versions of this program, of Python, of the packages that compute, and the system."""
    result = {"rnn-tui": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            result[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    result["system"] = platform.platform()
    return result
