"""From a key to the text that it brings, in a pseudo-terminal of 80 by 24, at rest and while MNIST
trains.

Tabs (F3 to F7), the first visit of each apart; and while it trains, keys in a chart, the form, the
Prompt and Inside. Targets: tabs at rest within 50 ms in the median and 80 in 95 of 100 cases, while
it trains 60 and 120, first visits 300; keys within 50 ms in 99 of 100 cases. A plain Textual app
with two tabs of 12 fields takes 13 and 17 ms.
"""

import random
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from _common import machine, parser, temporary_home

from tests.terminal import Terminal

# By their keys, a word that only this tab shows.
TABS = {
    "\x1bOR": "Photos",
    "\x1bOS": "Prompt",
    "\x1b[15~": "Calculator",
    "\x1b[17~": "Compare",
    "\x1b[18~": "Conclusions",
}
MNIST, RECALL, HOME = "\x1bOR", "\x1bOS", "\x1bOQ"
RIGHT, LEFT, BACKSPACE, ESCAPE = "\x1b[C", "\x1b[D", "\x7f", "\x1b"
EPOCHS = "f" + 5 * "\t"  # the way to the field for them
FIRST_MS, KEY_MS = 300, 50
ANYTHING = r"\S"


def milliseconds(terminal: Terminal, key: str, pattern: str) -> float:
    """From a key to the text that it brings on the screen."""
    begin = time.perf_counter()
    terminal.press(key)
    terminal.wait_for(pattern)
    return 1000 * (time.perf_counter() - begin)


def tabs(terminal: Terminal, count: int) -> list[float]:
    """Milliseconds from one tab to the next, again and again."""
    terminal.press(HOME)
    terminal.watch(1)
    times = []
    for key, pattern in islice(cycle(TABS.items()), count):
        times.append(milliseconds(terminal, key, pattern))
        terminal.watch(random.uniform(0.2, 0.5))
    return times


def keys(
    terminal: Terminal, count: int, way: Sequence[str], *brings: tuple[str, str]
) -> list[float]:
    """Milliseconds from a key to what it draws.

    Args:
        terminal: with the app in it.
        count: how many keys to press.
        way: keys that lead to the view.
        brings: keys and what each draws, which are pressed in turn.
    """
    for key in way:
        terminal.press(key)
        terminal.watch(1.5)
    times = []
    for key, pattern in islice(cycle(brings), count):
        times.append(milliseconds(terminal, key, pattern))
        terminal.watch(random.uniform(0.1, 0.4))
    terminal.press(ESCAPE)
    terminal.watch(1)
    return times


def told(what: str, figures: list[float], *targets: tuple[float, int]) -> None:
    """Print which shares of the times are within what, beside their targets in ms."""
    figures = sorted(figures)
    parts = []
    for share, target in targets:
        within = figures[min(len(figures) - 1, int(share * len(figures)))]
        parts.append(
            f"{100 * share:.0f} % within {within:.0f} ms (target {target}: "
            f"{'met' if within <= target else 'MISSED'})"
        )
    print(f"{what}: {', '.join(parts)}, slowest {figures[-1]:.0f} ms, {len(figures)} keys")


def main() -> None:
    """Measure and print."""
    count = parser(__doc__, rounds=60).parse_args().rounds
    print(machine())
    with temporary_home():
        terminal = Terminal()
        try:
            terminal.wait_for("MNIST")
            terminal.watch(5)
            told("first visits of a tab", tabs(terminal, len(TABS)), (1, FIRST_MS))
            told("tabs at rest", tabs(terminal, count), (0.5, 50), (0.95, 80))
            for key in (MNIST, EPOCHS, "200", "\r"):  # which train for longer than this takes
                terminal.press(key)
                terminal.watch(1)
            terminal.wait_for(r"[1-9][\d,]* img/s")
            told("tabs while MNIST trains", tabs(terminal, count), (0.5, 60), (0.95, 120))
            typed = ("7", "7"), (BACKSPACE, ANYTHING)
            told(
                "keys in a chart",
                keys(terminal, count, [MNIST, "1"], ("L", "Loss")),
                (0.99, KEY_MS),
            )
            told("keys in the form", keys(terminal, count, [MNIST, EPOCHS], *typed), (0.99, KEY_MS))
            told(
                "keys in the Prompt",
                keys(terminal, count, [RECALL, "4", "/"], *typed),
                (0.99, KEY_MS),
            )
            told(
                "keys in Inside",
                keys(terminal, count, [MNIST, "5"], (LEFT, "row"), (RIGHT, "row")),
                (0.99, KEY_MS),
            )
            terminal.press(MNIST)
            terminal.wait_for(r"[1-9][\d,]* img/s")  # it still trains
        finally:
            terminal.close()


if __name__ == "__main__":
    main()
