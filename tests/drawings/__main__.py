"""What the networks that ship learned beside MNIST: `python -m tests.drawings FILE.npz`.

Digits drawn in hands that MNIST has few of, and pictures of what is no digit, labelled 10, in the
form that `rnn-tui train mnist --augment open-set --extra-data FILE.npz` reads.
"""

import argparse
from pathlib import Path

import numpy as np

from rnn_tui.engine.problem import generator
from rnn_tui.tasks.mnist.inference import CLASSES
from tests.drawings.hands import drawn_digits
from tests.drawings.no_digits import no_digits


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=15_000, help="drawn digits, and as many pictures of what is none")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random = np.random.default_rng(generator(given.seed, "drawings").initial_seed())
    digits, labels = drawn_digits(given.count, random)
    images = np.concatenate([digits, no_digits(given.count, random)])
    labels = np.append(labels, np.full(given.count, CLASSES)).astype(np.uint8)
    np.savez_compressed(given.file, images=images, labels=labels)


if __name__ == "__main__":
    main()
