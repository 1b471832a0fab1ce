"""Files of settings with anything in them, read as the app reads its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from unittest import mock

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.paths import HOME_VARIABLE
from rnn_tui.engine.preferences import ENTRIES, MOST_PROBLEMS, keep_theme, read_preferences
from tests.attack.attack import Attack, Attempt

# A file takes milliseconds; one of a long key once took a minute.
MOST_SECONDS = 5.0
SIZES = (1, 10, 100, 4_301, 20_000, 70_000)


class Configs(Attack):
    """Whatever `config.toml` holds, the program starts, with sentences and defaults."""

    name, unit, share, length = "configs", "files", 300, 50_000

    def attempt(self, random: Random) -> Attempt:
        """Read a file of settings, and keep a theme in it."""
        makers = [random.choice(MAKERS) for _ in range(random.choice((1, 1, 2, 5)))]
        text = "\n".join(maker(random) for maker in makers)
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        for _ in range(random.choice((0, 0, 0, 1, 20))):
            if data:
                data[random.randrange(len(data))] = random.randrange(256)
        path = self.folder / "config.toml"
        path.write_bytes(data)
        kinds = ", ".join(maker.__name__.strip("_") for maker in makers)
        tried = f"{kinds}, {len(data):,} bytes: {bytes(data[:120])!r}"
        began = time.monotonic()
        with mock.patch.dict("os.environ", {HOME_VARIABLE: str(self.folder)}):
            try:
                problems = read_preferences({"theme": ("nord",), "preset": ("fast",)}).problems
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
                return Attempt(tried, f"{type(error).__name__}: {error}"[:300])
            fault = _keeping(path)
        seconds = time.monotonic() - began
        if seconds > MOST_SECONDS:
            fault = f"took {seconds:.0f} s"
        if len(problems) > MOST_PROBLEMS + 1:
            fault = f"{len(problems)} sentences"
        if not all(one.isprintable() and one.endswith(".") for one in problems):
            fault = f"not a sentence: {problems!r}"[:400]
        return Attempt(tried, fault)


def _keeping(path: Path) -> str:
    """What is wrong after a theme was kept: it is in the file, or a sentence says why not."""
    before = path.read_bytes()
    try:
        keep_theme("nord")
    except UserError as error:
        if path.read_bytes() != before:
            return "changed, although the theme can't be kept"
        return "" if str(error).isprintable() else f"not printable: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        return f"keep_theme: {type(error).__name__}: {error}"[:300]
    theme = read_preferences({}).theme
    return "" if theme == "nord" else f"the theme is {theme!r}"


def _key(random: Random) -> str:
    return random.choice(
        (*ENTRIES, "x", '"a b"', '""', "'\x1b'", "keys.train", "keys.x.y", "_", "é")
    )


def _value(random: Random) -> str:
    many = random.choice(SIZES)
    return random.choice(
        (
            "1",
            "true",
            '"nord"',
            '"\\u001b[2J"',
            '"\\U0010FFFF"',
            f'"{"x" * many}"',
            "9" * many,
            f"-{'9' * many}",
            f"0x{'f' * many}",
            f"0b{'1' * many}",
            f"1{'_1' * many}",
            f"{'9' * many}.0",
            f"1e{'9' * min(many, 400)}",
            "nan",
            "-inf",
            "1979-05-27T07:32:00Z",
            "00:00:00",
            f"{'[' * many}{']' * many}",
            f"{'{a=' * many}1{'}' * many}",
            f"[0x{'f' * many}]",
            f"{{a = 0x{'f' * many}}}",
            "[{a = 1}, [2], 'x']",
            "",
        )
    )


def _entry(random: Random) -> str:
    return f"{_key(random)} = {_value(random)}"


def _dotted(random: Random) -> str:
    dotted = ".".join([random.choice(("a", "'b'", " c "))] * random.choice(SIZES))
    return random.choice((f"{dotted} = 1", f"[{dotted}]", f"[[{dotted}]]", f"x = {{{dotted} = 1}}"))


def _many(random: Random) -> str:
    count = random.choice(SIZES) // 10
    line = random.choice(("k{} = 1", "[t{}]", "[[t]]", "keys.k{} = 'a'", "k{}.a.b.c.d = 1", "#{}"))
    return "\n".join(line.format(at) for at in range(count))


def _table(random: Random) -> str:
    return f"[{_key(random)}]\n{_entry(random)}"


def _text(random: Random) -> str:
    quotes = random.choice(('"""', "'''"))
    return f"{_key(random)} = {quotes}\n{_entry(random)}\n{quotes}"


def _noise(random: Random) -> str:
    return random.randbytes(random.choice((0, 3, 200))).decode("latin-1")


MAKERS: tuple[Callable[[Random], str], ...] = (
    _entry,
    _entry,
    _dotted,
    _many,
    _table,
    _text,
    _noise,
)
