"""What is seen of a sweep beside its trials: its workers, what came of it, how far it is."""

import time

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.runs.words import NOTHING, duration
from rnn_tui.sweeps.kept import Sweep, Trial
from rnn_tui.sweeps.running import Standing
from rnn_tui.sweeps.words import shown, shown_spread
from rnn_tui.ui.sweeps.table import share_of
from rnn_tui.ui.training.run_lines import ProgressLine
from rnn_tui.ui.widgets.plain import PlainTable

WORKER_HEADS = ("host", "address", "CPU", "memory", "trains")
NO_WORKERS = "No sweep is trained by this window now, so there are no workers to see."
BLOCKS = 12  # of a setting that alone matters


class SweepWorkers(Vertical):
    """The workers of the sweep under way, and what each of them does."""

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self.border_title = "Workers"

    def compose(self) -> ComposeResult:
        yield PlainTable(cursor_type="row", zebra_stripes=True, id="sweep-workers")
        yield Static(NO_WORKERS, id="sweep-no-workers", markup=False)

    def focus_view(self) -> None:
        self.query_one(PlainTable).focus()

    def show(self, standing: Standing | None, sweep: Sweep | None) -> None:
        """Show them; none where nothing is under way here."""
        workers = standing.workers if standing is not None else ()
        known = {run.run_id: trial for trial in (sweep.trials if sweep is not None else ()) for run in trial.runs}
        progress = standing.progress if standing is not None else {}
        rows = [
            (one.host, one.address, f"{one.cpu:.0f} %", f"{one.memory / 2**20:,.0f} MiB",
             ", ".join(_doing(known.get(run), run, progress.get(run, 0.0)) for run in one.runs) or NOTHING)
            for one in workers
        ]  # fmt: skip
        table, empty = self.query_one(PlainTable), self.query_one("#sweep-no-workers", Static)
        table.fill(WORKER_HEADS, rows)
        table.display, empty.display = bool(rows), not rows
        empty.update(standing.note if standing is not None else NO_WORKERS)


def _doing(trial: Trial | None, run_id: str, share: float) -> str:
    if trial is None:
        return f"a new trial {share:.0%}"
    seed = next(run.config.seed for run in trial.runs if run.run_id == run_id)
    return f"trial {trial.number}{f' seed {seed}' if trial.wanted > 1 else ''} {share:.0%}"


def best_in_words(sweep: Sweep) -> Content:
    """The best trial so far, with its settings."""
    best, metric = sweep.best, sweep.plan.of_task.metric(sweep.plan.metric)
    if best is None or best.spread is None:
        return Content.styled("Best: no trial has ended yet", "$text-muted")
    settings = ", ".join(f"{name} {shown(best.point[name])}" for name in sweep.plan.varied)
    figure = f"{metric.label} {shown_spread(sweep.plan, best.spread.values)} {metric.unit}".rstrip()
    return Content.assemble("Best: ", (f"★ trial {best.number}", "bold"), f"  {settings}: {figure}")


def importance_in_words(found: dict[str, float] | str) -> Content:
    """How much each setting matters, as bars; or why that is not known."""
    if isinstance(found, str) or not found:
        return Content.styled(
            f"Importance: {found or 'known once four trials have ended, with different figures'}", "$text-muted"
        )
    parts = [Content(f"{name} ") + Content.styled("━" * max(1, round(share * BLOCKS)), "$accent") + Content(f" {share:.0%}")
             for name, share in found.items()]  # fmt: skip
    return Content("Importance: ") + Content("   ").join(parts)


class SweepProgress(ProgressLine):
    """How far a sweep is, and how long the rest will take at the pace seen so far."""

    _since: tuple[str, float, float] | None = None  # of which sweep, when and where the pace was first seen

    def show(self, sweep: Sweep | None, note: str, paused: bool) -> None:
        """Draw it; `note` is what is waited for."""
        self.display = sweep is not None
        if sweep is None:
            return
        share = min(1.0, sum(map(share_of, sweep.trials)) / max(1, sweep.plan.count))
        numbers = f"{sweep.done:,} of {sweep.plan.count:,} trials"
        if sweep.running and share and not paused:
            if self._since is None or self._since[0] != sweep.name or self._since[2] > share:
                self._since = sweep.name, time.monotonic(), share
            _, when, begun = self._since
            if share > begun:
                numbers += f" · about {duration((time.monotonic() - when) * (1 - share) / (share - begun))} left"
        else:
            self._since = None
        self.draw("paused" if paused else note or sweep.status, share, numbers)
