"""The first test images that ship, for the first frame of the app: without torch and NumPy."""

import gzip
import zlib

from rnn_tui.engine.files.paths import asset_dir

DIGITS = 200  # read in a millisecond
SIDE = 28


def first_test_digits() -> list[tuple[list[bytes], int | None]]:
    """Read rows of grey levels (28, 28), 0 … 255, and labels.

    Without a readable file, a bare one is returned.
    """
    folder = asset_dir() / "mnist"
    try:
        with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as file:
            pixels = file.read(16 + DIGITS * SIDE * SIDE)[16:]
        with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as file:
            labels = file.read(8 + DIGITS)[8:]
    except (OSError, EOFError, zlib.error):
        return [([bytes(SIDE)] * SIDE, None)]
    rows = [pixels[at : at + SIDE] for at in range(0, len(pixels), SIDE)]
    return [(rows[SIDE * at :][:SIDE], label) for at, label in enumerate(labels)]
