"""Made-up photos, whose ink is known, to train the network that finds digits.

A photo is put together from what photos are made of:

- paper or a board, unevenly lit, ruled or boxed, maybe on a table, with smudges and specks;
- one digit, a row of them, rows, or none, in a pen of some width, colour and strength;
- a shadow; and a camera that blurs, adds noise, has few pixels or little contrast.

Digits are MNIST's training images and the drawn hands of `rnn_tui.tasks.mnist`. Some photos show
letters and scribbles instead, which are ink as well: whether ink is a digit is for another network
to say. All chance comes from one generator, whose numbers are drawn in a fixed order.
"""

from functools import cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from rnn_tui.photos.digit.finder import planes_of
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.hands import all_hands, curve_of, distorted, lines_of
from rnn_tui.tasks.mnist.no_digits import _letter, _pattern, _photographs, _scribble

Random: TypeAlias = np.random.Generator
Plane: TypeAlias = npt.NDArray[np.float32]
Bytes: TypeAlias = npt.NDArray[np.uint8]

SIDE = 96  # pixels of a made-up photo's sides
FINE = 120  # pixels of a digit's fine picture
FIELD = 160  # pixels of the sides of pictures of noise
SHOWN = 0.75  # a digit is shown if at least this share of its ink is in the photo
SHRUNK = 0.8  # how far a digit's region is shrunk, so that those of neighbours do not touch
APART = 2  # the pixels between two regions
# A region is at least this share of its digit's height wide: those of thin digits fall apart
# otherwise.
WIDE = 0.16


class Sample(NamedTuple):
    """A made-up photo and what is in it."""

    picture: Bytes  #: (SIDE, SIDE, 3) BGR.
    ink: Bytes  #: (SIDE, SIDE) how much of each pixel the pen covered, 0 … 255.
    region: Bytes  #: (SIDE, SIDE) 1 in the shrunken hull of every digit that is shown, 0 elsewhere.


def samples(seeds: range) -> tuple[npt.NDArray[np.float16], Bytes]:
    """Two photos for each of N seeds, as the network reads them, and what it should answer.

    Returns:
        planes (2 · N, 5, SIDE, SIDE), and ink and regions (2 · N, 2, SIDE, SIDE), 0 … 255.
    """
    cv2.setNumThreads(1)  # there are as many processes as cores
    photos = [
        sample for seed in seeds for sample in photographed_twice(np.random.default_rng((7, seed)))
    ]
    planes = np.array([planes_of(photo.picture) for photo in photos], np.float16)
    answers = np.array([[photo.ink, photo.region * np.uint8(255)] for photo in photos])
    return planes.transpose(0, 3, 1, 2), answers


def photographed_twice(random: Random) -> list[Sample]:
    """The same writing on two papers, with two pens; a person would see it in both photos."""
    while True:
        writing = _written(random)
        photos: list[Sample] = []
        for _ in range(4):
            photo = _photographed(writing, random)
            if writing.tallest == 0 or _is_visible(photo):
                photos.append(photo)
            if len(photos) == 2:
                return photos


def _is_visible(photo: Sample) -> bool:
    """Whether the ink stands out from what is beside it."""
    grey = photo.picture.mean(axis=2, dtype=np.float32)
    near = cv2.dilate(photo.ink, np.ones((5, 5), np.uint8)) > 60
    pen = photo.ink > 140
    beside = near & (photo.ink < 20)
    if not pen.any() or not beside.any():
        return False
    difference = abs(grey[pen].mean() - grey[beside].mean())
    return bool(difference > 2 + 0.45 * grey[beside].std())


class Writing(NamedTuple):
    """What is written, before there is paper."""

    ink: Plane  #: (SIDE, SIDE) how much of each pixel the pen covers, 0 … 1.
    marks: Plane  #: the same, but that a stroke thinner than a pixel counts as one of a pixel.
    regions: Bytes  #: (SIDE, SIDE) as in a sample.
    tallest: float  #: the tallest digit's height in pixels; 0 without any.


