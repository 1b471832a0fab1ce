"""Reading photos: decoding, preparing and reading by the network, against decoding alone.

Photos as telephones take them: JPEG, a digit on grainy paper, 12 and 2 megapixels. Decoding alone
is `cv2.imread` in as many threads. Target: at least 0.7 of its photos a second, for 12 megapixels;
how long the first answer takes is told as well.
"""

import itertools
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from _common import machine, median, parser, spread, take_turns, verdict

from rnn_tui.engine.cores import usable_cores
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.runs.weights import NETWORKS, choose_shipped
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

SIZES = {"12 megapixels": (3000, 4000), "2 megapixels": (1200, 1600)}
COUNT = 16
THREADS = min(usable_cores(), 8)


def write_photos(folder: Path, shape: tuple[int, int]) -> list[Path]:
    """Photos of test digits."""
    random = np.random.default_rng(0)
    paths = []
    for at in range(COUNT):
        rows, columns = shape
        side = rows // 2
        paper = random.normal(205, 4, shape).astype(np.float32)
        paper *= np.linspace(0.8, 1.0, columns, dtype=np.float32)
        digit = cv2.resize(load_mnist().test_images[at].numpy(), (side, side)).astype(np.float32)
        top, left = rows // 4, columns // 3
        paper[top : top + side, left : left + side] -= digit * 0.6
        paths.append(folder / f"{at}.jpg")
        cv2.imwrite(str(paths[-1]), cv2.merge([paper.clip(0, 255).astype(np.uint8)] * 3))
    return paths


def decoded(paths: list[Path]) -> Callable[[], float]:
    """Photos a second, decoded and nothing else."""

    def call() -> float:
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            for picture in pool.map(lambda path: cv2.imread(str(path)), paths):
                assert picture is not None
        return len(paths) / (time.perf_counter() - began)

    return call


def read(paths: list[Path]) -> Callable[[], float]:
    """Photos a second, from the file to the answer."""
    network = NETWORKS.get(choose_shipped("mnist").path, RowReaderNetwork)
    reader = PhotoReader(network, threads=THREADS)

    def call() -> float:
        began = time.perf_counter()
        readings = list(itertools.chain.from_iterable(reader.read(paths)))
        assert not any(one.error for one in readings)
        return len(readings) / (time.perf_counter() - began)

    return call


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__, rounds=5).parse_args()
    print(machine())
    cv2.setNumThreads(1)
    for name, shape in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = write_photos(Path(folder), shape)
            contenders = {"ours": read(paths), "decoding alone": decoded(paths)}
            contenders["ours"]()  # warm-up
            rates = take_turns(contenders, arguments.rounds)
        for contender, values in rates.items():
            print(f"{name}: {contender:15} {median(values):7.1f} photos/s ({spread(values)})")
        ratio = median(rates["ours"]) / median(rates["decoding alone"])
        told = verdict(ratio, 0.7) if name.startswith("12") else f"{ratio:.3f}"
        print(f"{name}: ours / decoding alone = {told}", flush=True)


if __name__ == "__main__":
    main()
