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
    down, across = random.choice([-1, 1]), random.choice([-1, 1])  # mirrored or not
    return piece[::down, ::across]


def _slope(random: Random) -> Plane:
    """From about −1 to 1 across the photo (SIDE, SIDE) in some direction."""
    angle = random.uniform(0, 2 * np.pi)
    along = np.linspace(-1, 1, SIDE, dtype=np.float32)
    return np.asarray(np.cos(angle) * along + np.sin(angle) * along[:, None], np.float32)


def _colour(random: Random, low: float, high: float) -> Plane:
    """Three levels (3,), 0 … 1, alike mostly."""
    grey = random.uniform(low, high)
    is_coloured = random.random() < 0.35
    cast = random.normal(0, 0.25 if is_coloured else 0.04, 3)
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
    photographs = _photographs()
    whole = photographs[random.integers(len(photographs))]
    side = int(random.uniform(40, min(whole.shape)))
    top, left = (int(random.integers(0, length - side + 1)) for length in whole.shape)
    part = whole[top : top + side, left : left + side]
    piece = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(piece, np.float32) / 255


def _table(random: Random) -> Plane:
    """A factor (SIDE, SIDE) of the light, as of a table behind the paper's edges."""
    edge = np.full((SIDE, SIDE), 100.0, np.float32)
    for _ in range(random.integers(1, 4)):
        edge = np.minimum(edge, _slope(random) * SIDE / 2 + random.uniform(0.25, 0.7) * SIDE)
    outside = 1 / (1 + np.exp(np.clip(edge * random.uniform(1, 5), -30, 30)))
    darkness = np.clip(random.uniform(-0.2, 0.95) + 0.1 * _noise(random), -0.3, 0.95)
    return np.asarray(1 - outside * darkness, np.float32)


def _rules(random: Random) -> Plane:
    """Printed lines (SIDE, SIDE), 0 … 1: level, squared, or one or two alone."""
    is_level = random.random() < 0.65
    angle = np.radians(random.normal(0, 5) if is_level else random.uniform(-45, 45))
    period = SIDE * np.exp(random.uniform(np.log(0.05), np.log(0.5)))
    width = int(random.integers(1, 3))
    are_alone = random.random() < 0.25
    is_squared = random.random() < 0.4
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for direction in [angle, angle + np.pi / 2] if is_squared else [angle]:
        if are_alone:
            places = random.uniform(-0.6, 0.6, 2) * SIDE
        else:
            places = np.arange(-SIDE, SIDE, period) + random.uniform(0, period)
        _draw_rules(canvas, direction, places, width)
    if random.random() < 0.3:
        canvas &= _part_of_sheet(angle, random)
    rules = canvas.astype(np.float32) / 255
    soft = cv2.GaussianBlur(rules, (0, 0), random.uniform(0.3, 0.9))
    return soft * random.uniform(0.2, 1)


def _draw_rules(
    canvas: Bytes, direction: float, places: npt.NDArray[np.float64], width: int
) -> None:
    """Draw lines in a direction (radians), at distances from the middle in pixels."""
    along = np.array([np.cos(direction), np.sin(direction)])
    across = np.array([-along[1], along[0]])
    for place in places:
        middle = SIDE / 2 + place * across
        start, end = (
            np.rint((middle + half * along) * 16).astype(int).tolist() for half in (-SIDE, SIDE)
        )
        cv2.line(canvas, start, end, 255, width, cv2.LINE_AA, 4)  # in sixteenths of a pixel


def _part_of_sheet(angle: float, random: Random) -> Bytes:
    """A rectangle (SIDE, SIDE), 255 inside, that is turned as the lines on it are."""
    left, right, top, bottom = (
        random.uniform([-0.6, 0.15, -0.6, 0.15], [-0.15, 0.6, -0.15, 0.6]) * SIDE
    )
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ turn
    corners = corners + random.uniform(0.35, 0.65, 2) * SIDE
    part = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(part, [np.rint(corners).astype(np.int32)], 255)
    return part


