"""Weights on disk: bit for bit what was saved, the old file or the new, and never a pickle."""

import json
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from rnn_tui.engine.config import Recipe
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnn_tui.tasks.config import ImageConfig

CONFIG = ImageConfig(
    task="mnist",
    cell="bilstm",
    preset="fast",
    epochs=3,
    batch_size=64,
    learning_rate=0.1 + 0.2,
    seed=2**32 - 1,
    data_dir="/somewhere/with space",
    recipe=Recipe(initialisation="orthogonal", beta1=0.85),
)


def checkpoint(seed: int = 0, size: int = 5) -> Checkpoint:
    draw = torch.Generator().manual_seed(seed)
    weights = {
        "plain": torch.randn(size, size, generator=draw),
        "odd": torch.tensor([0.0, -0.0, math.nan, math.inf, 1e-45]),
        "transposed": torch.randn(3, 2, generator=draw).T,
        "double": torch.randn(2, generator=draw, dtype=torch.float64),
        "half": torch.randn(2, generator=draw).half(),
    }
    return Checkpoint(CONFIG, weights, 42, {"test_accuracy": 98.73, "test_loss": 0.1})


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def assert_same(left: Checkpoint, right: Checkpoint) -> None:
    assert (left.config, left.step, left.metrics) == (right.config, right.step, right.metrics)
    assert left.weights.keys() == right.weights.keys()
    for name, tensor in left.weights.items():
        other = right.weights[name]
        assert (tensor.shape, tensor.dtype) == (other.shape, other.dtype)
        assert bits(tensor) == bits(other), name


def test_round_trip_is_bit_identical(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "run.safetensors"
    save_checkpoint(path, checkpoint())
    assert_same(load_checkpoint(path), checkpoint())
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_the_file_may_be_read_by_whoever_may_read_other_files(tmp_path: Path) -> None:
    path, other = tmp_path / "run.safetensors", tmp_path / "other"
    save_checkpoint(path, checkpoint())
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_a_later_checkpoint_replaces_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, checkpoint(1))
    save_checkpoint(path, checkpoint(2))
    assert_same(load_checkpoint(path), checkpoint(2))
    assert os.listdir(tmp_path) == [path.name]


def test_loaded_weights_do_not_change_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, checkpoint(1))
    loaded = load_checkpoint(path)
    save_checkpoint(path, checkpoint(2))
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert_same(loaded, checkpoint(1))


@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, checkpoint(1))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, where, full)
        with pytest.raises(CheckpointError, match="No space left on device") as refused:
            save_checkpoint(path, checkpoint(2))
    assert str(path) in str(refused.value)
    assert os.listdir(tmp_path) == [path.name]
    assert_same(load_checkpoint(path), checkpoint(1))


def test_a_write_cut_off_by_the_system_leaves_the_old_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, checkpoint(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(CheckpointError) as refused:
            save_checkpoint(path, checkpoint(2, size=200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_message(refused.value, path)
    assert os.listdir(tmp_path) == [path.name]
    assert_same(load_checkpoint(path), checkpoint(1))


def test_a_target_that_cannot_be_replaced_leaves_no_temporary_file(tmp_path: Path) -> None:
    folder = tmp_path / "run.safetensors"
    folder.mkdir()
    (folder / "inside").touch()
    with pytest.raises(OSError, match=r"."):
        write_file(folder, b"weights")
    with pytest.raises(CheckpointError):
        save_checkpoint(folder, checkpoint())
    assert os.listdir(tmp_path) == [folder.name]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    path = tmp_path / "runs" / "run.safetensors"
    with pytest.raises(CheckpointError) as refused:
        save_checkpoint(path, checkpoint())
    assert_message(refused.value, path)


class Trap:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.trace),)


def assert_message(error: CheckpointError, path: Path) -> None:
    message = str(error)
    assert str(path) in message
    assert message.endswith(".")
    assert message.isprintable()
    assert "Traceback" not in message


def header_of(values: object) -> Callable[[Path], None]:
    """Writes a well-formed safetensors file with our key's text, or with no metadata."""

    def write(path: Path) -> None:
        metadata = None if values is None else {"rnn_tui": json.dumps(values)}
        save_file({"w": torch.zeros(2)}, path, metadata=metadata)

    return write


def whole(path: Path) -> bytes:
    save_checkpoint(path, checkpoint())
    return path.read_bytes()


def truncated(path: Path) -> None:
    path.write_bytes(whole(path)[:-10])


def truncated_header(path: Path) -> None:
    path.write_bytes(whole(path)[:20])


def overwritten(path: Path) -> None:
    data = whole(path)
    path.write_bytes(data[:8] + b"\0" * 100 + data[108:])


GOOD = {"format": 1, "config": CONFIG.to_dict(), "step": 1, "metrics": {}}
BROKEN: dict[str, Callable[[Path], Any]] = {
    "missing": lambda _: None,
    "a folder": lambda path: path.mkdir(),
    "empty": lambda path: path.touch(),
    "truncated": truncated,
    "truncated in the header": truncated_header,
    "zeros in the header": overwritten,
    "text": lambda path: path.write_text("not weights at all, but long enough to look at"),
    "foreign safetensors": header_of(None),
    "foreign list": header_of([1, 2]),
    "foreign number": header_of(7),
    "later format": header_of({**GOOD, "format": 2}),
    "no config": header_of({"format": 1, "step": 1, "metrics": {}}),
    "config of another kind": header_of({**GOOD, "config": {"layers": 3}}),
    "config out of range": header_of({**GOOD, "config": {**CONFIG.to_dict(), "epochs": 0}}),
    "no step": header_of({"format": 1, "config": CONFIG.to_dict(), "metrics": {}}),
    "step in words": header_of({**GOOD, "step": "many"}),
    "metrics of another kind": header_of({**GOOD, "metrics": 3}),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_a_checkpoint_is_refused_by_name(how: str, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    BROKEN[how](path)
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert_message(refused.value, path)


@pytest.mark.parametrize("step", [math.inf, math.nan])
def test_a_step_that_is_no_number_is_refused_by_name(step: float, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    header_of({**GOOD, "step": step})(path)
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert_message(refused.value, path)


def test_a_header_nested_too_deeply_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_file({"w": torch.zeros(2)}, path, metadata={"rnn_tui": "[" * 100_000})
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert_message(refused.value, path)


@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_a_pickle_is_refused_and_not_run(writer: str, tmp_path: Path) -> None:
    path, trace = tmp_path / "run.safetensors", tmp_path / "trace"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(Trap(trace)))
    else:
        torch.save({"weights": Trap(trace)}, path)
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert_message(refused.value, path)
    assert not trace.exists()


def test_control_characters_of_a_file_name_stay_out_of_the_message(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(tmp_path / "a\x1b[2Jb\n.safetensors")
    assert str(refused.value).isprintable()
