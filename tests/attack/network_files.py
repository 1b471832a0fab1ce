"""Damaged and hostile files of networks and weights, given to the functions that read them."""

from __future__ import annotations

import json
import struct
import unicodedata
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from safetensors.numpy import save

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.files.weights_file import read_description, read_weights
from rnn_tui.engine.process.bounded import BoundedProcess
from rnn_tui.engine.training.history import read_history
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.networks.foreign.hints import NONLINEARITIES, NetworkHints
from rnn_tui.networks.foreign.onnx_child import network_read_apart
from rnn_tui.networks.foreign.reading import read_network
from rnn_tui.networks.stack import READOUTS
from tests.attack.attack import Attack, Attempt
from tests.attack.hostile_models import CHANGES, hostile_model, whole_model
from tests.attack.weights import DAMAGES, SHIPPED, VALUES
from tests.measured import peak_memory

#: what reading a file may take in this process: 100 MiB, and sixteen bytes for each of the file.
MOST_MEMORY = 100 * 2**20
MEMORY_A_BYTE = 16
LONGEST_SENTENCE = 6000
BEGINNINGS = (
    b"\x80\x04",
    b"PK\x03\x04",
    b"\x89HDF",
    b"\x08\x08",
    b"\x08",
    b"",
    b"\x02\0\0\0\0\0\0\0{}",
)


class NetworkFiles(Attack):
    """A file of a network is read, or refused in a sentence, within bounds of memory."""

    name = "network_files"
    unit = "files"
    share = 40
    length = 5_000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        pretrained = asset_dir() / "pretrained"
        self._own = [(pretrained / f"{name}.safetensors").read_bytes() for name in SHIPPED]
        self._process = BoundedProcess()  # one for all models, or most of the time is its start

    def close(self) -> None:
        """End the process for models."""
        self._process.end()

    def attempt(self, random: Random) -> Attempt:
        """Read a file of one of the kinds."""
        draw: Callable[[Random], tuple[str, Attempted]] = random.choice(
            [self._state_dict, self._state_dict, self._model, self._weights, self._anything]
        )
        tried, read = draw(random)
        return Attempt(tried, fault_of(read))

    def _state_dict(self, random: Random) -> tuple[str, Attempted]:
        """A state_dict from elsewhere, with damages."""
        data, words = damaged(state_dict(random), random)
        return f"a state_dict, {words}", self._reading(data, random)

    def _anything(self, random: Random) -> tuple[str, Attempted]:
        """Bytes that begin as a kind of file does."""
        beginning = random.choice(BEGINNINGS)
        data = beginning + random.randbytes(random.choice([0, 1, 9, 300]))
        return f"the bytes {data!r}", self._reading(data, random)

    def _reading(self, data: bytes, random: Random) -> Attempted:
        hints = NetworkHints(
            random.choice([None, *NONLINEARITIES]),
            random.choice([None, *READOUTS]),
            random.choice([(), (), ("rnn",), ("a",)]),
            random.choice([(), (), ("out",), ("a",)]),
        )
        path = self.folder / "net"
        path.write_bytes(data)
        if data.startswith(b"\x08") and data[8:9] != b"{":
            return Attempted(data, lambda: network_read_apart(data, hints, "net", self._process))
        return Attempted(data, lambda: read_network(path, hints))

    def _model(self, random: Random) -> tuple[str, Attempted]:
        """An ONNX model that is changed, or whose bytes are."""
        if random.random() < 0.6:
            words = random.choice(list(CHANGES))
            data = hostile_model(words, random)
        else:
            data, words = damaged(whole_model().SerializeToString(), random)
        hints = NetworkHints()
        return (
            f"a model, {words}",
            Attempted(data, lambda: network_read_apart(data, hints, "net", self._process)),
        )

    def _weights(self, random: Random) -> tuple[str, Attempted]:
        """Weights of rnn-tui with damages, given to one of their readers."""
        data, words = damaged(random.choice(self._own), random)
        path = self.folder / "weights"
        path.write_bytes(data)
        readers: tuple[Callable[[Path], object], ...] = (
            read_description,
            read_weights,
            read_history,
            partial(load_resume_point, run_id="x"),
        )
        reader = random.choice(readers)
        return f"{reader}, {words}", Attempted(data, lambda: reader(path))


class Attempted:
    """The bytes of a file, and what reads them."""

    def __init__(self, data: bytes, read: Callable[[], object]) -> None:
        self.data = data
        self.read = read


