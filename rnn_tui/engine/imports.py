"""Importing much at once, as PyTorch does, without a pause then or later.

Python looks for garbage by walking through all objects, the more often the more are made. Imports
make half a million, all to stay: looking through them costs a seventh of the time that the imports
take, and 0.2 ... 0.3 s each time later, in which nothing else goes on.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Look for no garbage while the imports inside go on, and nowhere in what they made later."""
    enabled, before = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > before:
            gc.freeze()
        if enabled:
            gc.enable()
