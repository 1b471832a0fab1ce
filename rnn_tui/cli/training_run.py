"""Train one run for a command until its end, a new one or one to resume."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rnn_tui.archive import training
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.unsaved import UnsavedRun, give_up
from rnn_tui.engine.events import Control, Event
from rnn_tui.engine.state import RunState

if TYPE_CHECKING:
    from rnn_tui.engine.training.loop import Outcome


def train_run(
    state: RunState,
    resumed: RunRecord | None,
    emit: Callable[[Event], None],
    control: Control,
    *,
    name: str | None = None,
) -> "tuple[Outcome | None, Sequence[str]]":
    """Train a run.

    Args:
        state: how far it is; of a new one its id and its settings.
        resumed: the run to resume; None for a new one.
        emit: gets every event.
        control: how others stop or pause it.
        name: what to call a new run; None for an automatic name.

    Returns:
        What is left of it, None if it is stopped before its turn comes; and a sentence for each
        loss, if it can't all be stored.
    """
    unsaved: list[UnsavedRun] = []
    if resumed is None:
        outcome = training.train(
            state.config, emit, control, state.run_id, name=name, on_unsaved=unsaved.append
        )
    else:
        outcome = training.resume(resumed, emit, control, on_unsaved=unsaved.append)
    return outcome, give_up(unsaved)