def fault_of(attempted: Attempted) -> str:
    """What is wrong with how a file is read."""
    sentences: list[str] = []

    def read() -> None:
        try:
            attempted.read()
        except UserError as error:
            sentences.append(str(error))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            memory = peak_memory(read)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return f"{error!r}"
    for warning in caught:
        return f"a warning: {warning.message}"
    if memory > MOST_MEMORY + MEMORY_A_BYTE * len(attempted.data):
        return f"{memory / 2**20:,.0f} MiB of memory"
    for sentence in sentences:
        moves = any(unicodedata.category(character) == "Cc" for character in sentence)
        ends = sentence.endswith(".") or "this line converts its state_dict: " in sentence
        if moves or not ends or len(sentence) > LONGEST_SENTENCE:
            return f"no sentence: {sentence[:400]!a}"
        if "log file" in sentence:
            return f"a fault in the other process: {sentence!a}"
    return ""


# --- files ----------------------------------------------------------------------------------------


def state_dict(random: Random) -> bytes:
    """A state_dict of one to three recurrent modules and a readout, as safetensors."""
    tensors: dict[str, Any] = {}
    size = random.choice([1, 2, 3])
    rows = random.choice([1, 3, 4, 2]) * size
    numbers = np.random.default_rng(random.randrange(2**32))
    read = random.choice([1, 2, size])
    for number in range(random.choice([1, 1, 2, 3])):
        module = random.choice(["rnn.", "", f"layers.{number}.", "\x1b[31m.", "²."])
        for ending in random.choice([("_l0",), ("_l0", "_l0_reverse"), ("_l0", "_l1"), ("",)]):
            tensors[f"{module}weight_ih{ending}"] = numbers.normal(size=(rows, read))
            tensors[f"{module}weight_hh{ending}"] = numbers.normal(size=(rows, size))
            if random.random() < 0.7:
                tensors[f"{module}bias_ih{ending}"] = numbers.normal(size=rows)
        read = size
    if random.random() < 0.9:
        tensors["out.weight"] = numbers.normal(size=(2, size * random.choice([1, 1, 2])))
        tensors["out.bias"] = numbers.normal(size=2)
    if random.random() < 0.3:
        other = random.choice(["embed.weight", "norm.weight", "proj.weight", "x", "\x1b"])
        tensors[other] = numbers.normal(size=random.choice([(), (size,), (5, size), (1, 1, 1)]))
    kind = random.choice([np.float16, np.float32, np.float64, np.int64])
    return save({name: array.astype(kind) for name, array in tensors.items()})


def damaged(data: bytes, random: Random) -> tuple[bytes, str]:
    """A file with some damages, and their names."""
    names = []
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        damage = random.choice([*DAMAGES, _other_value, _other_text, _repeated])
        data = damage(data, random)
        names.append(damage.__name__.strip("_"))
    return data, ", ".join(names) or "undamaged"


def _header(data: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The header of a safetensors file and what follows it; None where there is none."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError, OverflowError):
        return None
    return (header, data[8 + length :]) if isinstance(header, dict) else None


def _with_header(text: bytes, numbers: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text + numbers


def _other_value(data: bytes, random: Random) -> bytes:
    """Put any value in some place of the header."""
    parts = _header(data)
    if parts is None or not parts[0]:
        return data
    header, numbers = parts
    name = random.choice(list(header))
    value = random.choice(VALUES)
    if isinstance(header[name], dict) and random.random() < 0.8:
        header[name][random.choice(["dtype", "shape", "data_offsets", "more"])] = value
    else:
        header[name] = value
    return _with_header(json.dumps(header).encode(), numbers)


def _other_text(data: bytes, random: Random) -> bytes:
    """Put something else in place of the header, such as very deep lists."""
    parts = _header(data)
    if parts is None:
        return data
    text = json.dumps(parts[0]).encode()
    part = random.choice([b'{"a":', b"[", b"9", b'"', b"[],", text[1:-1] + b",", b"\xff", b" "])
    times = random.choice([1, 2, 1000, 100_000])
    text = b"{" + (part * times)[: 2**20] + random.choice([b"}", b"", text[1:]])
    return _with_header(text, parts[1])


def _repeated(data: bytes, random: Random) -> bytes:
    """Repeat some bytes at some place."""
    place = random.randrange(len(data) + 1)
    piece = data[place : place + random.choice([1, 8, 60])]
    return data[:place] + piece * random.choice([2, 50, 2000]) + data[place:]
