"""The app: its tabs and keys, and what its views ask of it."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events, on, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from rnn_tui.engine.awaits import LoopWatch, awaiting
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.files.paths import fault_message, run_database
from rnn_tui.tasks import BROKEN_PLUGINS, TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.ui.app.clipboard import as_text
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.app.front_screen import FrontScreen
from rnn_tui.ui.app.garbage import GarbageCollection
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.app.key_queue import KeyQueue
from rnn_tui.ui.app.news import News
from rnn_tui.ui.app.palette import commands
from rnn_tui.ui.app.preferences import apply_preferences, keep_preference
from rnn_tui.ui.app.tabs import (
    HOME,
    RUNS,
    SWEEPS,
    AppTabs,
    Tab,
    all_tabs,
    bindings,
    is_opened,
    tab_of,
)
from rnn_tui.ui.app.task_views import TRAINING, plugin_views, views_of
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from rnn_tui.ui.frame import requests
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.pane import Pane
from rnn_tui.ui.frame.sheets import FIRST_SHEETS, read_late_sheets
from rnn_tui.ui.frame.view_tabs import ViewTabs
from rnn_tui.ui.home.pane import HomePane
from rnn_tui.ui.terminal.key_table import KEYS, MOVES, key
from rnn_tui.ui.terminal.textual_workarounds import add_keys
from rnn_tui.ui.work.threads import StoreAccess, telling

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.ui.app.data_sets import DataSetTab
    from rnn_tui.ui.runs.pane import RunsPane
    from rnn_tui.ui.sequences.pane import SequencesPane
    from rnn_tui.ui.training.pane import TaskPane
    from rnn_tui.ui.work.training_manager import TrainingManager

SECONDS_OF_REST = 1.0  # without a key, until something is measured
SECONDS_TO_HAND_OVER = 10.0  # the time of a sweep's workers before the app quits
FUNCTION_KEY = re.compile(r"f\d+")  # as Textual calls it
BRINGS_VIEW = "brings a view"  # the group of workers after which keys are for a view
# What is handled one after the other.
IN_TURN = (events.Key, events.Paste, events.AppFocus, events.AppBlur)
logger = logging.getLogger(__name__)


class RnnTuiApp(HostApp):
    """Train, watch and question small recurrent networks."""

    TITLE = "rnn-tui"
    # The sheets that the first frame needs; the others are read after it.
    CSS_PATH = [*FIRST_SHEETS]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (160, "-very-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]
    BINDINGS = [
        key("stop", "stop", "Stop", tooltip="Stop training and keep the weights"),
        key("pause", "pause(True)", "Pause", tooltip="Pause training"),
        key("pause", "pause(False)", "Unpause", tooltip="Unpause the training"),
        key("copy", "copy", "Copy", show=False, tooltip="Copy the chart or table in focus as text"),
        key("guide", "guide", "Guide"),
        key("own-network", "open_network", "Own network"),
        key("help", "help", "Help", tooltip="This help"),
        key("palette", "command_palette", "Commands", display="^p", priority=True),
        key("quit", "quit", "Quit", tooltip="Quit; asks first while training"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    loop: asyncio.AbstractEventLoop | None = None  #: the loop that the app runs in, once it does.

    def __init__(
        self,
        runs: "TrainingManager | None" = None,
        data_dir: str | None = None,
        rerun_overrides: Mapping[str, Mapping[str, Any]] | None = None,
        first: str = HOME,
    ) -> None:
        """Create the app.

        Args:
            runs: manages training; None to make it after the first frame.
            data_dir: the torchvision root, a folder with the data of the tasks that need some.
            rerun_overrides: settings of reruns, by task.
            first: the id of the tab in front.
        """
        super().__init__()
        # Textual would move the line under the tabs, which is hidden, 60 times a second after each
        # switch: a fifth of the switch's time again.
        self.animation_level = "none"
        self.register_theme(HIGH_CONTRAST)
        self.preferences = apply_preferences(self)
        self.store = StoreAccess()
        self._data_dir = data_dir
        self._rerun_overrides = _with_data(rerun_overrides or {}, data_dir)
        self._runs = runs
        self._data_set_tab: DataSetTab | None = None  #: made when that tab is first used.
        self._waiting: list[RunConfig] | None = None  #: what trains once another run has stopped.
        self._resuming = False  #: whether a run is about to go on.
        #: the time until which workers of a sweep may hand over.
        self._quit_by: float | None = None
        #: ends the process with an exit code and a sentence, in place of Textual.
        self.end_process: Callable[[int, str], object] | None = None
        tabs = all_tabs()
        self.tabs = AppTabs(tabs, first, self._make_pane)
        add_keys(self, BindingsMap(bindings(tabs)))
        self.keys = KeyQueue(self, self._handle_in_turn, self.takes_keys, self._askers)
        self._last_key = 0.0  #: when the last key came, on the monotonic clock.
        self.garbage: GarbageCollection | None = None  #: set by `ending.run`.

    def _make_pane(self, tab: Tab) -> Pane:
        """Make the contents of a tab, of which the first frame needs those of Home alone."""
        if tab.id == HOME:
            return HomePane(self._data_dir, TRAINING.module)
        read_late_sheets(self)
        if tab.task is not None:
            from rnn_tui.ui.training.pane import TaskPane  # as all below

            return TaskPane(tab.task, views_of(tab.task), self.runs, self._data_dir)
        if tab.id == RUNS:
            from rnn_tui.ui.runs.pane import RunsPane

            return RunsPane(self.runs, self.store)
        if tab.id == SWEEPS:
            from rnn_tui.ui.sweeps.pane import SweepsPane

            return SweepsPane(self.runs, self.store, self._data_dir)
        if tab.id == SEQUENCES:
            from rnn_tui.ui.sequences.pane import SequencesPane

            return SequencesPane()
        from rnn_tui.ui.papers.pane import PapersPane

        return PapersPane(self.runs, self.store, self._rerun_overrides)

    # Of every app.

    def notify(self, message: str, **options: Any) -> None:
        """Show a notice as it is, without markup: names of runs, files and plug-ins are in it."""
        super().notify(message, **options | {"markup": False})

    def get_default_screen(self) -> FrontScreen:
        return FrontScreen(self._in_front)

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield KeyFooter()

    def on_mount(self) -> None:
        """Load PyTorch after the first frame; listen for news."""
        self.news = News(self)
        self.call_after_refresh(self._begin_after_first_frame)

    def _begin_after_first_frame(self) -> None:
        if self.garbage is not None:
            self.garbage.begin()
        self.runs.load_engine()
        # on a busy machine it may have ticked already, found nothing, and paused
        self.news.timer.resume()
        problems = (*BROKEN_PLUGINS, *plugin_views().problems, *self.preferences.problems)
        for sentence in dict.fromkeys(problems):
            self.notify(sentence, severity="error", timeout=20)
        self.run_worker(self._offer_to_resume(), group="interrupted")

    async def run_async(self, **options: Any) -> int | None:
        self.loop = asyncio.get_running_loop()
        with LoopWatch("the app", self.loop, self._answer):
            return await super().run_async(**options)

    def _answer(self, answer: Callable[[], None]) -> None:
        """Call `answer` in the app's own queue, after the messages that wait there."""
        if not self.call_later(answer):  # it is being taken apart
            answer()

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End the app; in a terminal, and for a page, this ends the process."""
        if self.end_process is not None:
            self.end_process(return_code, "")
        super().exit(result, return_code, message)

    def handles_fault(self, error: Exception) -> bool:
        """End the app with a sentence in place of a traceback, and save the runs in training.

        Textual wraps the exception of a worker in one that has no traceback of its own.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self._exit:  # while the app is taken apart its parts may fail, which nobody sees
            logger.info("while the app ended", exc_info=cause)
            return True
        logger.error("the app failed", exc_info=cause)
        if self.end_process is None:
            return False
        self.end_process(1, f"rnn-tui: {fault_message(cast('Exception', cause))}\n")
        return True

    # Keys wait in a queue, and are handled in order.

    async def on_event(self, event: events.Event) -> None:
        """Queue keys, pastes and changes of the window's focus, to be handled in order.

        A key makes Textual assume that the window has the focus. So a waiting key must not overtake
        the event that says that it has lost it.
        """
        if event.is_forwarded or not isinstance(event, IN_TURN):
            await super().on_event(event)
            return
        self._last_key = time.monotonic()
        if self.garbage is not None:
            self.garbage.put_off()
        read_late_sheets(self)  # a key may bring what the first frame does not show
        await self.keys.put(event)

    async def _handle_in_turn(self, event: events.Event) -> None:
        """Handle an event whose turn it is; h, j, k and l are arrow keys outside fields."""
        if isinstance(event, events.Key) and event.key in MOVES and not self._is_typed(event):
            event = events.Key(MOVES[event.key], None)
        await super().on_event(event)

    def _is_typed(self, event: events.Key) -> bool:
        """Return whether what has the focus takes a key as a character."""
        focused = self.focused
        around = [] if focused is None else focused.ancestors_with_self
        return any(
            widget.check_consume_key(event.key, event.character)
            for widget in around
            if isinstance(widget, Widget)
        )

    async def on_key(self, event: events.Key) -> None:
        """Do what a key does in front, before Textual looks for what it does elsewhere."""
        if isinstance(self.screen, FrontScreen) and await self.screen.press(event.key):
            event.prevent_default()

    def _in_front(self) -> list[Widget]:
        """Return the widgets whose keys always count: the view in front and its pane."""
        pane = self.tabs.front
        if pane is None:  # the footer asks at any moment
            return []
        view = pane.front_view
        if view is None:
            return [pane]
        return [pane, view] if pane.keys_first else [view, pane]

    def _askers(self) -> list[DOMNode]:
        """Return the widgets that a key may concern: what is in front, and the focus."""
        focused = self.focused
        around = focused.ancestors_with_self if focused is not None else []
        in_front = [node for node in self._in_front()[:1] if node not in around]
        return [*in_front, *around[:1]]

    def takes_keys(self) -> bool:
        """Return whether pane and view in front are ready for keys.

        They have the focus, and a view that a key has asked for has come.
        """
        front = self.tabs.front
        if front is None or not front.takes_keys:
            return False
        return not (self._brings_view or front.focus_is_to_come)

    @property
    def keys_are_done(self) -> bool:
        return self.keys.empty and self.takes_keys()

    @property
    def draws(self) -> bool:
        return self.keys.draws

    @property
    def keys_waiting(self) -> int:
        """The number of waiting keys; the driver lets at most a thousand wait."""
        return self.keys.waiting

    async def rest(self) -> None:
        began = time.monotonic()
        while True:
            left = max(began, self._last_key) + SECONDS_OF_REST - time.monotonic()
            if left <= 0:
                return
            with awaiting("a pause between keys"):
                await asyncio.sleep(left)

    def get_key_display(self, binding: Binding) -> str:
        """Return the name of a key, as `F1` for what Textual calls `f1`."""
        name = super().get_key_display(binding)
        return name.upper() if FUNCTION_KEY.fullmatch(name) else name

    def shown_key(self, name: str) -> str:
        keys = (self.preferences.keys or {}).get(name, KEYS[name][0])
        first_key = keys.partition(",")[0]
        return self.get_key_display(Binding(first_key, ""))

    # Tabs.

    @property
    def pane(self) -> Pane:
        """The pane of the tab in front, once it is there; `tabs.front` says whether it is."""
        assert self.tabs.front is not None
        return self.tabs.front

    def focus_front(self) -> None:
        if self.tabs.front is not None:
            self.tabs.front.focus_view()

    def action_tab(self, name: str) -> None:
        self.tabs.go_to(name)

    async def bring(self, tab: str) -> Pane:
        if is_opened(tab):
            return await self.data_sets.bring(tab)
        name = tab_of(tab) if tab in TASKS else tab
        if name not in self.tabs.names:
            raise UserError(f"There is no tab {printable(tab)}.")
        return await self.tabs.bring(name)

    @on(ViewTabs.Shown)
    def _leave_full_screen(self) -> None:
        """Let a chart leave full screen with its view."""
        for screen in self.screen_stack[:1]:  # there is none if the app ends meanwhile
            screen.minimize()

    @on(ViewTabs.Shown, "#tasks")
    async def _go_to_tab(self, event: ViewTabs.Shown) -> None:
        """Fill a tab that is looked at for the first time."""
        await self.tabs.show(event.name)

    async def _bring_task(self, name: str) -> "TaskPane":
        """Bring a task to the front; returns its pane, once all of it is there.

        Raises:
            DataError: if it is a data set that was deleted, or is damaged.
        """
        return cast("TaskPane", await self.bring(name))

    @property
    def data_sets(self) -> "DataSetTab":
        """The list of data sets and tasks without a tab, and the one that is open."""
        if self._data_set_tab is None:
            from rnn_tui.ui.app.data_sets import DataSetTab  # on use only

            self._data_set_tab = DataSetTab(self.tabs, lambda: self.runs, views_of)
        return self._data_set_tab

    @property
    def _brings_view(self) -> bool:
        """Whether a requested view is on its way to the front."""
        return any(
            worker.group == BRINGS_VIEW and not worker.is_finished for worker in self.workers
        )

    # What keys do everywhere.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stop only while something trains, pause only what runs, resume only what is paused."""
        if action == "stop":
            return self.busy
        if action == "pause":
            return self.busy and self.runs.paused is not parameters[0]
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        self.runs.stop()

    def action_pause(self, pause: bool) -> None:
        self.runs.pause(pause)
        self.refresh_bindings()

    async def action_quit(self) -> None:
        if self.runs.unkept:
            self._confirm(
                "Some results are not on the disk yet and would be lost. Quit anyway?",
                self._interrupt_and_quit,
                "Quit",
            )
        elif self.busy:
            question = f"{self._under_way}. Quit anyway?"
            if self.runs.active is not None:
                question += " It can be resumed later."
            self._confirm(question, self._interrupt_and_quit, "Quit")
        else:
            self.exit(0)

    def _interrupt_and_quit(self) -> None:
        """Quit so that the next start offers to resume.

        The workers of a sweep have some time to hand over what they have.
        """
        self.runs.interrupt()
        if not (self._sweeps and self.busy):
            self.exit(0)
            return
        now = time.monotonic()
        if self._quit_by is None:
            self._quit_by = now + SECONDS_TO_HAND_OVER
            self.notify("Waiting for the workers to send what they have trained.")
        if now < self._quit_by:
            self.set_timer(0.1, self._interrupt_and_quit)
        else:
            self.exit(0)

    def action_help_quit(self) -> None:
        """Say, at Ctrl+C, what ends the app; Textual's own words have markup."""
        self.notify(f"{self.shown_key('quit')} or Ctrl+Q ends the app.")

    def action_help(self) -> None:
        pane = self.tabs.front
        if isinstance(self.screen, FrontScreen) and pane is not None:
            self.push_screen(HelpScreen(pane.help_text, self.screen))

    def action_show_help_panel(self) -> None:
        """Show the keys that hold beside what is in front; the palette offers that."""
        from rnn_tui.ui.app.keys_panel import KeysPanel  # slow, on use only

        if not self.screen.query(KeysPanel):
            self.screen.mount(KeysPanel())

    def action_open_network(self) -> None:
        if isinstance(self.screen, FrontScreen):
            from rnn_tui.ui.inside.own import ask_for_network  # on use only

            read_late_sheets(self)
            ask_for_network(self)

    def action_guide(self) -> None:
        if isinstance(self.screen, FrontScreen) and self.tabs.front is not None:
            from rnn_tui.ui.guide.panel import open_guide  # after the first frame

            open_guide(self)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield from commands(screen)

    def action_copy(self) -> None:
        text = as_text(self.focused)
        if text:
            self.copy_to_clipboard(text)
            self.notify(f"Copied {len(text.splitlines())} lines.", timeout=2)
        else:
            self.notify("Only a chart or a table in focus can be copied.", timeout=3)

    # Training: one run at a time.

    @property
    def runs(self) -> "TrainingManager":
        if self._runs is None:
            # imported after the first frame, to show that sooner
            from rnn_tui.ui.work.training_manager import TrainingManager

            self._runs = TrainingManager()
        return self._runs

    @property
    def busy(self) -> bool:
        """Whether something trains."""
        return self._runs is not None and self._runs.busy

    @property
    def _sweeps(self) -> bool:
        """Whether a sweep is under way."""
        return self.runs.sweep is not None and self.runs.sweep.going_on

    @property
    def _under_way(self) -> str:
        """Name the training that is under way, without a full stop."""
        if self._sweeps and self.runs.sweep is not None:
            return f"The sweep {printable(self.runs.sweep.name)} is under way"
        active = self.runs.active
        if active is None:
            return "Training is under way"
        # no share of what is done: training goes on while the question is read
        if active.config.task not in TASKS:  # a data set that another process deleted
            return f"{active.config.label} is in training"
        task = TASKS[active.config.task].label
        return f"{task}: {active.config.label} is in training"

    def _confirm(
        self, question: str, go_on: Callable[[], None], stop: str = "Stop and keep"
    ) -> None:
        """Ask whether to stop training; one question at a time.

        Args:
            question: what is asked.
            go_on: is called if that is wanted.
            stop: the words on the button that stops.
        """

        def answered(wanted: bool | None) -> None:
            if wanted:
                go_on()

        if not any(isinstance(screen, ConfirmScreen) for screen in self.screen_stack):
            self.push_screen(ConfirmScreen(question, stop), answered)

    def _can_begin(self) -> bool:
        """Return whether nothing trains or is about to; notify the user otherwise."""
        if self.busy or self._waiting is not None or self._resuming:
            self.notify(requests.UNDER_WAY, severity="warning")
            return False
        return True

    def _start_when_free(self, configs: Sequence[RunConfig]) -> None:
        """Stop what trains, and start these as soon as it has ended; the last request counts."""
        self.runs.stop()
        others_wait = self._waiting is not None
        self._waiting = list(configs)
        if not others_wait:
            self._start_waiting()

    def _start_waiting(self) -> None:
        if self.busy:
            self.set_timer(0.05, self._start_waiting)
            return
        configs = self._waiting or []
        self._waiting = None
        self._start(configs)

    def _start(self, configs: Sequence[RunConfig]) -> list[str]:
        """Start runs, and show them in the tab of their task; returns their ids."""
        self.news.bring()
        # Not the pane in front: the wait for the end of another run is time to go elsewhere.
        pane = self._pane_of(configs[0].task)
        run_ids = self.runs.start(configs)
        if pane is not None:
            pane.started(run_ids)
        self._training_began()
        return run_ids

    def _pane_of(self, task: str) -> "TaskPane | None":
        """Return the pane of a task; None if it is not there, as where another was opened."""
        if is_opened(task):
            return self.data_sets.pane_of(task)
        return cast("TaskPane | None", self.tabs.pane_of(tab_of(task)))

    def begin_training(self, configs: Sequence[RunConfig]) -> list[str]:
        if self.busy or self._waiting is not None or self._resuming:
            raise UserError(requests.UNDER_WAY)
        return self._start(configs)

    def choose_language(self, language: str) -> None:
        self.preferences = replace(self.preferences, language=language)
        keeping = keep_preference(self, "language", lambda: self.preferences.language)
        self.run_worker(keeping, group="language")

    def _training_began(self) -> None:
        """Let the timer of news run, and refresh the keys, as something trains now."""
        self.news.timer.resume()
        self.refresh_bindings()

    async def interrupted(self) -> "list[RunRecord]":
        if not run_database().exists():
            return []
        with telling(self, severity="warning", timeout=10):
            return await self.store.ask(self.screen, lambda store: store.interrupted())
        return []

    async def _offer_to_resume(self) -> None:
        """Say which runs were interrupted, and how to resume them; Home does so itself."""
        if self.tabs.active == HOME:
            return
        runs = await self.interrupted()
        if not runs:
            return
        which = f"{runs[0].name} was" if len(runs) == 1 else f"{len(runs)} runs were"
        self.notify(
            f"{printable(which, 100)} interrupted. F6 shows all runs; press g there to resume.",
            timeout=20,
        )

    # What panes ask for.

    def on_train_requested(self, event: requests.TrainRequested) -> None:
        start = partial(self._start_when_free, event.configs)
        if self.busy:
            self._confirm(f"{self._under_way}. Stop it and start a new one?", start)
        else:
            start()

    @work(group="requests")
    async def on_resume_requested(self, event: requests.ResumeRequested) -> None:
        """Resume a run; never while another trains."""
        if not self._can_begin():
            return
        with telling(self):
            self._resuming = True
            try:
                state = await self.store.ask(self.screen, lambda store: store.state(event.run))
                pane = await self._bring_task(event.run.config.task)
            finally:
                self._resuming = False
            if self._can_begin():  # no other request was faster
                pane.started([self.runs.resume(event.run, state)])
                self._training_began()

    def on_long_job_requested(self, event: requests.LongJobRequested) -> None:
        """Start the rerun of a paper or a sweep, or resume it; never while a run trains."""
        if self._can_begin():
            self.news.bring()  # or the end of the one before would be taken for this one's
            event.train()
            self._training_began()

    @work(group=BRINGS_VIEW)
    async def on_view_wanted(self, event: requests.ViewWanted) -> None:
        with telling(self):
            pane = await self.bring(event.tab)
            if event.view:
                pane.go_to_view(event.view)

    @work(group=BRINGS_VIEW)
    async def on_data_set_wanted(self, event: requests.DataSetWanted) -> None:
        with telling(self):
            pane = await self.data_sets.bring(event.name)
            if event.train:
                pane.action_train()

    @work(group=BRINGS_VIEW)
    async def on_data_sets_wanted(self, event: requests.DataSetsWanted) -> None:
        with telling(self):
            pane = cast("SequencesPane", await self.data_sets.list())
            if event.path:
                pane.read(event.path)

    @work(group="requests")
    async def on_data_set_deleted(self, event: requests.DataSetDeleted) -> None:
        await self.data_sets.close(event.name)

    @work(group=BRINGS_VIEW)
    async def on_runs_wanted(self, event: requests.RunsWanted) -> None:
        with telling(self):
            pane = cast("RunsPane", await self.tabs.bring(RUNS))
            pane.show_runs_of(event.run_ids)

    @work(group=BRINGS_VIEW)
    async def on_settings_wanted(self, event: requests.SettingsWanted) -> None:
        with telling(self):
            pane = await self._bring_task(event.config.task)
            if event.train:
                pane.train_settings(event.config)
            else:
                pane.take_settings(event.config)

    @work(group=BRINGS_VIEW)
    async def on_weights_wanted(self, event: requests.WeightsWanted) -> None:
        from rnn_tui.archive.weights import Source  # safetensors, on use only

        run = event.run
        with telling(self):
            pane = await self._bring_task(run.config.task)
            position = getattr(run.config, "position", None)
            await pane.use_weights(Source(run.weights, f"run {printable(run.name, 80)}", position))

    @work(group=BRINGS_VIEW)
    async def on_inside_wanted(self, event: requests.InsideWanted) -> None:
        with telling(self):
            pane = await self._bring_task(event.task)
            await pane.look_inside(event.digit)


def _with_data(
    overrides: Mapping[str, Mapping[str, Any]], data_dir: str | None
) -> dict[str, dict[str, Any]]:
    """Return the settings by task, with the folder of the data for tasks that read it."""
    settings: dict[str, dict[str, Any]] = {}
    if data_dir is not None:
        for task in TASKS.values():
            if task.reads_images:
                settings[task.name] = {"data_dir": data_dir}
    for name, values in overrides.items():
        settings[name] = settings.get(name, {}) | dict(values)
    return settings
