"""Weights for whoever asks: those that ship, and some that were never trained."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rnn_tui.archive.weights import Source, choose
from rnn_tui.engine.files.weights_file import FORMAT, METADATA_KEY, read_weights
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.calculator_prompt.asking import ALL, AskedNetworks, NetworkAnswers, Typed

LARGEST = ("H 10 bce", 0)


def shipped() -> Source:
    return choose("adder", only_pretrained=True)


def added(
    a: int, b: int, whom: tuple[str, int] | None = LARGEST, source: Source | None = None
) -> NetworkAnswers:
    """The answers of networks that add."""
    return AskedNetworks(ADDER, source or shipped()).ask(Typed(f"{a:b} + {b:b}"), whom)


def recalled(digits: str, position: int, source: Source | None = None) -> NetworkAnswers:
    """The answers of all networks that recall a digit, at a position from 1."""
    return AskedNetworks(RECALL, source).ask(Typed(digits, position), (ALL, -1))


@pytest.fixture
def untrained(tmp_path: Path) -> Source:
    """Four networks whose weights are random, so that most of their bits are."""
    shipped_config = read_weights(shipped().path).config
    assert isinstance(shipped_config, SequenceConfig)
    config = replace(
        shipped_config, hidden_sizes=(4, 7), losses=("mse",), seeds=2, seed=5, lengths=(1, 30)
    )
    random = np.random.default_rng(1)
    arrays = {
        "gates": random.normal(size=(4, 28, 11)).astype(np.float32),
        "readout": random.normal(size=(4, 1, 8)).astype(np.float32),
    }
    about = {"format": FORMAT, "config": config.to_dict(), "step": 1, "metrics": {}}
    path = tmp_path / "untrained.safetensors"
    save_file(arrays, path, {METADATA_KEY: json.dumps(about)})
    return Source(path, "run untrained")
