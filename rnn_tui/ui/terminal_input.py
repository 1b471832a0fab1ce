"""What a terminal or a page sends, before Textual makes keys of it: replies to questions are taken
out of it, sizes and pastes have bounds. Textual would read replies as keys, and believe any size.
"""

import os
import re
import time
from collections.abc import Mapping

# More than any screen shows. A frame of this size takes 60 MB for a moment.
MOST_COLUMNS, MOST_ROWS = 800, 400
MOST_PASTED = 1_000_000  # characters; more than any field takes
SECONDS_FOR_REPLIES = 2.0  # of terminals that are far away
PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
# Whether it has Kitty's pictures, how many pixels a cell has, and what else it can. All terminals
# answer the last one, and do so in order: whatever they have not answered until then, they can't.
ASK_KITTY, ASK_CELL, ASK_ALL = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b[16t", "\x1b[c"
TOKEN = re.compile(
    r"(?P<begins>\x1b\[200~)|(?P<ends>\x1b\[201~)"
    r"|\x1b\[\?(?P<features>[\d;]{0,64})c|\x1b\[6;(?P<cell>\d{1,5};\d{1,5})t"
    r"|\x1b_G(?P<kitty>[^\x1b]{0,200})\x1b\\"
)
# the beginning of one of these, at the end of what has come
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
    knows_kitty = not kind.startswith(("linux", "screen", "tmux")) and "TMUX" not in environment
    return (ASK_KITTY if knows_kitty else "") + ASK_CELL + ASK_ALL


class Replies:
    """What a terminal has answered so far."""

    def __init__(self) -> None:
        self.sixel = False
        self.kitty = False
        #: width and height of a cell in pixels; None where it was not told.
        self.cell: tuple[int, int] | None = None
        self.complete = False
        self._asked = 0.0  # when

    def expect(self) -> None:
        """Remember that the terminal has just been asked."""
        self._asked = time.monotonic()

    @property
    def pending(self) -> bool:
        """Whether a reply may still come."""
        return not self.complete and time.monotonic() < self._asked + SECONDS_FOR_REPLIES

    @property
    def graphics(self) -> str:
        """The best way to show pictures.

        Terminals that have both, other than Kitty itself, don't know the placeholders that
        textual_image uses of Kitty's way.
        """
        if self.sixel:
            return "sixel"
        return "kitty" if self.kitty else "blocks"

    def take(self, token: re.Match[str]) -> None:
        """Take a reply."""
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
        self._held = ""  # the beginning of what may be a reply, or an end of what is pasted
        self._pasted: int | None = None  # so many characters; None where nothing is being pasted

    def feed(self, text: str) -> str:
        """What there is for the parser, now that this has come."""
        text, self._held = self._held + text, ""
        if "\x1b" not in text:
            return self._within_bounds(text)
        passed, place = [], 0
        for token in TOKEN.finditer(text):
            if self._pasted is not None and token["ends"] is None:
                continue
            passed.append(self._within_bounds(text[place : token.start()]))
            place = token.end()
            if token["begins"] or token["ends"]:
                self._pasted = 0 if token["begins"] else None
                passed.append(token[0])
            else:
                self._replies.take(token)
        rest = text[place:]
        if part := self._part(rest):
            rest, self._held = rest[: part.start()], part[0]
        return "".join([*passed, self._within_bounds(rest)])

    def _part(self, rest: str) -> re.Match[str] | None:
        """The beginning of something at the end of a text. A mere Escape is a key, as a rule."""
        if self._pasted is not None:
            return PART_OF_PASTE.search(rest)
        part = PART_OF_REPLY.search(rest)
        return part if part and (len(part[0]) > 1 or self._replies.pending) else None

    def wait_no_more(self) -> str:
        """What was held back, as keys, once nothing has come for a while."""
        if self._pasted is not None:
            return ""
        text, self._held = self._held, ""
        return text

    @property
    def holds(self) -> bool:
        """Whether there is something that a pause makes keys of."""
        return bool(self._held) and self._pasted is None

    def _within_bounds(self, text: str) -> str:
        """Text, or so much of it as may be pasted; one more, so that it is known to be too long."""
        if self._pasted is None:
            return text
        text = text[: MOST_PASTED + 1 - self._pasted]
        self._pasted += len(text)
        return text
