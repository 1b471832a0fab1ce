"""The report's own preprocessing, step by step."""

from __future__ import annotations

import cv2
import numpy as np

from rnn_tui.photos.digit.prepared import SIDE, Digit, Picture, Prepared, Stage

HALF = 127


def prepare_report(image: Picture, *, stages: bool = False) -> Prepared:
    """Grey levels, resized whole to 28×28, inverted, 255 above 127 and 0 elsewhere, over 255.

    Args:
        image: (H, W, 3) BGR, uint8.
        stages: whether to keep the pictures on the way.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE))
    inverted = 255 - small
    binary = np.where(inverted > HALF, 255, 0).astype(np.uint8)
    kept = (
        Stage("photo", image),
        Stage("grey levels", grey),
        Stage("resized whole", small),
        Stage("inverted", inverted),
        Stage("threshold at 127", binary),
    )
    doubt = "" if 0 < np.count_nonzero(binary) < binary.size else "Nothing but one grey is left."
    digit: Digit = binary.astype(np.float32) / np.float32(255)
    return Prepared(digit, kept if stages else (), doubt)
