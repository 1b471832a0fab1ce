"""Does what guided experiments ask for, by the app's own interface, and puts back what was set."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual.widget import Widget

from rnn_tui.archive.weights import Source, choose, choose_shipped
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import CheckpointError, UserError, printable
from rnn_tui.engine.files.paths import weights_of
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.inside_door import AskingView, InsideLook, NetworkChoice
from rnn_tui.ui.frame.requests import UNDER_WAY
from rnn_tui.ui.frame.task_view import (
    INSIDE_VIEW,
    PHOTOS_VIEW,
    SampleReader,
    TaskTab,
    TaskView,
    place_of,
)
from rnn_tui.ui.guide.actions import (
    FIRST_SEED,
    AblateUnit,
    Action,
    AskQuestion,
    LookInside,
    OpenView,
    PlaySteps,
    ReadSamples,
    TrainRun,
    seed_path,
)
from rnn_tui.ui.guide.figures import Figures, run_figures
from rnn_tui.ui.work.threads import to_thread

if TYPE_CHECKING:
    from rnn_tui.archive.store import RunStore

Value = TypeVar("Value")
RUN_SUFFIX = ".run"  # ends the path of the id of a training
GUIDE = "guide"  # the group of the guide's own workers, for which it does not wait
SECONDS_TO_REST = 300.0  # without a training
STILL_BUSY = f"The app is still busy after {SECONDS_TO_REST:.0f} seconds."
SECONDS_BETWEEN_LOOKS = 0.04
# The app is at rest once it was idle at so many looks in a row: an action may ask for something
# late.
LOOKS = 3


class Player:
    """Performs the actions of one experiment, one after the other."""

    def __init__(self, app: HostApp, figures: Figures, trains: Callable[[], object]) -> None:
        """Make a player.

        Args:
            app: what is acted on.
            figures: gets the figures of actions with a name.
            trains: is called once a training is on screen, which may take a while.
        """
        self._app = app
        self._trains = trains
        self._figures = figures
        self._runs: dict[str, RunState] = {}  #: runs trained in this session, by name.
        #: puts back what the user had set, by what was acted on; in the order of the actions.
        self._mementos: dict[Widget, Callable[[], object]] = {}

    async def perform(self, actions: tuple[Action, ...]) -> None:
        """Perform actions, each once the one before has done its work.

        Raises:
            UserError: if one can't be done; those after it are not tried then.
        """
        if self._app.runs.busy:
            raise UserError(UNDER_WAY)
        for action in actions:
            await self._perform(action)
            await self._rest()

    async def _perform(self, action: Action) -> None:
        match action:
            case OpenView():
                await self._open(action)
            case TrainRun():
                await self._train(action)
            case AskQuestion():
                await self._ask(action)
            case LookInside():
                await self._look_inside(action)
            case AblateUnit():
                await self._ablate(action)
            case PlaySteps():
                await self._play(action)
            case ReadSamples():
                await self._read_samples(action)

    async def put_back(self) -> None:
        """Put back what the user had set before the experiment, view by view."""
        mementos = list(self._mementos.items())
        self._mementos.clear()
        for place, put_back in mementos:
            if place.is_attached:
                put_back()
                await self._rest()

    # The actions.

    async def _open(self, action: OpenView) -> None:
        pane = await _in_time(self._app.bring(action.tab))
        if not action.view:
            return
        if action.view not in pane.views:
            raise UserError(f"There is no view {action.view} in the tab {action.tab}.")
        if isinstance(pane, TaskTab):
            self._remember(pane, pane.memento)
            await self._bring_runs_back()
            pane.show_runs()
        pane.go_to_view(action.view)

    async def _train(self, action: TrainRun) -> None:
        pane = await self._bring_task(action.task)
        self._remember(pane, pane.memento)
        self._remember_networks(pane)  # as a run that ends answers from then on
        [run_id] = self._app.begin_training([action.config()])
        await self._rest()
        self._trains()
        await self._rest(trains=True)
        state = self._app.runs.states.get(run_id)
        if state is None or state.status is not Status.FINISHED:
            why = "" if state is None else state.message
            raise UserError(f"The training did not end. {why}".strip())
        if action.name:
            earlier = dict(self._runs)
            self._runs[action.name] = state
            self._figures.documents[action.name] = run_figures(state, earlier)

    async def _ask(self, action: AskQuestion) -> None:
        pane = await self._bring_task(action.task)
        asking = await self._asking_view_of(pane)
        asking.ask_of(action.question, await self._network(action))
        pane.go_to_view(place_of(asking))

    async def _look_inside(self, action: LookInside) -> None:
        inside = await self._inside_in_front(action.task)
        inside.read_input(action.input, await self._network(action))
        await self._rest()
        inside.request_analysis(action.analysis)
        await self._rest()
        self._note(action.name, inside)

    async def _ablate(self, action: AblateUnit) -> None:
        inside = await self._inside_in_front(action.task)
        inside.ablate()
        self._note(action.name, inside)

    async def _play(self, action: PlaySteps) -> None:
        inside = await self._inside_in_front(action.task)
        inside.play_steps()
        await self._rest()
        self._note(action.name, inside)

    async def _read_samples(self, action: ReadSamples) -> None:
        pane = await self._bring_task(action.task)
        if PHOTOS_VIEW not in pane.views:
            raise UserError(f"The task {action.task} reads no photos.")
        pane.go_to_view(PHOTOS_VIEW)
        await self._rest()
        photos = await _in_time(pane.filled(PHOTOS_VIEW))
        if not isinstance(photos, SampleReader):
            raise UserError("The view of photos can't be shown.")
        self._remember(photos, photos.memento)
        photos.read_samples(action.method)
        await self._rest()
        self._note(action.name, photos)

    # What they need.

    async def _bring_runs_back(self) -> None:
        """Have runs of the experiment from before a restart of the app shown again."""
        kept = {
            str(value) for path, value in self._figures.kept.items() if path.endswith(RUN_SUFFIX)
        }
        for run_id in sorted(kept - self._app.runs.states.keys()):
            state = await self._app.store.ask(self._app.screen, partial(_state_of, run_id))
            if state is not None:
                self._app.runs.add(state)

    def _remember(self, place: Widget, memento: Callable[[], Callable[[], object]]) -> None:
        """Note how to put back what is set at a place, before the first action there."""
        if place not in self._mementos:
            self._mementos[place] = memento()

    def _remember_networks(self, pane: TaskTab) -> None:
        """Note what networks are asked and looked into, in the views of a tab that are made."""
        views = pane.contents
        # What is asked is put back first: the view Inside looks at that.
        for view in views:
            if isinstance(view, AskingView):
                self._remember(view, view.memento)
        for view in views:
            if isinstance(view, InsideLook):
                self._remember(view, view.memento)

    def _note(self, name: str, view: InsideLook | SampleReader) -> None:
        """Note the figures of a view under a name; nothing without a name."""
        if name:
            self._figures.documents[name] = dict(view.figures)

    async def _bring_task(self, task: str) -> TaskTab:
        pane = await _in_time(self._app.bring(task))
        assert isinstance(pane, TaskTab)
        return pane

    async def _inside_in_front(self, task: str) -> InsideLook:
        """Bring the view Inside of a task to the front, with something to look at."""
        pane = await self._bring_task(task)
        if INSIDE_VIEW not in pane.views:
            raise UserError(f"The task {task} has no view Inside.")
        inside = await _in_time(pane.filled(INSIDE_VIEW))
        if not isinstance(inside, InsideLook):
            raise UserError("The view Inside can't be shown.")
        pane.go_to_view(INSIDE_VIEW)
        await self._rest()
        self._remember_networks(pane)
        return inside

    async def _asking_view_of(self, pane: TaskTab) -> AskingView:
        """Return the view of a tab in which networks are asked, made if need be."""
        await _in_time(pane.filled(INSIDE_VIEW))  # which looks at that view, and has it made
        try:
            asking = pane.view_of(AskingView)
        except LookupError:
            raise UserError(f"Nothing can be asked in the tab of {pane.spec.name}.") from None
        await self._rest()
        self._remember_networks(pane)
        return asking

    async def _network(self, action: AskQuestion | LookInside) -> NetworkChoice:
        """Return the network that an action names: shipped, or trained in the experiment."""
        source = await to_thread(self._source, action.task, action.network)
        return NetworkChoice(source, action.variant or None, self._seed(action))

    def _seed(self, action: AskQuestion | LookInside) -> int | None:
        """Return the seed that an action names; None for the first."""
        path = seed_path(action)
        if path:
            value = self._figures.value(path)
            return int(value) if isinstance(value, int | float) else None
        return None if action.seed == FIRST_SEED else action.seed

    def _source(self, task: str, network: str) -> Source:
        """Return the weights that an action names, in a thread."""
        run_id = self._figures.value(f"{network}.run") if network else None
        if isinstance(run_id, str):
            return _trained(run_id)
        if network or TASKS[task].shipped_cells:
            return choose_shipped(task, network)
        return choose(task, only_pretrained=True)

    async def _rest(self, *, trains: bool = False) -> None:
        """Wait until keys, answers, analyses and photos are done, and whatever trains.

        Args:
            trains: whether a training may take as long as it takes; its progress is shown
                elsewhere.

        Raises:
            UserError: if anything else takes longer than `SECONDS_TO_REST`.
        """
        rests = False
        while not rests:
            if trains:
                with awaiting("a training to end", by_design=True):
                    while self._app.runs.anything_to_come:
                        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            rests = await self._rests(trains=trains)

    async def _rests(self, *, trains: bool) -> bool:
        """Wait as `_rest`; returns False if `trains` and a training goes on meanwhile."""
        idle_looks = 0
        with awaiting("the app to rest", SECONDS_TO_REST, holder=self._work) as waiting:
            while idle_looks < LOOKS:
                if trains and self._app.runs.anything_to_come:
                    return False
                idle_looks = 0 if self._work() else idle_looks + 1
                if waiting.is_over:
                    raise UserError(STILL_BUSY)
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return True

    def _work(self) -> str:
        """Return what the app is at, in words; empty if it rests."""
        app = self._app
        if not app.keys_are_done:
            return "keys"
        screen = app.screen_stack[0]
        for view in screen.walk_children(TaskView):
            if view.at_work:
                return f"{type(view).__name__} {view.id}"
        for worker in app.workers:
            if worker.group != GUIDE and not worker.is_finished:
                return f"worker {worker.name} of {worker.group}"
        return ""


async def _in_time(answer: Awaitable[Value]) -> Value:
    """Wait for a part of the app to be there.

    Raises:
        UserError: if it takes longer than `SECONDS_TO_REST`.
    """
    try:
        with awaiting("a part of the app"):
            return await asyncio.wait_for(answer, SECONDS_TO_REST)
    except TimeoutError:
        raise UserError(STILL_BUSY) from None


def _trained(run_id: str) -> Source:
    """Return the weights of a run that was trained earlier in the experiment."""
    path = weights_of(run_id)
    if not path.is_file():
        raise CheckpointError(
            f"The run {printable(run_id)} of this experiment is no longer there; go back to the "
            "step that trained it."
        )
    config = read_description(path)[0]
    position = getattr(config, "position", None)
    return Source(path, f"run {printable(run_id)}", position, config.name)


def _state_of(run_id: str, store: "RunStore") -> RunState | None:
    """Return the state of a run that is kept; None if it is no longer there."""
    run = store.get(run_id)
    return None if run is None or run.deleted else store.state(run)