def _written(random: Random) -> Writing:
    """One digit, a row of them, rows of them, or none."""
    ink, marks = np.zeros((2, SIDE, SIDE), np.float32)
    regions = np.zeros((SIDE, SIDE), np.uint8)
    places = _places(random)
    tallest = _write(ink, marks, regions, places, random) if places else 0.0
    return Writing(ink, marks, regions, tallest)


def _places(random: Random) -> "list[Place]":
    """Where digits go; nowhere in nine of 100 photos."""
    way = random.random()
    if way < 0.28:
        return [_place(SIDE * random.uniform(0.35, 0.97), random)]
    if way < 0.48:
        return [_place(SIDE * np.exp(random.uniform(np.log(0.14), np.log(0.97))), random)]
    if way < 0.68:
        return _among_others(random)
    if way < 0.84:
        return _row(random)
    if way < 0.91:
        return _grid(random)
    return []


def _photographed(writing: Writing, random: Random) -> Sample:
    """A photo of what is written, maybe one in which nothing can be seen."""
    light = _paper(random)
    if random.random() < 0.1:
        light *= _table(random)[..., None]
    has_frames = writing.tallest > 0 and random.random() < 0.25
    frames = _frames(writing.ink, random)[..., None] if has_frames else None
    if random.random() < 0.35:
        light *= 1 - _rules(random)[..., None] * _colour(random, 0.1, 0.7)
    if frames is not None and random.random() < 0.5:  # printed
        light *= 1 - frames * _colour(random, 0.2, 0.9)
    is_faint = random.random() < 0.5
    strength = np.exp(random.uniform(np.log(0.12), 0)) if is_faint else random.uniform(0.6, 1)
    is_dark = random.random() < 0.6
    pen = _colour(random, 0.75 if is_dark else 0.2, 1.0)
    if frames is not None and random.random() < 0.5:  # by hand
        light *= 1 - strength * frames * pen
    pressure = _pressure(random)
    light *= 1 - strength * (writing.ink * pressure)[..., None] * pen
    if random.random() < 0.2:
        light *= 1 - _dirt(random, writing.ink)[..., None] * _colour(random, 0.3, 1)
    for _ in range(random.choice(3, p=[0.5, 0.42, 0.08])):
        light *= _shadow(random)[..., None]
    picture = 255 * np.clip(light, 0, 1)
    if random.random() < 0.25:
        picture = _negative(picture, random)
    return Sample(
        picture=_taken(picture, writing.tallest, random),
        ink=np.rint(writing.marks * 255).astype(np.uint8),
        region=writing.regions,
    )


class Place(NamedTuple):
    """Where a digit goes."""

    x: float  #: of its middle, in pixels.
    y: float
    height: float  #: of its longer side, in pixels.


def _place(height: float, random: Random) -> Place:
    """Somewhere in the photo, mostly as a whole."""
    room = max(SIDE - height, 0) / 2
    middle = np.clip(random.normal(0, 0.45, 2), -1, 1) * room + SIDE / 2
    return Place(*middle, height)


def _among_others(random: Random) -> list[Place]:
    """A digit as it is cropped from a number: in the middle, with neighbours, maybe in two rows."""
    height = SIDE * random.uniform(0.45, 0.75)
    tilt = random.normal(0, 0.06)
    dx = height * random.uniform(0.4, 1.2)
    dy = height * random.uniform(1, 1.9)
    rows = [0.0] if random.random() < 0.6 else [0.0, random.choice([-1.0, 1.0])]
    places = []
    for row in rows:
        for column in (0, -1, 1, -2, 2):
            is_middle = (row, column) == (0, 0)
            if is_middle or random.random() < 0.8:
                x = SIDE / 2 + column * dx
                y = SIDE / 2 + row * dy + tilt * column * dx
                places.append(Place(x, y, height))
    return [_moved(place, random) for place in places]


def _moved(place: Place, random: Random) -> Place:
    """The same place, but as inexact as a hand is."""
    dx, dy = random.normal(0, 0.05, 2) * place.height
    height = place.height * np.exp(random.normal(0, 0.08))
    return Place(place.x + dx, place.y + dy, height)


