"""Sheets of paper with nothing on them: what a photo of no digit looks like."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.picture import Picture

Plane = npt.NDArray[np.float32]

KINDS = ("plain", "grain", "clouds", "shade", "ruled", "squared", "shadow's edge", "noise")


def blank_paper(kind: str, random: np.random.Generator) -> Picture:
    """A photo (H, W, 3) of paper of one of `KINDS`, unevenly lit."""
    height, width = ((600, 800), (800, 600), (900, 900), (300, 300))[random.integers(4)]
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    light = 1 - random.uniform(0, 0.35) * (_across(rows, columns, random) + 0.7) / 1.4
    light = light * (1 + random.uniform(0.003, 0.015) * _cloud(rows.shape, 0, random))
    if kind == "grain":
        width_of_grain = random.uniform(0.7, 2)
        light *= 1 + random.uniform(0.01, 0.05) * _cloud(rows.shape, width_of_grain, random)
    elif kind == "clouds":
        light *= 1 + random.uniform(0.01, 0.05) * _cloud(rows.shape, random.uniform(3, 10), random)
    elif kind == "shade":
        away = (columns - random.uniform()) ** 2 + (rows - random.uniform()) ** 2
        light *= 1 - 0.4 * np.exp(-away / (2 * random.uniform(0.2, 0.5) ** 2))
    elif kind in ("ruled", "squared"):
        light *= _lines(rows * height, columns * width, kind == "squared", random)
    elif kind == "shadow's edge":
        edge = _across(rows, columns, random) * max(height, width) / random.uniform(0.5, 8)
        light *= 1 - random.uniform(0.2, 0.5) / (1 + np.exp(np.clip(edge, -30, 30)))
    sheet = random.uniform(90, 240) * light
    if kind == "noise":
        sheet += random.normal(0, random.uniform(10, 60), sheet.shape)
    colour = np.array([random.uniform(0.85, 1), random.uniform(0.9, 1), 1], np.float32)
    photo = sheet[:, :, None] * colour + random.normal(0, 1.5, (height, width, 1))
    blurred = cv2.GaussianBlur(np.clip(photo, 0, 255).astype(np.uint8), (0, 0), 0.8)
    return np.asarray(blurred, np.uint8)


def _across(rows: Plane, columns: Plane, random: np.random.Generator) -> Plane:
    """A slope in some direction, 0 near the middle."""
    angle = random.uniform(0, 2 * np.pi)
    middle = random.uniform(0.3, 0.7, 2)
    slope = (columns - middle[0]) * np.cos(angle) + (rows - middle[1]) * np.sin(angle)
    return np.asarray(slope, np.float32)


def _cloud(shape: tuple[int, ...], width: float, random: np.random.Generator) -> Plane:
    """Noise of deviation 1 whose spots are about as wide as said."""
    noise = random.normal(size=shape).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), width) if width else noise
    return np.asarray(blurred / blurred.std(), np.float32)


def _lines(rows: Plane, columns: Plane, squared: bool, random: np.random.Generator) -> Plane:
    """Light that printed lines leave, turned by a few degrees."""
    height = float(rows.max())
    angle, period = np.radians(random.uniform(-8, 8)), height / random.uniform(6, 16)
    directions = [rows * np.cos(angle) + columns * np.sin(angle)]
    if squared:
        directions.append(columns * np.cos(angle) - rows * np.sin(angle))
    left = np.ones_like(rows)
    for place in directions:
        away = np.abs((place + period / 2) % period - period / 2)
        thick = random.uniform(0.6, 1.5) * height / 500
        left *= 1 - random.uniform(0.1, 0.4) * np.clip(thick + 0.5 - away, 0, 1)
    return left
