"""A picture of every hand that is drawn for training: `python -m tests.drawings.sheet FILE.png`.

A row for each hand, with its digit and name, and drawings of it beside one another. For looking at
them one by one: each must be read at once as its digit.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from tests.drawings.hands import all_hands, drawn_digits

MARGIN = 130


def sheet(columns: int, zoom: int, seed: int, only: str = "") -> np.ndarray:
    """Black on white, (H, W) uint8."""
    rows = []
    for hand in all_hands():
        if only and only not in f"{hand.digit} {hand.name}":
            continue
        images, _ = drawn_digits(columns, np.random.default_rng(seed), (hand,))
        digits = np.kron(np.concatenate(list(images), axis=1), np.ones((zoom, zoom), np.uint8))
        label = np.zeros((len(digits), MARGIN), np.uint8)
        cv2.putText(
            label, f"{hand.digit} {hand.name}", (4, len(label) // 2 + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA
        )
        rows.append(np.concatenate([label, digits], axis=1))
    return 255 - np.concatenate(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--columns", type=int, default=24)
    parser.add_argument("--zoom", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a digit or part of a hand's name")
    given = parser.parse_args()
    cv2.imwrite(str(given.file), sheet(given.columns, given.zoom, given.seed, given.only))
