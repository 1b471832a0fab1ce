"""The line that compares a run with naive answers to its data set."""

from functools import partial

from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.data_sets.baselines import BaselineVerdict, baselines_of, verdict
from rnn_tui.tasks.task import Task
from rnn_tui.ui.work.threads import LatestQuestion

FAILURE = "The networks can't be compared with naive answers; the log file has the details."
COMPARING = "The networks are compared with naive answers …"
REFRESHES = 2  # a second


class ComparisonLine(Static):
    """Says whether the networks of a finished run beat the best naive answer."""

    def __init__(self, task: Task) -> None:
        super().__init__("", id="comparison", markup=False)
        self._spec = task
        self._run_id = ""  #: the id of the run that is compared.
        self._asking = LatestQuestion[BaselineVerdict | None](self, self._receive, FAILURE)
        self._progress = Progress()  #: of the comparison that was asked for last.
        self.display = False

    def on_mount(self) -> None:
        self.set_interval(1 / REFRESHES, self._show_progress)

    def on_unmount(self) -> None:
        self._progress.stop()  # else the process would wait for it

    def compare(self, run: RunState | None) -> None:
        """Compare a run, the first time in seconds; nothing is said of one without a test."""
        values = () if run is None else run.replica_results.get(self._spec.headline, ())
        if run is None or run.status is not Status.FINISHED or not values:
            self._run_id = ""
            self._progress.stop()
            self._asking.forget()
            self.display = False
        elif run.run_id != self._run_id:
            self._run_id = run.run_id
            self.display = True
            self.update(Content.styled(COMPARING, "$foreground 60%"))
            self._progress.stop()
            self._progress = Progress()
            self._asking.ask(partial(_compared, self._spec.name, run, values, self._progress))

    def _show_progress(self) -> None:
        if self._run_id and self._asking.busy and self._progress.done:
            share = f"{COMPARING} {100 * self._progress.share:.0f} %"
            self.update(Content.styled(share, "$foreground 60%"))

    async def _receive(self, outcome: "BaselineVerdict | str | None") -> None:
        if isinstance(outcome, str):
            self.update(Content(outcome))
        elif outcome is None:
            self.display = False
        else:
            style = "$text-success" if outcome.beats else "$text-warning"
            self.update(Content.styled(outcome.sentence, style))


def _compared(
    name: str, run: RunState, values: tuple[float, ...], progress: Progress
) -> BaselineVerdict | None:
    """Compare a run in a thread; raises `DataError` if the data set was deleted."""
    return verdict(run.config, values, baselines_of(name, progress))