def _row(random: Random) -> list[Place]:
    """Digits beside each other, some of them cut off by the photo's border."""
    count = int(random.integers(2, 11))
    height = SIDE * np.exp(random.uniform(np.log(0.083), np.log(0.6)))
    dx = height * random.uniform(0.45, 1.4)
    if random.random() < 0.5:
        start = random.uniform(-0.5 * dx, SIDE - 0.5 * dx)
    else:
        start = (SIDE - dx * (count - 1)) / 2
    tilt = random.normal(0, 0.06)
    y = random.uniform(height / 2, SIDE - height / 2)
    xs = [start + number * dx for number in range(count)]
    return [_moved(Place(x, y + tilt * (x - SIDE / 2), height), random) for x in xs]


def _grid(random: Random) -> list[Place]:
    """Rows of digits."""
    rows, columns = random.integers(2, 9, 2)
    height = SIDE / max(rows, columns) * random.uniform(0.6, 0.9)
    across, down = (np.arange(count) + 0.5 - count / 2 for count in (columns, rows))
    if random.random() < 0.5:  # as far apart as there is room for
        dx, dy = SIDE / np.array([columns, rows])
    else:
        dx, dy = height * random.uniform([0.7, 1], [1.2, 1.6])
    return [
        _moved(Place(SIDE / 2 + x * dx, SIDE / 2 + y * dy, height), random)
        for x in across
        for y in down
    ]


def _write(ink: Plane, marks: Plane, regions: Bytes, places: list[Place], random: Random) -> float:
    """Write digits, or letters, with one pen, into the planes of a `Writing`.

    Returns:
        the largest height of a place, in pixels.
    """
    is_other = random.random() < 0.08
    pen = np.exp(random.uniform(np.log(0.22), np.log(4.4)))
    is_upright = random.random() < 0.8
    turn = np.radians(random.normal(0, 8) if is_upright else random.uniform(-42, 42))
    wider = np.exp(random.normal(0, 0.12))
    is_of_mnist = random.random() < 0.45
    softness = random.uniform(0.25, 0.8)
    taken = np.zeros_like(regions)
    for place in places:
        if is_other:
            fine = _no_digit(random)
        elif is_of_mnist:
            images = _mnist()
            fine = _enlarged(images[random.integers(len(images))], random)
        else:
            fine = _drawn(pen, random)
        own_turn = turn + random.normal(0, 0.04)
        alone, region, whole = _put(fine, place, own_turn, wider, softness)
        around = cv2.dilate(region, np.ones((2 * APART + 1, 2 * APART + 1), np.uint8))
        if (around & taken).any():
            continue  # nobody could tell the two apart
        taken |= region
        cv2.max(ink, alone, dst=ink)
        # A stroke thinner than a pixel is marked as one of a pixel.
        inked = alone > 0.08
        strong = float(np.quantile(alone[inked], 0.8)) if inked.any() else 1.0
        cv2.max(marks, np.minimum(alone * np.float32(1 / max(strong, 0.15)), 1), dst=marks)
        if alone.sum() >= SHOWN * whole:
            regions |= region
    return max(place.height for place in places)


def _no_digit(random: Random) -> Plane:
    """A letter, a scribble or a pattern in fine pixels."""
    draw = random.choice([_letter_ink, _scribble, _pattern], p=[0.6, 0.25, 0.15])
    return np.asarray(draw(random), np.float32) / 255


def _letter_ink(random: Random) -> Bytes:
    return _letter(random, by_hand=bool(random.random() < 0.5))


@cache
def _mnist() -> Bytes:
    """MNIST's 50,000 training images; none that is tested with."""
    data = load_mnist()
    return np.asarray(data.train_images.numpy(), np.uint8)


