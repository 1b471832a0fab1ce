"""What the tabs of all tasks have in common: form, runs, charts, log, and the keys for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import RichLog, Static, TabbedContent, TabPane

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task
from rnn_tui.ui.shell import styles
from rnn_tui.ui.shell.messages import RunsChanged, TrainRequested
from rnn_tui.ui.shell.pane import Pane
from rnn_tui.ui.shell.view_tabs import ViewTabs
from rnn_tui.ui.training.manager import TrainingManager
from rnn_tui.ui.training.progress_line import ProgressLine
from rnn_tui.ui.training.run_bar import RunBar, RunChip

if TYPE_CHECKING:
    from rnn_tui.engine.config import RunConfig
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.training.settings_form import SettingsForm


class TaskPane(Pane):
    """Everything about one task: what to train on the left, what came of it on the right.

    Args:
        task: the task.
        runs: the runs of all tasks, owned by the app.
        data_dir: a torchvision root to train on in place of the data that ships.
    """

    DEFAULT_CLASSES = "task-pane"

    def __init__(self, task: Task, runs: TrainingManager, data_dir: str | None = None) -> None:
        super().__init__()
        self.spec, self.runs, self._data_dir = task, runs, data_dir
        self._chosen: str | None = None
        self._followed: str | None = None
        self._logged: dict[str, int] = {}
        self._told: set[str] = set()
        self._form: SettingsForm | None = None

    # What a subclass says.

    def training_view(self) -> Widget:
        """The first view, the one that the first frame shows."""
        raise NotImplementedError

    def other_views(self) -> Sequence[tuple[str, str, Widget]]:
        """Id, title and content of the views after the first one, made behind the first frame."""
        raise NotImplementedError

    def show_view(self, view: str, states: Sequence[RunState], chosen: RunState | None) -> None:
        """Bring the view of this id up to date."""
        raise NotImplementedError

    def figure(self, state: RunState) -> str:
        """The one figure that sums a finished run up."""
        raise NotImplementedError

    def end_sentence(self, state: RunState) -> str:
        """What a finished run came to."""
        raise NotImplementedError

    async def use_weights(self, source: Source) -> None:
        """Answer with these weights from now on, and show that."""
        raise NotImplementedError

    # The frame.

    def compose(self) -> ComposeResult:
        """Form, run bar, views, progress."""
        yield Vertical(id="form-place")
        with Vertical(id="workspace"):
            yield RunBar()
            with ViewTabs(id="views"), TabPane("Training", id="training"):
                yield self.training_view()
            yield Static("", id="failure", markup=False)
            yield ProgressLine(self.spec.unit)

    def on_mount(self) -> None:
        """Start with a chart in focus, so that single keys are commands."""
        self.show_runs()
        self.charts[0].focus()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Make the form and the tabs behind the first one, once the first frame is on screen."""
        # Imported here, as its widgets take as long to load as the first frame does to draw.
        from rnn_tui.ui.training.settings_form import SettingsForm  # noqa: PLC0415

        styles.read_others(self.app)
        form = SettingsForm(self.spec, self._data_dir)
        await self.query_one("#form-place").mount(form)
        log = RichLog(id="log-lines", wrap=True, markup=False, max_lines=1000)
        tabs = self.query_one("#views", TabbedContent)
        for name, title, content in (*self.other_views(), ("log", "Log", log)):
            await tabs.add_pane(TabPane(title, content, id=name))
        self._form = form

    @property
    def complete(self) -> bool:
        """Whether all parts are there, those that come after the first frame too."""
        return self._form is not None

    def states(self) -> list[RunState]:
        """The runs of this task, in order of start."""
        return [s for s in self.runs.states.values() if s.config.task == self.spec.name]

    def evaluation(self, state: RunState | None) -> Any:
        """What the evaluation found of a run, or None."""
        return self.runs.evaluations.get(state.run_id) if state else None

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

    def take_settings(self, config: RunConfig) -> list[str]:
        """Fill the form in with these settings; returns those that it has no field for."""
        assert self._form is not None
        self.remove_class("-form-away")
        left_out = self._form.fill(config)
        self._form.focus_first()
        return left_out

    def started(self, run_ids: list[str]) -> None:
        """The app has started these runs."""
        self._chosen = run_ids[0]
        self.add_class("-form-away")
        self.show_tab("training")
        self.charts[0].focus()
        self.show_runs()

    def action_focus_form(self) -> None:
        """Go to the form, or from the form back to the view."""
        form = self._form
        if form is None:
            return
        if self.app.focused is not None and form in self.app.focused.ancestors:
            self.add_class("-form-away")
            self.call_after_refresh(self.focus_view)
        else:
            self.remove_class("-form-away")
            form.focus_first()

    def action_next_run(self) -> None:
        """Look at the next run."""
        ids = [state.run_id for state in self.states()]
        if ids:
            at = ids.index(self._chosen) if self._chosen in ids else -1
            self._choose(ids[(at + 1) % len(ids)])

    def action_clear(self) -> None:
        """Take the runs of this task that have ended off the charts."""
        self.runs.clear_ended(self.spec.name)
        self.show_runs()

    # What happens around it.

    def on_settings_form_submitted(self) -> None:
        """Train."""
        self.action_train()

    def on_run_bar_chosen(self, event: RunBar.Chosen) -> None:
        """Look at the run that was clicked."""
        self._choose(event.run_id)

    def on_tabbed_content_tab_activated(self) -> None:
        """Draw what has come into view; where the screen is narrow, in place of the form."""
        if self.view != "training":
            self.add_class("-form-away")
        self.show_runs()
        self.app.refresh_bindings()

    def on_runs_changed(self, event: RunsChanged) -> None:
        """Draw new figures, and say how a run ended."""
        active = self.runs.active
        if active is not None and active.run_id != self._followed:
            self._followed = self._chosen = active.run_id
        for run_id in event.run_ids:
            state = self.runs.states.get(run_id)
            if state is not None and state.config.task == self.spec.name:
                self._write_log(state)
                self._tell_end(state)
        self.show_runs()

    def ended(self, state: RunState) -> None:
        """A run has ended; for a subclass that has something to do then."""

    def _choose(self, run_id: str) -> None:
        self._chosen = run_id
        self.show_runs()

    def focus_view(self) -> None:
        """Give the focus to the first thing in the view that takes it; a field is no such thing.

        Whoever goes through the views with a letter must not find it typed.
        """
        active = self.query_one("#views", TabbedContent).active_pane
        targets: list[Widget] = [
            widget for widget in (active.query("*") if active else []) if widget.focusable
        ]
        (targets[0] if targets else self.query_one("#views Tabs")).focus()

    @property
    def chosen(self) -> RunState | None:
        """The run that is looked at."""
        states = {state.run_id: state for state in self.states()}
        if self._chosen not in states:
            self._chosen = next(reversed(states), None)
        return states.get(self._chosen or "")

    def show_runs(self) -> None:
        """Bring whatever is visible up to date."""
        if not self.is_mounted:
            return
        states, chosen = self.states(), self.chosen
        chips = [
            RunChip(s.run_id, s.config.label, self._figure_of(s), self.runs.colour(s.run_id))
            for s in states
        ]
        hint = f" t trains · ? helps · {self.runs.note}"
        self.query_one(RunBar).show(chips, chosen.run_id if chosen else None, hint)
        active = self.runs.active
        waiting = sum(s.status is Status.LOADING for s in states if s is not active)
        self.query_one(ProgressLine).show(active if active in states else chosen, waiting)
        failed = chosen is not None and chosen.status is Status.FAILED
        self.query_one("#failure", Static).update(chosen.message if chosen and failed else "")
        self.set_class(failed, "-failed")
        self.show_view(self.view, states, chosen)

    def _figure_of(self, state: RunState) -> str:
        return self.figure(state) if state.status is Status.FINISHED else state.status.value

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
        text, severity = self._end_of(state)
        log = self.query_one("#log-lines", RichLog)
        log.write(text)
        if state.checkpoint:
            log.write(f"{state.config.label}: weights in {state.checkpoint}")
        self.notify(text, severity=severity, markup=False, timeout=8)
        self.ended(state)

    def _end_of(self, state: RunState) -> tuple[str, Any]:
        """A sentence on how a run ended, and its severity."""
        name = state.config.label
        if state.status is Status.FAILED:
            return f"{name}: {state.message}", "error"
        if state.status is Status.STOPPED:
            kept = " The weights are kept." if state.checkpoint else ""
            return f"{name} was stopped at step {state.step:,}.{kept}", "information"
        return f"{name}: {self.end_sentence(state)}", "information"
