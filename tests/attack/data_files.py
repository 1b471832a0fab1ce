"""Damaged and hostile files of data and pictures, read as every face of the program reads them.

A valid file of some format is made, then damaged some times over: cut, flipped, repeated, nested,
with enormous numbers. It is read, or refused in one sentence; of what is read, some is trained on.
"""

from __future__ import annotations

import io
import struct
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from rnn_tui.data import store
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Fill, Goal, Layout, ReadingOptions, Split
from rnn_tui.data.understanding import Understanding, understand
from rnn_tui.engine import events
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.events import Control
from rnn_tui.engine.training.loop import fit
from rnn_tui.inside.own.inputs import read_sequence_file
from rnn_tui.photos.files import read_image
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.baselines import baselines_of
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.mnist.data import load_extra
from tests.attack.attack import Attempt, HomeAttack
from tests.attack.images import _image as image_of
from tests.attack.images import peak_memory

# These files have some kilobytes: reading one takes some hundredths of a second.
MOST_SECONDS = 20.0
MOST_GROWTH_KB = 400_000
MOST_STEPS = 3000  # of a data set that is trained on
SHARE_TRAINED = 0.1
PICTURES = (".png", ".jpg", ".bmp", ".tiff", ".webp")
ENDINGS = (".csv", ".tsv", ".txt", ".npy", ".npz", ".ts", ".arff", "")
FAULT = "fault of rnn-tui"
LARGEST_HEADER = 4096  # bytes at a file's beginning that say what follows
NUMBERS = (0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63)
WORDS = (
    *("1e308", "1e39", "-1e400", "nan", "inf", "-0", "1_000", "٣", "9" * 400, "1,5", "0x10"),
    *("True", "-1", str(2**63), "2024-13-45", "9999-12-31 23:59:59", "", '"', "'", "{", "}"),
    *("(", "[" * 300, "\x1b[31m", "\0", "\ufeff", "\u2028", "=1+1", "?", "ä" * 200, "a" * 140_000),
    *(",", ";", "\t", ":", "|", "\n", "\r", "\n\n", "@data", "@attribute x", "%", "#", "sep=;"),
)


class DataFiles(HomeAttack):
    """Whatever a file of data or a picture holds, it is read or refused in a sentence."""

    name = "data_files"
    unit = "files"
    share = 800
    length = 20_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.use_home(folder / "home")

    def attempt(self, random: Random) -> Attempt:
        """Read a file."""
        ending = random.choice(DATA if random.random() < 0.8 else PICTURES)
        data = VALID[ending](random)
        damages = []
        for _ in range(random.choice([0, 1, 1, 1, 1, 2, 4])):
            damage = random.choice(DAMAGES)
            data = damage(data, random)
            damages.append(damage.__name__.strip("_"))
        others = PICTURES if ending in PICTURES else ENDINGS
        path = self.folder / f"file{random.choice([ending, ending, ending, random.choice(others)])}"
        path.write_bytes(data)
        reader = _picture if ending in PICTURES else random.choice(READERS)
        tried = f"{ending} as {path.name}, {len(data)} bytes, {', '.join(damages) or 'whole'}"
        try:
            fault = _fault(lambda: reader(path, random))
        finally:
            path.unlink()
        return Attempt(f"{tried}, by {reader.__name__.strip('_')}", fault)


def _fault(read: Callable[[], str]) -> str:
    """What was wrong with how a file was read; empty where nothing was."""
    peak_before = peak_memory()
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # they would be written over the screen
            fault = read()
    except UserError as refusal:
        sentence = str(refusal)
        fault = "" if sentence == printable(sentence, 1000) else f"not printable: {sentence!a}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        return f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    growth_kb = peak_memory() - peak_before
    if seconds > MOST_SECONDS or growth_kb > MOST_GROWTH_KB:
        return f"took {seconds:.0f} s and {growth_kb / 1e6:.1f} GB"
    return fault


# --- readers --------------------------------------------------------------------------------------


def _sequences(path: Path, random: Random) -> str:
    """Understand a file; keep some, train on them and measure naive answers."""
    understanding = understand(path, _options(random))
    fault = _fault_of_lines(understanding)
    steps = len(understanding.data_set.values)
    if fault or steps > MOST_STEPS or random.random() > SHARE_TRAINED:
        return fault
    return _fault_of_training(understanding.data_set)


