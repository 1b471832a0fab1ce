"""Damaged and hostile files of weights, given to the commands that read weights."""

from __future__ import annotations

import json
import pickle
import struct
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pytest

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import METADATA_KEY
from tests.attack.attack import Attack, Attempt
from tests.cli.command_line import run_inside

CODES = (0, 1, 2)
SHIPPED = ("adder", "recall-position-1", "recall-position-3", "mnist-lstm", "mnist-rnn")
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x" * 999,
    "\x1b[31m",
    "[red]",
    "\ud800",
    "../x",
    [],
    {},
    [[]],
    [10**9],
    {"a": {}},
    "mnist",
    "adder",
    "gru",
    "bce",
    [1, 2, 3],
    ["bce", "bce"],
    1000,
    256,
    4_294_967_295,
)
NUMBERS = (np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 1e30, 1e-45, 0.0)
DTYPES = ("F32", "F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "x", 7, None)


class Weights(Attack):
    """A file of weights answers with numbers, or is refused in a sentence."""

    name = "weights"
    unit = "files"
    share = 50
    length = 2_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._patch = pytest.MonkeyPatch()
        self._patch.setenv("RNN_TUI_HOME", str(folder / "home"))
        pretrained = asset_dir() / "pretrained"
        self._files = {name: (pretrained / f"{name}.safetensors").read_bytes() for name in SHIPPED}
        paper = np.full((60, 60), 220, np.uint8)
        cv2.line(paper, (32, 12), (28, 48), 30, 5)
        cv2.imwrite(str(folder / "7.png"), paper)

    def close(self) -> None:
        """Restore the environment."""
        self._patch.undo()

    def attempt(self, random: Random) -> Attempt:
        """Run a command with the networks of a damaged file."""
        name = random.choice(SHIPPED)
        data = self._files[name]
        damages = []
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            damage = random.choice(DAMAGES)
            data = damage(data, random)
            damages.append(damage.__name__.strip("_"))
        path = self.folder / random.choice(["w.safetensors", "\x1b[31m", "\udcff.x"])
        path.write_bytes(data)
        arguments = [*self._command(name, random), "--weights", str(path)]
        as_json = random.choice([False, True])
        if as_json:
            arguments.append("--json")
        stdin = random.choice([b"", b"1011 110\n31415\n"])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code, out, err = run_inside(arguments, stdin)
        path.unlink()
        tried = f"{name}, {', '.join(damages)}: rnn-tui {' '.join(arguments)!a}"
        fault = fault_of(code, out, err, as_json=as_json)
        for warning in caught:
            if not fault and issubclass(warning.category, RuntimeWarning):
                fault = f"a warning: {warning.message}"
        return Attempt(tried, fault)

    def _command(self, name: str, random: Random) -> list[str]:
        """A command that reads such weights, or sometimes weights of another task."""
        adding = [
            ["add", "1011", "110"],
            ["add", "--vote", "7", "+", "8", "--base", "decimal"],
            ["inspect", "adder", "1011", "110"],
            ["add"],
        ]
        recalling = [
            ["recall", "31415"],
            ["recall", "--vote", "27182", "--position", "2"],
            ["inspect", "recall", "31415"],
            ["recall"],
        ]
        photo = str(self.folder / "7.png")
        reading = [["predict", photo], ["predict", photo, "--labels"], ["inspect", "mnist", photo]]
        kinds = {"adder": adding, "recall": recalling, "mnist": reading}
        if random.random() < 0.1:  # weights of another task
            return random.choice([*adding, *recalling, *reading])
        return random.choice(kinds[name.partition("-")[0]])


def fault_of(code: int, out: str, err: str, *, as_json: bool) -> str:
    """What is wrong with how a command ended."""
    text = out + err
    ends = f"{err[-400:]!a} {out[-200:]!a}"
    for sign in ("Traceback", "fault of rnn-tui", "nan"):
        if sign in text:
            return f"{sign} in {ends}"
    if any(unicodedata.category(character) == "Cc" for character in text.replace("\n", "")):
        return f"control characters in {ends}"
    if code not in CODES:
        return f"exit code {code}: {ends}"
    if as_json and not code:
        try:
            json.loads(out, parse_constant=str.upper)
        except ValueError as error:
            return f"no JSON document ({error}): {ends}"
    return ""


# --- damages --------------------------------------------------------------------------------------


def _flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice([1, 10, 100])):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _flipped_header(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice([1, 3])):
        if changed:
            changed[random.randrange(min(len(changed), 3000))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _other_file(_data: bytes, random: Random) -> bytes:
    return random.choice(
        [
            b"",
            b"\0" * 9,
            b"x",
            pickle.dumps({"w": [1.0]}),
            b"PK\3\4",
            b"{}" * 9,
            struct.pack("<Q", 2**63) + b"{",
            struct.pack("<Q", 2) + b"{}",
            struct.pack("<Q", 9**5) + b"[" * 9**5,
        ]
    )


def _parts(data: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The header of a safetensors file and the bytes after it; None where damage hides them.

    Eight bytes say how long the header is, a document in JSON; the numbers of all tensors follow.
    """
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        numbers = data[8 + length :]
    except (ValueError, struct.error, OverflowError, RecursionError):
        return None
    if not isinstance(header, dict):
        return None
    return header, numbers


def _joined(header: dict[str, Any], numbers: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def _with_header(change: Callable[[dict[str, Any], Random], None]) -> Callable[..., bytes]:
    """A damage of a file, made from a change of its header."""

    def damage(data: bytes, random: Random) -> bytes:
        parts = _parts(data)
        if parts is None:
            return data
        header, numbers = parts
        change(header, random)
        return _joined(header, numbers)

    damage.__name__ = change.__name__
    return damage


def _tensor(header: dict[str, Any], random: Random) -> dict[str, Any]:
    """What the header says of a tensor; an empty table where it has none."""
    names = [name for name, value in header.items() if isinstance(value, dict) and "dtype" in value]
    if not names:
        return {}
    return header[random.choice(names)]


@_with_header
def _other_shape(header: dict[str, Any], random: Random) -> None:
    tensor = _tensor(header, random)
    shape = tensor.get("shape", [])
    shapes = (
        [],
        [0],
        [-1],
        [2**63],
        [10**400],
        [1, *shape],
        shape[::-1],
    )
    tensor["shape"] = random.choice(shapes)


@_with_header
def _other_type(header: dict[str, Any], random: Random) -> None:
    _tensor(header, random)["dtype"] = random.choice(DTYPES)


@_with_header
def _other_place(header: dict[str, Any], random: Random) -> None:
    places = ([0, 2**62], [8, 0], [-1, 4], [0], [0, 4], "x", None)
    _tensor(header, random)["data_offsets"] = random.choice(places)


@_with_header
def _other_name(header: dict[str, Any], random: Random) -> None:
    name = random.choice(list(header))
    new_name = random.choice(["x", "", "\x1b", "training/x", "__metadata__", "gates"])
    header[new_name] = header.pop(name)


@_with_header
def _other_metadata(header: dict[str, Any], random: Random) -> None:
    """Change values somewhere in the metadata, or put something else in its place."""
    texts = header.get("__metadata__")
    if not isinstance(texts, dict) or METADATA_KEY not in texts:
        return
    try:
        metadata = json.loads(texts[METADATA_KEY]) if random.random() < 0.95 else None
    except ValueError:  # an earlier damage
        return
    if not isinstance(metadata, dict):
        texts[METADATA_KEY] = random.choice(["", "null", "[]", "[" * 99999, '{"format": 1}', "{"])
        return
    for _ in range(random.choice([1, 1, 2, 4])):
        if metadata:
            _change_a_value(metadata, random)
    texts[METADATA_KEY] = json.dumps(metadata)


def _change_a_value(place: Any, random: Random) -> None:
    """Change or delete a value at some depth of a table or list that is not empty."""
    key = random.choice(list(place)) if isinstance(place, dict) else random.randrange(len(place))
    value = place[key]
    if isinstance(value, dict | list) and value and random.random() < 0.9:
        _change_a_value(value, random)
    elif isinstance(place, dict) and random.random() < 0.1:
        del place[key]
    else:
        place[key] = random.choice(VALUES)


def _other_numbers(data: bytes, random: Random) -> bytes:
    """Put numbers that no training leaves in place of a few weights, or all."""
    parts = _parts(data)
    if parts is None:
        return data
    header, numbers = parts
    count = len(numbers) // 4
    if not count:
        return data
    values = np.frombuffer(numbers[: 4 * count], np.float32).copy()
    draws = np.random.default_rng(random.getrandbits(32)).random(count)
    number = random.choice(NUMBERS)
    share = random.choice([0.0001, 0.01, 0.5, 1.1])
    values[draws < share] = number
    if random.random() < 0.3:
        magnitude = np.float32(random.choice([3.4e38, 1e20]))
        values = np.copysign(magnitude, values)
    return _joined(header, values.tobytes() + numbers[4 * count :])


DAMAGES = (
    _flipped,
    _flipped_header,
    _cut,
    _other_file,
    _other_shape,
    _other_type,
    _other_place,
    _other_name,
    _other_metadata,
    _other_metadata,
    _other_metadata,
    _other_numbers,
    _other_numbers,
)
