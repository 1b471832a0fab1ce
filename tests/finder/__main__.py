"""Train the network that finds digits in photos: `python -m tests.finder FILE.onnx`.

It learns from made-up photos (`compose`), each of them seen once, and marks two things in every
pixel: the ink, and the middle of each digit.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tests.finder.compose import samples
from tests.finder.network import Finder

BATCH = 64


def batches(steps: int, first: int, workers: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of photos and what is in them, made by other processes.

    Args:
        steps: how many.
        first: the seed of the first photos; each seed gives two.
        workers: processes.

    Yields:
        planes (BATCH, 5, SIDE, SIDE), and ink and middles (BATCH, 2, SIDE, SIDE), 0 … 255.
    """
    seeds_each = BATCH // 2
    starts = range(first, first + steps * seeds_each, seeds_each)
    chunks = [range(start, start + seeds_each) for start in starts]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for planes, targets in pool.imap(samples, chunks):
            yield torch.from_numpy(planes), torch.from_numpy(targets)


def main() -> None:
    """Train and write the file that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--steps", type=int, default=7000, help=f"batches of {BATCH}")
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--first", type=int, default=0, help="number of the first photo")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="a file that this wrote")
    options = parser.parse_args()
    torch.manual_seed(0)
    network = Finder().to(memory_format=torch.channels_last)
    if options.start_from:
        network.read(options.start_from)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate, options.steps, pct_start=0.1
    )
    start = time.monotonic()
    losses: list[float] = []
    made = batches(options.steps, options.first, options.workers)
    for step, (planes, targets) in enumerate(made, start=1):
        inputs = planes.float().to(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            marks = network(inputs).float()
        loss = functional.binary_cross_entropy_with_logits(marks, targets.float() / 255)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 100 == 0:
            seconds = time.monotonic() - start
            line = f"{step} {np.mean(losses[-100:]):.4f} {seconds:.0f} s"
            print(line, file=sys.stderr, flush=True)
        if step % 1000 == 0 or step == options.steps:
            network.write(options.file)


if __name__ == "__main__":
    main()
