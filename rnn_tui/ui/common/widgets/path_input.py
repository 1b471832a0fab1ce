"""Paths as people type and paste them: with quotes, escapes, `~`, as URLs, several at once."""

import os
import re
import shlex
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from textual.binding import Binding
from textual.suggester import Suggester

from rnn_tui.engine.errors import printable
from rnn_tui.engine.outside import entries, exists, expanded
from rnn_tui.photos.collection import called_like_photo, is_folder
from rnn_tui.ui.common.threads import to_thread
from rnn_tui.ui.common.widgets.plain import TypedInput

MOST_CHARACTERS = 100_000
_SCHEME = "file://"
_ESCAPED = re.compile(r"\\(.)")
_ESCAPED_OR_BLANK = re.compile(r"\\.|([ \t])")
_MOST_ENTRIES = 20_000  # entries of a folder that are looked through for a completion


def parse_paths(text: str) -> list[Path]:
    """The paths in `text`: of each line one as it stands if there is such a file, or else as a
    shell has them.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        return [path for line in lines for path in parse_paths(line)]
    whole = _path(lines[0])
    if exists(whole):
        return [whole]
    try:
        words = shlex.split(lines[0], posix=os.name != "nt")
    except ValueError:  # a quote without its like, as in “don't”, or not closed yet
        bare = _path(lines[0].lstrip("'\""))
        return [bare if exists(bare) else whole]
    return [_path(word.strip('"') if os.name == "nt" else word) for word in words]


def parse_path(text: str) -> Path | None:
    """The only path in `text`, which may lead to nothing yet, blanks in its name without quotes;
    None if there is no text.
    """
    paths = parse_paths(text)
    return _path(text.strip()) if len(paths) > 1 else next(iter(paths), None)


def spelled(paths: Sequence[Path]) -> str:
    """Text that `parse_paths` reads as `paths`, and that shows nothing but printable characters."""
    return " ".join(_spelled(path) for path in paths)


def _spelled(path: Path) -> str:
    if (text := os.fspath(path)).startswith("~"):  # its name, and no home
        text = os.path.join(os.curdir, text)
    if printable(text, len(text)) == text:
        return shlex.quote(text) if os.name != "nt" else f'"{text}"' if " " in text else text
    return _SCHEME + quote_from_bytes(os.fsencode(os.path.abspath(path)))


def _path(text: str) -> Path:
    # Not by urlsplit, which raises on a bracket, and takes a question mark for the path's end.
    _, slash, name = text.removeprefix(_SCHEME).partition("/")
    if text.startswith(_SCHEME) and slash:
        name = os.fsdecode(unquote_to_bytes(name))
        return Path(name if os.name == "nt" else f"/{name}")
    try:
        return Path(expanded(text))  # not by Path's own, which takes ./~ for a home too
    except ValueError:  # a NUL in a user's name
        return Path(text)


class PathSuggester(Suggester):
    """Completes the name of a photo or a folder."""

    def __init__(self) -> None:
        # files come and go; names differ by case on most systems
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await to_thread(completed, value)


def completed(text: str) -> str | None:
    """`text` completed to the first name, in alphabetical order, that begins like it."""
    if not text or text.startswith(_SCHEME):
        return None
    # As one path that is taken as it stands, or else as a shell has it, or the last of several.
    last = max((m.end() for m in _ESCAPED_OR_BLANK.finditer(text) if m[1]), default=0)
    for start, escaped in ((0, False), (0, True), (last, True)):
        word = text[start:].lstrip("'\"")
        escape = escaped and len(word) == len(text) - start  # there is no quote
        if (
            rest := _missing_part(_ESCAPED.sub(r"\1", word) if escape else word, escape=escape)
        ) is not None:
            return text + rest
    return None


def _missing_part(word: str, *, escape: bool) -> str | None:
    """What to add to a path to have the first name that begins so."""
    folder, begun = os.path.split(word)
    try:
        with entries(expanded(folder) or os.curdir) as inside:
            visible = (
                entry
                for entry in islice(inside, _MOST_ENTRIES)
                if begun or not entry.name.startswith(".")
            )
            names = [
                f"{entry.name}/" if is_folder(entry) else entry.name
                for entry in visible
                if entry.name.startswith(begun)
            ]
    except (OSError, ValueError):
        return None
    names = [
        name for name in names if name.endswith("/") or (called_like_photo(name) and name != begun)
    ]
    if not (names := [name for name in names if printable(name, len(name)) == name]):
        return None
    rest = min(names)[len(begun) :]
    return re.sub(r"([\s'\"\\])", r"\\\1", rest) if escape else rest


class PathInput(TypedInput):
    """The field for paths: Tab completes, and several pasted lines become several paths."""

    BINDINGS = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, *, id: str) -> None:
        super().__init__(
            "", MOST_CHARACTERS, placeholder="a photo or a folder; Tab completes", id=id
        )
        self.suggester = PathSuggester()

    def action_complete(self) -> None:
        """Take the completion; where there is none, go to the next field."""
        if self.cursor_at_end and self._suggestion and self._suggestion != self.value:
            self.action_cursor_right()
        else:
            self.screen.focus_next()

    def replace_with(self, text: str) -> None:
        """Put pasted text in place of what is there."""
        self.value = ""
        self._insert(text)

    def _insert(self, text: str) -> None:
        # No file is called by half a character, which can be pasted.
        text = text[:MOST_CHARACTERS].strip("\r\n").encode(errors="replace").decode()
        several = len(text.strip().splitlines()) > 1
        if several or printable(text, len(text)) != text:
            paths = parse_paths(text)
            # a name may have what the field would not show, as an emoji's joiner
            if several or all(map(exists, paths)):
                text = spelled(paths)
        super()._insert(text)