def _frames(ink: Plane, random: Random) -> Plane:
    """A box around what is written, or sides of one, printed or drawn: (SIDE, SIDE), 0 … 1."""
    left, top, width, height = cv2.boundingRect((ink > 0.3).astype(np.uint8))
    longer = np.array([width, height]).max()
    gap_left, gap_top, gap_right, gap_bottom = longer * random.uniform(0.02, 0.45, 4)
    x = left - gap_left, left + width + gap_right
    y = top - gap_top, top + height + gap_bottom
    corners = np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])
    middle = corners.mean(axis=0)
    angle = np.radians(random.normal(0, 7))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = middle + (corners - middle) @ turn + random.normal(0, 0.02 * longer, (4, 2))
    pen = int(random.integers(1, max(2, SIDE // 20)))
    is_whole = random.random() < 0.8
    sides = [0, 1, 2, 3]
    if not is_whole:
        sides = random.permutation(4)[: random.integers(2, 4)].tolist()
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for side in sides:
        ends = corners[[side, (side + 1) % 4]]
        along = ends[1] - ends[0]
        ends = ends + np.outer([-1, 1], along) * random.normal(0, 0.05)
        if random.random() < 0.1:  # a line that runs through the photo
            ends = ends + np.outer([-9, 9], along)
        start, end = np.rint(ends * 16).astype(int).tolist()
        cv2.line(canvas, start, end, 255, pen, cv2.LINE_AA, 4)  # in sixteenths of a pixel
    return canvas.astype(np.float32) / 255


def _pressure(random: Random) -> Plane | float:
    """How strong the ink is, from place to place: 1, or (SIDE, SIDE), 0.2 … 1."""
    if random.random() < 0.5:
        return 1.0
    weakness = np.abs(random.normal(0, 0.35)) * np.abs(_noise(random, 0, 150))
    return np.clip(1 - weakness, 0.2, 1).astype(np.float32)


DIRT = ("specks", "smudge", "filled box", "small print", "blot", "half-erased strokes")


def _dirt(random: Random, ink: Plane) -> Plane:
    """One of `DIRT` (SIDE, SIDE), 0 … 1; boxes and blots leave out what is written."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    kind = DIRT[random.integers(len(DIRT))]
    match kind:
        case "specks":
            for x, y in random.integers(0, SIDE, (int(random.integers(1, 25)), 2)).tolist():
                cv2.circle(canvas, (x, y), int(random.integers(0, 2)), 255, -1, cv2.LINE_AA)
        case "smudge":
            spot = np.clip(_noise(random, 80) - random.uniform(0.8, 2), 0, 1)
            return spot * random.uniform(0.05, 0.6)
        case "filled box":
            middle, size = random.uniform(0, SIDE, 2), random.uniform(8, 50, 2)
            box = cv2.boxPoints((middle, size, random.uniform(0, 90)))
            cv2.fillPoly(canvas, [np.rint(box).astype(np.int32)], 255, cv2.LINE_AA)
        case "small print":
            for _ in range(random.integers(1, 4)):
                letters = random.integers(97, 123, int(random.integers(4, 14)))
                text = f"{''.join(map(chr, letters))} lorem"
                size = random.uniform(0.15, 0.28)
                start = random.integers(-10, SIDE, 2).tolist()
                cv2.putText(canvas, text, start, 0, size, 255, 1, cv2.LINE_AA)
        case "blot":
            middle = random.integers(0, SIDE, 2).tolist()
            cv2.circle(canvas, middle, int(random.integers(3, 22)), 255, -1, cv2.LINE_AA)
        case "half-erased strokes":
            strokes = cv2.resize(np.asarray(_scribble(random), np.float32), (SIDE, SIDE))
            soft = cv2.GaussianBlur(strokes, (0, 0), random.uniform(1.5, 4))
            return soft.astype(np.float32) / 255 * random.uniform(0.03, 0.15)
    dirt = canvas.astype(np.float32) / 255
    if kind in ("filled box", "blot"):
        dirt[cv2.dilate(ink, np.ones((7, 7), np.uint8)) > 0.2] = 0
    return dirt * random.uniform(0.1, 1)


def _shadow(random: Random) -> Plane:
    """A factor (SIDE, SIDE) of the light on either side of an edge."""
    edge = _slope(random) * SIDE / 2 + random.uniform(-0.45, 0.45) * SIDE
    if random.random() < 0.3:
        edge = edge + random.uniform(2, 12) * _noise(random, 150)
    is_hard = random.random() < 0.5
    width = 0.2 if is_hard else np.exp(random.uniform(np.log(0.2), np.log(15)))
    darkness = random.triangular(0.05, 0.65, 0.8)
    return np.asarray(1 - darkness / (1 + np.exp(np.clip(edge / width, -30, 30))), np.float32)


def _negative(picture: Plane, random: Random) -> Plane:
    """Light on dark: a negative, chalk on a board, or a screen."""
    dark = 255 - picture
    if random.random() < 0.5:
        return dark
    # A board that is lit unevenly as paper is, with chalk on it.
    low = random.uniform(0, 70)
    power = random.uniform(0.8, 2)
    lit = 1 + random.exponential(0.2) * _slope(random)
    board = low + (255 - low) * (dark / 255) ** power
    return np.asarray(np.clip(board * np.clip(lit, 0.3, 1.5)[..., None], 0, 255), np.float32)


def _taken(picture: Plane, tallest: float, random: Random) -> Bytes:
    """What a camera, a scanner or a program makes of a scene (SIDE, SIDE, 3), 0 … 255.

    `tallest` is the tallest digit's height in pixels, which bounds blur and loss of pixels.
    """
    if random.random() < 0.3:
        widest = 0.035 * max(tallest, 30) + 0.4
        blur = np.exp(random.uniform(np.log(0.4), np.log(widest)))
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    fewest = int(np.ceil(9 * SIDE / max(tallest, 1))) if tallest else 24
    has_few_pixels = random.random() < 0.3 and fewest < 64
    if has_few_pixels:
        pixels = int(np.exp(random.uniform(np.log(max(fewest, 14)), np.log(64))))
        picture = cv2.resize(picture, (pixels, pixels), interpolation=cv2.INTER_AREA)
    if random.random() < 0.3:
        contrast = np.exp(random.uniform(np.log(0.06), 0))
        picture = picture.mean() + contrast * (picture - picture.mean())
    if random.random() < 0.3:
        is_slight = random.random() < 0.8
        deviation = random.exponential(12) if is_slight else random.uniform(20, 45)
        is_coloured = random.random() < 0.5
        shape = picture.shape if is_coloured else (*picture.shape[:2], 1)
        picture = picture + deviation * random.standard_normal(shape, np.float32)
    if random.random() < 0.3:
        gamma = np.exp(random.normal(0, 0.3))
        picture = 255 * (np.clip(picture, 0, 255) / 255) ** gamma
    if random.random() < 0.35:  # without colour
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    photo: Bytes = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    if random.random() < 0.06:  # binarised
        level = random.uniform(0.35, 0.65) * (float(photo.max()) + float(photo.min()))
        is_light = photo.mean(axis=2, keepdims=True) > level
        photo = np.where(is_light, 255, 0).astype(np.uint8) * np.ones(3, np.uint8)
    if random.random() < 0.25:
        quality = int(random.integers(25, 95))
        _, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
        photo = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if has_few_pixels:
        interpolations = [cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_NEAREST]
        interpolation = int(random.choice(interpolations, p=[0.6, 0.15, 0.25]))
        photo = np.asarray(cv2.resize(photo, (SIDE, SIDE), interpolation=interpolation), np.uint8)
    return photo
