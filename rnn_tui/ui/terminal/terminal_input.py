"""Filters what a terminal or a page sends, before Textual parses it into keys.

It takes out replies to questions, which Textual would read as keys, and bounds sizes and pastes.
The driver asks its questions when it takes over the terminal. Nothing waits for the answers, and
the app is never suspended for them.
"""

import os
import re
import time
from collections.abc import Mapping

# More than any screen shows. A frame of this size takes 60 MB for a moment.
MOST_COLUMNS, MOST_ROWS = 800, 400
MOST_PASTED = 1_000_000  # characters; more than any field takes
# How long to wait for the rest of what is pasted, once nothing more of it comes.
SECONDS_FOR_THE_REST = 5.0
PASTE_ENDS = "\x1b[201~"
# Questions. Every terminal answers the last one, and all answer in order: what a terminal has not
# answered by then, it can't do.
ASK_KITTY = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # whether it has Kitty's pictures
ASK_CELL = "\x1b[16t"  # how many pixels a cell has
ASK_FEATURES = "\x1b[c"  # what else it can do
# What is taken out of the text: where a paste begins and ends, and replies.
TOKEN = re.compile(
    r"(?P<begins>\x1b\[200~)|(?P<ends>\x1b\[201~)"
    r"|\x1b\[\?(?P<features>[\d;]{0,64})c|\x1b\[6;(?P<cell>\d{1,5};\d{1,5})t"
    r"|\x1b_G(?P<kitty>[^\x1b]{0,200})\x1b\\"
)
# The beginning of one of these at the end of what has come, outside a paste and within one.
PART_OF_REPLY = re.compile(
    r"\x1b(?:\[(?:2(?:0[01]?)?|\?[\d;]{0,64}|6(?:;\d{0,5}){0,2})?|_(?:G[^\x1b]{0,200}\x1b?)?)?\Z"
)
PART_OF_PASTE = re.compile(r"\x1b(?:\[(?:2(?:0[01]?)?)?)?\Z")
SIXEL = "4"  # among the features


def bounded_size(width: object, height: object) -> tuple[int, int]:
    """Return columns and rows, limited to what can be drawn.

    Raises:
        TypeError, ValueError: if these are not numbers.
    """
    columns, rows = int(width), int(height)  # type: ignore[call-overload]
    return min(max(1, columns), MOST_COLUMNS), min(max(1, rows), MOST_ROWS)


def questions(environment: Mapping[str, str] = os.environ) -> str:
    """Return the questions that find out which kind of pictures the terminal can show.

    tmux and the Linux console are not asked about Kitty's pictures: tmux would set its title to the
    question, and an old console would print it.
    """
    kind = environment.get("TERM", "")
    in_tmux = "TMUX" in environment or kind.startswith(("screen", "tmux"))
    if in_tmux or kind.startswith("linux"):
        return ASK_CELL + ASK_FEATURES
    return ASK_KITTY + ASK_CELL + ASK_FEATURES


class Replies:
    """The answers of a terminal so far."""

    def __init__(self) -> None:
        self.sixel = False  #: whether it shows pictures as Sixels.
        self.kitty = False  #: whether it shows pictures in Kitty's way.
        #: width and height of a cell in pixels; None if it was not told.
        self.cell: tuple[int, int] | None = None
        self.complete = False  #: whether it has answered all that it will.

    @property
    def graphics(self) -> str:
        """The best way to show pictures: `sixel`, `kitty` or `blocks`.

        Terminals that have both, other than Kitty itself, don't know the placeholders that
        textual_image uses of Kitty's way.
        """
        if self.sixel:
            return "sixel"
        return "kitty" if self.kitty else "blocks"

    def read(self, token: re.Match[str]) -> None:
        """Read a reply, as `TOKEN` finds it."""
        if token["features"] is not None:
            self.sixel = SIXEL in token["features"].split(";")
            self.complete = True
        elif token["cell"] is not None:
            height, width = map(int, token["cell"].split(";"))
            if width and height:
                self.cell = width, height
        elif token["kitty"] is not None:
            self.kitty = token["kitty"].endswith(";OK")


class InputText:
    """Filters the text between a terminal and Textual's parser."""

    def __init__(self, replies: Replies | None = None) -> None:
        self._replies = replies or Replies()
        self._unfinished = ""  #: what may be the beginning of a reply, or of `PASTE_ENDS`.
        self._pasted: int | None = None  #: characters of a paste so far; None outside one.
        self._fed_at = 0.0  #: the monotonic time of the last input.

    def feed(self, text: str) -> str:
        """Filter more text, and return what the parser may read.

        A possible beginning of a reply at the end is held back until more text comes, or
        `end_sequence()` is called.
        """
        text = self._unfinished + text
        self._unfinished = ""
        self._fed_at = time.monotonic()
        if "\x1b" not in text:
            return self._within_bounds(text)
        passed = []
        place = 0
        for token in TOKEN.finditer(text):
            if self._pasted is not None and token["ends"] is None:
                continue
            passed.append(self._within_bounds(text[place : token.start()]))
            place = token.end()
            if token["begins"]:
                self._pasted = 0
                passed.append(token[0])
            elif token["ends"]:
                self._pasted = None
                passed.append(token[0])
            else:
                self._replies.read(token)
        rest = text[place:]
        beginning = self._beginning_at_end(rest)
        if beginning is not None:
            rest = rest[: beginning.start()]
            self._unfinished = beginning[0]
        passed.append(self._within_bounds(rest))
        return "".join(passed)

    def _beginning_at_end(self, rest: str) -> re.Match[str] | None:
        """Find what may be the beginning of a reply, or of `PASTE_ENDS`, at the end of a text."""
        pattern = PART_OF_REPLY if self._pasted is None else PART_OF_PASTE
        return pattern.search(rest)

    def end_sequence(self) -> str:
        """Return the text that was held back; called once no input has come for a while.

        A paste whose end was lost ends after some seconds; otherwise all later keys would be
        pasted.
        """
        if self._pasted is None:
            text = self._unfinished
            self._unfinished = ""
            return text
        if time.monotonic() < self._fed_at + SECONDS_FOR_THE_REST:
            return ""
        self._unfinished = ""  # the beginning of the paste's end
        self._pasted = None
        return PASTE_ENDS

    @property
    def is_unfinished(self) -> bool:
        """Whether text is held back or a paste has not ended, so that a pause matters."""
        return bool(self._unfinished) or self._pasted is not None

    def _within_bounds(self, text: str) -> str:
        """Cut a pasted text at the limit, and remove Escape from it; leave other text alone.

        One character more than the limit is kept, so that the driver sees that it was too long.
        After Escape, Textual would read the rest of the paste as keys.
        """
        if self._pasted is None:
            return text
        text = text.replace("\x1b", "")[: MOST_PASTED + 1 - self._pasted]
        self._pasted += len(text)
        return text
