"""Does what `rnn-tui sweep` was asked for: reads sweeps from the store, and trains them."""

from rnn_tui.cli import output
from rnn_tui.cli.sweep.request import TrainSweepRequest
from rnn_tui.cli.sweep.results import SweepResult, SweepSize, TrainingResults
from rnn_tui.engine.errors import ClusterError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.sweeps.dispatch import train_on_workers
from rnn_tui.sweeps.places import TrainingPlace
from rnn_tui.sweeps.plan import SweepPlan, wall_seconds
from rnn_tui.sweeps.store import Sweep, SweepStore
from rnn_tui.sweeps.trials import Trials, importance


def all_sweeps() -> list[Sweep]:
    """Read all sweeps, the newest first."""
    if not run_database().exists():  # reading makes no database
        return []
    with SweepStore() as store:
        return store.sweeps(output.say)


def result_of(sweep: Sweep) -> SweepResult:
    """Return the results of a sweep so far."""
    try:
        return SweepResult(sweep, importance(sweep.plan, sweep.trials))
    except ClusterError:
        return SweepResult(sweep, None)


def size_of(plan: SweepPlan, place: TrainingPlace) -> SweepSize:
    """Return the size of a sweep, with an estimate of its time."""
    workers = place.worker_count
    seconds = wall_seconds(plan, workers)
    return SweepSize(plan, workers, seconds)


def train(request: TrainSweepRequest) -> int:
    """Train a new sweep, or what an earlier one lacks; returns the exit code."""
    size = None if request.quiet else size_of(request.plan, request.place)
    with SweepStore() as store:
        sweep = request.resumed or store.add_sweep(request.name, request.plan)
    control = Control()
    results = TrainingResults(sweep, control, as_json=request.as_json, quiet=request.quiet)
    results.begin(size)
    with stopping_on_signals(control.stop_by_signal) as received:
        with results.bar, Trials(sweep, results.trial_ended) as trials:
            train_on_workers(
                request.place, sweep.name, trials, control, results.take, shared=request.shared
            )
        with SweepStore() as store:
            trained = store.sweep(sweep.name)
        result = result_of(trained)
        results.end(result)
    if control.stopping:
        return output.stopped(received)
    return output.FAILURE if results.any_failed else output.OK