def _options(random: Random) -> ReadingOptions:
    """What a user says of a file; mostly nothing."""
    if random.random() < 0.6:
        return ReadingOptions()
    return ReadingOptions(
        layout=random.choice([None, None, *Layout]),
        goal=random.choice([None, Goal.NEXT, *Goal]),
        fill=random.choice([None, *Fill]),
        split=random.choice([None, Split.CHANCE, Split.TIME]),
        horizon=random.choice([1, 1, 3]),
        window=random.choice([None, None, 5]),
    )


def _fault_of_lines(understanding: Understanding) -> str:
    lines = [line for line in understanding.lines() if line != printable(line, 400)]
    return f"not printable: {lines[0]!a}" if lines else ""


def _fault_of_training(data_set: DataSet) -> str:
    """What was wrong on the way from a data set to a trained network and its figures."""
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    try:
        config = task.config("gru", hidden_sizes=(3,), epochs=1, seeds=1, batch_size=64)
        assert isinstance(config, SequenceConfig)
        emitted: list[events.Event] = []
        outcome = fit(DataSetProblem, config.replace(workers=1), emitted.append, Control())
        last = emitted[-1]
        if isinstance(last, events.RunFailed) and FAULT in str(last):
            return f"training: {last}"
        baselines_of(data_set.description.name)
        if isinstance(last, events.RunFinished) and outcome.weights is not None:
            answers = [weight for weight in outcome.weights.values() if weight.isnan().any()]
            return "weights that are no numbers" if answers else ""
        return ""
    finally:
        store.remove(data_set.description.name)


def _images_of_mnist(path: Path, _random: Random) -> str:
    """Read further images to train on."""
    images, labels = load_extra(str(path))
    return "" if len(images) == len(labels) else "other images than labels"


def _inputs(path: Path, random: Random) -> str:
    """Read a sequence for a network of the user's."""
    sequence = read_sequence_file(path, random.choice([1, 3]), None)
    return "" if np.isfinite(sequence.numbers).all() else "inputs that are no numbers"


def _picture(path: Path, _random: Random) -> str:
    """Read a photo."""
    picture = read_image(path)
    return "" if picture.dtype == np.uint8 and picture.ndim == 3 else f"{picture.shape}"


READERS = (*[_sequences] * 8, _images_of_mnist, _inputs)


# --- valid files ----------------------------------------------------------------------------------


def _rows(random: Random) -> list[list[str]]:
    """Rows of a table: a sequence, a step, numbers with gaps, a label."""
    length = random.choice([3, 5])
    gaps = random.choice([0.0, 0.1])
    rows = []
    for row in range(random.choice([4, 12, 30]) * length):
        number = "" if random.random() < gaps else f"{random.gauss(5, 3):.3f}"
        label = random.choice(["up", "down"]) if random.random() < 0.1 else "up"
        rows.append([f"s{row // length}", str(row % length), number, str(row % 7), label])
    return rows


def _csv(random: Random) -> bytes:
    delimiter = random.choice([",", ";", "\t", " "])
    header = [["id", "t", "x", "y", "label"]] if random.random() < 0.8 else []
    end = random.choice(["\n", "\r\n"])
    text = end.join(delimiter.join(row) for row in [*header, *_rows(random)])
    return text.encode(random.choice(["utf-8", "utf-8-sig", "utf-16"]))


def _wide(random: Random) -> bytes:
    names = [f"t{step}" for step in range(12)]
    rows = [",".join([*names, "class"])]
    for row in range(20):
        numbers = [f"{random.gauss(0, 1):.2f}" for _ in names]
        rows.append(",".join([*numbers, "ab"[row % 2]]))
    return "\n".join(rows).encode()


def _ts(random: Random) -> bytes:
    dimensions = random.choice([1, 2])
    rows = []
    for row in range(20):
        parts = [",".join(f"{random.gauss(0, 1):.2f}" for _ in range(6)) for _ in range(dimensions)]
        rows.append(":".join([*parts, "ab"[row % 2]]))
    head = "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
    return (head + "\n".join(rows)).encode()


def _arff(random: Random) -> bytes:
    if random.random() < 0.1:
        return b"@relation r\n@attribute bag relational\n@attribute a numeric\n@end bag\n@data\n"
    head = "@relation r\n" + "".join(f"@attribute a{step} numeric\n" for step in range(5))
    rows = [",".join([*(str(row * step) for step in range(5)), "uv"[row % 2]]) for row in range(20)]
    return (head + "@attribute class {u,v}\n@data\n" + "\n".join(rows)).encode()


