"""The app: its tabs and keys, and what its views ask of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events, on, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable
from rnn_tui.engine.paths import fault_message, run_database
from rnn_tui.tasks import BROKEN_PLUGINS, TASKS
from rnn_tui.ui.app.clipboard import copied
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.app.front_screen import FrontScreen
from rnn_tui.ui.app.garbage import GarbageCollection
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.app.key_queue import KeyQueue
from rnn_tui.ui.app.news import News
from rnn_tui.ui.app.palette import commands
from rnn_tui.ui.app.preferences import apply_preferences
from rnn_tui.ui.app.tabs import HOME, RUNS, AppTabs, all_tabs, bindings, tab_of
from rnn_tui.ui.app.task_views import plugin_views
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from rnn_tui.ui.common import requests
from rnn_tui.ui.common.host_app import HostApp
from rnn_tui.ui.common.key_footer import KeyFooter
from rnn_tui.ui.common.key_table import KEYS, key
from rnn_tui.ui.common.pane import Pane
from rnn_tui.ui.common.sheets import FIRST_SHEETS, read_late_sheets
from rnn_tui.ui.common.textual_workarounds import add_keys
from rnn_tui.ui.common.threads import StoreAccess, telling
from rnn_tui.ui.common.view_tabs import ViewTabs

if TYPE_CHECKING:
    from rnn_tui.runs.run_record import RunRecord
    from rnn_tui.ui.common.training_manager import TrainingManager
    from rnn_tui.ui.runs.pane import RunsPane
    from rnn_tui.ui.training.pane import TaskPane

SECONDS_TO_HAND_OVER = 10.0
BRINGS_VIEW = "brings a view"  # the group of workers after which keys are for a view
# what is handled one after the other
IN_TURN = (events.Key, events.Paste, events.AppFocus, events.AppBlur)
logger = logging.getLogger(__name__)


class RnnTuiApp(HostApp):
    """Train, watch and question small recurrent networks."""

    TITLE = "rnn-tui"
    # What the first frame needs; the others are read behind it.
    CSS_PATH = [*FIRST_SHEETS]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide"), (160, "-very-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]
    BINDINGS = [
        key("stop", "stop", "Stop", tooltip="Stop training and keep the weights"),
        key("pause", "pause(True)", "Pause", tooltip="Pause training"),
        key("pause", "pause(False)", "Unpause", tooltip="Unpause the training"),
        key("copy", "copy", "Copy", show=False, tooltip="Copy the chart or table in focus as text"),
        key("guide", "guide", "Guide", show=False),
        key("help", "help", "Help", tooltip="This help"),
        key("quit", "quit", "Quit", tooltip="Quit; asks first while training"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    loop: asyncio.AbstractEventLoop | None = None  #: that it runs in, once it does.

    def __init__(
        self,
        runs: "TrainingManager | None" = None,
        data_dir: str | None = None,
        report_overrides: Mapping[str, Mapping[str, Any]] | None = None,
        first: str = HOME,
    ) -> None:
        """Create the app, the tab of the id `first` in front; `report_overrides` are settings of
        the report rerun, by task.
        """
        super().__init__()
        self.register_theme(HIGH_CONTRAST)
        self.preferences = apply_preferences(self)
        self.data_dir = data_dir
        data = {
            task.name: {"data_dir": data_dir}
            for task in TASKS.values()
            if data_dir is not None and task.reads_data
        }
        given = report_overrides or {}
        self.report_overrides = {
            name: {**data.get(name, {}), **given.get(name, {})} for name in (*given, *data)
        }
        self._runs = runs
        self._next_up: list[RunConfig] | None = None  # what trains once the run before is stopped
        self._resuming = False  # whether a run is about to go on
        self.store = StoreAccess()
        self._until = 0.0  # a sweep may hand over what it has, where the app is about to quit
        # by an exit code and a sentence, in place of Textual
        self.end_process: Callable[[int, str], object] | None = None
        tabs = all_tabs()
        self.tabs = AppTabs(tabs, first)
        add_keys(self, BindingsMap(bindings(tabs)))
        self.keys = KeyQueue(self, super().on_event, self.takes_keys, self._askers)
        self.garbage: GarbageCollection | None = None  #: whoever begins the process gives it.

    def notify(self, message: str, **options: Any) -> None:
        """Show a notice as it is, without markup: names of runs, files and plug-ins are in it."""
        super().notify(message, **options | {"markup": False})

    def shown_key(self, name: str) -> str:
        keys = (self.preferences.keys or {}).get(name, KEYS[name][0])
        return self.get_key_display(Binding(keys.partition(",")[0], ""))

    def get_default_screen(self) -> FrontScreen:
        return FrontScreen(self._in_front)

    def _in_front(self) -> list[Widget]:
        """What has its keys wherever the focus is, the view in front and its pane."""
        if (pane := self.tabs.front) is None:  # the footer asks at any moment
            return []
        both = [pane, pane.front_view] if pane.keys_first else [pane.front_view, pane]
        return [one for one in both if one is not None]

    def _askers(self) -> list[DOMNode]:
        """What may have asked for something because of a key: the focus, and what is in front."""
        focused = self.focused
        around = focused.ancestors_with_self if focused is not None else []
        in_front = [node for node in self._in_front()[:1] if node not in around]
        return [*in_front, *around[:1]]

    def takes_keys(self) -> bool:
        """Whether pane and view in front are there, with the focus, and the view that a key has
        asked for.
        """
        front = self.tabs.front
        if front is None or not front.takes_keys:
            return False
        return not (self.brings_view or front.arriving)

    @property
    def keys_are_done(self) -> bool:
        return self.keys.empty and self.takes_keys()

    @property
    def draws(self) -> bool:
        return self.keys.draws

    @property
    def keys_waiting(self) -> int:
        """How many keys wait for their turn; the driver lets no more than a thousand wait."""
        return self.keys.waiting

    async def on_event(self, event: events.Event) -> None:
        """Take a key, what is pasted, and whether the window is in front, each in its turn.

        A key says that the window is in front: one that waits must not say so once it has gone.
        """
        if event.is_forwarded or not isinstance(event, IN_TURN):
            await super().on_event(event)
            return
        if self.garbage is not None:
            self.garbage.wait()
        read_late_sheets(self)  # a key may bring what the first frame does not show
        await self.keys.put(event)

    async def on_key(self, event: events.Key) -> None:
        """Do what a key does in front, before Textual looks for what it does elsewhere."""
        if isinstance(self.screen, FrontScreen) and await self.screen.press(event.key):
            event.prevent_default()

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield KeyFooter()

    def on_mount(self) -> None:
        """Load PyTorch behind the first frame; listen for news."""
        self.news = News(self)
        self.call_after_refresh(self._go_on)

    def _go_on(self) -> None:
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
        return await super().run_async(**options)

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End; in a terminal that is the end of the process."""
        if self.end_process is not None:
            self.end_process(return_code, "")
        super().exit(result, return_code, message)

    def handles_fault(self, error: Exception) -> bool:
        """Let no traceback reach the user, and keep what trains."""
        if self._exit:  # where the app is taken apart, its parts fail; nobody sees them any more
            logger.info("while the app ended", exc_info=error)
            return True
        if self.end_process is None:
            return False
        logger.error("the app failed", exc_info=error)
        # a worker's is in another
        self.end_process(1, f"rnn-tui: {fault_message(getattr(error, 'error', error))}\n")
        return True

    async def interrupted(self) -> "list[RunRecord]":
        if not run_database().exists():
            return []
        with telling(self, severity="warning", timeout=10):
            return await self.store.ask(self.screen, lambda store: store.interrupted())
        return []

    async def _offer_to_resume(self) -> None:
        """Say which runs were interrupted, and how to go on with them; Home does so itself."""
        if self.tabs.active != HOME and (runs := await self.interrupted()):
            what = f"{runs[0].name} was" if len(runs) == 1 else f"{len(runs)} runs were"
            self.notify(
                f"{printable(what, 100)} interrupted. F5 shows all runs; press g there to go on.",
                timeout=20,
            )

    @property
    def pane(self) -> Pane:
        assert self.tabs.front is not None
        return self.tabs.front

    def action_tab(self, name: str) -> None:
        self.tabs.go_to(name)

    @on(ViewTabs.Shown)
    def _leave_full_screen(self) -> None:
        """A chart in full screen goes with its view."""
        for screen in self.screen_stack[:1]:  # there is none where the app ends meanwhile
            screen.minimize()

    @on(ViewTabs.Shown, "#tasks")
    async def _go_to_tab(self, event: ViewTabs.Shown) -> None:
        """Fill a tab that is looked at for the first time."""
        await self.tabs.show(event.name)

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
            self.stop_and(
                "What is not yet kept on the disk would be lost. Quit anyway?",
                self._interrupt_and_quit,
                "Stop",
            )
        elif self.busy:
            self.stop_and(f"{self.under_way}. Quit anyway?", self._interrupt_and_quit)
        else:
            self.exit(0)

    def _interrupt_and_quit(self) -> None:
        """Quit so that the next start offers to go on; a sweep's workers may hand over what they
        have.
        """
        self.runs.interrupt()
        sweep, now = self.runs.sweep, time.monotonic()
        if sweep is not None and sweep.going_on and self.busy and now < (self._until or now + 1):
            if not self._until:
                self._until = now + SECONDS_TO_HAND_OVER
                self.notify("The workers hand over what they have.")
            self.set_timer(0.1, self._interrupt_and_quit)
        else:
            self.exit(0)

    def action_help_quit(self) -> None:
        """Say, at Ctrl+C, what ends the app; Textual's own words have markup."""
        self.notify(f"{self.shown_key('quit')} or Ctrl+Q ends the app.")

    def action_help(self) -> None:
        if isinstance(self.screen, FrontScreen) and self.tabs.front is not None:
            self.push_screen(HelpScreen(self.pane.help_text, self.screen))

    def action_show_help_panel(self) -> None:
        """Show the keys that hold beside what is in front; the palette offers that."""
        from rnn_tui.ui.app.keys_panel import KeysPanel  # noqa: PLC0415 - slow, on use only

        if not self.screen.query(KeysPanel):
            self.screen.mount(KeysPanel())

    def action_guide(self) -> None:
        if isinstance(self.screen, FrontScreen) and self.tabs.front is not None:
            from rnn_tui.ui.guide.panel import open_guide  # noqa: PLC0415 - behind the first frame

            open_guide(self)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield from commands(screen)

    def action_copy(self) -> None:
        if text := copied(self.focused):
            self.copy_to_clipboard(text)
            self.notify(f"Copied {len(text.splitlines())} lines.", timeout=2)
        else:
            self.notify("Only a chart or a table in focus can be copied.", timeout=3)

    # What views ask for: to train, one at a time, to go on, to show something elsewhere.

    @property
    def runs(self) -> "TrainingManager":
        """What trains; made behind the first frame, which is sooner without."""
        if self._runs is None:
            # behind the first frame
            from rnn_tui.ui.common.training_manager import TrainingManager  # noqa: PLC0415

            self._runs = TrainingManager()
        return self._runs

    @property
    def busy(self) -> bool:
        """Whether something trains."""
        return self._runs is not None and self._runs.busy

    async def _task_pane(self, name: str) -> "TaskPane":
        """Bring a task to the front; its pane, once all of it is there."""
        return cast("TaskPane", await self.tabs.bring(tab_of(name)))

    def on_train_requested(self, event: requests.TrainRequested) -> None:
        start = partial(self._start_when_free, list(event.configs))
        if self.busy:
            self.stop_and(f"{self.under_way}. Stop it and start a new one?", start)
        else:
            start()

    @work(group="requests")
    async def on_resume_requested(self, event: requests.ResumeRequested) -> None:
        """Go on with a run; never while another trains."""
        if not self._can_begin():
            return
        with telling(self):
            self._resuming = True
            try:
                state = await self.store.ask(self.screen, lambda store: store.state(event.run))
                pane = await self._task_pane(event.run.config.task)
            finally:
                self._resuming = False
            if self._can_begin():  # no other request was faster
                pane.started([self.runs.resume(event.run, state)])
                self._began()

    @work(group=BRINGS_VIEW)
    async def on_view_wanted(self, event: requests.ViewWanted) -> None:
        pane = await self.tabs.bring(event.tab)
        if event.view:
            pane.go_to_view(event.view)
            for _ in range(100 if event.typing else 0):  # until the view has the focus
                await asyncio.sleep(0.02)
                if (view := pane.front_view) is not None and view.has_focus_within:
                    await self.run_action("type", view)
                    break
        if event.request is not None:
            self.post_message(event.request)

    def on_long_job_requested(self, event: requests.LongJobRequested) -> None:
        """Start the report rerun or a sweep, or let it go on; never while a run trains."""
        if self._can_begin():
            self.news.bring()  # or the end of the one before would be taken for this one's
            event.train()
            self._began()

    @work(group=BRINGS_VIEW)
    async def on_runs_wanted(self, event: requests.RunsWanted) -> None:
        cast("RunsPane", await self.tabs.bring(RUNS)).show_runs_of(event.run_ids)

    @work(group=BRINGS_VIEW)
    async def on_settings_wanted(self, event: requests.SettingsWanted) -> None:
        (await self._task_pane(event.config.task)).take_settings(event.config)

    @work(group=BRINGS_VIEW)
    async def on_weights_wanted(self, event: requests.WeightsWanted) -> None:
        from rnn_tui.runs.weights import Source  # noqa: PLC0415 - safetensors, on use only

        run = event.run
        pane = await self._task_pane(run.config.task)
        await pane.use_weights(
            Source(
                run.weights, f"run {printable(run.name, 80)}", getattr(run.config, "position", None)
            )
        )

    @work(group=BRINGS_VIEW)
    async def on_inside_wanted(self, event: requests.InsideWanted) -> None:
        await (await self._task_pane(event.task)).look_inside(event.what)

    @property
    def brings_view(self) -> bool:
        """Whether a view that was asked for is on its way to the front."""
        return any(
            worker.group == BRINGS_VIEW and not worker.is_finished for worker in self.workers
        )

    @property
    def under_way(self) -> str:
        active, sweep = self.runs.active, self.runs.sweep
        if sweep is not None and sweep.going_on:
            return f"The sweep {printable(sweep.name)} is under way"
        if active is None:
            return "Training is under way"
        return (
            f"{TASKS[active.config.task].label}: {active.config.label} is in training, "
            f"{100 * active.progress:.0f} % done"
        )

    def stop_and(
        self, question: str, go_on: Callable[[], None], stop: str = "Stop and keep"
    ) -> None:
        """Ask whether to stop training, which `go_on` does where that is wanted; one question at a
        time.
        """
        if not any(isinstance(one, ConfirmScreen) for one in self.screen_stack):
            self.push_screen(
                ConfirmScreen(question, stop), lambda wanted: go_on() if wanted else None
            )

    def _can_begin(self) -> bool:
        """Whether nothing trains and nothing is about to; says so where it does."""
        if not (free := not self.busy and self._next_up is None and not self._resuming):
            self.notify(requests.UNDER_WAY, severity="warning")
        return free

    def _start_when_free(self, configs: list[RunConfig]) -> None:
        """Stop what trains, and start these as soon as it has ended; the last request counts."""
        self.runs.stop()
        waiting, self._next_up = self._next_up is not None, configs
        if not waiting:
            self._start_next()

    def _start_next(self) -> None:
        if self.busy:
            self.set_timer(0.05, self._start_next)
            return
        configs, self._next_up = self._next_up or [], None
        self.news.bring()
        # Not the pane in front: the wait for the end of another run is time to go elsewhere.
        cast("TaskPane", self.query_one(f"#{tab_of(configs[0].task)} TaskPane")).started(
            self.runs.start(configs)
        )
        self._began()

    def _began(self) -> None:
        """Something trains now: there will be news of it, and keys that stop it."""
        self.news.timer.resume()
        self.refresh_bindings()
