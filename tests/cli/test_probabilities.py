"""No JSON document of the command line gives a probability below 0 or above 1."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.tasks.mnist import MNIST
from tests.cli.command_line import run_inside

FIELDS = ("probabilities", "probability", "confidence", "no_digit")
PHOTOS = str(asset_dir() / "samples")
COMMANDS = [
    *(("predict", PHOTOS, "--cell", cell) for cell in MNIST.shipped_cells),
    ("predict", f"{PHOTOS}/numbers", "--number", "row"),
    ("recall", "31415926535897932384"),
    ("recall", "31415926535897932384", "--vote"),
    ("add", "1" * 40, "1" * 40),
    ("add", "1" * 40, "1" * 40, "--vote"),
    ("inspect", "recall", "31415926535897932384"),
    ("inspect", "adder", "1" * 40, "1" * 40),
    *(("inspect", "mnist", "--test-image", "7", "--cell", cell) for cell in MNIST.shipped_cells),
]


def probabilities(document: Any) -> Iterator[float]:
    """The numbers in all fields of FIELDS, however deep they lie."""
    if isinstance(document, list):
        for entry in document:
            yield from probabilities(entry)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from numbers(value) if name in FIELDS else probabilities(value)


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for entry in value:
            yield from numbers(entry)
    elif value is not None:
        yield float(value)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_probabilities_lie_between_0_and_1(command: tuple[str, ...]) -> None:
    code, out, _ = run_inside([*command, "--json"])
    assert code == 0
    values = list(probabilities(json.loads(out)))
    assert values
    assert all(0 <= value <= 1 for value in values)
