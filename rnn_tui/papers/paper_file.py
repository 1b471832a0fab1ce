"""Reads a paper from a TOML file, and says in a sentence what is wrong with one.

Everything in a file is a stranger's: its size and the length of its texts are bounded, its texts
have no control characters, its settings are those that a user may change, and its claims are
expressions that are worked out here. It can't name files of this machine.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import DataError, SettingError, UserError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.toml_text import read_toml
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.networks import CELLS
from rnn_tui.papers.expression import in_words, read_expression
from rnn_tui.papers.file_entry import LONGEST_TEXT, LONGEST_WORDS, MOST_ENTRIES, FileEntry
from rnn_tui.papers.paper import (
    SOLVED,
    Claim,
    Experiment,
    Paper,
    PaperClause,
    PaperComparison,
    PaperFigure,
    PaperPreset,
    Published,
    PublishedKind,
    variants_together,
)
from rnn_tui.papers.paper_experiments import NAME, experiments_from, settings_from, task_of
from rnn_tui.tasks import TASKS

MOST_BYTES = 100_000  # of a file
MOST_NETWORKS = 20_000  # of all its experiments, seeds counted
MOST_PRESETS = 20
MOST_SENTENCES = 50  # on what differs
MERGED_DEPTH = 2  # levels of tables of a preset: settings, and those of a task
MOST_FIGURES = 50
MOST_COMPARISONS = 300  # of all its claims: each one is resampled
MOST_AUTHORS = 200
MOST_NAMED = 10_000  # of how many networks a best or a mean may be
PUBLISHED = re.compile(r"one network|(best|mean) of ([1-9][0-9]{0,4})")
#: what is found, or its reverse, such as `a larger state is {better|worse}`.
FINDING = re.compile(r"([^{|}]*)\{([^{|}]+)\|([^{|}]+)\}([^{|}]*)")
ADDRESS = re.compile(r"https?://[!-~]{1,300}")


def read_paper(path: Path) -> Paper:
    """Read a paper from a file that a user names; its name is that of the file.

    Raises:
        DataError: it can't be read.
        SettingError: something in it is wrong.
    """
    name = printable(path, 200)
    try:
        with outside.opened(path) as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DataError(f"The paper {name} can't be read: {why(error)}.") from error
    return paper_from(data, path.stem, path.name)


def paper_from(data: bytes, name: str, file_name: str) -> Paper:
    """Return the paper that a file has.

    Args:
        data: what is in it.
        name: what the paper is called.
        file_name: as sentences call the file.

    Raises:
        DataError: it is no TOML.
        SettingError: something in it is wrong.
    """
    place = str(printable(file_name))
    if len(data) > MOST_BYTES:
        raise DataError(f"{place} has more than {MOST_BYTES:,} bytes, too many for a paper.")
    if not NAME.fullmatch(name):
        raise SettingError(
            f"{place} must be named by small letters, digits and dashes, such as my-paper.toml."
        )
    try:
        values = read_toml(data.decode())
    except ValueError as error:
        raise DataError(f"{place} is no TOML: {printable(error, 200)}.") from error
    return _paper(FileEntry(values, place), name)


def _paper(entry: FileEntry, name: str) -> Paper:
    experiments = experiments_from(entry)
    tasks = list(dict.fromkeys(experiment.task for experiment in experiments))
    presets = dict(_presets(entry.entry("presets", MOST_PRESETS), tasks))
    if not presets:
        raise entry.wrong("must have at least one preset")
    seeds, task_seeds = _seeds(entry)
    published = _published(entry)
    claims = _Claims(entry, experiments)
    paper = Paper(
        name=name,
        kind=entry.text("kind", "paper", LONGEST_WORDS),
        title=entry.text("title"),
        authors=_texts(entry, "authors", MOST_AUTHORS),
        year=entry.whole("year", 1900, 2200),
        address=_address(entry),
        summary=entry.text("summary"),
        measured=entry.text("measured"),
        published=published,
        presets=presets,
        experiments=experiments,
        seeds=seeds,
        task_seeds=task_seeds,
        claims=claims.read(),
        claims_title=entry.text("claims_title", ""),
        figures=tuple(_figures(entry, experiments)) or tuple(_usual_figures(experiments)),
        solved=_solved(entry, published),
        validated=entry.flag("validated"),
    )
    entry.finish()
    _check_tasks(entry, paper)
    _check_networks(entry, paper)
    _check_configs(entry, paper)
    return paper


def _texts(entry: FileEntry, key: str, most: int = MOST_ENTRIES) -> tuple[str, ...]:
    return tuple(entry.as_text(text, key, LONGEST_WORDS) for text in entry.sequence(key, most))


def _address(entry: FileEntry) -> str:
    address = entry.text("address", "", 300)
    if address and not ADDRESS.fullmatch(address):
        raise entry.wrong("must have an address that begins with https:// as “address”")
    return address


def _published(entry: FileEntry) -> Published:
    words = entry.text("published", "one network")
    match = PUBLISHED.fullmatch(words)
    if match is None:
        raise entry.wrong(
            "must say what its figures are as “published”: one network, best of N or mean of N"
        )
    kind, count = match.groups()
    place = entry.text("published_in", "", LONGEST_WORDS)
    if kind is None:
        return Published(place=place)
    return Published(
        PublishedKind(kind), entry.as_whole(int(count), "published", 1, MOST_NAMED), place
    )


def _solved(entry: FileEntry, published: Published) -> float | None:
    usual = SOLVED if published.kind is PublishedKind.BEST else None
    percent = entry.as_percent(entry.raw("solved"), "solved")
    return usual if percent is None else percent


def _seeds(entry: FileEntry) -> tuple[int, dict[str, int]]:
    """Return the number of seeds, and by task where it is another."""
    most = 1000
    numbers = entry.entry("task_seeds")
    task_seeds = {task: numbers.as_whole(count, task, 1, most) for task, count in numbers.items()}
    return entry.whole("seeds", 1, most, 20), task_seeds


def _presets(entry: FileEntry, paper_tasks: Sequence[str]) -> Iterator[tuple[str, PaperPreset]]:
    said: dict[str, dict[str, Any]] = {}  # what each preset says, with what it takes of another
    for name, values in entry.items():
        place = f"{entry.place}, {printable(name)}"
        said[name] = _with_another(FileEntry(values, place), said)
        preset = FileEntry(said[name], place)
        own = preset.flag("own")
        notes = preset.entry("task_notes")
        tasks = _texts(preset, "tasks")
        yield (
            name,
            PaperPreset(
                name=entry.as_text(name, "presets", LONGEST_WORDS),
                summary=preset.text("summary"),
                start=preset.text("start", name, LONGEST_WORDS),
                own=own,
                compared=preset.flag("compared", own),
                note=preset.text("note", ""),
                task_notes={
                    task: notes.as_text(text, task, LONGEST_TEXT) for task, text in notes.items()
                },
                differs=_sentences(preset, "differs"),
                cells=_cells(preset.entry("cells")),
                all_settings=_settings_of_all(preset, tasks or paper_tasks),
                settings={
                    task: settings_from(
                        FileEntry(values, f"{preset.place}: settings, {printable(task)}"), task
                    )
                    for task, values in preset.entry("settings").items()
                },
                tasks=tasks,
            ),
        )
        preset.finish()


def _with_another(preset: FileEntry, said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a preset says, after what an earlier one says that it is `like`."""
    values = dict(preset.items())
    other = values.pop("like", None)
    if other is None:
        return values
    if not isinstance(other, str) or other not in said:
        hint = did_you_mean(str(other), said)
        raise preset.wrong(f"is like “{printable(other)}”, which is no preset before it{hint}")
    return _merged({"start": other, **said[other]}, values, MERGED_DEPTH)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Return the entries of two tables, where both have one the second's.

    Tables that both have are merged likewise, down to so many levels below.
    """
    merged = {**first, **second}
    for key in first.keys() & second.keys():
        if depth and isinstance(first[key], dict) and isinstance(second[key], dict):
            merged[key] = _merged(first[key], second[key], depth - 1)
    return merged


def _sentences(entry: FileEntry, key: str) -> tuple[str, ...]:
    return tuple(
        entry.as_text(text, key, LONGEST_TEXT) for text in entry.sequence(key, MOST_SENTENCES)
    )


def _cells(entry: FileEntry) -> dict[str, str]:
    """Return the cells that are trained in place of others."""
    cells = {}
    for cell, value in entry.items():
        cells[cell] = entry.as_text(value, cell, LONGEST_WORDS)
        for name in (cell, cells[cell]):
            if name not in CELLS:
                raise entry.wrong(
                    f"names the cell “{printable(name)}”, which is not there"
                    f"{did_you_mean(name, CELLS)}"
                )
    return cells


def _settings_of_all(preset: FileEntry, tasks: Sequence[str]) -> dict[str, Any]:
    """Return settings that a preset has for all of its tasks, each of which must have them."""
    settings: dict[str, Any] = {}
    for task in tasks:
        settings = settings_from(preset.entry("all_settings"), task)
    return settings


class _Claims:
    """Reads the claims of a paper, up to a number of comparisons in all."""

    def __init__(self, entry: FileEntry, experiments: Sequence[Experiment]) -> None:
        self._entry = entry
        self._comparisons = 0
        self._labels = {experiment.key: experiment.label for experiment in experiments}
        self._keys = {
            experiment.key.replace("-", "_"): experiment.key for experiment in experiments
        }
        #: by task, the names of its experiments without that of the task.
        self._short_keys: dict[str, dict[str, str]] = {}
        for experiment in experiments:
            name = experiment.key.removeprefix(f"{experiment.task}-").replace("-", "_")
            self._short_keys.setdefault(experiment.task, {})[name] = experiment.key

    def read(self) -> tuple[Claim, ...]:
        """Return the claims; a `SettingError` if something is wrong in one."""
        return tuple(self._claim(claim) for claim in self._entry.entries("claims"))

    def _claim(self, entry: FileEntry) -> Claim:
        task = entry.text("task", "", LONGEST_WORDS)
        # The names in the comparisons may leave out the task of the claim.
        keys = ChainMap(self._short_keys.get(task, {}), self._keys)
        clauses = tuple(self._clause(clause, keys) for clause in entry.entries("clauses"))
        if not clauses:
            raise entry.wrong("must have at least one of “clauses”")
        claim = Claim(entry.text("claim"), entry.text("measured"), clauses)
        entry.finish()
        return claim

    def _clause(self, entry: FileEntry, keys: Mapping[str, str]) -> PaperClause:
        finding = FINDING.fullmatch(entry.text("finding"))
        if finding is None:
            raise entry.wrong(
                "must say what is found as “finding”, and its reverse, such as: it is "
                "{better|worse}"
            )
        before, right, wrong, after = finding.groups()
        comparisons = tuple(self._read_comparisons(entry, keys))
        if not comparisons:
            raise entry.wrong("must have at least one of “comparisons”")
        entry.finish()
        return PaperClause(
            holds=f"{before}reliably {right}{after}",
            opposite=f"{before}reliably {wrong}{after}",
            question=f"whether {before}{right}{after}",
            comparisons=comparisons,
        )

    def _read_comparisons(
        self, entry: FileEntry, keys: Mapping[str, str]
    ) -> Iterator[PaperComparison]:
        """Yield the comparisons of a clause: an expression each, or its subject and one."""
        written_ones = entry.sequence("comparisons")
        self._comparisons += len(written_ones)
        if self._comparisons > MOST_COMPARISONS:
            raise self._entry.wrong(
                f"may have at most {MOST_COMPARISONS} comparisons in all claims"
            )
        for number, written in enumerate(written_ones, 1):
            name = f"comparisons {number}"
            subject, text = (
                written if isinstance(written, list) and len(written) == 2 else ("", written)
            )
            formula = entry.as_text(text, name, LONGEST_TEXT)
            try:
                expression = read_expression(formula, keys)
            except SettingError as error:
                raise SettingError(f"{entry.place}, {name}: {error}") from error
            subject = entry.as_text(subject, name, LONGEST_WORDS, empty=True)
            yield PaperComparison(subject or in_words(expression, self._labels), expression)


def _figures(entry: FileEntry, experiments: Sequence[Experiment]) -> Iterator[PaperFigure]:
    points = entry.entry("points")
    for figure_entry in entry.entries("figures", MOST_FIGURES):
        figure = _figure(figure_entry)
        if figure.key in points:
            published = points.entry(figure.key)
            figure = replace(figure, published=dict(_points(published, experiments)))
        yield figure
    points.finish()


def _usual_figures(experiments: Sequence[Experiment]) -> Iterator[PaperFigure]:
    """Yield the plots of a file that names none: validation by epoch, one a task."""
    for name in dict.fromkeys(experiment.task for experiment in experiments):
        metrics = [metric.name for metric in TASKS[name].metric_definitions]
        of_validation = [metric for metric in metrics if metric.startswith("val_")]
        if of_validation:
            yield PaperFigure(name, of_validation[-1])


def _figure(entry: FileEntry) -> PaperFigure:
    task = task_of(entry, entry.text("task", limit=LONGEST_WORDS))
    metric = entry.text("metric", "", LONGEST_WORDS)
    metrics = [each.name for each in task.metric_definitions]
    if metric and metric not in metrics:
        raise entry.wrong(
            f"names the metric “{metric}”, which {task.name} does not have"
            f"{did_you_mean(metric, metrics)}"
        )
    loss = entry.text("loss", "", LONGEST_WORDS)
    note = entry.text("note", "")
    entry.finish()
    return PaperFigure(task.name, metric, loss, note)


def _points(
    entry: FileEntry, experiments: Sequence[Experiment]
) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """Yield the published points of a figure by experiment, one an epoch."""
    keys = {experiment.key for experiment in experiments}
    for key, values in entry.items():
        if key not in keys:
            raise entry.wrong(
                f"names “{printable(key)}”, which is no experiment{did_you_mean(key, keys)}"
            )
        yield key, tuple(entry.as_number(value, key) for value in entry.as_sequence(values, key))


def _check_tasks(entry: FileEntry, paper: Paper) -> None:
    """Refuse tasks of presets, seeds and figures that no experiment has."""
    named = {
        "task_seeds": paper.task_seeds,
        "figures": [figure.task for figure in paper.figures],
        **{
            f"presets, {name}": [*preset.tasks, *preset.task_notes, *preset.settings]
            for name, preset in paper.presets.items()
        },
    }
    known = set(paper.tasks)
    for place, tasks in named.items():
        for task in tasks:
            if task not in known:
                raise entry.wrong(
                    f"({place}) names the task “{printable(task)}”, which no experiment has"
                    f"{did_you_mean(task, known)}"
                )


def _check_networks(entry: FileEntry, paper: Paper) -> None:
    """Refuse more networks than a plan can have in memory."""
    count = sum(paper.task_seeds.get(each.task, paper.seeds) for each in paper.experiments)
    if count > MOST_NETWORKS:
        raise entry.wrong(
            f"may have at most {MOST_NETWORKS:,} networks, experiments times seeds, not {count:,}"
        )


def _check_configs(entry: FileEntry, paper: Paper) -> None:
    """Refuse settings that can't be, and sequences of which nothing says size and loss."""
    together = variants_together(paper.experiments)
    for preset in paper.presets:
        tasks = set(paper.tasks_of(preset))
        for experiment in paper.experiments:
            if experiment.task not in tasks:
                continue
            variants = together[experiment.key]
            try:
                config = paper.config(experiment, preset, variants=variants)
            except UserError as error:
                raise SettingError(
                    f"{entry.place}, {experiment.key} with preset {printable(preset)}: {error}"
                ) from error
            if experiment.variant is None and len(config.variants) > 1:
                raise entry.wrong(
                    f"must say “hidden_size” and “loss” of {experiment.key}, since its preset "
                    f"{printable(preset)} has several"
                )
