"""Measures again, enters figures and writes the pages: `python -m tests.figures NAME`."""

import argparse
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.figures import papers
from tests.figures.book import Book, Entry, read_book, write_book
from tests.figures.pages import filled, quoting_pages, renamed
from tests.figures.settings import settings_of, staleness, trainings
from tests.program import COMMAND

OK, FAILURE = 0, 1


def main() -> int:
    """Do what the options ask for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures", description=__doc__)
    parser.add_argument("name", nargs="?", help="run this entry's command and enter its figures")
    parser.add_argument(
        "--from",
        type=Path,
        dest="document",
        metavar="FILE.json",
        help=("enter the document that the command printed with --json, and run nothing"),
    )
    parser.add_argument("--command", help="the command from now on; makes an entry of a new name")
    parser.add_argument("--machine", help="on what it was measured, in words")
    parser.add_argument(
        "--accept",
        action="store_true",
        help=(
            "run nothing: the figures hold with today's settings, such as after a new name of one"
        ),
    )
    parser.add_argument("--rename", metavar="NEW", help="give the entry this name, on pages, too")
    parser.add_argument("--pages", action="store_true", help="write the blocks of all pages only")
    parser.add_argument("--list", action="store_true", help="list entries, and which are stale")
    options = parser.parse_args()
    book = read_book()
    if options.list or not (options.name or options.pages):
        return _list(book)
    if options.name:
        if options.name not in book and not options.command:
            parser.error(f"there is no entry {options.name}; with --command one is made")
        _change(book, options)
        write_book(book)
    _write_pages(book)
    return OK


def _list(book: Book) -> int:
    for name, entry in book.items():
        command = entry.commands[0] if entry.commands else "-"
        print(f"{name:24} {entry.measured:25} {command}")
        for sentence in staleness(entry):
            print(f"    stale: {sentence}")
    return OK


def _change(book: Book, options: argparse.Namespace) -> None:
    name = options.name
    entry = book.setdefault(name, Entry())
    if options.command:
        entry.commands = [options.command, *entry.commands[1:]]
    entry.machine = options.machine or entry.machine
    if options.rename:
        _rename(book, name, options.rename)
    elif options.accept:
        _take_settings(entry)
    else:
        document = _read_or_run(entry, options.document)
        _enter(entry, document)


def _rename(book: Book, old: str, new: str) -> None:
    entries = {new if name == old else name: entry for name, entry in book.items()}
    book.clear()
    book.update(entries)
    for page in quoting_pages():
        text = page.read_text(encoding="utf-8")
        page.write_text(renamed(text, old, new), encoding="utf-8")


def _take_settings(entry: Entry) -> None:
    entry.settings = {command: settings_of(command) for command in trainings(entry)}


def _read_or_run(entry: Entry, path: Path | None) -> dict[str, Any]:
    """Return the document that a command prints; trained networks are not trained again."""
    if path is not None:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    program, *words = shlex.split(entry.commands[0])
    if program != "rnn-tui":
        subprocess.run([sys.executable, *words], check=True)
        return {}
    words += [word for word in ("--json", "--quiet") if word not in words]
    printed = subprocess.run([*COMMAND, *words], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(printed.stdout))


def _enter(entry: Entry, document: dict[str, Any]) -> None:
    """Put the figures of a document into an entry.

    What prose says of them is typed: tests name each number that has no entry any more.
    """
    entry.measured = document.get("date", time.strftime("%Y-%m-%d"))[:10]
    _take_settings(entry)
    if "conclusions" not in document:
        print("Type the figures into docs/figures.json, below `says`.")
        return
    entry.rows = papers.kept_rows(document)
    entry.seeds = str(max(len(row["seeds"]) for row in entry.rows))
    entry.blocks = {}
    made = papers.blocks_of(entry)
    if "claims" not in made:
        entry.blocks = {"claims": papers.printed_claims(entry.commands[0])}


def _write_pages(book: Book) -> None:
    for page in quoting_pages():
        before = page.read_text(encoding="utf-8")
        after = filled(before, book)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page)


if __name__ == "__main__":
    sys.exit(main())
