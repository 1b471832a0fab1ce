"""The tab of a task: form, runs, log, and the views that the task names."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import AwaitMount, Widget
from textual.widgets import Button, Input, Static, TabbedContent, TabPane

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task
from rnn_tui.ui.frame.inside_door import InsideLook
from rnn_tui.ui.frame.late_part import LatePart
from rnn_tui.ui.frame.pane import sentence_for, show_line, with_key
from rnn_tui.ui.frame.pane_news import RunsChanged
from rnn_tui.ui.frame.requests import UNDER_WAY, TrainRequested
from rnn_tui.ui.frame.run_lines import how_it_ended
from rnn_tui.ui.frame.task_view import INSIDE_VIEW, BrokenView, TaskTab, TaskView, View
from rnn_tui.ui.frame.view_tabs import ViewTabs
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import mount_whole
from rnn_tui.ui.training.run_bar import RunBar, RunProgress
from rnn_tui.ui.work.threads import LatestQuestion
from rnn_tui.ui.work.training_manager import TrainingManager

if TYPE_CHECKING:
    from rnn_tui.archive.example import Example
    from rnn_tui.archive.weights import Source
    from rnn_tui.engine.config import RunConfig
    from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
    from rnn_tui.ui.training.form import LogView, SettingsForm

logger = logging.getLogger(__name__)
SEEDS_HELP = Path(__file__).with_name("seeds.md").read_text(encoding="utf-8")
FORM_WIDTH = 110  # columns from which there is room for the form beside its view


class TaskPane(TaskTab):
    """A task: its runs, a form and a log, and views of what came of the runs.

    Form and log are beside the first view, or in its place if the window is narrow.
    """

    DEFAULT_CLASSES = "task-pane"
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        Binding("escape", "leave_form", "Leave", key_display="Esc", tooltip="Leave the form"),
        key("preset", "preset", "Preset"),
        key(
            "find-rate",
            "find_rate",
            "Find rate",
            tooltip="Find a learning rate for the settings in the form",
        ),
        key("log", "log", "Log"),
        key("run", "next_run", "Next run", show=False, tooltip="Look at the next run"),
        key("clear", "clear", "Clear", tooltip="Clear the runs that have ended"),
    ]

    # by no query: the footer asks at every key
    _place = getters.child_by_id("form-place", Vertical)

    def __init__(
        self, task: Task, views: Sequence[View], runs: TrainingManager, data_dir: str | None
    ) -> None:
        """Make the tab of a task with these views, the first of which is made at once.

        Args:
            task: the task.
            views: of its runs, in the order of their tabs.
            runs: the runs of all tasks.
            data_dir: as in `RnnTuiApp`.
        """
        super().__init__()
        self.spec = task
        self._all_views = views  #: all views in the order of their tabs.
        self.runs = runs
        self.form: SettingsForm | None = None  #: None until it is made, after the first frame.
        #: whether the user has folded the form; None if that depends on the room.
        self.folded: bool | None = None
        has_seeds = task.config(task.default_cell).variants and "seeds" in task.settings
        self.help_text = task.help_text + (SEEDS_HELP if has_seeds else "")
        self._data_dir = data_dir
        self._log_wanted = False  #: whether the log is to be shown.
        #: the views by id, the one that was in front last first.
        self._views = {view.id: view for view in views}
        #: the contents of each view, by its id.
        self._contents = {
            view.id: LatePart[TaskView](partial(self._mount_view, view), Widget.remove)
            for view in views
        }
        self._chosen: str | None = None  #: the id of the run that is looked at.
        #: the id of the run in training that was last brought in view.
        self._followed: str | None = None
        self._ended: set[str] = set()  #: ids of runs whose end was reported.
        self._measuring = LatestQuestion["Example"](self, self._receive_example)
        self._example_asked = False  #: whether the example was asked for.
        self._example: Example | None = None  #: None until it is measured.
        self._replaying = LatestQuestion["Example | None"](self, self._receive_recorded)
        self._recorded_asked = False  #: whether the recorded training was asked for.
        self._recorded: Example | None = None  #: None until it is read.

    def compose(self) -> ComposeResult:
        first = self._all_views[0]
        yield Vertical(id="form-place")
        with Vertical(id="workspace"):
            yield from self.head()
            yield RunBar(self.spec, self.runs)
            with ViewTabs(id="views"):
                for number, view in enumerate(self._all_views, 1):
                    key = str(number) if number < 10 else ""
                    place = TabPane(with_key(key, view.title), id=view.id)
                    if view is first:  # the others once they are looked at
                        content = self._make_view(view)
                        self._contents[view.id].put(content)
                        place.compose_add_child(content)
                    yield place
            yield Static("", id="failure", markup=False)
            yield RunProgress(self.spec.unit)

    def head(self) -> ComposeResult:
        """Yield what is above the runs: nothing, for a subclass to replace."""
        yield from ()

    def _make_view(self, view: View) -> TaskView:
        """Make a view; if one of a plug-in can't be made, one that says so."""
        try:
            content: TaskView = view.load()(self, **view.options)
            if not isinstance(content, TaskView):
                raise TypeError(f"{view.factory} makes no TaskView")
        except Exception as error:  # noqa: BLE001 - of a stranger's code
            return self._broken_view(view, error)
        return content

    def _broken_view(self, view: View, error: Exception) -> BrokenView:
        """Make what is shown in place of a view that can't be made."""
        logger.error("view %s of task %s can't be made", view.id, self.spec.name, exc_info=error)
        return BrokenView(sentence_for(f"The view {view.title}", error))

    async def _mount_view(self, view: View) -> TaskView:
        """Make a view in its place; if that fails, one that says so."""
        place = self.query_one("#views", TabbedContent).get_pane(view.id)
        content = self._make_view(view)
        try:
            await mount_whole(place, content)
        except Exception as error:  # noqa: BLE001 - of a stranger's code
            content = self._broken_view(view, error)
            await place.mount(content)
        return content

    def on_mount(self) -> None:
        self.show_runs()
        self.focus_view()
        self.call_after_refresh(self._complete)

    async def _complete(self) -> None:
        """Make form and log, once the first frame is on screen."""
        # as slow to load as a frame to draw
        from rnn_tui.ui.training.form import LogView, SettingsForm

        form = SettingsForm(self.spec, self._data_dir)
        form_mounted = self._place.mount(form)
        await self.get_child_by_id("workspace").mount(LogView(), before="#failure")
        await form_mounted
        self.form = form
        self._report_news([state.run_id for state in self.states()], late=True)

    @property
    def whole(self) -> bool:
        return self.form is not None

    @property
    def takes_keys(self) -> bool:
        filling = any(
            worker.node is self and worker.group == "fill" and not worker.is_finished
            for worker in self.workers
        )
        return self.whole and not filling and self.content(self.view) is not None

    def content(self, view: str) -> TaskView | None:
        """Return the view of this id; None until all of it is there."""
        late_view = self._contents.get(view)
        content = None if late_view is None else late_view.part
        return content if content is not None and content.is_mounted else None

    @property
    def contents(self) -> list[TaskView]:
        """The views that are made, the one that was in front last first."""
        contents = map(self.content, self._views)
        return [content for content in contents if content is not None]

    def _show_view(self) -> None:
        """Bring the view in front up to date; make it, if it is looked at for the first time."""
        name = self.view
        if name not in self._views:
            return
        self._views = {name: self._views[name], **self._views}
        content = self.content(name)
        if content is not None:
            example = self._example_in(content)
            content.set_class(example is not None and not example.own, "-example")
            content.bring_up_to_date(self)
        else:
            self.run_worker(self._fill(name), group="fill")

    def on_weights_changed(self) -> None:
        """Weights of one view have changed, into which another one may look."""
        self._show_view()

    async def filled(self, name: str) -> TaskView:
        """Return the view of this id, made if it is not there yet.

        It has not been brought up to date.
        """
        needed = self._views[name].needs
        if needed is not None:
            await self.filled(needed)
        content = await self._contents[name].bring()
        await AwaitMount(self, [content])  # the first one is made with the pane
        return content

    async def _fill_again(self, name: str) -> None:
        """Try once more to make a view that could not be made."""
        if isinstance(self.content(name), BrokenView):  # no other visit was faster
            await self._contents[name].remove()
        await self._fill(name)

    async def _fill(self, name: str) -> None:
        """Make a view that is looked at for the first time."""
        await self.filled(name)
        if self.view == name:
            self.show_runs()
            self.focus_now(self.focus_view)

    def focus_view(self) -> None:
        content = self.content(self.view)
        if content is not None:
            content.focus_view()

    async def use_weights(self, source: "Source") -> None:
        """Let these weights answer in all views, and go to the first view that answers."""
        for name in self._views:
            await self.filled(name)
        for content in self.contents:
            content.use(source)
        answering = [view.id for view in self._all_views if view.answers]
        self.go_to_view(answering[0] if answering else self.view)

    async def look_inside(self, digit: "DigitAtHand | int | None") -> None:
        """Let a network read this in the view Inside; None for what other views have at hand."""
        if INSIDE_VIEW not in self._views:
            self.notify("This task has no view Inside.")
            return
        view = await self.filled(INSIDE_VIEW)
        if isinstance(view, InsideLook):  # which it is not if it can't be made
            view.look_at(digit)
        self.go_to_view(INSIDE_VIEW)

    def states(self) -> list[RunState]:
        """Return the runs of this task, in order of start."""
        states = self.runs.states.values()
        return [state for state in states if state.config.task == self.spec.name]

    @property
    def evaluation(self) -> Any:
        """The evaluation of the run that is looked at; None if there is none."""
        run = self.chosen
        return None if run is None else self.runs.evaluations.get(run.run_id)

    @on(Button.Pressed, "SettingsForm #train")
    def _train_button_pressed(self) -> None:
        self.action_train()

    @on(Input.Submitted, "SettingsForm Input")
    def _field_submitted(self) -> None:
        self.action_train()

    def action_train(self) -> None:
        """Ask for the runs that the form describes."""
        if self.form is None:  # a key pressed within the first tenth of a second
            if self.is_attached:  # or it would wait for ever
                self.app.set_timer(0.05, self.action_train)
            return
        configs = self._configs()
        if configs:
            self.post_message(TrainRequested(configs))

    def _configs(self) -> "list[RunConfig]":
        """Return the runs that the form describes; none if it is wrong, with a notification."""
        assert self.form is not None
        try:
            return self.form.configs()
        except SettingError as error:
            self.fold_form(False)
            self.notify(str(error), severity="error")
            return []

    def action_find_rate(self) -> None:
        """Try learning rates with the first cell of the form, never while a run trains."""
        if self.form is None:
            return
        if self.runs.busy:
            self.notify(UNDER_WAY, severity="warning")
            return
        configs = self._configs()
        if configs:
            # charts, on use only
            from rnn_tui.ui.training.learning_rates import LearningRateScreen

            self.app.push_screen(LearningRateScreen(configs[0], self.runs), self._use_rate)

    def _use_rate(self, rate: float | None) -> None:
        """Put the learning rate that was chosen into the form; None if none was."""
        if rate is not None and self.form is not None:
            self.fold_form(False)
            self.form.take_learning_rate(rate)
        self.app.refresh_bindings()

    def take_settings(self, config: "RunConfig") -> None:
        """Fill the form in with these settings, and say which it has no field for."""
        assert self.form is not None
        self.fold_form(False)
        self.form.focus_first()
        left_out = self.form.fill(config)
        if left_out:
            text = f"The form has no field for {', '.join(left_out)}; the preset gives the values."
            self.notify(text, severity="warning", timeout=8)

    def train_settings(self, config: "RunConfig") -> None:
        """Train these settings, which the form has from then on: `t` trains them again."""
        assert self.form is not None
        self.show_tab(self._all_views[0].id)
        self.form.fill(config)
        self.action_train()

    def started(self, run_ids: list[str]) -> None:
        """The app has started these runs, or has resumed one."""
        for run_id in run_ids:  # one that is resumed will end a second time
            self._ended.discard(run_id)
            self._log.forget(run_id)
        self._chosen = run_ids[0]
        if self.in_form or self.alone:
            self.folded = None
        self.show_training()
        self.place_form()
        self.focus_view()
        self.show_runs()

    def memento(self) -> Callable[[], object]:
        chosen, folded = self._chosen, self.folded

        def put_back() -> None:
            self._chosen, self.folded = chosen, folded
            self.place_form()
            self.show_runs()

        return put_back

    def action_next_run(self) -> None:
        """Look at the next run; after the last at the first."""
        states = self.states()
        chosen = self.chosen
        if chosen is not None:
            following = states[(states.index(chosen) + 1) % len(states)]
            self._choose(following.run_id)

    def action_clear(self) -> None:
        """Forget the runs that have ended; the last of them may be what is shown then."""
        self.runs.clear_ended(self.spec.name)
        self._example = self._recorded = None
        self._example_asked = self._recorded_asked = False
        self.show_runs()

    def on_run_bar_chosen(self, event: RunBar.Chosen) -> None:
        self._choose(event.run_id)

    def on_view_tabs_shown(self) -> None:
        if self.in_form and not self.keys_first:
            self.screen.set_focus(None)  # the form goes, and with it the focus
        self.place_form()
        self.show_runs()
        if isinstance(self.content(self.view), BrokenView):
            self.run_worker(self._fill_again(self.view), group="fill")

    def on_runs_changed(self, event: RunsChanged) -> None:
        self._report_news(event.run_ids)
        if self.form is not None and not event.run_ids:  # PyTorch is loaded
            self.form.offer_devices()

    def _report_news(self, run_ids: Sequence[str], late: bool = False) -> None:
        """Show what is new of these runs, and look at a run that has just begun.

        Args:
            run_ids: ids of runs, of any task.
            late: whether this was made after the runs. Then what had ended is only logged.
        """
        active = self.runs.active
        if active is not None and active.run_id != self._followed:
            self._followed = self._chosen = active.run_id
        for state in self.states():
            if state.run_id in run_ids:
                notify = state.status.active or not late
                for line in self._log.follow(state):
                    if notify and line.level == "warning":
                        self.notify(line.text, severity="warning")
                self._report_end(state, notify)
        self.show_runs()

    def _choose(self, run_id: str) -> None:
        self._chosen = run_id
        self.show_runs()

    @property
    def chosen(self) -> RunState | None:
        """The run that is looked at: the one that was chosen, or the newest; None without runs."""
        states = {state.run_id: state for state in self.states()}
        if self._chosen not in states:
            self._chosen = next(reversed(states), None)
        return states.get(self._chosen or "")

    def show_runs(self) -> None:
        if not self.is_mounted:
            return
        states = self.states()
        chosen = self.chosen
        active = self.runs.active
        queued = [
            state for state in states if state.status is Status.LOADING and state is not active
        ]
        failed = chosen is not None and chosen.status is Status.FAILED
        self._ask_for_examples()
        example = self._example_in(self.content(self.view))
        self.query_one(RunBar).show(states, chosen, example)
        self.query_one(RunProgress).show(active if active in states else chosen, len(queued))
        show_line(self, "#failure", chosen.message if chosen is not None and failed else "")
        self._show_view()

    @property
    def example(self) -> "Example | None":
        return None if self.states() else self._example

    @property
    def recorded(self) -> "Example | None":
        return None if self.states() else self._recorded

    def _example_in(self, content: TaskView | None) -> "Example | None":
        """Return the example that a view shows, or else the user's last run; None for neither."""
        if content is not None and content.shows_results:
            return self.example
        recorded = self.recorded
        if content is not None and content.shows_training:
            return recorded
        return recorded if recorded is not None and recorded.own else None

    def _ask_for_examples(self) -> None:
        """Have the example of the view in front made, once PyTorch is loaded.

        Not in a page: a server has many pages that never load it.
        """
        content = self.content(self.view)
        if content is None or self.states() or not self.runs.engine_loaded:
            return
        # weights and the database, on use only
        from rnn_tui.archive.example import measure_example, recorded_example

        if content.shows_results and not self._example_asked:
            self._example_asked = True
            self._measuring.ask(partial(measure_example, self.spec))
        if content.shows_training and not self._recorded_asked:
            self._recorded_asked = True
            self._replaying.ask(partial(recorded_example, self.spec))

    async def _receive_example(self, outcome: "Example | str") -> None:
        if not isinstance(outcome, str):  # a task without weights that ship has no example
            self._example = outcome
            self._show_example()

    async def _receive_recorded(self, outcome: "Example | str | None") -> None:
        if not isinstance(outcome, str):
            self._recorded = outcome
            self._show_example()

    def _show_example(self) -> None:
        self.show_runs()
        self.app.refresh_bindings()

    def _report_end(self, state: RunState, notify: bool) -> None:
        """Log how a run has ended, once, and let views know; show a notice if that is wanted."""
        if state.status.active or state.run_id in self._ended:
            return
        self._ended.add(state.run_id)
        text, severity = how_it_ended(self.spec, state)
        self._log.write(text)
        if state.checkpoint:
            self._log.write(f"{state.config.label}: weights in {state.checkpoint}")
        # Where its charts are in front, the result is seen, and a notice would lie over it.
        seen = state.status is Status.FINISHED and self.is_on_screen and self.keys_first
        if notify and not seen:
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
        """Whether the form is shown in place of the view."""
        return self._place.display and self.app.size.width < FORM_WIDTH

    @property
    def in_form(self) -> bool:
        """Whether the form has the focus."""
        return self.form is not None and self.form.has_focus_within

    def show_training(self) -> None:
        """Bring the view that form and log belong to to the front."""
        if not self.keys_first:
            self.show_tab(self._all_views[0].id)

    def fold_form(self, fold: bool) -> None:
        """Fold the form, or show it, with the view that it belongs to."""
        self.folded = fold
        if not fold:
            self.screen.minimize()
            self.show_training()
        self.place_form()

    def on_resize(self) -> None:
        self.place_form()

    def place_form(self) -> None:
        """Show form and log where their view is in front."""
        # By styles of the parts: a class of the pane would have all that is in it styled anew.
        narrow = self.app.size.width < FORM_WIDTH
        folded = narrow if self.folded is None else self.folded
        self._place.display = self.keys_first and not folded
        self._place.styles.width = "1fr" if narrow else None
        self.get_child_by_id("workspace").display = not self.alone
        if self.form is not None:
            self.query_one("#log-lines").display = self.keys_first and self._log_wanted

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow keys only if there is something to leave, or a learning rate to find."""
        if action == "find_rate":
            return "learning_rate" in self.spec.settings
        if action == "leave_form":
            return self.in_form or self.alone
        return super().check_action(action, parameters)

    def action_focus_form(self) -> None:
        """Go to the form, or from there back to the view."""
        if self.in_form or self.alone:
            self.action_leave_form()
        elif self.form is not None:
            self.fold_form(False)
            self.form.focus_first()

    def action_leave_form(self) -> None:
        """Fold the form, and go back to the view."""
        if self.form is not None:
            self.fold_form(True)
            self.focus_view_soon()

    def action_preset(self) -> None:
        """Choose the next preset, and say what it does."""
        if self.form is not None:
            preset = self.form.next_preset()
            recipe, _, _ = preset.summary.partition(". ")
            self.notify(f"Preset {preset.name}: {recipe.rstrip('.')}.", timeout=4)

    def action_log(self) -> None:
        """Show the log, with its view; or hide it."""
        self._log_wanted = not self._log_wanted or not self.keys_first
        self.show_training()
        self.place_form()
