"""Data sets, and tasks without a tab, in words."""

from collections.abc import Sequence

from rnn_tui.data.data_set import DataSet, class_counts
from rnn_tui.data.description import Description
from rnn_tui.data.options import Goal
from rnn_tui.engine.counts import count_of
from rnn_tui.tasks.task import Task

MOST_LISTED = 40  # names in a list of all
MOST_CLASSES = 6  # classes whose names or counts are listed


def steps_of(description: Description) -> str:
    """Return the range of lengths, such as `6–12`."""
    if description.shortest == description.longest:
        return f"{description.longest:,}"
    return f"{description.shortest:,}–{description.longest:,}"


def inputs_of(description: Description) -> str:
    """Say what is read at each step."""
    if description.alphabet:
        return count_of(len(description.alphabet), "symbol")
    return count_of(len(description.features), "number")


def answers_of(description: Description) -> str:
    """Say what is answered."""
    count = len(description.outputs)
    if description.forecast is not None:
        return _steps_ahead(description)
    match description.goal:
        case Goal.CLASS:
            return _classes(count)
        case Goal.STEP_CLASS:
            return f"{_classes(count)} a step"
        case Goal.NUMBER:
            return count_of(count, "number")
        case Goal.STEP_NUMBER:
            return f"{count_of(count, 'number')} a step"
        case Goal.NEXT:
            return _steps_ahead(description)


def _steps_ahead(description: Description) -> str:
    horizon = description.horizon
    return "the next step" if horizon == 1 else f"the next {horizon} steps"


def _classes(count: int) -> str:
    return "1 class" if count == 1 else f"{count:,} classes"


def size_of(description: Description) -> str:
    """Return how many sequences there are, how long they are, and what a step has."""
    count = count_of(description.count, description.noun)
    read = f"{inputs_of(description)} a step"
    if description.alphabet:
        read = f"steps of {inputs_of(description)}"
    return f"{count} of {steps_of(description)} steps · {read}"


def heading_of(description: Description) -> str:
    """Return a line on what is in a data set."""
    return f"{description.label} · {size_of(description)} · {answers_of(description)}"


def asked_of(task: Task) -> str:
    """Return what a task asks: the first paragraph of its help, on a line."""
    paragraphs = [part for part in task.help_text.split("\n\n") if not part.startswith("#")]
    return " ".join(paragraphs[0].split()) if paragraphs else ""


def task_heading(task: Task) -> str:
    """Return a line on what a task is."""
    return " · ".join(filter(None, [task.label, task.level, asked_of(task)]))


def classes_of(data_set: DataSet) -> str:
    """Return the classes of sequences with their counts; of other goals, what is answered."""
    description = data_set.description
    if description.goal is not Goal.CLASS:
        return f"to answer: {answers_of(description)}{_names_of(description)}"
    counts = class_counts(data_set, range(data_set.count))
    pairs = list(zip(description.outputs, counts, strict=True))
    listed = ", ".join(f"{name} {count:,}" for name, count in pairs[:MOST_CLASSES])
    more = f", {len(pairs) - MOST_CLASSES} more" if len(pairs) > MOST_CLASSES else ""
    return f"{answers_of(description)}: {listed}{more}"


def list_of(names: Sequence[str]) -> str:
    """Return names with commas; the first ones if they are many."""
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def _names_of(description: Description) -> str:
    """Return the names of what is answered, after a colon; empty of the next symbol."""
    if description.goal is Goal.NEXT:
        return ""
    names = ", ".join(description.outputs[:MOST_CLASSES])
    more = ", …" if len(description.outputs) > MOST_CLASSES else ""
    return f": {names}{more}"
