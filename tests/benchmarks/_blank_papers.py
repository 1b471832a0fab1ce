"""Photos of blank paper, on which there is no digit to find."""

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
    # Places as shares of the height and the width, each (H, W).
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    darkening = random.uniform(0, 0.35)
    light = 1 - darkening * (_slope(rows, columns, random) + 0.7) / 1.4  # (H, W)
    roughness = random.uniform(0.003, 0.015)
    light = light * (1 + roughness * _cloud(rows.shape, 0, random))
    if kind == "grain":
        width_of_grain = random.uniform(0.7, 2)
        strength = random.uniform(0.01, 0.05)
        light *= 1 + strength * _cloud(rows.shape, width_of_grain, random)
    elif kind == "clouds":
        strength = random.uniform(0.01, 0.05)
        width_of_cloud = random.uniform(3, 10)
        light *= 1 + strength * _cloud(rows.shape, width_of_cloud, random)
    elif kind == "shade":
        squared_distance = (columns - random.uniform()) ** 2 + (rows - random.uniform()) ** 2
        radius = random.uniform(0.2, 0.5)
        light *= 1 - 0.4 * np.exp(-squared_distance / (2 * radius**2))
    elif kind in ("ruled", "squared"):
        light *= _lines(rows * height, columns * width, kind == "squared", random)
    elif kind == "shadow's edge":
        slope = _slope(rows, columns, random)
        softness = random.uniform(0.5, 8)  # pixels
        distance = slope * max(height, width) / softness
        darkness = random.uniform(0.2, 0.5)
        light *= 1 - darkness / (1 + np.exp(np.clip(distance, -30, 30)))
    sheet = random.uniform(90, 240) * light
    if kind == "noise":
        deviation = random.uniform(10, 60)
        sheet += random.normal(0, deviation, sheet.shape)
    colour = np.array([random.uniform(0.85, 1), random.uniform(0.9, 1), 1], np.float32)
    sensor_noise = random.normal(0, 1.5, (height, width, 1))
    photo = sheet[:, :, None] * colour + sensor_noise  # (H, W, 3)
    blurred = cv2.GaussianBlur(np.clip(photo, 0, 255).astype(np.uint8), (0, 0), 0.8)
    return np.asarray(blurred, np.uint8)


def _slope(rows: Plane, columns: Plane, random: np.random.Generator) -> Plane:
    """A slope (H, W) of 1 per unit in a random direction, 0 on a line near the middle."""
    angle = random.uniform(0, 2 * np.pi)
    x, y = random.uniform(0.3, 0.7, 2)
    slope = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
    return np.asarray(slope, np.float32)


def _cloud(shape: tuple[int, ...], width: float, random: np.random.Generator) -> Plane:
    """Noise of deviation 1 whose spots are about `width` pixels wide; 0 for no blur."""
    noise = random.normal(size=shape).astype(np.float32)
    if width:
        noise = cv2.GaussianBlur(noise, (0, 0), width)
    return np.asarray(noise / noise.std(), np.float32)


def _lines(rows: Plane, columns: Plane, squared: bool, random: np.random.Generator) -> Plane:
    """The share of light (H, W) that printed lines leave, turned by a few degrees.

    Args:
        rows: the row of each pixel.
        columns: the column of each pixel.
        squared: lines in both directions.
        random: for angle, period, thickness and darkness.
    """
    height = float(rows.max())
    angle = np.radians(random.uniform(-8, 8))
    period = height / random.uniform(6, 16)
    directions = [rows * np.cos(angle) + columns * np.sin(angle)]
    if squared:
        directions.append(columns * np.cos(angle) - rows * np.sin(angle))
    light = np.ones_like(rows)
    for place in directions:
        distance = np.abs((place + period / 2) % period - period / 2)  # to the nearest line
        thickness = random.uniform(0.6, 1.5) * height / 500
        darkness = random.uniform(0.1, 0.4)
        light *= 1 - darkness * np.clip(thickness + 0.5 - distance, 0, 1)
    return light
