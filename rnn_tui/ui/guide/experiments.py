"""Reads the files of guided experiments: those that ship, and those in the user's own folder.

`docs/how-to/guided-experiments.md` describes their format.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnn_tui.engine.errors import DataError, printable, printable_lines, why
from rnn_tui.engine.files.atomic import read_small
from rnn_tui.engine.files.paths import config_file
from rnn_tui.tasks import TASKS
from rnn_tui.ui.guide.actions import (
    Action,
    AskQuestion,
    LookInside,
    TrainRun,
    read_action,
    seed_path,
)
from rnn_tui.ui.guide.figures import Guess, quoted_paths

FOLDER = Path(__file__).with_name("experiments")
MOST_BYTES = 65_536
MOST_FILES = 50
MOST_STEPS = 30
MOST_ACTIONS = 20  # of a step
# A block of a text is a widget, and so is each cell of a table.
LONGEST_TEXT = 2000  # characters of a text of a step, or of the summary
MOST_BLOCKS = 80  # of such a text
LONGEST_LINE = 200  # characters of a title, a question, a choice
FEWEST_CHOICES, MOST_CHOICES = 2, 6
SUMMARY = "# "  # begins the heading of the last part
_HEAD = re.compile(r"# (\S.*)\n+(\d+ min · \S.*)\n+(?=## )")
_FENCE = "```"  # begins a block and, alone on its line, ends it
_INFO = re.compile(r"```(\w*)(.*)")
_FIELD = re.compile(r"(outcome|unit|choices): +(\S.*)")
_RELATION = re.compile(r"(.+?) ([=<]) (.+)")
_NEXT = re.compile(r"^next: +(\S.*)\n*\Z", re.MULTILINE)
OLD_KEYS = (
    "presses keys, as experiments of earlier versions did; now a block 'do' lists actions, "
    "which docs/how-to/guided-experiments.md describes"
)


@dataclass(frozen=True)
class ExperimentStep:
    """A step; its texts are Markdown, with paths of figures in braces."""

    title: str
    text: str  #: to be read first.
    guess: Guess | None  #: a question; None if there is none.
    actions: tuple[Action, ...]  #: what is done.
    words: str  #: that in words, such as `trains three networks`.
    look: str  #: what to look at then.


@dataclass(frozen=True)
class GuidedExperiment:
    """An experiment."""

    name: str  #: that of its file.
    title: str
    about: str  #: how long it takes and what it shows, in a line.
    steps: tuple[ExperimentStep, ...]
    summary: str  #: what it has shown; Markdown with paths of figures.
    following: tuple[str, ...] = ()  #: the names of experiments to try next.
    folder: Path = FOLDER  #: where its file lies.

    @property
    def runs(self) -> tuple[str, ...]:
        """The names of the runs that it trains."""
        actions = [action for step in self.steps for action in step.actions]
        return tuple(
            action.name for action in actions if isinstance(action, TrainRun) and action.name
        )

    @property
    def quoted(self) -> set[str]:
        """The paths of all figures that its texts quote, and that its actions need."""
        texts = [self.summary]
        for step in self.steps:
            texts += [step.text, step.look]
            if step.guess is not None:
                texts += [step.guess.question, step.guess.outcome, step.guess.compared]
        asked = [
            seed_path(action)
            for step in self.steps
            for action in step.actions
            if isinstance(action, AskQuestion | LookInside)
        ]
        return quoted_paths(texts) | set(filter(None, asked))


def own_folder() -> Path:
    """Return the folder of the user's own experiments; it may not exist."""
    return config_file().parent / "experiments"


def experiment_names(folder: Path = FOLDER) -> list[str]:
    """Return the names of the experiments in a folder, in their order; none if it can't be read."""
    try:
        names = sorted(path.stem for path in folder.glob("*.md") if "." not in path.stem)
    except OSError:
        return []
    return names[:MOST_FILES]


