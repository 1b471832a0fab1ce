"""Reading photos: decoding, preparing and reading by the network, against decoding alone.

Photos as telephones take them: JPEG, a digit on grainy paper, 12 and 2 megapixels. Decoding alone
is `cv2.imread` in as many threads. Target: at least 0.7 of its photos a second, for 12 megapixels.

Also the processor time of all threads together, which other programs influence little: in this
process, once everything is imported and was used once; and with `--folder`, for photos of yours,
that of whole commands as well, from their start to their end. Target there: at most 3 times.
"""

import itertools
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from _common import machine, median, parser, spread, take_turns, verdict

from rnn_tui.archive.weights import NETWORKS, choose_shipped
from rnn_tui.engine.process.machine import usable_cores
from rnn_tui.photos.collection import find_images
from rnn_tui.photos.reader import PhotoReader
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist

SIZES = {"12 megapixels": (3000, 4000), "2 megapixels": (1200, 1600)}
COUNT = 16
THREADS = min(usable_cores(), 8)
OURS, ALONE = "ours", "decoding alone"
DECODE = "import sys, cv2\nfor path in sys.argv[1:]: cv2.imread(path)"


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


def decode(paths: Sequence[Path]) -> None:
    """Decode photos and nothing else."""
    with ThreadPoolExecutor(THREADS) as pool:
        for picture in pool.map(lambda path: cv2.imread(str(path)), paths):
            assert picture is not None


def read(reader: PhotoReader, paths: Sequence[Path]) -> None:
    """Read photos, from the file to the answer."""
    readings = list(itertools.chain.from_iterable(reader.read(paths)))
    assert not any(reading.error for reading in readings)


def rate(count: int, call: Callable[[], None]) -> float:
    """Photos a second of a call that goes through so many."""
    began = time.perf_counter()
    call()
    return count / (time.perf_counter() - began)


def cost(count: int, call: Callable[[], None]) -> float:
    """Milliseconds of processor time a photo, of a call that goes through so many."""
    began = time.process_time()
    call()
    return 1000 * (time.process_time() - began) / count


def command_cost(count: int, command: Sequence[str]) -> float:
    """Milliseconds of processor time a photo, of a whole command that goes through so many."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds: float = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * seconds / count


def compare(
    name: str, unit: str, contenders: Mapping[str, Callable[[], float]], rounds: int
) -> float:
    """Print what contenders reach in turns; returns the ratio of the medians."""
    results = take_turns(contenders, rounds)
    for contender, values in results.items():
        print(f"{name}: {contender:15} {median(values):7.1f} {unit} ({spread(values)})")
    return median(results[OURS]) / median(results[ALONE])


def compare_rates(name: str, reader: PhotoReader, paths: Sequence[Path], rounds: int) -> float:
    """Print how many photos are read in a second; returns the ratio."""
    contenders = {
        OURS: lambda: rate(len(paths), lambda: read(reader, paths)),
        ALONE: lambda: rate(len(paths), lambda: decode(paths)),
    }
    return compare(name, "photos/s", contenders, rounds)


def compare_costs(name: str, reader: PhotoReader, paths: Sequence[Path], rounds: int) -> None:
    """Print the processor time that photos take, in this process."""
    contenders = {
        OURS: lambda: cost(len(paths), lambda: read(reader, paths)),
        ALONE: lambda: cost(len(paths), lambda: decode(paths)),
    }
    ratio = compare(name, "ms of processor time a photo", contenders, rounds)
    print(f"{name}: processor time, ours / decoding alone = {ratio:.3f}", flush=True)


def compare_commands(folder: Path, paths: Sequence[Path], rounds: int) -> None:
    """Print the processor time that a folder takes, by whole commands."""
    predict = [sys.executable, "-m", "rnn_tui", "predict", str(folder), "--quiet"]
    alone = [sys.executable, "-c", DECODE, *map(str, paths)]
    contenders = {
        OURS: lambda: command_cost(len(paths), predict),
        ALONE: lambda: command_cost(len(paths), alone),
    }
    name = f"{len(paths)} photos, whole commands"
    ratio = compare(name, "ms of processor time a photo", contenders, rounds)
    told = verdict(ratio, 3, at_most=True)
    print(f"{name}: processor time, ours / decoding alone = {told}", flush=True)


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--folder", type=Path, help="a folder of photos, each of them readable")
    arguments = options.parse_args()
    rounds: int = arguments.rounds
    print(machine())
    cv2.setNumThreads(1)
    network = NETWORKS.get(choose_shipped("mnist").path, RowReaderNetwork)
    reader = PhotoReader(network, threads=THREADS)
    if arguments.folder:
        paths = list(find_images([arguments.folder], recursive=False))
        read(reader, paths[:COUNT])  # warm-up
        compare_costs(f"{len(paths)} photos", reader, paths, rounds)
        compare_commands(arguments.folder, paths, rounds)
        return
    for name, shape in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            paths = write_photos(Path(folder), shape)
            read(reader, paths)  # warm-up
            ratio = compare_rates(name, reader, paths, rounds)
            told = verdict(ratio, 0.7) if name.startswith("12") else f"{ratio:.3f}"
            print(f"{name}: ours / decoding alone = {told}", flush=True)
            compare_costs(name, reader, paths, rounds)


if __name__ == "__main__":
    main()
