"""From a key to the text that it brings, in a pseudo-terminal of 80 by 24, at rest and while MNIST
trains.

Tabs (F3 to F7), the first visit of each apart; and while it trains, keys in a chart, the form, the
Prompt and Inside. Targets: tabs at rest within 50 ms in the median and 80 in 95 of 100 cases, while
it trains 60 and 120, first visits 300; keys within 50 ms in 99 of 100 cases. A plain Textual app
with two tabs of 12 fields takes 13 and 17 ms.

Of the tabs it also prints the ratio of the 95th percentile to the median, at most 1.3, and both for
the processor time of the app's main thread, to which other programs add little (on Linux alone).
"""

import random
import sys
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from _common import machine, parser, temporary_home, verdict

from tests.terminal import Terminal

# By their keys, a word that only this tab shows.
TABS = {
    "\x1bOR": "Photos",
    "\x1bOS": "Prompt",
    "\x1b[15~": "Calculator",
    "\x1b[17~": "Compare",
    "\x1b[18~": "Claims",
}
MNIST, RECALL, HOME = "\x1bOR", "\x1bOS", "\x1bOQ"
RIGHT, LEFT, BACKSPACE, ESCAPE = "\x1b[C", "\x1b[D", "\x7f", "\x1b"
EPOCHS = "f" + 8 * "\t"  # the way to the field for them: past the preset and six cells
FIRST_MS, KEY_MS = 300, 50
ANYTHING = r"\S"


def milliseconds(terminal: Terminal, key: str, pattern: str) -> float:
    """From a key to the text that it brings on the screen."""
    begin = time.perf_counter()
    terminal.press(key)
    terminal.wait_for(pattern)
    return 1000 * (time.perf_counter() - begin)


def processor_milliseconds(terminal: Terminal) -> float:
    """The processor time that the app's main thread has taken so far."""
    process = terminal.process.pid
    statistics = Path(f"/proc/{process}/task/{process}/schedstat")
    return int(statistics.read_text(encoding="ascii").split()[0]) / 1e6


def tabs(terminal: Terminal, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from one tab to the next, again and again, and of processor time."""
    terminal.press(HOME)
    terminal.watch(1)
    times = []
    processor_times = []
    for key, pattern in islice(cycle(TABS.items()), count):
        before = processor_milliseconds(terminal)
        times.append(milliseconds(terminal, key, pattern))
        processor_times.append(processor_milliseconds(terminal) - before)
        terminal.watch(random.uniform(0.2, 0.5))
    return times, processor_times


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


def percentile(figures: list[float], share: float) -> float:
    """The figure within which a share of the figures is."""
    return sorted(figures)[min(len(figures) - 1, int(share * len(figures)))]


def told_spread(what: str, figures: list[float]) -> None:
    """Print the median, the 95th percentile and their ratio."""
    middle = percentile(figures, 0.5)
    high = percentile(figures, 0.95)
    print(f"{what}: {high:.0f} / {middle:.0f} ms = {verdict(high / middle, 1.3, at_most=True)}")


def told(what: str, figures: list[float], *targets: tuple[float, int]) -> None:
    """Print which shares of the times are within what, beside their targets in ms."""
    parts = []
    for share, target in targets:
        within = percentile(figures, share)
        parts.append(
            f"{100 * share:.0f} % within {within:.0f} ms (target {target}: "
            f"{'met' if within <= target else 'MISSED'})"
        )
    print(f"{what}: {', '.join(parts)}, slowest {max(figures):.0f} ms, {len(figures)} keys")


def main() -> None:
    """Measure and print."""
    count = parser(__doc__, rounds=60).parse_args().rounds
    print(machine())
    with temporary_home():
        terminal = Terminal()
        try:
            terminal.wait_for("MNIST")
            terminal.watch(5)
            first_visits, _ = tabs(terminal, len(TABS))
            told("first visits of a tab", first_visits, (1, FIRST_MS))
            times, processor_times = tabs(terminal, count)
            told("tabs at rest", times, (0.5, 50), (0.95, 80))
            told_spread("95 % of them / median", times)
            told_spread("the same of processor time", processor_times)
            for key in (MNIST, EPOCHS, "200", "\r"):  # which train for longer than this takes
                terminal.press(key)
                terminal.watch(1)
            terminal.wait_for(r"[1-9][\d,]* img/s")
            times, processor_times = tabs(terminal, count)
            told("tabs while MNIST trains", times, (0.5, 60), (0.95, 120))
            told_spread("95 % of them / median", times)
            told_spread("the same of processor time", processor_times)
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
