"""Floods of what a browser sends to a page: keys, moves of the mouse, pastes without an end, sizes.

What the app can't take in yet waits in the browser, so the page's memory has a bound, and the page
ends as fast as any other.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from itertools import cycle
from pathlib import Path
from random import Random

import psutil

from tests.attack.attack import Attack, Attempt
from tests.web.page_process import PageProcess

TABS = {"Home": "", "Photos": "\x1bOR", "Prompt": "\x1bOS", "Calculator": "\x1b[15~"}
SECONDS_OF_FLOOD = 6.0
MOST_BYTES = 10_000_000
# Bytes above the memory at rest: a frame of the largest size, and what the views load.
MOST_GROWTH = 200 << 20


class Floods(Attack):
    """Opens a page, goes to a tab, floods it, looks at its memory, and ends it."""

    name = "floods"
    unit = "floods"
    share = 3
    length = 100

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._largest_growth = 0

    def attempt(self, random: Random) -> Attempt:
        """One flood."""
        tab = random.choice(list(TABS))
        kind = random.choice(list(KINDS))
        tried = f"{kind} at {tab}"
        store = self.folder / f"{random.getrandbits(64):x}"
        with PageProcess(store=store) as page:
            page.wait_for("Home")
            page.press(TABS[tab])
            page.wait_for(tab)
            page.watch(2.0)
            try:
                growth = _flood(page, KINDS[kind](random))
                self._largest_growth = max(self._largest_growth, growth)
                if growth > MOST_GROWTH:
                    return Attempt(tried, f"it grew by {growth >> 20} MB")
                page.end_input()
                code = page.wait_for_end()
                if code != 128 + signal.SIGHUP:
                    return Attempt(tried, f"exit code {code}")
            except (AssertionError, OSError) as fault:
                return Attempt(tried, repr(fault)[:500])
        return Attempt(tried)

    def close(self) -> None:
        """Print how much a page grew at most."""
        print(f"floods: the largest growth: {self._largest_growth >> 20} MB", file=sys.stderr)


def _flood(page: PageProcess, packets: list[bytes]) -> int:
    """Send packets over and over, as fast as they are taken; returns the growth in bytes."""
    assert page.process.stdin is not None
    pipe = page.process.stdin.fileno()
    process = psutil.Process(page.process.pid)
    at_rest = process.memory_info().rss
    highest = at_rest
    os.set_blocking(pipe, False)
    until = time.monotonic() + SECONDS_OF_FLOOD
    sent = 0
    remainder = b""
    source = cycle(packets)
    while time.monotonic() < until and sent < MOST_BYTES:
        remainder = remainder or next(source)
        try:
            written = os.write(pipe, remainder)
            sent += written
            remainder = remainder[written:]
        except BlockingIOError:
            page.watch(0.05)
        page.screen = page.screen[-2000:]
        highest = max(highest, process.memory_info().rss)
    page.watch(1.0)
    os.set_blocking(pipe, True)
    return max(highest, process.memory_info().rss) - at_rest


def _packet(kind: bytes, payload: bytes) -> bytes:
    """What a page reads: a letter for the kind, the length in four bytes, and the payload."""
    return kind + len(payload).to_bytes(4, "big") + payload


def _keys(random: Random) -> list[bytes]:
    """Letters, digits, arrows and other keys, none of which ends the app."""
    keys = [*"1234567890abcdfghijklmnpruvwxyz", "\t", "\x1b[A", "\x1b[B", "\x1b[C", "\x7f", "?"]
    text = "".join(random.choices(keys, k=20_000))
    return [_packet(b"D", text.encode())]


def _mouse(random: Random) -> list[bytes]:
    """Moves and turns of the wheel."""
    events = []
    for _ in range(5_000):
        button = random.choice((35, 64, 65))  # a move, or the wheel up or down
        column = random.randint(1, 100)
        row = random.randint(1, 30)
        events.append(b"\x1b[<%d;%d;%dM" % (button, column, row))
    return [_packet(b"D", b"".join(events))]


def _endless_paste(random: Random) -> list[bytes]:
    """A paste that has a beginning only."""
    character = random.choice((b"a", "é".encode()))
    beginning = _packet(b"D", b"\x1b[200~" + character * 30_000)
    more = _packet(b"D", b"a" * 60_000)
    return [beginning] + [more] * 1_000


def _pastes(random: Random) -> list[bytes]:
    """Long pastes, one after the other."""
    text = b"1" * random.randint(1, 60_000)
    return [_packet(b"D", b"\x1b[200~" + text + b"\x1b[201~")]


def _sizes_among_keys(random: Random) -> list[bytes]:
    """Sizes as terminals report them, which a page must ignore."""
    sizes = (
        b"\x1b[48;%d;%d;0;0t" % (random.randint(1, 99_999), random.randint(1, 99_999))
        for _ in range(50)
    )
    return [_packet(b"D", size) for size in sizes]


def _sizes(random: Random) -> list[bytes]:
    """Sizes of the browser's window."""
    packets = []
    for _ in range(50):
        width = random.choice((1, 80, random.randint(-9, 10**6)))
        height = random.choice((1, 24, random.randint(-9, 10**6)))
        message = {"type": "resize", "width": width, "height": height}
        packets.append(_packet(b"M", json.dumps(message).encode()))
    return packets


KINDS = {
    "keys": _keys,
    "the mouse": _mouse,
    "a paste without an end": _endless_paste,
    "pastes": _pastes,
    "sizes among keys": _sizes_among_keys,
    "sizes": _sizes,
}
