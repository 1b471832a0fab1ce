"""Lists of papers and of their experiments: what is in each, and how much is trained here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.tables import Column, document_of
from rnn_tui.papers.paper import Experiment, Paper, PaperPreset
from rnn_tui.papers.plan import DECIMALS
from rnn_tui.tasks import TASKS

MOST_AUTHORS = 2  # that are named in a table


@dataclass(frozen=True)
class PaperProgress:
    """A paper, and how much of it is trained here."""

    paper: Paper
    networks: int  #: how many its plan has, seeds counted.
    trained: int  #: how many of them are trained to the end.
    training: bool = False  #: whether it is being trained in this process.


def _authors(paper: Paper) -> str:
    if len(paper.authors) > MOST_AUTHORS:
        return f"{paper.authors[0]} et al."
    return " & ".join(paper.authors)


def _published(experiment: Experiment) -> str:
    published = experiment.published
    return NOTHING if published is None else f"{published:.{DECIMALS}f}"


#: the fields of an experiment's document.
EXPERIMENT_FIELDS: tuple[Column[Experiment], ...] = (
    #: its name in claims, and after `--only`.
    Column("key", lambda experiment: experiment.key, name="experiment"),
    #: the task.
    Column(
        "task", lambda experiment: experiment.task, lambda experiment: TASKS[experiment.task].label
    ),
    Column(
        "label",  #: in words.
        lambda experiment: experiment.label,
        lambda experiment: experiment.short_label,
        name="network",
    ),
    #: the published figure.
    Column("published", lambda experiment: experiment.published, _published, right=True),
)
_PRESET_FIELDS: tuple[Column[PaperPreset], ...] = (
    Column("name", lambda preset: preset.name),  #: its name.
    Column("summary", lambda preset: preset.summary),  #: what it is.
    Column("own_recipe", lambda preset: preset.own),  #: whether it is the paper's own recipe.
    #: what still differs from the paper's own way to train, in a sentence each.
    Column("differs", lambda preset: list(preset.differs)),
)


def _presets(listed: PaperProgress) -> list[dict[str, Any]]:
    return [document_of(preset, _PRESET_FIELDS) for preset in listed.paper.presets.values()]


def _experiments(listed: PaperProgress) -> list[dict[str, Any]]:
    experiments: Sequence[Experiment] = listed.paper.experiments
    return [document_of(experiment, EXPERIMENT_FIELDS) for experiment in experiments]


#: the fields of a paper's document.
PAPER_COLUMNS: tuple[Column[PaperProgress], ...] = (
    Column("name", lambda listed: listed.paper.name),  #: what names it.
    Column("title", lambda listed: listed.paper.title),  #: its title.
    Column(
        "authors",  #: their names.
        lambda listed: list(listed.paper.authors),
        lambda listed: _authors(listed.paper),
    ),
    Column("year", lambda listed: listed.paper.year),  #: of publication.
    Column("address", lambda listed: listed.paper.address or None),  #: where it can be read.
    #: what was trained and published, in a sentence.
    Column("summary", lambda listed: listed.paper.summary),
    #: what its figures are: `one network`, `best of 10`, ….
    Column("published", lambda listed: listed.paper.published.words),
    #: where they stand in it.
    Column("where", lambda listed: listed.paper.published.place or None),
    Column("presets", _presets),  #: ways to train it, the usual one first.
    Column("experiments", _experiments),  #: its networks.
    #: what it claims, in its words.
    Column("claims", lambda listed: [claim.says for claim in listed.paper.claims]),
    Column(
        "networks",  #: networks of its first preset, seeds counted.
        lambda listed: listed.networks,
        lambda listed: f"{listed.networks:,}",
        right=True,
    ),
    #: how many of them are trained here.
    Column(
        "trained", lambda listed: listed.trained, lambda listed: f"{listed.trained:,}", right=True
    ),
)