def _enlarged(image: Bytes, random: Random) -> Plane:
    """An image of MNIST in fine pixels with crisp edges."""
    soft = cv2.resize(image, (168, 168), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    soft = cv2.GaussianBlur(soft, (0, 0), 3)
    edge = random.uniform(0.28, 0.85) * float(soft.max())
    return np.asarray(np.clip((soft - edge) / 0.12 + 0.5, 0, 1), np.float32)


def _drawn(pen: float, random: Random) -> Plane:
    """A digit drawn by hand in fine pixels."""
    hands = all_hands()
    hand = hands[random.integers(len(hands))]
    curve = distorted(curve_of(hand, random), hand, random)
    low, high = curve.min(axis=0), curve.max(axis=0)
    curve = (curve - (low + high) / 2) / max(float((high - low).max()), 1e-6)
    width = min(pen, 1.25 * hand.thickest) * FINE / 20
    return lines_of([curve * (FINE - width) + 84], hand, 168, round(width))


def _put(
    fine: Plane, place: Place, turn: float, wider: float, softness: float
) -> tuple[Plane, Bytes, float]:
    """Put a fine picture at a place in a photo.

    Args:
        fine: (H, W) ink, 0 … 1.
        place: where it goes.
        turn: by how much it is turned, in radians.
        wider: the factor of its width, and the divisor of its height.
        softness: a blur in pixels of the photo.

    Returns:
        its ink there (SIDE, SIDE), its region (SIDE, SIDE), and how much ink there would be if all
        of it were in the photo.
    """
    x, y, height = place
    left, top, width, tall = cv2.boundingRect((fine > 0.3).astype(np.uint8))
    total = float(fine.sum()) * (height / max(width, tall, 1)) ** 2
    if height < 0.4 * max(width, tall):
        fine = cv2.resize(fine, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        left, top, width, tall = left // 2, top // 2, (width + 1) // 2, (tall + 1) // 2
    scale = height / max(width, tall, 1)
    is_soft = scale < 1 and softness > 0.3 * scale
    soft = cv2.GaussianBlur(fine, (0, 0), softness / scale) if is_soft else fine
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = scale * rotation @ np.diag([wider, 1 / wider])
    move = np.array([x, y]) - matrix @ np.array([left + width / 2, top + tall / 2])
    interpolation = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
    alone = cv2.warpAffine(soft, np.column_stack([matrix, move]), (SIDE, SIDE), flags=interpolation)
    alone = np.asarray(np.clip(alone, 0, 1), np.float32)

    region = np.zeros((SIDE, SIDE), np.uint8)
    outlines, _ = cv2.findContours(
        (fine > 0.3).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    if outlines:
        hull = cv2.convexHull(np.concatenate(outlines))[:, 0] @ matrix.T + move
        middle = (hull.min(axis=0) + hull.max(axis=0)) / 2
        shrunk = np.rint(middle + SHRUNK * (hull - middle)).astype(np.int32)
        missing = WIDE * height - min(cv2.minAreaRect(shrunk)[1])
        cv2.fillPoly(region, [shrunk], 1)
        cv2.polylines(region, [shrunk], True, 1, max(1, round(missing)))
    return alone, region, total


@cache
def _bank() -> list[Plane]:
    """Noise of deviation 1 whose spots have many widths."""
    random = np.random.default_rng(5)
    fields = []
    for number in range(240):
        width = 0.4 * 1.02**number
        noise = random.standard_normal((FIELD, FIELD)).astype(np.float32)
        stretch = random.choice([1.0, 1.0, 3.0])
        field = cv2.GaussianBlur(noise, (0, 0), width, sigmaY=width * stretch)
        fields.append((field - field.mean()) / max(float(field.std()), 1e-6))
    return fields


def _noise(random: Random, low: int = 0, high: int = 240) -> Plane:
    """A piece of the bank (SIDE, SIDE)."""
    field = _bank()[random.integers(low, high)]
    top, left = random.integers(0, FIELD - SIDE, 2)
    piece = field[top : top + SIDE, left : left + SIDE]
    if random.random() < 0.5:
        piece = piece.T
    return piece[:: random.choice([-1, 1]), :: random.choice([-1, 1])]


def _slope(random: Random) -> Plane:
    """From about -1 to 1 across the photo in some direction."""
    angle, along = random.uniform(0, 2 * np.pi), np.linspace(-1, 1, SIDE, dtype=np.float32)
    return np.asarray(np.cos(angle) * along + np.sin(angle) * along[:, None], np.float32)


def _colour(random: Random, low: float, high: float) -> Plane:
    """Three levels, alike mostly."""
    grey = random.uniform(low, high)
    cast = random.normal(0, 0.25 if random.random() < 0.35 else 0.04, 3)
    return np.clip(grey + cast, 0, 1).astype(np.float32)


def _paper(random: Random) -> Plane:
    """Light (SIDE, SIDE, 3), 0 … 1, that empty paper gives back."""
    if random.random() < 0.15:
        return np.full((SIDE, SIDE, 3), random.uniform(0.85, 1), np.float32)
    if random.random() < 0.05:
        return np.clip(_photograph(random)[..., None] * _colour(random, 0.8, 1), 0.05, 1)
    plane = np.ones((SIDE, SIDE), np.float32)
    plane += random.exponential(0.1) * _slope(random)
    for _ in range(random.integers(0, 3)):
        plane += random.exponential(0.03) * _noise(random)
    if random.random() < 0.3:
        plane += random.exponential(0.12) * _noise(random, 170)
    if random.random() < 0.15:  # creases
        edge = _slope(random) * SIDE / 2 + random.uniform(-30, 30)
        plane -= random.uniform(-0.1, 0.1) * np.exp(-np.abs(edge) / random.uniform(0.5, 6))
    return np.clip(plane[..., None] * _colour(random, 0.45, 0.95), 0.02, 1)


def _photograph(random: Random) -> Plane:
    """A piece of a photograph (SIDE, SIDE), 0 … 1."""
    whole = _photographs()[random.integers(len(_photographs()))]
    side = int(random.uniform(40, min(whole.shape)))
    top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
    piece = cv2.resize(
        whole[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    return np.asarray(piece, np.float32) / 255


def _table(random: Random) -> Plane:
    """A factor (SIDE, SIDE) of the light, as of a table behind the paper's edges."""
    edge = np.full((SIDE, SIDE), 100.0, np.float32)
    for _ in range(random.integers(1, 4)):
        edge = np.minimum(edge, _slope(random) * SIDE / 2 + random.uniform(0.25, 0.7) * SIDE)
    outside = 1 / (1 + np.exp(np.clip(edge * random.uniform(1, 5), -30, 30)))
    return np.asarray(
        1 - outside * np.clip(random.uniform(-0.2, 0.95) + 0.1 * _noise(random), -0.3, 0.95),
        np.float32,
    )


def _rules(random: Random) -> Plane:
    """Printed lines (SIDE, SIDE), 0 … 1: level, squared, or one or two alone."""
    level = random.normal(0, 5) if random.random() < 0.65 else random.uniform(-45, 45)
    canvas, angle = np.zeros((SIDE, SIDE), np.uint8), np.radians(level)
    period = SIDE * np.exp(random.uniform(np.log(0.05), np.log(0.5)))
    thick, shift = int(random.integers(1, 3)), 4
    lone = random.random() < 0.25
    for turned in range(1 + (random.random() < 0.4)):
        along = np.array([np.cos(angle + turned * np.pi / 2), np.sin(angle + turned * np.pi / 2)])
        away = np.array([-along[1], along[0]])
        places = (
            random.uniform(-0.6, 0.6, 2) * SIDE
            if lone
            else np.arange(-SIDE, SIDE, period) + random.uniform(0, period)
        )
        for at in places:
            ends = [
                np.rint((SIDE / 2 + at * away + end * along) * (1 << shift)).astype(int).tolist()
                for end in (-SIDE, SIDE)
            ]
            cv2.line(canvas, *ends, 255, thick, cv2.LINE_AA, shift)
    if random.random() < 0.3:  # on a part of the sheet
        left, right, top, bottom = (
            random.uniform([-0.6, 0.15, -0.6, 0.15], [-0.15, 0.6, -0.15, 0.6]) * SIDE
        )
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        corners = (
            np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ turn
            + random.uniform(0.35, 0.65, 2) * SIDE
        )
        part = np.zeros_like(canvas)
        cv2.fillPoly(part, [np.rint(corners).astype(np.int32)], 255)
        canvas &= part
    rules = canvas.astype(np.float32) / 255
    return (
        cv2.GaussianBlur(rules, (0, 0), random.uniform(0.3, 0.9)) * random.uniform(0.2, 1)
        if thick
        else rules
    )


def _frames(writing: Plane, random: Random) -> Plane:
    """A box around what is written, a printed or drawn one, or cells beside each other (SIDE,
    SIDE), 0 … 1.
    """
    left, top, wide, tall = cv2.boundingRect((writing > 0.3).astype(np.uint8))
    gap = np.array([wide, tall]).max() * random.uniform(0.02, 0.45, 4)
    corners = np.array(
        [
            [left - gap[0], top - gap[1]],
            [left + wide + gap[2], top - gap[1]],
            [left + wide + gap[2], top + tall + gap[3]],
            [left - gap[0], top + tall + gap[3]],
        ]
    )
    middle, angle = corners.mean(axis=0), np.radians(random.normal(0, 7))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = middle + (corners - middle) @ turn + random.normal(0, 0.02 * max(wide, tall), (4, 2))
    canvas, thick = np.zeros((SIDE, SIDE), np.uint8), int(random.integers(1, max(2, SIDE // 20)))
    sides = (
        [0, 1, 2, 3]
        if random.random() < 0.8
        else random.permutation(4)[: random.integers(2, 4)].tolist()
    )
    for side in sides:
        ends = corners[[side, (side + 1) % 4]]
        along = ends[1] - ends[0]
        ends = (
            ends
            + np.outer([-1, 1], along) * random.normal(0, 0.05)
            + (random.random() < 0.1) * np.outer([-9, 9], along)
        )
        (a, b) = np.rint(ends * 16).astype(int).tolist()
        cv2.line(canvas, a, b, 255, thick, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def _pressure(random: Random) -> Plane | float:
    """How strong the ink is, from place to place."""
    if random.random() < 0.5:
        return 1.0
    return np.clip(
        1 - np.abs(random.normal(0, 0.35)) * np.abs(_noise(random, 0, 150)), 0.2, 1
    ).astype(np.float32)


def _dirt(random: Random, writing: Plane) -> Plane:
    """Specks, smudges, blots, filled boxes, small print and half-erased strokes (SIDE, SIDE), 0 …
    1.
    """
    canvas, which = np.zeros((SIDE, SIDE), np.uint8), random.integers(6)
    if which == 0:
        for x, y in random.integers(0, SIDE, (int(random.integers(1, 25)), 2)).tolist():
            cv2.circle(canvas, (x, y), int(random.integers(0, 2)), 255, -1, cv2.LINE_AA)
    elif which == 1:
        spot = np.clip(_noise(random, 80) - random.uniform(0.8, 2), 0, 1)
        return spot * random.uniform(0.05, 0.6)
    elif which == 2:
        box = cv2.boxPoints(
            (random.uniform(0, SIDE, 2), random.uniform(8, 50, 2), random.uniform(0, 90))
        )
        cv2.fillPoly(canvas, [np.rint(box).astype(np.int32)], 255, cv2.LINE_AA)
    elif which == 3:
        for _ in range(random.integers(1, 4)):
            text = (
                "".join(map(chr, random.integers(97, 123, int(random.integers(4, 14))))) + " lorem"
            )
            size, at = random.uniform(0.15, 0.28), random.integers(-10, SIDE, 2).tolist()
            cv2.putText(canvas, text, at, 0, size, 255, 1, cv2.LINE_AA)
    elif which == 4:
        cv2.circle(
            canvas,
            random.integers(0, SIDE, 2).tolist(),
            int(random.integers(3, 22)),
            255,
            -1,
            cv2.LINE_AA,
        )
    else:
        ghost = np.asarray(_scribble(random), np.float32)
        canvas = cv2.resize(ghost, (SIDE, SIDE))
        canvas = cv2.GaussianBlur(canvas, (0, 0), random.uniform(1.5, 4))
        return canvas.astype(np.float32) / 255 * random.uniform(0.03, 0.15)
    dirt = canvas.astype(np.float32) / 255
    if which in (2, 4):
        dirt[cv2.dilate(writing, np.ones((7, 7), np.uint8)) > 0.2] = 0
    return dirt * random.uniform(0.1, 1)


def _shadow(random: Random) -> Plane:
    """A factor (SIDE, SIDE) of the light on either side of an edge."""
    edge = _slope(random) * SIDE / 2 + random.uniform(-0.45, 0.45) * SIDE
    if random.random() < 0.3:
        edge = edge + random.uniform(2, 12) * _noise(random, 150)
    soft = 0.2 if random.random() < 0.5 else np.exp(random.uniform(np.log(0.2), np.log(15)))
    return np.asarray(
        1 - random.triangular(0.05, 0.65, 0.8) / (1 + np.exp(np.clip(edge / soft, -30, 30))),
        np.float32,
    )


def _negative(picture: Plane, random: Random) -> Plane:
    """Light on dark: a negative, chalk on a board, or a screen."""
    dark = 255 - picture
    if random.random() < 0.5:
        return dark
    # A board that is lit unevenly as paper is, with chalk on it.
    low, power = random.uniform(0, 70), random.uniform(0.8, 2)
    lit = 1 + random.exponential(0.2) * _slope(random)
    board = low + (255 - low) * (dark / 255) ** power
    return np.asarray(np.clip(board * np.clip(lit, 0.3, 1.5)[..., None], 0, 255), np.float32)


def _taken(picture: Plane, tallest: float, random: Random) -> Bytes:
    """What a camera, a scanner or a program makes of a scene (SIDE, SIDE, 3), 0 … 255."""
    if random.random() < 0.3:
        picture = cv2.GaussianBlur(
            picture,
            (0, 0),
            np.exp(random.uniform(np.log(0.4), np.log(0.035 * max(tallest, 30) + 0.4))),
        )
    fewest = int(np.ceil(9 * SIDE / max(tallest, 1))) if tallest else 24
    few = random.random() < 0.3 and fewest < 64
    pixels = int(np.exp(random.uniform(np.log(max(fewest, 14)), np.log(64)))) if few else SIDE
    if few:
        picture = cv2.resize(picture, (pixels, pixels), interpolation=cv2.INTER_AREA)
    if random.random() < 0.3:
        contrast = np.exp(random.uniform(np.log(0.06), 0))
        picture = picture.mean() + contrast * (picture - picture.mean())
    if random.random() < 0.3:
        size = random.exponential(12) if random.random() < 0.8 else random.uniform(20, 45)
        shape = picture.shape if random.random() < 0.5 else (*picture.shape[:2], 1)
        picture = picture + size * random.standard_normal(shape, np.float32)
    if random.random() < 0.3:
        picture = 255 * (np.clip(picture, 0, 255) / 255) ** np.exp(random.normal(0, 0.3))
    if random.random() < 0.35:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    whole: Bytes = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    if random.random() < 0.06:  # binarised
        level = random.uniform(0.35, 0.65) * (float(whole.max()) + float(whole.min()))
        whole = np.where(whole.mean(axis=2, keepdims=True) > level, 255, 0).astype(
            np.uint8
        ) * np.ones(3, np.uint8)
    if random.random() < 0.25:
        _, data = cv2.imencode(
            ".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 95))]
        )
        whole = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if few:
        way = random.choice(
            [cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_NEAREST], p=[0.6, 0.15, 0.25]
        )
        whole = np.asarray(cv2.resize(whole, (SIDE, SIDE), interpolation=int(way)), np.uint8)
    return whole
