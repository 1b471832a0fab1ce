"""What MNIST did to its images, made robust for photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.imaging.digit import centre
from rnn_tui.imaging.ink import Channel, Ink, best_channel, light_lean, ink_on, noise_of, paper_of, reach_of
from rnn_tui.imaging.lines import recentred, ruled_lines, without_lines
from rnn_tui.imaging.parts import Parts, parts_of, scores, with_near
from rnn_tui.imaging.prepared import SIDE, Digit, Picture, Prepared, Stage

# Longer sides of the copies: to look for lines and cut out from, to search, to choose a channel.
COARSE, SEARCHED, SMALL = 320, 160, 128
FINE = 120
MARGIN = 0.45
REACHES = (0.08, 0.16, 0.32)
LEVELS = tuple(0.6 * 0.67**step for step in range(8))
LEAN, LEVEL_LEAN = 2.0, 1.2
RAMP = (0.12, 1.0)
PCT, PASSES, RF, RA, RM = 85, 2, 1.6, 6, 15
HIGH, LOW = 0.5, 0.3
Note = Callable[[str, Picture], None]


def prepare_mnist(image: Picture, *, stages: bool = False) -> Prepared:
    kept: list[Stage] = []

    def note(name: str, picture: Picture) -> None:
        if stages:
            kept.append(Stage(name, picture))

    coarse = _shrunk(image, COARSE)
    small = _shrunk(coarse, SMALL)
    lean = light_lean(small)
    note("photo", coarse)
    tried = []
    for light in (False, True):
        prior = 1 / (1 + np.exp(-LEAN * (lean - LEVEL_LEAN) * (1 if light else -1)))
        if prior < 0.02:
            continue
        channel = best_channel(small, light)
        plane = channel.of(coarse)
        lines = ruled_lines(plane)
        plain = without_lines(plane, lines) if lines else plane
        note(f"{'light' if light else 'dark'} {prior:.2f} lines {len(lines)}", plain)
        found = _find(plain, note)
        if found is not None:
            tried.append((found[0] * prior, found[1:], channel, lines))
    if not tried:
        return Prepared(np.zeros((SIDE, SIDE), np.float32), tuple(kept), "There is no digit in it.")
    _, (box, level, mask), channel, lines = max(tried, key=lambda one: one[0])
    note("found", mask)
    digit = _extract(image, coarse, box, level, mask, channel, lines, note)
    note("28×28", _shown(digit))
    return Prepared(digit, tuple(kept), "")


def _find(plain: Picture, note: Note):
    best = (0.0, 0, None, None, 0.0)
    plane = cv2.blur(plain, (3, 3))
    factor = 1
    if max(plane.shape) > SEARCHED:
        factor = 2
        plane = np.ascontiguousarray(cv2.erode(plane, np.ones((2, 2), np.uint8), anchor=(0, 0))[::2, ::2])
    for share in REACHES:
        ink = ink_on(plane, paper_of(plane, reach_of(plane.shape, share)))
        noise = noise_of(ink)
        for level in LEVELS:
            if level < max(0.03, 2.5 * noise):
                break
            parts = parts_of(_over(ink, level), ink, level)
            score = scores(parts, level)
            main = int(np.argmax(score))
            if score[main] > best[0] * 1.02:
                best = (score[main], main, parts, ink, level)
                note(f"{share} {level:.2f}", _over(ink, level))
    _, main, parts, ink, level = best
    if not main:
        return None
    chosen = with_near(parts, main)
    box = tuple(int(factor * v) for v in (parts.left[chosen].min(), parts.top[chosen].min(),
           parts.right[chosen].max(), parts.bottom[chosen].max()))
    mask = np.where(chosen[parts.labels], 255, 0).astype(np.uint8)
    inside = ink[mask > 0]
    mask = cv2.resize(mask, plain.shape[::-1], interpolation=cv2.INTER_NEAREST)
    box = (box[0], box[1], min(box[2], plain.shape[1]), min(box[3], plain.shape[0]))
    return best[0], box, float(np.percentile(inside, 75)), mask


def _over(ink: Ink, level: float) -> Picture:
    return cv2.compare(ink, level, cv2.CMP_GT)


def _extract(image, coarse, box, level, mask, channel, ruled, note) -> Digit:
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
    plane = channel.of(fine)
    note("crop", plane)
    sx, sy = fine_size[0] / (right - left), fine_size[1] / (bottom - top)
    lines = [recentred(plane, line.seen_from(left, top, sx, sy)) for line in ruled]
    if lines:
        plane = without_lines(plane, lines)
        note(f"crop without lines {len(lines)}", plane)
    more = ruled_lines(plane)
    if more:
        plane = without_lines(plane, more)
        note(f"crop without more lines {len(more)}", plane)
    plane = cv2.blur(plane, (3, 3))
    for _ in range(PASSES):
        widest = 2 * float(cv2.distanceTransform(near, cv2.DIST_L2, 3).max())
        reach = int(min(max(RF * widest + RA, RM), 0.6 * FINE)) | 1
        paper = paper_of(plane, reach)
        ink = ink_on(plane, paper)
        inside = ink[near > 0]
        strong = float(np.percentile(inside, PCT)) if inside.size else level
        mask2 = _hysteresis(ink, strong)
        parts = parts_of(mask2, ink, HIGH*strong/2)
        overlap = np.bincount(parts.labels[near > 0], minlength=len(parts.ink)).astype(float)
        overlap[0] = 0
        main = int(np.argmax(overlap * (parts.ink > 0)))
        chosen = with_near(parts, main)
        near = np.where(chosen[parts.labels], 255, 0).astype(np.uint8)
    grown = cv2.dilate(near, np.ones((3, 3), np.uint8))
    clean = np.clip((ink / strong - RAMP[0]) / (RAMP[1] - RAMP[0]), 0, 1) * (grown > 0)
    note("paper", paper)
    note("ink", _shown(ink / max(strong, 1e-3) * 0.8))
    note("threshold", mask2)
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
