"""What becomes of runs when the program ends."""

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.work.training_manager import TrainingManager

PATIENCE = 60.0


def config() -> RunConfig:
    """A run that goes on until it is stopped, in steps that take no time."""
    return TASKS["recall"].config(
        "lstm", "fast", hidden_sizes=(2,), seeds=1, epochs=500, training_size=320, test_size=20
    )


def kept() -> list[Status]:
    """The statuses of the runs that are kept, in order of start."""
    with RunStore() as store:
        return [run.status for run in reversed(store.runs())]


def test_closing_interrupts_what_trains_and_lets_nothing_begin() -> None:
    manager = TrainingManager()
    manager.start([config()])
    assert manager.close(PATIENCE)
    manager.start([config()])
    assert manager.close(PATIENCE)
    assert kept() == [Status.INTERRUPTED]


def test_a_run_that_the_user_stopped_stays_stopped_when_the_program_ends() -> None:
    manager = TrainingManager()
    manager.start([config()])
    manager.stop()
    assert manager.close(PATIENCE)
    assert kept() == [Status.STOPPED]
