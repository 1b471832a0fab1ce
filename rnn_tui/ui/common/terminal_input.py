"""What a terminal or a page sends, before Textual makes keys of it.

Replies to questions are taken out of it, and sizes and pastes have bounds. Textual would read
replies as keys, and believe any size.
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
# Questions. All terminals answer the last one, and answer in order: whatever they have not answered
# until then, they can't do.
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
    """A size that can be drawn; raises where these are no numbers."""
    columns, rows = int(width), int(height)  # type: ignore[call-overload]
    return min(max(1, columns), MOST_COLUMNS), min(max(1, rows), MOST_ROWS)


def questions(environment: Mapping[str, str] = os.environ) -> str:
    """What to ask a terminal on which pictures are to be shown.

    tmux would make a title of the question for Kitty, an old console of Linux would print it.
    """
    kind = environment.get("TERM", "")
    in_tmux = "TMUX" in environment or kind.startswith(("screen", "tmux"))
    if in_tmux or kind.startswith("linux"):
        return ASK_CELL + ASK_FEATURES
    return ASK_KITTY + ASK_CELL + ASK_FEATURES


class Replies:
    """What a terminal has answered so far."""

    def __init__(self) -> None:
        self.sixel = False  #: whether it shows pictures as Sixels.
        self.kitty = False  #: whether it shows pictures in Kitty's way.
        #: width and height of a cell in pixels; None where it was not told.
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
    """Text on its way from a terminal to Textual's parser."""

    def __init__(self, replies: Replies | None = None) -> None:
        self._replies = replies or Replies()
        self._unfinished = ""  #: the beginning of what may be a reply, or the end of a paste.
        self._pasted: int | None = None  #: characters of a paste so far; None outside one.
        self._fed_at = 0.0  #: the monotonic time when something came.

    def feed(self, text: str) -> str:
        """What there is for the parser, now that this has come."""
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
        """The beginning of something at the end of a text; Escape may be the key, or begin one."""
        pattern = PART_OF_REPLY if self._pasted is None else PART_OF_PASTE
        return pattern.search(rest)

    def wait_no_more(self) -> str:
        """What was held back, as keys, once nothing has come for a while.

        A paste whose end is lost ends after some seconds, or all keys would be pasted from then on.
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
        """Whether there is something that a pause makes keys of, or ends."""
        return bool(self._unfinished) or self._pasted is not None

    def _within_bounds(self, text: str) -> str:
        """Text, or so much of it as may be pasted; one more, so that it is known to be too long.

        Without Escape, behind which Textual would make keys of what is pasted.
        """
        if self._pasted is None:
            return text
        text = text.replace("\x1b", "")[: MOST_PASTED + 1 - self._pasted]
        self._pasted += len(text)
        return text
