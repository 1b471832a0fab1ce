"""What learning what is no digit costs: networks with and without it read public sets of digits.

For each seed two networks are trained by preset `photos`, one of them without the drawings of no
digit: it has the same class for them, but never sees one. Their start, MNIST's images and the drawn
digits are the same. Then both read the sets of `bench_digits`, as the app does.
"""

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from _accuracy import STRICT
from bench_digits import SETS, DigitSet, answers_as_app, photo_of, sets_at_hand

from rnn_tui.cli.main import main as run_command
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.images.inference import CLASSES, RowReaderNetwork
from rnn_tui.tasks.mnist import problem

all_drawings = problem.drawings


@cache
def only_digits(count: int) -> problem.TrainingSet:
    """Draw the same as for all networks, and leave out what is no digit."""
    drawn = all_drawings(count)
    are_digits = drawn.labels != CLASSES
    return problem.TrainingSet(*(part[are_digits] for part in drawn))


def trained(seed: int, options: argparse.Namespace, folder: Path) -> RowReaderNetwork:
    """Train a network, and keep its weights in `folder`.

    Raises:
        RuntimeError: if training fails.
    """
    weights = folder / f"{seed}.safetensors"
    words = f"train mnist --preset photos --model {options.model} --workers 1 --quiet"
    settings = ["--seed", str(seed), "--epochs", str(options.epochs), "--output", str(weights)]
    if run_command([*words.split(), *settings]) != 0:
        raise RuntimeError(f"Seed {seed} was not trained.")
    return RowReaderNetwork(read_weights(weights))


def trained_ways(
    options: argparse.Namespace, folder: Path
) -> tuple[list[RowReaderNetwork], list[RowReaderNetwork]]:
    """Train networks with the class and without it, one of each a seed."""
    with_class = [trained(seed, options, folder) for seed in range(options.seeds)]
    with patch.object(problem, "drawings", only_digits):
        without = [trained(seed, options, folder) for seed in range(options.seeds)]
    return with_class, without


def print_set(
    name: str,
    digits: DigitSet,
    with_class: Sequence[RowReaderNetwork],
    without: Sequence[RowReaderNetwork],
) -> None:
    """Print what both read of a set, by seed, and the mean difference."""
    pictures = [photo_of(ink) for ink in digits.inks]
    answers = answers_as_app(pictures, digits.labels, [*with_class, *without])
    strict = 100 * (answers.right & (answers.confidence >= STRICT)).mean(axis=1)
    pairs = strict.reshape(2, len(with_class))
    difference = pairs[0] - pairs[1]
    print(
        f"{name:8} with {np.round(pairs[0], 2)}  without {np.round(pairs[1], 2)}  "
        f"difference {difference.mean():+.2f} (by seed {np.round(difference, 2)})"
    )


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--model", default="lstm")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--epochs", type=int, default=20, metavar="N")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the other sets lie")
    return parser.parse_args()


def main() -> None:
    """Print a line a set."""
    options = parsed()
    with TemporaryDirectory() as folder:
        with_class, without = trained_ways(options, Path(folder))
    print(f"{options.model}, {options.epochs} epochs; strict, in percent")
    for name, digits in sets_at_hand(SETS, options.data):
        print_set(name, digits, with_class, without)


if __name__ == "__main__":
    main()
