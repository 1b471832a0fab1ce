"""Files of settings with anything in them, read as the app reads its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from unittest import mock

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.files.paths import HOME_VARIABLE
from rnn_tui.engine.preferences import ENTRIES, MOST_PROBLEMS, keep_entry, read_preferences
from tests.attack.attack import Attack, Attempt

# A file takes milliseconds; one of a long key once took a minute.
MOST_SECONDS = 5.0
SIZES = (1, 10, 100, 4_301, 20_000, 70_000)


class Configs(Attack):
    """Whatever `config.toml` holds, the program starts, with sentences and defaults."""

    name = "configs"
    unit = "files"
    share = 300
    length = 50_000

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
            fault = _fault_of_keeping(path)
        seconds = time.monotonic() - began
        if seconds > MOST_SECONDS:
            fault = f"took {seconds:.0f} s"
        if len(problems) > MOST_PROBLEMS + 1:
            fault = f"{len(problems)} sentences"
        if not all(problem.isprintable() and problem.endswith(".") for problem in problems):
            fault = f"not a sentence: {problems!r}"[:400]
        return Attempt(tried, fault)


def _fault_of_keeping(path: Path) -> str:
    """Keep a theme, and return what was wrong with that.

    Either the theme is in the file, or a sentence says why not and the file is as it was.
    """
    original = path.read_bytes()
    try:
        keep_entry("theme", "nord")
    except UserError as error:
        if path.read_bytes() != original:
            return "changed, although the theme can't be kept"
        return "" if str(error).isprintable() else f"not printable: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        return f"keep_entry: {type(error).__name__}: {error}"[:300]
    theme = read_preferences({}).theme
    return "" if theme == "nord" else f"the theme is {theme!r}"


def _key(random: Random) -> str:
    return random.choice(
        (*ENTRIES, "x", '"a b"', '""', "'\x1b'", "keys.train", "keys.x.y", "_", "é")
    )


def _value(random: Random) -> str:
    """A value in TOML, or what looks like one; some are as long as one of `SIZES`."""
    length = random.choice(SIZES)
    return random.choice(
        (
            "1",
            "true",
            '"nord"',
            '"\\u001b[2J"',
            '"\\U0010FFFF"',
            f'"{"x" * length}"',
            "9" * length,
            f"-{'9' * length}",
            f"0x{'f' * length}",
            f"0b{'1' * length}",
            f"1{'_1' * length}",
            f"{'9' * length}.0",
            f"1e{'9' * min(length, 400)}",
            "nan",
            "-inf",
            "1979-05-27T07:32:00Z",
            "00:00:00",
            f"{'[' * length}{']' * length}",
            f"{'{a=' * length}1{'}' * length}",
            f"[0x{'f' * length}]",
            f"{{a = 0x{'f' * length}}}",
            "[{a = 1}, [2], 'x']",
            "",
        )
    )


def _entry(random: Random) -> str:
    return f"{_key(random)} = {_value(random)}"


def _dotted(random: Random) -> str:
    """A key of many parts, as a key or as the name of a table."""
    part = random.choice(("a", "'b'", " c "))
    count = random.choice(SIZES)
    key = ".".join([part] * count)
    return random.choice((f"{key} = 1", f"[{key}]", f"[[{key}]]", f"x = {{{key} = 1}}"))


def _many(random: Random) -> str:
    """Many lines of one kind, numbered."""
    count = random.choice(SIZES) // 10
    line = random.choice(("k{} = 1", "[t{}]", "[[t]]", "keys.k{} = 'a'", "k{}.a.b.c.d = 1", "#{}"))
    return "\n".join(line.format(number) for number in range(count))


def _table(random: Random) -> str:
    return f"[{_key(random)}]\n{_entry(random)}"


def _text(random: Random) -> str:
    """A text of several lines."""
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
