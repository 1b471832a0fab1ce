"""`rnn-tui train sequences FILE --folds K`: a run of each fold, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.columns import LONGEST_NAME
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore, existing_store
from rnn_tui.cli import output
from rnn_tui.cli.results import TrainingOutput
from rnn_tui.cli.training_run import train_run
from rnn_tui.data import store as data_store
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.tables import columns_of_cells
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.cross_validation import CrossValidation, FoldResult

NETWORKS = "networks"  #: the row of what was trained, beside those of naive answers.


@dataclass(frozen=True, kw_only=True)
class FoldsRequest:
    """Train a run of each fold of a file; folds that were trained so before are not trained again.

    Raises:
        SettingError: if a run has several networks, of which the best would be chosen by the test.
    """

    configs: tuple[RunConfig, ...]  #: of each fold, in their order.
    name: str | None  #: what to call the runs, before the number of the fold; None for automatic.
    as_json: bool
    quiet: bool

    def __post_init__(self) -> None:
        if len(self.configs[0].variants) > 1:
            raise SettingError(
                "Folds compare one network with naive answers: say one hidden size and one loss."
            )

    def name_of(self, number: int) -> str | None:
        """Return what to call the run of a fold; None for an automatic name."""
        if self.name is None:
            return None
        end = f" fold {number} of {len(self.configs)}"
        return f"{self.name[: LONGEST_NAME - len(end)]}{end}"


def train_folds(request: FoldsRequest) -> int:
    """Train what is missing, and show the figures of all folds; returns the exit code."""
    control = Control()
    states: list[RunState] = []
    with stopping_on_signals(control.stop_by_signal) as signals:
        for number, config in enumerate(request.configs, 1):
            state, losses = _state_of_fold(request, number, config, control)
            for sentence in losses:
                output.say(sentence)
            if state.status is Status.STOPPED or signals:
                done = count_of(len(states), "fold")
                output.say(f"{done} of {len(request.configs)} done; the same command goes on.")
                return output.stopped(signals)
            if losses or state.status is not Status.FINISHED:
                return output.FAILURE
            states.append(state)
    results = _results(states)
    if request.as_json:
        output.print_json(results.document())
    else:
        _print(results)
    return output.OK


def _state_of_fold(
    request: FoldsRequest, number: int, config: RunConfig, control: Control
) -> tuple[RunState, Sequence[str]]:
    """Return the state of a fold's run at its end, trained now unless it was before; and losses."""
    run = _run_with(config)
    state = RunState(new_run_id(), config)
    if run is not None:
        with RunStore() as store:
            state = store.state(run)
        if run.status is Status.FINISHED:
            return state, ()
    # one document of all folds comes at the end, so each is silent at its own
    results = TrainingOutput(state, as_json=True, quiet=request.quiet)
    with results.bar:
        _, losses = train_run(state, run, results.emit, control, name=request.name_of(number))
    return results.state, losses


def _run_with(config: RunConfig) -> RunRecord | None:
    """Return a run with these settings: one that has finished, or else one to go on with."""
    with existing_store() as store:
        runs = [] if store is None else store.runs(config.task)
    alike = [run for run in runs if run.status is not Status.DAMAGED and run.config == config]
    finished = [run for run in alike if run.status is Status.FINISHED]
    unfinished = [run for run in alike if run.status.resumable or run.status.active]
    return next(iter([*finished, *unfinished]), None)


def _results(states: Sequence[RunState]) -> CrossValidation:
    """Return what the runs of all folds say together; naive answers take seconds."""
    folds = [_fold_result(number, state) for number, state in enumerate(states, 1)]
    task = TASKS[states[0].config.task]
    measured = {name for fold in folds for name in fold.values}
    metrics = [
        metric
        for metric in states[0].metric_definitions
        if metric.stage == "test" and metric.name in measured
    ]
    return CrossValidation(folds, metrics, task.metric(task.headline))


def _fold_result(number: int, state: RunState) -> FoldResult:
    from rnn_tui.data.data_set import TEST  # numpy, on use
    from rnn_tui.tasks.data_sets.baselines import baselines_of

    name = state.config.task
    data_set = data_store.load(name)
    tested = data_set.of_part(TEST).tolist()
    groups = dict.fromkeys(data_set.origin.group(index) for index in tested)
    with RunStore() as store:
        run = store.find(state.run_id)
    return FoldResult(
        number=number,
        task=name,
        run=state.run_id,
        name=run.name,
        groups=tuple(group for group in groups if group),
        test=len(tested),
        values=state.replica_results,
        baselines=baselines_of(name),
    )


def _print(results: CrossValidation) -> None:
    """Print a table of the folds by the headline, one of all figures, and the verdict."""
    headline = results.headline
    names = [name for name, figures in results.baselines.items() if headline.name in figures]
    heads = ["fold", "test", NETWORKS, *names]
    right = ("fold", NETWORKS, *names)
    rows = [_fold_row(fold, headline, names) for fold in results.folds]
    print(f"{headline.title}, by fold")
    output.print_table(columns_of_cells(heads, right=right), rows)
    print("", f"Over {results.in_words}: mean ± sd", sep="\n")
    heads = ["figure", NETWORKS, *names]
    figures = [_figure_row(results, metric, names) for metric in results.metrics]
    output.print_table(columns_of_cells(heads, right=(NETWORKS, *names)), figures)
    verdict = results.verdict()
    if verdict is not None:
        print("", verdict.sentence, sep="\n")


def _fold_row(fold: FoldResult, headline: Metric, names: Sequence[str]) -> list[str]:
    naive = {baseline.name: baseline.figures for baseline in fold.baselines}
    return [
        str(fold.number),
        fold.tested,
        _cell(headline, Spread(fold.values[headline.name])),
        *(_cell(headline, _spread_of(naive, name, headline)) for name in names),
    ]


def _spread_of(naive: dict[str, Any], name: str, metric: Metric) -> Spread | None:
    figure = naive.get(name, {}).get(metric.name)
    return None if figure is None else Spread((figure,))


def _figure_row(results: CrossValidation, metric: Metric, names: Sequence[str]) -> list[str]:
    naive = results.baselines
    unit = f" ({metric.unit})" if metric.unit else ""
    return [
        f"{metric.label}{unit}",
        _cell(metric, results.spread(metric)),
        *(_cell(metric, naive[name].get(metric.name)) for name in names),
    ]


def _cell(metric: Metric, spread: Spread | None) -> str:
    return "–" if spread is None else metric.format_spread(spread)
