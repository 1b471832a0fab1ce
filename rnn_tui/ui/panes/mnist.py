"""The MNIST tab: what to train on the left, what came of it on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import RichLog, Static, TabbedContent, TabPane

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.base import TaskSpec
from rnn_tui.ui.messages import RunsChanged, TrainRequested
from rnn_tui.ui.panels.training_view import TrainingView
from rnn_tui.ui.runs import RunManager
from rnn_tui.ui.widgets.chart import Chart
from rnn_tui.ui.widgets.progress_line import ProgressLine
from rnn_tui.ui.widgets.run_bar import RunBar, RunChip

if TYPE_CHECKING:
    from rnn_tui.ui.panels.settings_form import SettingsForm

HELP = """\
# MNIST, read row by row

A recurrent network reads each image as 28 time steps of 28 pixels, top to bottom, and names the
digit. The **form** says what to train; an empty number stands for the preset's value, which is
shown dimmed. Several models are trained one after another and drawn together, one colour a run.

**Training** shows loss (line: training, marks: validation) and validation accuracy. **Test** has
the accuracy on the 10,000 test images beside the published one, and ten of the images. In
**Confusion** and **Misread** one sees which digits were taken for which.
"""

LOADING_NOTE = "loading PyTorch …"


class MnistPane(Horizontal):
    """Everything about MNIST.

    Args:
        task: the task.
        runs: the runs, owned by the app.
        data_dir: a torchvision root to train on in place of the data that ships.
    """

    help_text = HELP

    def __init__(self, task: TaskSpec, runs: RunManager, data_dir: str | None = None) -> None:
        super().__init__()
        self._spec, self._runs, self._data_dir = task, runs, data_dir
        self._chosen: str | None = None
        self._followed: str | None = None
        self._logged: dict[str, int] = {}
        self._told: set[str] = set()
        self.note = LOADING_NOTE
        self._form: SettingsForm | None = None

    def compose(self) -> ComposeResult:
        """Form, run bar, views, progress."""
        yield Vertical(id="form-place")
        with Vertical(id="workspace"):
            yield RunBar()
            with TabbedContent(id="views"), TabPane("Training", id="training"):
                yield TrainingView()
            yield Static("", id="failure", markup=False)
            yield ProgressLine()

    def on_mount(self) -> None:
        """Start with a chart in focus, so that single keys are commands."""
        self._show_runs()
        self.query_one("#loss-chart", Chart).focus()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Make the form and the tabs behind the first one, once the first frame is on screen."""
        # Imported here, as their widgets take as long to load as the first frame does to draw.
        from rnn_tui.ui.panels.confusion_view import ConfusionView  # noqa: PLC0415
        from rnn_tui.ui.panels.misread_view import MisreadView  # noqa: PLC0415
        from rnn_tui.ui.panels.result_view import ResultView  # noqa: PLC0415
        from rnn_tui.ui.panels.settings_form import SettingsForm  # noqa: PLC0415

        form = SettingsForm(self._spec, self._data_dir)
        await self.query_one("#form-place").mount(form)
        self._results, self._confusion = ResultView(self._spec), ConfusionView()
        self._misread = MisreadView()
        tabs = self.query_one("#views", TabbedContent)
        log = RichLog(id="log-lines", wrap=True, markup=False, max_lines=1000)
        for pane in (
            TabPane("Test", self._results, id="test"),
            TabPane("Confusion", self._confusion, id="confusion-tab"),
            TabPane("Misread", self._misread, id="misread"),
            TabPane("Log", log, id="log"),
        ):
            await tabs.add_pane(pane)
        self._form = form

    @property
    def view(self) -> str:
        """The id of the view in front."""
        return self.query_one("#views", TabbedContent).active

    # What the app's keys do here.

    def action_train(self) -> None:
        """Ask the app to train what the form says."""
        if self._form is None:  # a key pressed within the first tenth of a second
            self.set_timer(0.05, self.action_train)
            return
        try:
            configs = self._form.configs()
        except SettingError as error:
            self.remove_class("-form-away")
            self.notify(str(error), severity="error", title="Not started", markup=False)
            return
        self.post_message(TrainRequested(configs))

    def started(self, run_ids: list[str]) -> None:
        """The app has started these runs."""
        self._chosen = run_ids[0]
        self.add_class("-form-away")
        self.query_one("#views", TabbedContent).active = "training"
        self.query_one("#loss-chart", Chart).focus()
        self._show_runs()

    def action_next_view(self) -> None:
        """Go to the next view, and after the last to the first."""
        tabs = self.query_one("#views", TabbedContent)
        names = [pane.id or "" for pane in tabs.query(TabPane)]
        # The tab with the focus comes to the front: none must keep it when it is left.
        self.screen.set_focus(None)
        tabs.active = names[(names.index(tabs.active) + 1) % len(names)]
        self.call_after_refresh(self._focus_view)

    def action_focus_form(self) -> None:
        """Go to the form, or from the form back to the view."""
        form = self._form
        if form is None:
            return
        if self.app.focused is not None and form in self.app.focused.ancestors:
            self.add_class("-form-away")
            self.call_after_refresh(self._focus_view)
        else:
            self.remove_class("-form-away")
            form.focus_first()

    def action_full_screen(self) -> None:
        """Enlarge the chart in focus; then the other one; then neither."""
        loss, accuracy = self.query_one(TrainingView).charts
        screen = self.screen
        if screen.maximized is loss:
            target: Chart | None = accuracy
        elif screen.maximized is accuracy:
            target = None
        else:
            target = accuracy if self.app.focused is accuracy else loss
        if target is None:
            screen.minimize()
            return
        self.query_one("#views", TabbedContent).active = "training"
        screen.maximize(target, container=False)
        target.focus()

    def action_smoothing(self) -> None:
        """Smooth the training loss more, or not at all."""
        self.query_one(TrainingView).charts[0].action_cycle_smoothing()

    def action_log_axis(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        self.query_one(TrainingView).charts[0].action_toggle_log()

    def action_zoom_in(self) -> None:
        """Show half as many epochs."""
        self.query_one(TrainingView).zoom(1)

    def action_zoom_out(self) -> None:
        """Show twice as many epochs."""
        self.query_one(TrainingView).zoom(-1)

    def action_reset_view(self) -> None:
        """Show all epochs."""
        self.query_one(TrainingView).reset_view()

    def action_next_run(self) -> None:
        """Look at the next run."""
        ids = list(self._runs.states)
        if ids:
            at = ids.index(self._chosen) if self._chosen in ids else -1
            self._choose(ids[(at + 1) % len(ids)])

    def action_other_images(self) -> None:
        """Show ten other test images."""
        self._results.choose_others()

    def action_clear(self) -> None:
        """Take the runs that have ended off the charts."""
        self._runs.clear_ended()
        self._show_runs()

    # What happens around it.

    def on_settings_form_submitted(self) -> None:
        """Train."""
        self.action_train()

    def on_run_bar_chosen(self, event: RunBar.Chosen) -> None:
        """Look at the run that was clicked."""
        self._choose(event.run_id)

    def on_tabbed_content_tab_activated(self) -> None:
        """Draw what has come into view."""
        self._show_runs()
        self.app.refresh_bindings()

    def engine_loaded(self, note: str) -> None:
        """Show the engine's version in place of the sign that it loads."""
        self.note = note
        self._show_runs()

    def on_runs_changed(self, event: RunsChanged) -> None:
        """Draw new figures, and say how a run ended."""
        active = self._runs.active
        if active is not None and active.run_id != self._followed:
            self._followed = self._chosen = active.run_id
        for run_id in event.run_ids:
            state = self._runs.states.get(run_id)
            if state is not None:
                self._write_log(state)
                self._tell_end(state)
        self._show_runs()

    def _choose(self, run_id: str) -> None:
        self._chosen = run_id
        self._show_runs()

    def _focus_view(self) -> None:
        active = self.query_one("#views", TabbedContent).active_pane
        targets: list[Widget] = [
            widget for widget in (active.query("*") if active else []) if widget.focusable
        ]
        (targets[0] if targets else self.query_one("#views Tabs")).focus()

    def _show_runs(self) -> None:
        """Bring whatever is visible up to date."""
        if not self.is_mounted:
            return
        states = list(self._runs.states.values())
        if self._chosen not in self._runs.states:
            self._chosen = states[-1].run_id if states else None
        chosen = self._runs.states.get(self._chosen or "")
        examination = self._runs.examinations.get(self._chosen or "")
        chips = [
            RunChip(s.run_id, s.config.label, _figure(s), self._runs.colour(s.run_id))
            for s in states
        ]
        self.query_one(RunBar).show(chips, self._chosen, f" t trains · ? helps · {self.note}")
        waiting = sum(s.status is Status.LOADING for s in states if s is not self._runs.active)
        self.query_one(ProgressLine).show(self._runs.active or chosen, waiting)
        failed = chosen is not None and chosen.status is Status.FAILED
        self.query_one("#failure", Static).update(chosen.message if chosen and failed else "")
        self.set_class(failed, "-failed")
        match self.query_one("#views", TabbedContent).active:
            case "training":
                colours = {s.run_id: self._runs.colour(s.run_id) for s in states}
                self.query_one(TrainingView).show(states, colours, chosen)
            case "test":
                self._results.show(chosen, examination)
            case "confusion-tab":
                self._confusion.show(examination)
            case "misread":
                self._misread.show(examination)

    def _write_log(self, state: RunState) -> None:
        log = self.query_one("#log-lines", RichLog)
        seen = self._logged.get(state.run_id, 0)
        for line in state.log[seen:]:
            log.write(f"{state.config.label}: {line.text}")
            if line.level == "warning":
                self.notify(line.text, severity="warning", markup=False)
        self._logged[state.run_id] = len(state.log)

    def _tell_end(self, state: RunState) -> None:
        if state.status.active or state.run_id in self._told:
            return
        self._told.add(state.run_id)
        text, severity = _end_of(state, self._spec)
        log = self.query_one("#log-lines", RichLog)
        log.write(text)
        if state.checkpoint:
            log.write(f"{state.config.label}: weights in {state.checkpoint}")
        self.notify(text, severity=severity, markup=False, timeout=8)


def _figure(state: RunState) -> str:
    """The one figure that sums a run up, or how it stands."""
    if "test_accuracy" in state.results:
        return f"{state.results['test_accuracy']:.2f} %"
    return state.status.value


def _end_of(state: RunState, task: TaskSpec) -> tuple[str, Any]:
    """A sentence on how a run ended, and its severity."""
    name = state.config.label
    if state.status is Status.FAILED:
        return f"{name}: {state.message}", "error"
    if state.status is Status.STOPPED:
        kept = " The weights are kept." if state.checkpoint else ""
        return f"{name} was stopped at step {state.step:,}.{kept}", "information"
    accuracy = state.results["test_accuracy"]
    published = task.published["test_accuracy"][state.config.key]
    return (
        f"{name}: test accuracy {accuracy:.2f} % after {state.elapsed:.1f} s "
        f"(the report: {published:.2f} %).",
        "information",
    )
