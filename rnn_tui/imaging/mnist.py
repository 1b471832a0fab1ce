"""What MNIST did to its images, made robust for photos."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.digit import centre
from rnn_tui.imaging.ink import Channel, Ink, best_channel, ink_on, noise_of, paper_of, reach_of
from rnn_tui.imaging.lines import Edges, ruled_lines
from rnn_tui.imaging.parts import Parts, parts_of, scores, with_near
from rnn_tui.imaging.prepared import SIDE, Picture, Prepared, Stage

COARSE, SMALL = 256, 128
FINE = 120
MARGIN = 0.45
REACHES = (0.08, 0.16, 0.32)
LEVELS = (0.5, 0.3, 0.18, 0.11, 0.065)
HIGH, LOW = 0.5, 0.24
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Found:
    box: Box
    level: float
    mask: Picture
    light: bool
    width: float


def prepare_mnist(image: Picture, *, stages: bool = False) -> Prepared:
    """A photo's digit as MNIST would have it.

    Args:
        image: (H, W, 3) BGR, uint8, any size.
        stages: whether to keep the pictures on the way.
    """
    kept: list[Stage] = []
    note = (lambda name, picture: kept.append(Stage(name, picture))) if stages else (lambda *_: None)
    coarse = _shrunk(image, COARSE)
    channel = best_channel(_shrunk(coarse, SMALL))
    plane = cv2.blur(channel.of(coarse), (3, 3))
    note("photo", coarse)
    note("channel", plane)
    found = _find(plane, note)
    if found is None:
        return Prepared(np.zeros((SIDE, SIDE), np.float32), tuple(kept), "There is no digit in it.")
    box, level, mask = found
    note("found", mask)
    digit = _extract(image, coarse, box, level, mask, channel, note)
    note("28×28", _shown(digit))
    return Prepared(digit, tuple(kept), "")


def _find(plane, note):
    best = (0.0, 0, None, None)
    for share in REACHES:
        ink = ink_on(plane, paper_of(plane, reach_of(plane.shape, share)))
        noise = noise_of(ink)
        factor = 1.3
        for level in LEVELS:
            if level < max(0.03, 2.5 * noise):
                break
            mask = _over(ink, level)
            lines = ruled_lines(mask, ink, max(3, round(0.02 * COARSE)), Edges())
            parts = parts_of(cv2.subtract(mask, lines), ink)
            score = scores(parts)
            main = int(np.argmax(score))
            if score[main] > best[0] * factor:
                best = (score[main], main, parts, ink)
                factor = 1.1
                note(f"{share} {level}", mask)
    _, main, parts, ink = best
    if not main:
        return None
    chosen = with_near(parts, main)
    box = (int(parts.left[chosen].min()), int(parts.top[chosen].min()),
           int(parts.right[chosen].max()), int(parts.bottom[chosen].max()))
    mask = np.where(chosen[parts.labels], 255, 0).astype(np.uint8)
    inside = ink[mask > 0]
    return box, float(np.percentile(inside, 75)), mask


def _over(ink: Ink, level: float) -> Picture:
    return cv2.compare(ink, level, cv2.CMP_GT)


def _extract(image, coarse, box, level, mask, channel, note):
    height, width = coarse.shape[:2]
    size = max(box[2] - box[0], box[3] - box[1])
    margin = max(2, MARGIN * size)
    left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
    right, bottom = min(width, int(box[2] + margin + 1)), min(height, int(box[3] + margin + 1))
    fx, fy = image.shape[1] / width, image.shape[0] / height
    crop = image[round(top * fy):round(bottom * fy), round(left * fx):round(right * fx)]
    scale = FINE / size
    fine_size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    way = cv2.INTER_AREA if crop.shape[1] > fine_size[0] else cv2.INTER_CUBIC
    fine = cv2.resize(crop, fine_size, interpolation=way)
    near = cv2.resize(mask[top:bottom, left:right], fine_size, interpolation=cv2.INTER_LINEAR)
    near = cv2.compare(near, 127, cv2.CMP_GT)
    plane = cv2.blur(channel.of(fine), (3, 3))
    widest = 2 * float(cv2.distanceTransform(near, cv2.DIST_L2, 3).max())
    reach = int(min(max(1.6 * widest + 6, 15), 0.6 * FINE)) | 1
    paper = paper_of(plane, reach)
    ink = ink_on(plane, paper)
    inside = ink[near > 0]
    strong = float(np.percentile(inside, 75)) if inside.size else level
    mask2 = _hysteresis(ink, strong)
    edges = Edges(left == 0, top == 0, right == width, bottom == height)
    lines = ruled_lines(mask2, ink, max(4, round(0.06 * FINE)), edges)
    parts = parts_of(mask2 & ~lines, ink)
    overlap = np.bincount(parts.labels[near > 0], minlength=len(parts.ink)).astype(float)
    overlap[0] = 0
    main = int(np.argmax(overlap * (parts.ink > 0)))
    chosen = with_near(parts, main)
    final = np.where(chosen[parts.labels], 255, 0).astype(np.uint8)
    grown = cv2.dilate(final, np.ones((3, 3), np.uint8)) & ~lines
    clean = np.clip((ink - 0.12 * strong) / (0.88 * strong), 0, 1) * (grown > 0)
    note("crop", fine)
    note("paper", paper)
    note("ink", _shown(ink / max(strong, 1e-3) * 0.8))
    note("threshold", mask2)
    note("lines", lines)
    note("digit", _shown(clean))
    return centre(clean.astype(np.float32))


def _shrunk(image: Picture, side: int) -> Picture:
    height, width = image.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return image
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small: Picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def _shown(ink: Ink) -> Picture:
    shown: Picture = np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)
    return shown


def _hysteresis(ink: Ink, strong: float) -> Picture:
    count, labels = cv2.connectedComponents(_over(ink, LOW * strong), connectivity=8)
    keep = np.zeros(count, np.uint8)
    keep[labels[ink > HIGH * strong]] = 255
    keep[0] = 0
    return keep[labels]