def read_experiment(name: str, language: str = "", folder: Path = FOLDER) -> GuidedExperiment:
    """Read an experiment.

    Args:
        name: its name.
        language: two letters; if there is no such translation, it is read in English.
        folder: where the files are.

    Raises:
        DataError: if the file can't be read, or has another format.
    """
    path = folder / f"{name}.{language}.md"
    if not path.is_file():
        path = folder / f"{name}.md"
    where = printable(path.name, 100)
    try:
        text = read_small(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"The experiment {where} can't be read ({why(error)}).") from None
    try:
        experiment = _experiment(name, printable_lines(text, MOST_BYTES) + "\n")
    except DataError as error:
        raise DataError(f"{where}: {error}.") from None
    return replace(experiment, folder=folder)


def _experiment(name: str, text: str) -> GuidedExperiment:
    """Read the text of a file; the sentences of errors have no full stop."""
    head = _HEAD.match(text)
    if head is None:
        raise DataError(
            "it must begin with '# TITLE', then 'N min · WHAT IT IS ABOUT', then a step '## TITLE'"
        )
    body, found, summary = text[head.end() :].partition(f"\n{SUMMARY}")
    _, _, summary = summary.partition("\n")
    if not found or not summary.strip():
        raise DataError("it must end with '# TITLE' and a summary")
    parts = re.split(r"^## +", body, flags=re.MULTILINE)[1:]
    if len(parts) > MOST_STEPS:
        raise DataError(f"it has more than {MOST_STEPS} steps")
    steps: list[ExperimentStep] = []
    names: set[str] = set()
    for number, part in enumerate(parts, 1):
        try:
            step = _step(part)
            _check_names(step, names)
        except DataError as error:
            raise DataError(f"step {number} {error}") from None
        steps.append(step)
    _check_quoted([summary], names, "the summary")
    following = _NEXT.search(summary)
    try:
        _check_lines(head[1], head[2], following[1] if following else "")
        _check_text(summary)
    except DataError as error:
        raise DataError(f"it {error}") from None
    return GuidedExperiment(
        name=name,
        title=head[1],
        about=head[2],
        steps=tuple(steps),
        summary=_NEXT.sub("", summary).strip(),
        following=tuple(re.split(r"[ ,]+", following[1].strip())) if following else (),
    )


def _step(part: str) -> ExperimentStep:
    """Read a step."""
    title, _, rest = part.partition("\n")
    text, blocks = _split_at_blocks(rest)
    kinds = [block.kind for block in blocks]
    infos = [block.info for block in blocks]
    contents = [block.content for block in blocks]
    texts = [block.text_after for block in blocks]
    if "keys" in kinds:
        raise DataError(OLD_KEYS)
    if kinds not in (["do"], ["guess", "do"]) or any(texts[:-1]) or any(infos[:-1]):
        raise DataError("must have a block 'do', and maybe a block 'guess' right before it")
    words, look = infos[-1], texts[-1]
    if not all([title.strip(), text, words, *contents, look]):
        raise DataError(
            "needs a title, text, words behind 'do', something in its blocks, and after them what "
            "to look at"
        )
    lines = [line.strip() for line in contents[-1].splitlines() if line.strip()]
    if len(lines) > MOST_ACTIONS:
        raise DataError(f"has more than {MOST_ACTIONS} actions")
    try:
        actions = tuple(map(read_action, lines))
    except DataError as error:
        raise DataError(f"can't be done: {error}") from None
    guess = _guess(contents[0]) if len(kinds) > 1 else None
    _check_lines(title, words)
    for shown in (text, look):
        _check_text(shown)
    return ExperimentStep(title.strip(), text, guess, actions, words, look)


@dataclass(frozen=True)
class _Block:
    """A block between fences."""

    kind: str  #: the word behind the fence.
    info: str  #: the rest of that line.
    content: str
    text_after: str  #: the text up to the next block, or the end.


