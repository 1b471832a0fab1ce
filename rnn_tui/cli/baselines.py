"""Compare a run on a user's data set with naive answers, as lines and in JSON."""

from typing import TYPE_CHECKING, Any

from rnn_tui.data import store
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.tasks.data_sets.baseline import Baseline
    from rnn_tui.tasks.data_sets.baselines import BaselineVerdict


def comparison(
    state: RunState, progress: Progress
) -> "tuple[tuple[Baseline, ...], BaselineVerdict] | None":
    """Return the baselines of a finished run's data set, and whether its networks beat them.

    The first time this takes seconds. None of a run on another task, of one that has no test yet,
    or if it was stopped.
    """
    config = state.config
    if state.status is not Status.FINISHED or not store.is_kept(config.task):
        return None
    from rnn_tui.tasks.data_sets.baselines import baselines_of, verdict  # on use

    try:
        baselines = baselines_of(config.task, progress)
        values = state.replica_results.get(TASKS[config.task].headline, ())
        compared = verdict(config, values, baselines)
    except DataError:  # the data set was deleted meanwhile, or this was stopped
        return None
    return None if compared is None else (baselines, compared)


def comparison_in_words(state: RunState, progress: Progress) -> list[str]:
    """Return a line for each baseline, and the verdict; empty if there is nothing to compare."""
    compared = comparison(state, progress)
    if compared is None:
        return []
    baselines, result = compared
    task = TASKS[state.config.task]
    lines = []
    for baseline in baselines:
        figures = [task.metric(name).in_words(figure) for name, figure in baseline.figures.items()]
        if not figures:
            lines.append(f"{baseline.name} {baseline.note}.")
            continue
        note = f" ({baseline.note})" if baseline.note else ""
        lines.append(f"{baseline.name}: {', '.join(figures)}{note}")
    return [*lines, result.sentence]


def comparison_values(state: RunState, progress: Progress) -> list[str]:
    """Return a line of `name=value` for each baseline; empty if there is nothing to compare."""
    compared = comparison(state, progress)
    if compared is None:
        return []
    lines = []
    for baseline in compared[0]:
        if not baseline.figures:
            continue
        figures = " ".join(f"{name}={figure:.6g}" for name, figure in baseline.figures.items())
        lines.append(f"baseline={baseline.name.replace(' ', '_')} {figures}")
    return lines


def comparison_document(state: RunState, progress: Progress) -> dict[str, Any]:
    """Return the baselines and the verdict for JSON; empty if there is nothing to compare."""
    compared = comparison(state, progress)
    if compared is None:
        return {}
    baselines, result = compared
    return {
        #: how well naive answers do on the same test sequences; missing before the end.
        "baselines": [
            {
                "name": baseline.name,  #: how it answers.
                **baseline.figures,
                #: how it was fitted, what was left out, or why it has no figures; null for nothing.
                "note": baseline.note or None,
            }
            for baseline in baselines
        ],
        #: whether the networks beat the best baseline.
        "verdict": {
            #: whether the mean over the seeds is better by more than its 95 % interval, on a test
            #: of at least six sequences (of each class, where balanced accuracy is the headline).
            "beats": result.beats,
            "sentence": result.sentence,  #: the comparison in a sentence.
        },
    }
