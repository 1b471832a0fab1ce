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
SECONDS_FOR_THE_REST = 5.0  # of what is pasted, once nothing more of it comes
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
        self._fed = 0.0  # when something came

    def feed(self, text: str) -> str:
        """What there is for the parser, now that this has come."""
        text, self._held = self._held + text, ""
        self._fed = time.monotonic()
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
        """The beginning of something at the end of a text; Escape may be the key, or begin one."""
        return (PART_OF_REPLY if self._pasted is None else PART_OF_PASTE).search(rest)

    def wait_no_more(self) -> str:
        """What was held back, as keys, once nothing has come for a while.

        A paste whose end is lost ends after some seconds, or all keys would be pasted from then on.
        """
        if self._pasted is None:
            text, self._held = self._held, ""
            return text
        if time.monotonic() < self._fed + SECONDS_FOR_THE_REST:
            return ""
        self._held = ""  # the beginning of the end
        self._pasted = None
        return PASTE_ENDS

    @property
    def holds(self) -> bool:
        """Whether there is something that a pause makes keys of, or ends."""
        return bool(self._held) or self._pasted is not None

    def _within_bounds(self, text: str) -> str:
        """Text, or so much of it as may be pasted; one more, so that it is known to be too long.

        Without Escape, behind which Textual would make keys of what is pasted.
        """
        if self._pasted is None:
            return text
        text = text.replace("\x1b", "")[: MOST_PASTED + 1 - self._pasted]
        self._pasted += len(text)
        return text
