"""What was changed in a file of weights since it was written is found when it is read."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.seal import digest_of
from rnn_tui.engine.files.weights_file import METADATA_KEY, read_description, read_weights
from rnn_tui.engine.training.checkpoint import (
    Checkpoint,
    checkpoint_bytes,
    load_checkpoint,
    save_checkpoint,
)
from rnn_tui.engine.training.history import read_history
from tests.archive.kept_runs import small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of weights with snapshots of their training."""
    path = tmp_path / "weights.safetensors"
    weights = {"readout.weight": torch.arange(6.0).reshape(2, 3), "scale": torch.tensor(1.5)}
    snapshots = {"epochs": torch.tensor([0.0, 1.0]), "states": torch.ones(2, 4).half()}
    save_checkpoint(
        path, Checkpoint(small(), weights, 12, {"test_accuracy": 0.5}, snapshots=snapshots)
    )
    return path


def readings(path: Path) -> list[str]:
    """What each way of reading a file gives: all of it as text, or that it is refused."""
    texts = []
    for read in (read_description, load_checkpoint, read_history):
        try:
            texts.append(repr(read(path)))
        except CheckpointError:
            texts.append("refused")
    return texts


def test_no_other_byte_goes_unnoticed(path: Path) -> None:
    """Each reading is refused, or gives what the file held."""
    data = path.read_bytes()
    held = readings(path)
    random = Random(1)
    places = [*range(8), *random.sample(range(len(data)), 300)]
    for place in places:
        changed = bytearray(data)
        for offset in range(random.choice((1, 4))):
            changed[(place + offset) % len(data)] ^= random.randrange(1, 256)
        path.write_bytes(changed)
        for reading, whole in zip(readings(path), held, strict=True):
            assert reading in ("refused", whole), place


def test_the_sentence_says_which_file_was_changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(torch.tensor(1.5).numpy().tobytes())] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="changed since it was written") as refusal:
        read_weights(path)
    assert str(path) in str(refusal.value)


def test_a_file_of_an_earlier_version_has_no_seal_and_is_read(path: Path) -> None:
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()[METADATA_KEY])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del about["seal"]
    save_file(tensors, path, {METADATA_KEY: json.dumps(about)})
    with pytest.raises(CheckpointError, match="changed"):  # only its seal was taken away
        read_weights(path)
    del about["sealed"]
    save_file(tensors, path, {METADATA_KEY: json.dumps(about)})
    assert read_weights(path).step == 12
    about["seal"] = {}
    save_file(tensors, path, {METADATA_KEY: json.dumps(about)})
    with pytest.raises(CheckpointError, match="changed"):
        read_weights(path)


def test_the_same_checkpoint_is_the_same_file(path: Path) -> None:
    checkpoint = load_checkpoint(path)
    assert len({checkpoint_bytes(checkpoint) for _ in range(20)}) == 1


def test_numpy_and_torch_have_the_same_digest() -> None:
    for tensor in (torch.ones(2, 3), torch.tensor(2), torch.zeros(0, 3), torch.tensor([True])):
        assert digest_of({"x": tensor}) == digest_of({"x": tensor.numpy()})
    transposed = torch.arange(6.0).reshape(2, 3).T
    assert digest_of({"x": transposed}) == digest_of({"x": transposed.numpy().copy()})
    assert digest_of({"x": torch.ones(2, 3)}) != digest_of({"x": torch.ones(3, 2)})
