"""How far the report rerun is, and how it ended: in words and as a bar."""

from textual.app import ComposeResult
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.widgets import Button

from rnn_tui.report.rows import Results
from rnn_tui.report.running import Standing
from rnn_tui.runs.words import duration
from rnn_tui.ui.report.training import ReportStatus
from rnn_tui.ui.training.run_lines import ProgressLine


class ReportProgress(ProgressLine):
    """The progress of the rerun under way, or of the plan that is looked at."""

    def compose(self) -> ComposeResult:
        yield Button("", id="report-train", variant="primary", compact=True)
        yield from super().compose()

    def show(self, now: Standing | None, *, training: bool, paused: bool, waits: str = "") -> None:
        """Draw how far it is, and whether that is in training here, or paused, or waits for its turn."""
        left = now.total - now.done - now.elsewhere if now is not None and not training else 0
        button = self.query_one("#report-train", Button)
        button.display = left > 0
        button.label = Content(f" t  Train {networks(left)} ")
        what = doing(now, training=training, paused=paused) + (waits if training else "")
        self.draw(what, now.share if now is not None else 0.0, numbers(now, training=training))


def doing(now: Standing | None, *, training: bool, paused: bool) -> str:
    """What is trained now, here or elsewhere; empty where nothing is, but could be."""
    if now is None:
        return "looking at the runs" if training else ""
    if training:
        what = now.work.label if now.work is not None else "looking at the runs"
        return f"{what}, paused" if paused else what
    if now.complete:
        return "complete"
    if now.elsewhere:
        return f"{networks(now.elsewhere)} in training elsewhere"
    return ""


def numbers(now: Standing | None, *, training: bool) -> str:
    """How many networks are done, and how long the rest will take."""
    if now is None:
        return ""
    done = f"{now.done} of {networks(now.total)}"
    if now.complete:
        return done
    if now.seconds_left is None:
        return f"{done} · time{' left' if training else ''} not known yet"
    about = f"about {duration(now.seconds_left)}"
    if training:
        return f"{done} · {about} left"
    return f"{done} · {about}" if now.seconds_left else done


def networks(count: int) -> str:
    """A number of networks."""
    return f"{count:,} network{'s' if count != 1 else ''}"


def told(report: ReportStatus, table: Results) -> tuple[str, SeverityLevel]:
    """How a rerun ended, in a sentence, and how grave that is."""
    now = report.standing
    if report.problem or now is None:
        return f"The rerun could not go on: {report.problem}", "error"
    at = f"{now.done} of {networks(now.total)} trained"
    if now.failures:
        many = "a run" if len(now.failures) == 1 else f"{len(now.failures)} runs"
        return f"The rerun ended with {at}; {many} failed. {now.failures[0]}", "error"
    if now.complete:
        text = f"The report is complete: {inside(table)}."
    elif now.runs_left:
        text = f"The rerun was stopped with {at}; t goes on from there."
    else:
        text = f"The rerun has {at}; {networks(now.elsewhere)} in training elsewhere will be added automatically."
    return text, "information"


def inside(table: Results) -> str:
    """How many published figures could be one more seed of ours, without a full stop."""
    known = [row.inside for row in table.rows if row.inside is not None]
    if not known:
        return "one seed tells too little"
    return f"{sum(known)} of {len(known)} published figures could be one more seed of ours"
