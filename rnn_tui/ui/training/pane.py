"""The tab of a task: form, runs, log, and the views that the task names."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import AwaitMount, Widget
from textual.widgets import Button, Input, Static, TabbedContent, TabPane

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.inside_door import InsideLook
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import show_line, with_key
from rnn_tui.ui.common.pane_news import RunsChanged
from rnn_tui.ui.common.requests import UNDER_WAY, TrainRequested
from rnn_tui.ui.common.run_lines import how_it_ended
from rnn_tui.ui.common.task_view import INSIDE_VIEW, BrokenView, TaskTab, TaskView, View
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.common.view_tabs import ViewTabs
from rnn_tui.ui.training.run_bar import RunBar, RunProgress

if TYPE_CHECKING:
    from rnn_tui.engine.config import RunConfig
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.common.digit_at_hand import Given
    from rnn_tui.ui.training.form import LogView, SettingsForm

logger = logging.getLogger(__name__)
SEEDS_HELP = Path(__file__).with_name("seeds.md").read_text(encoding="utf-8")
FORM_WIDTH = 110  # columns from which there is room for the form beside its view


class TaskPane(TaskTab):
    """A task: form and log, beside the first view or in its place, views of what came of it;
    `data_dir` as in `RnnTuiApp`.
    """

    DEFAULT_CLASSES = "task-pane"
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        Binding("escape", "leave_form", "Leave", show=False, tooltip="Leave the form"),
        key("preset", "preset", "Preset"),
        key(
            "find-rate",
            "find_rate",
            "Find rate",
            show=False,
            tooltip="Find a learning rate for what the form says",
        ),
        key("log", "log", "Log", show=False),
        key("run", "next_run", "Next run", show=False, tooltip="Look at the next run"),
        key("clear", "clear", "Clear", show=False, tooltip="Clear the runs that have ended"),
    ]

    # by no query: the footer asks at every key
    _place = getters.child_by_id("form-place", Vertical)

    def __init__(
        self, task: Task, views: Sequence[View], runs: TrainingManager, data_dir: str | None
    ) -> None:
        """Create the tab of a task with these views, the first of which is made at once."""
        super().__init__()
        self.spec, self.runs, self._data_dir = task, runs, data_dir
        self._all_views = views
        self.form: SettingsForm | None = None  #: it; None until it is there, after the first frame.
        #: whether it is folded, by the user; None: as there is room.
        self.folded: bool | None = None
        self._logs = False  # whether the log is shown
        seeds = task.config(task.default_cell).variants and "seeds" in task.settings
        self.help_text = task.help_text + (SEEDS_HELP if seeds else "")
        self._views = {view.id: view for view in views}  # the one looked at last first
        self._contents: dict[str, TaskView] = {}  # of those that were looked at
        self._chosen: str | None = None
        self._followed: str | None = None
        self._told: set[str] = set()

    def compose(self) -> ComposeResult:
        first = self._all_views[0]
        yield Vertical(id="form-place")
        with Vertical(id="workspace"):
            yield RunBar(self.spec, self.runs)
            with ViewTabs(id="views"):
                for number, view in enumerate(self._all_views, 1):
                    key = str(number) if number < 10 else ""
                    content = [self._made(view.id)] if view is first else []
                    yield TabPane(with_key(key, view.title), *content, id=view.id)
            yield Static("", id="failure", markup=False)
            yield RunProgress(self.spec.unit)

    def _made(self, name: str) -> TaskView:
        """Make a view; in place of one of a plug-in that can't be made, what is wrong with it."""
        view = self._views[name]
        try:
            content: TaskView = view.load()(self, **view.options)
            if not isinstance(content, TaskView):
                raise TypeError(f"{view.factory} makes no TaskView")
        except Exception as error:
            logger.exception("view %s of task %s can't be made", name, self.spec.name)
            reason = f"{type(error).__name__}: {printable(error, 120)}"
            content = BrokenView(
                f"The view {view.title} can't be shown ({reason}); the log file has the details."
            )
        self._contents[name] = content
        return content

    def on_mount(self) -> None:
        self.show_runs()
        self.focus_view()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Make form and log, once the first frame is on screen."""
        # as slow to load as a frame to draw
        from rnn_tui.ui.training.form import LogView, SettingsForm  # noqa: PLC0415

        form = SettingsForm(self.spec, self._data_dir)
        form_there = self._place.mount(form)
        await self.get_child_by_id("workspace").mount(LogView(), before="#failure")
        await form_there
        self.form = form
        self._hear([state.run_id for state in self.states()], late=True)

    @property
    def whole(self) -> bool:
        return self.form is not None

    @property
    def takes_keys(self) -> bool:
        filling = any(
            one.node is self and one.group == "fill" and not one.is_finished for one in self.workers
        )
        return self.whole and not filling and self.content(self.view) is not None

    def content(self, view: str) -> TaskView | None:
        """The view of this id; None until all of it is there."""
        made = self._contents.get(view)
        return made if made is not None and made.is_mounted else None

    @property
    def contents(self) -> list[TaskView]:
        """The views that are made, the one that was looked at last first."""
        return [view for name in self._views if (view := self.content(name)) is not None]

    def _show_view(self) -> None:
        """Bring the view in front up to date; make it, if it is looked at for the first time."""
        if (name := self.view) not in self._views:
            return
        self._views = {name: self._views[name], **self._views}
        if (content := self.content(name)) is not None:
            content.bring_up_to_date(self)
        else:
            self.run_worker(self._fill(name), group="fill")

    on_weights_changed = _show_view  # of one view: another one may look into them

    async def filled(self, name: str) -> TaskView:
        """The view of this id, made if it is not there; what it shows first is its own business."""
        if (needed := self._views[name].needs) is not None:
            await self.filled(needed)
        if name not in self._contents:
            self.query_one("#views", TabbedContent).get_pane(name).mount(self._made(name))
        await AwaitMount(self, [self._contents[name]])  # which another call may have begun
        return self._contents[name]

    async def _fill(self, name: str) -> None:
        content = await self.filled(name)
        if self.view == name:
            content.bring_up_to_date(self)
            self.focus_now(self.focus_view)

    def focus_view(self) -> None:
        if (content := self.content(self.view)) is not None:
            content.focus_view()

    async def use_weights(self, source: "Source") -> None:
        for name in self._views:
            await self.filled(name)
        for content in self.contents:
            content.use(source)
        self.go_to_view(next((one.id for one in self._all_views if one.answers), self.view))

    async def look_inside(self, what: "Given | int | None") -> None:
        """Let a network read this in the view Inside; None for what other views have at hand."""
        if INSIDE_VIEW not in self._views:
            self.notify("This task has no view Inside.")
            return
        view = await self.filled(INSIDE_VIEW)
        if isinstance(view, InsideLook):  # which it is not where it can't be made
            view.look_at(what)
        self.go_to_view(INSIDE_VIEW)

    def states(self) -> list[RunState]:
        """The runs of this task, in order of start."""
        return [s for s in self.runs.states.values() if s.config.task == self.spec.name]

    @property
    def evaluation(self) -> Any:
        """What the evaluation found of the run that is looked at, or None."""
        return self.runs.evaluations.get(self.chosen.run_id) if self.chosen else None

    @on(Button.Pressed, "SettingsForm #train")
    @on(Input.Submitted, "SettingsForm Input")
    def action_train(self) -> None:
        if self.form is None:  # a key pressed within the first tenth of a second
            self.app.set_timer(0.05, self.action_train)
            return
        if configs := self._configs():
            self.post_message(TrainRequested(configs))

    def _configs(self) -> "list[RunConfig]":
        """The runs that the form describes; none where it is at fault, which is said."""
        assert self.form is not None
        try:
            return self.form.configs()
        except SettingError as error:
            self.fold_form(False)
            self.notify(str(error), severity="error", title="Not started")
            return []

    def action_find_rate(self) -> None:
        """Try learning rates with the first cell of the form, never while a run trains."""
        if self.form is not None and self.runs.busy:
            self.notify(UNDER_WAY, severity="warning")
        elif self.form is not None and (configs := self._configs()):
            # charts, on use only
            from rnn_tui.ui.training.learning_rates import LearningRateScreen  # noqa: PLC0415

            self.app.push_screen(LearningRateScreen(configs[0], self.runs), self._take_rate)

    def _take_rate(self, rate: float | None) -> None:
        if rate is not None and self.form is not None:
            self.fold_form(False)
            self.form.take_learning_rate(rate)
        self.app.refresh_bindings()

    def take_settings(self, config: "RunConfig") -> None:
        """Fill the form in with these settings, and say which it has no field for."""
        assert self.form is not None
        self.fold_form(False)
        self.form.focus_first()
        if left_out := self.form.fill(config):
            text = f"The form has no field for {', '.join(left_out)}; the preset gives the values."
            self.notify(text, severity="warning", timeout=8)

    def started(self, run_ids: list[str]) -> None:
        """The app has started these runs, or goes on with one."""
        for run_id in run_ids:  # one that was stopped here before ends a second time
            self._told.discard(run_id)
            self._log.forget(run_id)
        self._chosen = run_ids[0]
        if self.in_form or self.alone:
            self.folded = None
        self.show_training()
        self.place_form()
        self.focus_view()
        self.show_runs()

    def action_next_run(self) -> None:
        states, chosen = self.states(), self.chosen
        if chosen is not None:
            self._choose(states[(states.index(chosen) + 1) % len(states)].run_id)

    def action_clear(self) -> None:
        self.runs.clear_ended(self.spec.name)
        self.show_runs()

    def on_run_bar_chosen(self, event: RunBar.Chosen) -> None:
        self._choose(event.run_id)

    def on_view_tabs_shown(self) -> None:
        if self.in_form:
            self.screen.set_focus(None)  # the form goes, and with it the focus
        self.place_form()
        self.show_runs()

    def on_runs_changed(self, event: RunsChanged) -> None:
        self._hear(event.run_ids)
        if self.form is not None and not event.run_ids:  # PyTorch is loaded
            self.form.offer_devices()

    def _hear(self, run_ids: Sequence[str], late: bool = False) -> None:
        """Take in what is new of these runs; of what had ended before, only the log tells."""
        if (active := self.runs.active) is not None and active.run_id != self._followed:
            self._followed = self._chosen = active.run_id
        for state in self.states():
            if state.run_id in run_ids:
                aloud = state.status.active or not late
                for line in self._log.follow(state):
                    if aloud and line.level == "warning":
                        self.notify(line.text, severity="warning")
                self._tell_end(state, aloud)
        self.show_runs()

    def _choose(self, run_id: str) -> None:
        self._chosen = run_id
        self.show_runs()

    @property
    def chosen(self) -> RunState | None:
        """The run that is looked at."""
        states = {state.run_id: state for state in self.states()}
        if self._chosen not in states:
            self._chosen = next(reversed(states), None)
        return states.get(self._chosen or "")

    def show_runs(self) -> None:
        if not self.is_mounted:
            return
        states, chosen = self.states(), self.chosen
        self.query_one(RunBar).show(states, chosen)
        active = self.runs.active
        waiting = sum(s.status is Status.LOADING for s in states if s is not active)
        self.query_one(RunProgress).show(active if active in states else chosen, waiting)
        show_line(
            self,
            "#failure",
            chosen.message if chosen is not None and chosen.status is Status.FAILED else "",
        )
        self._show_view()

    def _tell_end(self, state: RunState, aloud: bool) -> None:
        if state.status.active or state.run_id in self._told:
            return
        self._told.add(state.run_id)
        text, severity = how_it_ended(self.spec, state)
        self._log.write(text)
        if state.checkpoint:
            self._log.write(f"{state.config.label}: weights in {state.checkpoint}")
        # Where its charts are in front, the result is seen, and a notice would lie over it.
        if aloud and not (
            state.status is Status.FINISHED and self.is_on_screen and self.keys_first
        ):
            self.notify(text, severity=severity, timeout=8)
        for content in self.contents:
            content.run_ended(state)
        if self.form is not None:
            self.form.offer_devices()

    @property
    def _log(self) -> "LogView":
        return cast("LogView", self.query_one("#log-lines"))

    @property
    def keys_first(self) -> bool:
        return self.view == self._all_views[0].id

    @property
    def front_view(self) -> Widget | None:
        return None if self.alone else super().front_view

    @property
    def alone(self) -> bool:
        """Whether the form stands in place of the view."""
        return self._place.display and self.app.size.width < FORM_WIDTH

    @property
    def in_form(self) -> bool:
        return self.form is not None and self.form.has_focus_within

    def show_training(self) -> None:
        """Bring the view to the front that form and log belong to."""
        if not self.keys_first:
            self.show_tab(self._all_views[0].id)

    def fold_form(self, fold: bool) -> None:
        """Fold the form, or show it, with the view that it belongs to."""
        self.folded = fold
        if not fold:
            self.screen.minimize()
            self.show_training()
        self.place_form()

    def place_form(self) -> None:
        """Show form and log where their view is in front; by no class of the pane, which would
        style all that is in it anew.
        """
        narrow, place = self.app.size.width < FORM_WIDTH, self._place
        place.display = self.keys_first and not (narrow if self.folded is None else self.folded)
        place.styles.width = "1fr" if narrow else None
        self.get_child_by_id("workspace").display = not self.alone
        if self.form is not None:
            self.query_one("#log-lines").display = self.keys_first and self._logs

    on_resize = place_form

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No leaving of what one is not in, no search for what is no setting of the task."""
        if action == "find_rate":
            return "learning_rate" in self.spec.settings
        return (
            (self.in_form or self.alone)
            if action == "leave_form"
            else super().check_action(action, parameters)
        )

    def action_focus_form(self) -> None:
        if self.form is not None and (self.in_form or self.alone):
            self.fold_form(True)
            self.focus_view_soon()
        elif self.form is not None:
            self.fold_form(False)
            self.form.focus_first()

    action_leave_form = action_focus_form

    def action_preset(self) -> None:
        if self.form is not None:
            preset = self.form.next_preset()
            self.notify(preset.summary, title=f"Preset {preset.name}", timeout=4)

    def action_log(self) -> None:
        self._logs = not self._logs or not self.keys_first
        self.show_training()
        self.place_form()