def _split_at_blocks(text: str) -> tuple[str, list[_Block]]:
    """Return the text before the first block, and the blocks; a fence without its end is text."""
    lines = text.split("\n")
    ends = [place for place, line in enumerate(lines) if line == _FENCE]
    heads: list[tuple[int, int]] = []  # of each block, the lines of its fences
    for place, line in enumerate(lines):
        inside_last = bool(heads) and place <= heads[-1][1]
        if inside_last or not line.startswith(_FENCE):
            continue
        next_end = bisect_right(ends, place)
        if next_end < len(ends):
            heads.append((place, ends[next_end]))
    starts = [start for start, _ in heads] + [len(lines)]
    blocks = []
    for (start, end), next_start in zip(heads, starts[1:], strict=True):
        info = _INFO.fullmatch(lines[start])
        assert info is not None
        content, text_after = (
            "\n".join(lines[first:last]).strip()
            for first, last in ((start + 1, end), (end + 1, next_start))
        )
        blocks.append(_Block(info[1], info[2].strip(), content, text_after))
    return "\n".join(lines[: starts[0]]).strip(), blocks


def _check_lines(*lines: str) -> None:
    """Check that what is shown on a line, a button or in a list is short."""
    if any(len(line) > LONGEST_LINE for line in lines):
        raise DataError(f"has a title, words or a choice of more than {LONGEST_LINE} characters")


def _check_text(text: str) -> None:
    """Check that a text makes no more widgets than a screen can draw at once."""
    if len(text) > LONGEST_TEXT:
        raise DataError(f"has a text of more than {LONGEST_TEXT:,} characters")
    if "\n" not in text:  # one block, or as many in one another as a reader allows
        return
    from markdown_it import MarkdownIt  # where a file of the user's needs it

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    if sum(token.nesting >= 0 for token in tokens) > MOST_BLOCKS:
        raise DataError(f"has a text of more than {MOST_BLOCKS} paragraphs, items and cells")


def _guess(text: str) -> Guess:
    """Read the block of a guess: a question, and below it what it is compared with."""
    question = []
    values: dict[str, str] = {}
    for line in text.splitlines():
        match = _FIELD.fullmatch(line.strip())
        if match is None:
            question.append(line.strip())
        else:
            values[match[1]] = match[2].strip()
    choices = tuple(word.strip() for word in values.get("choices", "").split("|") if word.strip())
    outcome = values.get("outcome", "")
    if not outcome or not any(question):
        raise DataError("has a block 'guess' without a question, or without a line 'outcome: …'")
    if "choices" in values and not FEWEST_CHOICES <= len(choices) <= MOST_CHOICES:
        raise DataError(f"has choices, but not from {FEWEST_CHOICES} to {MOST_CHOICES} of them")
    _check_lines(" ".join(question), outcome, values.get("unit", ""), *choices)
    relation = _RELATION.fullmatch(outcome)
    if relation is not None and len(choices) != FEWEST_CHOICES:
        raise DataError("compares two figures, for which the guess must have two choices")
    if relation is None:
        return Guess(" ".join(question), outcome, values.get("unit", ""), choices)
    left, sign, right = relation.groups()
    return Guess(" ".join(question), left, values.get("unit", ""), choices, sign, right)


def _check_names(step: ExperimentStep, names: set[str]) -> None:
    """Check that a step uses only names that actions gave before; add those that it gives."""
    question = [] if step.guess is None else [step.guess.question]
    _check_quoted([step.text, *question], names, "the text")
    for action in step.actions:
        if isinstance(action, AskQuestion | LookInside):
            _check_network(action, names)
        names |= {getattr(action, "name", "")} - {""}
    outcome = [] if step.guess is None else [step.guess.outcome, step.guess.compared]
    _check_quoted([step.look, *outcome], names, "the text")


def _check_network(action: AskQuestion | LookInside, names: set[str]) -> None:
    """Check that a network is a cell's or that of an action before."""
    if action.network and action.network not in {*names, *TASKS[action.task].cells}:
        raise DataError(f"asks the network “{printable(action.network)}”, which no action trains")


def _check_quoted(texts: Sequence[str], names: set[str], where: str) -> None:
    """Check that texts quote only figures of actions with a name."""
    unknown = {path.partition(".")[0] for path in quoted_paths(texts)} - names
    if unknown:
        raise DataError(
            f"quotes “{printable(min(unknown))}” in {where}, and no action before has that name"
        )
