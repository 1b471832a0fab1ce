"""Paths as people type and paste them: with quotes, escapes, `~`, as URLs, several at once."""

import os
import re
import shlex
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from textual.binding import Binding
from textual.suggester import Suggester

from rnn_tui.engine.errors import printable
from rnn_tui.engine.files.outside import entries, exists, expanded
from rnn_tui.photos.collection import called_like_photo, is_folder
from rnn_tui.ui.widgets.plain import TypedInput
from rnn_tui.ui.work.threads import to_thread

MOST_CHARACTERS = 100_000
_SCHEME = "file://"
_ESCAPED = re.compile(r"\\(.)")
_ESCAPED_OR_BLANK = re.compile(r"\\.|([ \t])")
_MOST_ENTRIES = 20_000  # entries of a folder that are looked through for a completion


def parse_paths(text: str) -> list[Path]:
    """Return the paths in a text: of each line, one as it stands if there is such a file.

    Other lines are split into paths as by a shell.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [path for line in lines for path in _parse_line(line)]


def _parse_line(line: str) -> list[Path]:
    whole = _path(line)
    if exists(whole):
        return [whole]
    try:
        words = shlex.split(line, posix=os.name != "nt")
    except ValueError:  # a single quote, as in “don't”, or one that is not closed yet
        unquoted = _path(line.lstrip("'\""))
        return [unquoted if exists(unquoted) else whole]
    if os.name == "nt":
        words = [word.strip('"') for word in words]
    return [_path(word) for word in words]


def parse_path(text: str) -> Path | None:
    """Return the path of a file to write; None if there is no text.

    Blanks in its name need no quotes.
    """
    paths = parse_paths(text)
    if len(paths) > 1:
        return _path(text.strip())
    return paths[0] if paths else None


def spelled(paths: Sequence[Path]) -> str:
    """Return a text of printable characters that `parse_paths` reads as these paths."""
    return " ".join(_spelled(path) for path in paths)


def _spelled(path: Path) -> str:
    text = os.fspath(path)
    if text.startswith("~"):  # part of its name, not the home folder
        text = os.path.join(os.curdir, text)
    if printable(text, len(text)) != text:
        return _SCHEME + quote_from_bytes(os.fsencode(os.path.abspath(path)))
    if os.name != "nt":
        return shlex.quote(text)
    return f'"{text}"' if " " in text else text


def _path(text: str) -> Path:
    """Return the path that a text without quotes names, perhaps as a URL."""
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
    """Completes the name of a folder, or of a file that is offered."""

    def __init__(self, offers: Callable[[str], bool]) -> None:
        """Make it; `offers` says by its name whether a file is offered."""
        # files come and go; names differ by case on most systems
        super().__init__(use_cache=False, case_sensitive=True)
        self._offers = offers

    async def get_suggestion(self, value: str) -> str | None:
        return await to_thread(completed, value, self._offers)


def completed(text: str, offers: Callable[[str], bool] = called_like_photo) -> str | None:
    """Complete a text to the first name, in alphabetical order, that begins like it.

    Args:
        text: What is typed.
        offers: Says by its name whether a file is offered; folders always are.

    Returns:
        The whole text, or None if nothing begins so.
    """
    if not text or text.startswith(_SCHEME):
        return None
    blanks = [match.end() for match in _ESCAPED_OR_BLANK.finditer(text) if match[1]]
    last_word = blanks[-1] if blanks else 0
    # As one literal path, else as one that a shell reads, else as the last of several.
    for start, by_shell in ((0, False), (0, True), (last_word, True)):
        word = text[start:].lstrip("'\"")
        is_quoted = len(word) < len(text) - start
        if by_shell and not is_quoted:
            missing = _missing_part(_ESCAPED.sub(r"\1", word), offers, escape=True)
        else:
            missing = _missing_part(word, offers, escape=False)
        if missing is not None:
            return text + missing
    return None


def _missing_part(word: str, offers: Callable[[str], bool], *, escape: bool) -> str | None:
    """Return what completes a path to the first name that begins like its last part.

    Args:
        word: The path without quotes and escapes.
        offers: As for `completed`.
        escape: Whether to escape blanks and quotes in what is added.
    """
    folder, beginning = os.path.split(word)
    try:
        with entries(expanded(folder) or os.curdir) as folder_entries:
            names = [
                f"{entry.name}/" if is_folder(entry) else entry.name
                for entry in islice(folder_entries, _MOST_ENTRIES)
                if entry.name.startswith(beginning)
                and (beginning or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):
        return None
    names = [name for name in names if _completes(name, beginning, offers)]
    if not names:
        return None
    missing = min(names)[len(beginning) :]
    return re.sub(r"([\s'\"\\])", r"\\\1", missing) if escape else missing


def _completes(name: str, beginning: str, offers: Callable[[str], bool]) -> bool:
    """Return whether to offer a name, of a folder or file: printable, and not typed in full."""
    is_offered = name.endswith("/") or (offers(name) and name != beginning)
    return is_offered and printable(name, len(name)) == name


class PathInput(TypedInput):
    """The field for paths: Tab completes, and several pasted lines become several paths."""

    BINDINGS = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, *, id: str, offers: Callable[[str], bool] = called_like_photo) -> None:
        """Make the field; `offers` says by its name whether a file is offered."""
        super().__init__("", MOST_CHARACTERS, placeholder="path; Tab completes", id=id)
        self.suggester = PathSuggester(offers)

    def action_complete(self) -> None:
        """Accept the completion; if there is none, go to the next field."""
        if self.cursor_at_end and self._suggestion and self._suggestion != self.value:
            self.action_cursor_right()
        else:
            self.screen.focus_next()

    def replace_with(self, text: str) -> None:
        """Replace the text of the field by pasted text."""
        self.value = ""
        self._insert(text)

    def _insert(self, text: str) -> None:
        # A paste may have half a character (a lone surrogate), which no file's name has.
        text = text[:MOST_CHARACTERS].strip("\r\n").encode(errors="replace").decode()
        several = len(text.strip().splitlines()) > 1
        if several or printable(text, len(text)) != text:
            paths = parse_paths(text)
            # a name may have characters that the field would not show, such as an emoji's joiner
            if several or all(map(exists, paths)):
                text = spelled(paths)
        super()._insert(text)
