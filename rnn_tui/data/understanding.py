"""State what was understood of a file of sequences, before anything is trained."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rnn_tui.data.assembling import Assembly
from rnn_tui.data.clock import tell_clock, with_clock
from rnn_tui.data.columns import ColumnKind, FileColumn, Role
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.formats import read
from rnn_tui.data.files.opening import named
from rnn_tui.data.files.table import Table
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.data.roles.guessing import guess_roles
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.sequences import Sequences
from rnn_tui.data.sketches import sketches
from rnn_tui.data.summary import figure_lines, figures, table_lines
from rnn_tui.data.tables.reading import sequences_of
from rnn_tui.data.tables.wide import missing_cells
from rnn_tui.engine.errors import DataError, SafeText, printable
from rnn_tui.engine.progress import UNWATCHED, Progress

LAYOUTS = {
    Layout.LONG: "a row a step",
    Layout.WIDE: "a row a sequence",
    Layout.TEXT: "a character a step",
}

__all__ = ["ColumnKind", "FileColumn", "Role", "Understanding", "understand", "understood"]


@dataclass(frozen=True, eq=False)
class Understanding:
    """A file as it was understood."""

    path: Path
    options: ReadingOptions  #: with which it was read, guesses not included.
    chosen: ReadingOptions  #: all of it as it was read, guesses included.
    format: SafeText  #: such as `CSV, UTF-8, semicolons, decimal commas, with a header`.
    layout: Layout | None  #: None of a format that holds sequences, and no table.
    columns: tuple[FileColumn, ...]  #: of a table; empty for others.
    #: what the user should know, a sentence each: what was filled, cut, left out or translated.
    notes: tuple[SafeText, ...]
    data_set: DataSet  #: named, and not kept yet.

    def lines(self) -> list[SafeText]:
        """Return all of it for a terminal: format, columns, figures, notes, three sequences."""
        layout = f"; {LAYOUTS[self.layout]}" if self.layout is not None else ""
        return [
            printable(f"{self.path.name}: {self.format}{layout}", 300),
            *table_lines(self.columns),
            *figure_lines(self.data_set),
            *(printable(f"- {note}", 302) for note in self.notes),
            *(line for drawing in sketches(self.data_set) for line in drawing.lines()),
        ]

    def document(self) -> dict[str, Any]:
        """Return all of it but the arrays, JSON-ready."""
        return {
            "path": printable(self.path, 400),  #: the file.
            "format": self.format,  #: how the file is written, in words.
            #: `long`, `wide` or `text`; null of a format that holds sequences.
            "layout": self.layout,
            #: the columns of a table; empty of other formats.
            "columns": [asdict(column) for column in self.columns],
            "options": asdict(self.chosen),  #: all options as the file was read, guesses included.
            "data_set": figures(self.data_set),  #: the data set that the file makes.
            #: what was filled, cut, left out or translated, a sentence each.
            "notes": list(self.notes),
        }


def understand(
    path: Path, options: ReadingOptions | None = None, progress: Progress | None = None
) -> Understanding:
    """Read a file of sequences, guess what the options leave open, and make a data set of it.

    Raises:
        DataError: if it can't be read as sequences; a sentence on what is wrong, where, and what
            to do. Also if `progress` is stopped.
    """
    options = ReadingOptions() if options is None else options
    try:
        content = read(path, options, UNWATCHED if progress is None else progress)
        return understood(path, options, content)
    except MemoryError as error:
        raise DataError(
            f"{named(path)} does not fit into memory; leave out columns or rows."
        ) from error


def understood(path: Path, options: ReadingOptions, content: Content) -> Understanding:
    """Return what is understood of content that is read, as `understand` does.

    Args:
        path: the file, or the word for what else it was in.
        options: with which it was read.
        content: what it holds.
    """
    notes: list[str] = []
    if isinstance(content.body, Table):
        table = with_clock(content.body)
        roles = guess_roles(table, options)
        tell_clock(content.body, roles)
        chosen = _chosen_of_table(table, roles, options)
        sequences = sequences_of(table, roles, options)
        columns = _columns(table, roles)
        notes += [*table.notes, *roles.notes]
        layout: Layout | None = roles.layout
        blocks = roles.by_blocks
        counted_in = tuple(table.columns[place].name for place in roles.counted)
    else:
        sequences = content.body
        _check_groups_and_parts(sequences, options, named(path))
        chosen = replace(
            options, layout=content.layout or options.layout, encoding=content.encoding
        )
        columns = ()
        layout = content.layout
        blocks = False
        counted_in = ()
    notes += sequences.notes
    # columns by their names, which may be numbers in the user's options
    assembly = Assembly(path, replace(options, known=chosen.known), notes)
    data_set = assembly.data_set(sequences)
    description = data_set.description
    chosen = replace(
        chosen,
        goal=Goal.NEXT if assembly.horizon else description.goal,
        horizon=max(1, assembly.horizon),
        window=assembly.window or options.window,
        fill=description.fill,
        split=description.split,
        group=chosen.group if assembly.by_group else options.group,
        folds=None if assembly.fold is None else str(assembly.fold.count),
        fold=None if assembly.fold is None else assembly.fold.number,
    )
    return Understanding(
        path=path,
        options=options,
        chosen=chosen,
        format=printable(content.format, 200),
        layout=layout,
        columns=columns,
        notes=tuple(printable(note, 300) for note in description.notes),
        data_set=replace(
            data_set,
            description=replace(description, reading=chosen, blocks=blocks, counted_in=counted_in),
        ),
    )


def _check_groups_and_parts(sequences: Sequences, options: ReadingOptions, name: str) -> None:
    """Refuse columns of groups or parts that a format without columns can't have."""
    wishes = {
        "--group": (options.group, sequences.members),
        "--split-column": (options.split_column, sequences.given),
    }
    for option, (column, places) in wishes.items():
        if column is not None and not len(places):
            raise DataError(
                f"{name} is no table, so it has no column {printable(column, 40)} ({option})."
            )


def _chosen_of_table(table: Table, roles: Roles, options: ReadingOptions) -> ReadingOptions:
    """Return the options with what was guessed of a table."""

    def name(place: int | None) -> str | None:
        return None if place is None else table.columns[place].name

    inputs = [table.columns[place].name for place in roles.inputs if place != roles.label]
    return replace(
        options,
        layout=roles.layout,
        header=table.has_header,
        delimiter=table.delimiter,
        decimal=table.decimal,
        encoding=table.encoding,
        sequence=name(roles.sequence),
        step=name(roles.step),
        label=name(roles.label),
        group=name(roles.group),
        split_column=name(roles.split),
        inputs=tuple(inputs),
        known=tuple(table.columns[place].name for place in roles.known),
    )


def _columns(table: Table, roles: Roles) -> tuple[FileColumn, ...]:
    columns = zip(table.columns, missing_cells(table, roles), strict=True)
    return tuple(
        FileColumn(
            printable(column.name, LONGEST_NAME),
            column.kind,
            roles.of(place),
            missing,
            column.examples,
        )
        for place, (column, missing) in enumerate(columns)
    )
