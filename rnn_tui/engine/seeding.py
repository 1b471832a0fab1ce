"""Independent random streams from one seed, without touching the process's global state."""

import zlib

import numpy as np
import torch


def generator(seed: int, *stream: str | int) -> torch.Generator:
    """A CPU generator for one purpose, such as `generator(seed, "order", epoch)`.

    Streams of the same seed are independent of each other (numpy's `SeedSequence` mixes seed and
    names), so that drawing more numbers for one purpose changes nothing elsewhere, and the order
    of any epoch can be had without replaying the ones before it.
    """
    key = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in stream]
    # The length tells ("order",) from ("order", 0): numpy pads with zeros.
    state = np.random.SeedSequence([seed, len(key), *key]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 ^ int(state[1]))
