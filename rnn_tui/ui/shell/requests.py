"""What views ask of the app: to train, to go on, to show something elsewhere; and the question
before training is cut short.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable
from rnn_tui.tasks import TASKS
from rnn_tui.ui.shell import messages
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.tabs import RUNS, AppTabs, tab_of
from rnn_tui.ui.shell.threads import StoreAccess, telling
from rnn_tui.ui.textual_workarounds import Dialog, SteadyApp

if TYPE_CHECKING:
    from rnn_tui.ui.runs.pane import RunsPane
    from rnn_tui.ui.training.manager import TrainingManager
    from rnn_tui.ui.training.pane import TaskPane


BRINGS_VIEW = "brings a view"  # the group of workers after which keys are for a view


class ConfirmScreen(Dialog[bool]):
    """Asks whether to stop the training under way; answers True to stop."""

    AUTO_FOCUS = "#carry-on"  # the harmless answer is the one that Enter gives
    # a slim one has no margins, or a button would lie outside
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-usual")]
    BINDINGS = [
        key("stop", "dismiss(True)", "Stop and keep"),
        Binding("escape", "dismiss(False)", "Carry on"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, stop: str = "Stop and keep") -> None:
        super().__init__()
        self._question, self._stop = question, stop

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, classes="question", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(
                    Content(f"{self._stop} (s)"),
                    "warning",
                    id="stop",
                    action="screen.dismiss(True)",
                )
                yield Button(
                    "Carry on (Esc)", "primary", id="carry-on", action="screen.dismiss(False)"
                )


class RequestsApp(SteadyApp):
    """An app that does what its views ask for, one training at a time."""

    store: StoreAccess
    tabs: AppTabs
    news: messages.News
    _runs: "TrainingManager | None" = None
    _next_up: list[RunConfig] | None = None  # what trains once the run before is stopped
    _resuming = False  # whether a run is about to go on

    @property
    def runs(self) -> "TrainingManager":
        """What trains; made behind the first frame, which is sooner without."""
        if self._runs is None:
            # behind the first frame
            from rnn_tui.ui.training.manager import TrainingManager  # noqa: PLC0415

            self._runs = TrainingManager()
        return self._runs

    @property
    def busy(self) -> bool:
        """Whether something trains."""
        return self._runs is not None and self._runs.busy

    async def _task_pane(self, name: str) -> "TaskPane":
        """Bring a task to the front; its pane, once all of it is there."""
        return cast("TaskPane", await self.tabs.bring(tab_of(name)))

    def on_train_requested(self, event: messages.TrainRequested) -> None:
        start = partial(self._start_when_free, list(event.configs))
        if self.busy:
            self.stop_and(f"{self.under_way}. Stop it and start a new one?", start)
        else:
            start()

    @work(group="requests")
    async def on_resume_requested(self, event: messages.ResumeRequested) -> None:
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
    async def on_view_wanted(self, event: messages.ViewWanted) -> None:
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

    def on_long_job_requested(self, event: messages.LongJobRequested) -> None:
        """Start the report rerun or a sweep, or let it go on; never while a run trains."""
        if self._can_begin():
            self.news.bring()  # or the end of the one before would be taken for this one's
            event.train()
            self._began()

    @work(group=BRINGS_VIEW)
    async def on_runs_wanted(self, event: messages.RunsWanted) -> None:
        cast("RunsPane", await self.tabs.bring(RUNS)).show_runs_of(event.run_ids)

    @work(group=BRINGS_VIEW)
    async def on_settings_wanted(self, event: messages.SettingsWanted) -> None:
        (await self._task_pane(event.config.task)).take_settings(event.config)

    @work(group=BRINGS_VIEW)
    async def on_weights_wanted(self, event: messages.WeightsWanted) -> None:
        from rnn_tui.runs.weights import Source  # noqa: PLC0415 - safetensors, on use only

        run = event.run
        pane = await self._task_pane(run.config.task)
        await pane.use_weights(
            Source(
                run.weights, f"run {printable(run.name, 80)}", getattr(run.config, "position", None)
            )
        )

    @work(group=BRINGS_VIEW)
    async def on_inside_wanted(self, event: messages.InsideWanted) -> None:
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
            self.notify(messages.UNDER_WAY, severity="warning")
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