def _arrays(random: Random) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    numbers = np.random.default_rng(random.getrandbits(32))
    if random.random() < 0.3:
        images = numbers.integers(0, 256, (12, 28, 28), np.uint8)
        return {"images": images, "labels": numbers.integers(0, 10, 12).astype(np.uint8)}
    kind = random.choice(["<f8", ">f4", "<f2", "|i1", "<u4", "|b1", "<f8"])
    values = numbers.normal(size=random.choice([(20, 6), (20, 6, 2), (90,)])).round(1).astype(kind)
    labels = np.arange(len(values)) % 2
    return {"x": np.asfortranarray(values) if random.random() < 0.3 else values, "y": labels}


def _npz(random: Random) -> bytes:
    buffer = io.BytesIO()
    random.choice([np.savez, np.savez_compressed])(buffer, **_arrays(random))
    return buffer.getvalue()


def _npy(random: Random) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, next(iter(_arrays(random).values())))
    return buffer.getvalue()


def _text(random: Random) -> bytes:
    letters = "abc äöü.\n" if random.random() < 0.5 else "01"
    return "".join(random.choices(letters, k=600)).encode()


VALID: dict[str, Callable[[Random], bytes]] = {
    ".csv": _csv,
    ".tsv": _wide,
    ".ts": _ts,
    ".arff": _arff,
    ".npz": _npz,
    ".npy": _npy,
    ".txt": _text,
    **{suffix: lambda random, suffix=suffix: image_of(random, suffix) for suffix in PICTURES},
}
DATA = tuple(ending for ending in VALID if ending not in PICTURES)


# --- damages --------------------------------------------------------------------------------------


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _flipped_bits(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice([1, 3, 30])):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _flipped_header(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice([1, 2, 5])):
        if changed:
            place = random.randrange(min(len(changed), LARGEST_HEADER))
            changed[min(place, random.randrange(128)) % len(changed)] = random.randrange(256)
    return bytes(changed)


def _enormous_number(data: bytes, random: Random) -> bytes:
    """Write a number as machines do over some bytes."""
    value = struct.pack(random.choice("<>") + random.choice("HIQ"), 0)
    number = random.choice(NUMBERS) % 256 ** len(value)
    value = number.to_bytes(len(value), random.choice(["little", "big"]))
    place = random.randrange(len(data) + 1)
    return data[:place] + value + data[place + len(value) :]


def _word(data: bytes, random: Random) -> bytes:
    """Put a word in some places, in place of what stands between two marks there or beside it."""
    for _ in range(random.choice([1, 1, 4])):
        word = random.choice(WORDS).encode()
        place = random.randrange(len(data) + 1)
        end = place
        if random.random() < 0.5:
            while end < len(data) and data[end : end + 1] not in (b",", b"\n", b":", b"'"):
                end += 1
        data = data[:place] + word + data[end:]
    return data


def _repeated(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    piece = data[place : place + random.choice([1, 7, 60])]
    return data[:place] + piece * random.choice([2, 300, 3000]) + data[place:]


def _nested(data: bytes, random: Random) -> bytes:
    return random.choice([b"(", b"[", b"{", b'"', b"'", b"-"]) * random.choice([50, 5000]) + data


def _two_in_one(data: bytes, random: Random) -> bytes:
    other = VALID[random.choice(list(VALID))](random)
    return data[: random.randrange(len(data) + 1)] + other[random.choice([0, 9]) :]


def _bytes(_data: bytes, random: Random) -> bytes:
    return random.randbytes(random.choice([0, 1, 11, 900]))


def _columns_changed(data: bytes, random: Random) -> bytes:
    """Take some lines away, double some, and shorten others."""
    lines = data.split(b"\n")
    for _ in range(random.choice([1, 5])):
        place = random.randrange(len(lines))
        line = lines[place]
        shorter = line[: random.randrange(len(line) + 1)]
        lines[place] = random.choice([b"", shorter, line + b"\n" + line, line + b",,,"])
    return b"\n".join(lines)


DAMAGES = (
    _cut,
    _flipped_bits,
    _flipped_bits,
    _flipped_bits,
    _flipped_header,
    _enormous_number,
    _word,
    _word,
    _repeated,
    _nested,
    _two_in_one,
    _bytes,
    _columns_changed,
    _columns_changed,
)
