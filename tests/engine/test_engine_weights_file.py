"""Weights read without torch: the same refusals, and nothing that a stranger's file can break."""

import json
import math
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import read_description, read_weights
from rnn_tui.engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnn_tui.tasks.config import SequenceConfig

CONFIG = SequenceConfig(
    task="recall",
    preset="report",
    epochs=2,
    batch_size=1,
    learning_rate=2e-3,
    hidden_sizes=(2, 5),
    losses=("ce",),
    lengths=(3, 11),
    training_size=8,
    test_size=10,
    seeds=2,
    position=3,
)
METRICS = {"test_accuracy": (24.0, 31.25, 100.0, 99.9), "single": 0.1 + 0.2}


def saved(path: Path, metrics: Any = METRICS) -> Checkpoint:
    draw = torch.Generator().manual_seed(0)
    weights = {"gates": torch.randn(4, 3, generator=draw), "readout": torch.zeros(2)}
    checkpoint = Checkpoint(CONFIG, weights, 16, metrics)
    save_checkpoint(path, checkpoint)
    return checkpoint


def test_weights_are_those_that_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    checkpoint = saved(path)
    read = read_weights(path)
    assert (read.config, read.step, read.metrics) == (CONFIG, 16, METRICS)
    assert read.arrays.keys() == checkpoint.weights.keys()
    for name, array in read.arrays.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, checkpoint.weights[name].numpy())


def test_the_description_alone_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path)
    assert read_description(path) == (CONFIG, 16, METRICS)


def test_figures_of_replicas_stay_apart_from_single_ones(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path, {"one": 1.0, "of one": (2.0,), "none": (), "bad": (math.inf, math.nan)})
    for metrics in (read_weights(path).metrics, load_checkpoint(path).metrics):
        assert (metrics["one"], metrics["of one"], metrics["none"]) == (1.0, (2.0,), ())
        first, second = metrics["bad"]  # type: ignore[misc]
        assert first == math.inf
        assert math.isnan(second)


@pytest.mark.process
def test_reading_needs_no_torch(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path)
    code = (
        "import sys; from pathlib import Path; "
        "from rnn_tui.engine.files.weights_file import read_weights; import rnn_tui.tasks; "
        "read_weights(Path(sys.argv[1])); print('torch' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "False"


def assert_refused(path: Path) -> None:
    for read in (read_weights, read_description):
        with pytest.raises(CheckpointError) as refused:
            read(path)
        assert str(path) in str(refused.value)
        assert str(refused.value).isprintable()
        assert str(refused.value).endswith(".")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_part_of_a_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "run.safetensors"
    saved(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert_refused(path)


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    saved(path)
    path.write_bytes(path.read_bytes() + b"\0")
    assert_refused(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(data)
    assert_refused(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_byte_is_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "run.safetensors"
    saved(path)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    for read in (read_weights, read_description):
        message = ""
        try:
            read(path)
        except CheckpointError as refused:
            message = str(refused)
        assert message.isprintable()


GOOD: dict[str, Any] = {"format": 1, "config": CONFIG.to_dict(), "step": 1, "metrics": {}}


@pytest.mark.parametrize(
    "about",
    [
        None,
        [],
        3,
        "weights",
        {},
        {**GOOD, "format": 2},
        {**GOOD, "metrics": None},
        {**GOOD, "metrics": [1.0]},
        {**GOOD, "metrics": {"test_accuracy": "high"}},
        {**GOOD, "metrics": {"test_accuracy": None}},
        {**GOOD, "metrics": {"test_accuracy": [[1.0]]}},
        {**GOOD, "metrics": {"test_accuracy": {"mean": 1.0}}},
        {**GOOD, "metrics": {"test_accuracy": 10**400}},
        {**GOOD, "step": None},
        {**GOOD, "step": math.inf},
        {**GOOD, "config": None},
        {**GOOD, "config": {**CONFIG.to_dict(), "position": 4}},
        {**GOOD, "config": {**CONFIG.to_dict(), "seeds": 10**30}},
        {**GOOD, "config": {**CONFIG.to_dict(), "hidden_sizes": []}},
        {**GOOD, "config": {**CONFIG.to_dict(), "recipe": {"fresh": True, "beta1": 2}}},
    ],
)
def test_a_foreign_description_is_refused(tmp_path: Path, about: Any) -> None:
    path = tmp_path / "run.safetensors"
    metadata = None if about is None else {"rnn_tui": json.dumps(about)}
    save_file({"gates": torch.zeros(2)}, path, metadata=metadata)
    assert_refused(path)


@pytest.fixture(params=[False, True])
def more_kinds_of_numbers(request: pytest.FixtureRequest) -> None:
    """NumPy as it is, or with the kinds that ONNX brings along."""
    if request.param:
        pytest.importorskip("ml_dtypes")


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.usefixtures("more_kinds_of_numbers")
def test_numbers_that_numpy_does_not_know_are_refused(
    tmp_path: Path, dtype: str, ours: bool
) -> None:
    path = tmp_path / "run.safetensors"
    weights = torch.zeros(8, dtype=torch.uint8).view(getattr(torch, dtype))
    save_file({"w": weights}, path, metadata={"rnn_tui": json.dumps(GOOD)} if ours else None)
    with pytest.raises(CheckpointError) as refused:
        read_weights(path)
    assert str(path) in str(refused.value)


def test_a_header_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    assert_refused(path)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}})
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + b"\0" * 64)
    assert_refused(path)


@pytest.mark.parametrize("name", ["missing.safetensors", ".", "a\x1b[2Jb\n.safetensors"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    for read in (read_weights, read_description):
        with pytest.raises(CheckpointError) as refused:
            read(tmp_path / name)
        assert str(refused.value).isprintable()
