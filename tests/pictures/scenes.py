"""What each still picture shows, and how the app gets there.

Runs that are trained for them are those of a fresh home, with preset `fast` and fixed seeds.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Select

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.inside.mnist import MnistInside
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.photos.panel import PhotosPanel
from tests.ui.helpers import busy, choose

# A test image to look into.
IMAGE = 61
Drive = Callable[[Pilot[int], RnnTuiApp], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A picture.

    Attributes:
        title: what it shows.
        drive: goes there, from the first frame on.
        size: columns and lines of the terminal.
        first: the tab that the app starts with.
        trains: whether something is trained for it, so that its figures are of this machine.
        fill_form: fills in the form of a task, which the picture shows, before `drive`.
    """

    title: str
    drive: Drive
    size: tuple[int, int] = (100, 30)
    first: str = "home"
    trains: bool = False
    fill_form: Drive | None = None


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    """Wait."""
    while not true():
        await pilot.pause(0.1)


def said(app: RnnTuiApp) -> str:
    """What the screen says, with blanks as blanks."""
    return app.export_screenshot().replace("&#160;", " ")


async def go(pilot: Pilot[int], app: RnnTuiApp, key: str, view: str = "") -> None:
    """Go to a tab by its key, and to one of its views."""
    await pilot.press(key)
    await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    if view:
        app.pane.show_tab(view)
        await pilot.pause(0.2)
        await until(pilot, app.takes_keys)  # the view is made
        app.pane.focus_view()


async def train(pilot: Pilot[int], app: RnnTuiApp, runs: int = 1) -> None:
    """Train what the form says, to the end."""
    before = len(app.runs.evaluations)
    await pilot.press("t")
    await until(
        pilot, lambda: len(app.runs.evaluations) >= before + runs and not app.runs.anything_to_come
    )


def set_up(app: RnnTuiApp, seeds: int) -> None:
    """Preset `fast`, and so many seeds."""
    app.pane.query_one("#preset", Select).value = "fast"
    app.pane.query_one("#field-seeds", Input).value = str(seeds)


# --- the scenes -----------------------------------------------------------------------------------


async def home(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """The last rows of the first digit."""
    await until(pilot, lambda: "row 2" in said(app))


async def recall_form(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f4")
    set_up(app, 20)


async def adder_form(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f5")
    set_up(app, 20)


async def mnist_form(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f3")
    app.pane.query_one("#preset", Select).value = "fast"
    for model in ("rnn", "bilstm"):
        app.pane.query_one(f"#model-{model}", Checkbox).value = True
    app.pane.query_one("#field-epochs", Input).value = "4"


async def train_three(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """One run for each of the three cells."""
    await train(pilot, app, 3)


async def inside_image(pilot: Pilot[int], app: RnnTuiApp) -> MnistInside:
    """Look into the RNN that ships while it reads a test image."""
    await go(pilot, app, "f3", "inside")
    await until(pilot, lambda: bool(app.query(MnistInside)))
    view = app.query_one(MnistInside)
    await until(pilot, lambda: view.subject is not None)
    view.query_one("#inside-network", Select).value = "pretrained RNN"
    view.look_at(IMAGE)
    await until(pilot, lambda: not busy(view))
    app.pane.focus_view()
    return view


async def inside_mnist(pilot: Pilot[int], app: RnnTuiApp) -> None:
    view = await inside_image(pilot, app)
    await pilot.press("a", *["left"] * 9)
    await until(pilot, lambda: not busy(view))


async def inside_recall(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f4", "inside")
    await analysed(pilot, app, "a")


async def inside_adder(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)  # which starts its analysis by itself


async def analysed(pilot: Pilot[int], app: RnnTuiApp, *keys: str) -> None:
    """Wait for the view and, after some keys, for its analysis."""
    view = app.pane.query_one(InsideView)
    await until(pilot, lambda: view.subject is not None)
    await pilot.press(*keys)
    await pilot.pause(0.5)
    await until(pilot, lambda: not busy(view))


async def inside_edits(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """The six most important units, ablated: 6, 4, 2, 1, 0 and 9."""
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)
    up, down = ["up"] * 2, ["down"] * 9
    await analysed(
        pilot,
        app,
        "b",
        "x",
        *up,
        "x",
        *up,
        "x",
        "up",
        "x",
        "up",
        "x",
        *down,
        "x",
    )


async def analyse(pilot: Pilot[int], app: RnnTuiApp, kind: str) -> None:
    """Run an analysis of this kind on the network in Inside."""
    app.pane.query_one("#inside-kind", Select).value = kind
    await analysed(pilot, app)


async def inside_ablation(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)
    await analyse(pilot, app, "silence")


async def inside_automaton(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)
    await analyse(pilot, app, "automaton")


async def inside_states(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)
    await analyse(pilot, app, "state_space")


async def inside_gradients(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await inside_image(pilot, app)
    await analyse(pilot, app, "gradients")


async def inside_attribution(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await inside_image(pilot, app)
    choose(app, "pixels")
    await analysed(pilot, app)


async def inside_history(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """Four snapshots before the end of the training of recall networks."""
    await train(pilot, app)
    await go(pilot, app, "f4", "inside")
    for _ in range(4):
        await analysed(pilot, app, "less_than_sign")


async def inside_clicks(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await train(pilot, app)
    await go(pilot, app, "f5", "inside")
    await analysed(pilot, app)
    await analyse(pilot, app, "clicks")


async def learning_rate(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f4")
    set_up(app, 5)
    choose(app, "find-rate")
    await until(pilot, lambda: "Enter uses it" in said(app))


async def guide(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """The third of them, after its first step."""
    await until(pilot, lambda: "Guided experiments" in said(app))
    await pilot.press("6")
    await until(pilot, lambda: "Damage it" in said(app))
    await pilot.press("down", "down", "enter")
    await until(pilot, lambda: "An adder at work" in said(app))
    await pilot.press("enter")
    await until(pilot, lambda: "The cursor is at the last place" in said(app))


async def photos(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await go(pilot, app, "f3", "photos")
    await until(pilot, lambda: bool(app.query(PhotosPanel)))
    await until(pilot, lambda: "12 photos" in said(app))


SCENES: Mapping[str, Scene] = {
    "home": Scene("Home: the shipped LSTM reads a digit", home),
    "adder": Scene(
        "Three sizes of adder, twenty seeds each", train, trains=True, fill_form=adder_form
    ),
    "inside-adder": Scene("Inside an adder: its state, and the carry", inside_adder),
    "photos": Scene("Sample photos, read", photos),
    "mnist": Scene(
        "Three models trained on MNIST",
        train_three,
        (120, 36),
        trains=True,
        fill_form=mnist_form,
    ),
    "recall": Scene(
        "Recall: three hidden sizes, twenty seeds each",
        train,
        (120, 36),
        trains=True,
        fill_form=recall_form,
    ),
    "inside-mnist": Scene("Inside an RNN that has read 19 of 28 rows", inside_mnist, (120, 36)),
    "inside-recall": Scene(
        "How long each digit survives in a recall network", inside_recall, (120, 36)
    ),
    "inside-edits": Scene("An adder without six of its ten units", inside_edits, (120, 36)),
    "inside-ablation": Scene(
        "How much each unit of an adder contributes", inside_ablation, (120, 36)
    ),
    "inside-gradients": Scene(
        "How far the gradient reaches back in three cell types", inside_gradients, (120, 36)
    ),
    "inside-attribution": Scene(
        "Pixels that support the answer, and pixels that oppose it", inside_attribution, (120, 36)
    ),
    "inside-automaton": Scene("The automaton extracted from an adder", inside_automaton, (120, 36)),
    "inside-history": Scene(
        "A recall network while it learned",
        inside_history,
        (120, 36),
        trains=True,
        fill_form=recall_form,
    ),
    "inside-clicks": Scene(
        "When twenty adders learned to add, and clusters of states",
        inside_clicks,
        (120, 50),
        trains=True,
        fill_form=adder_form,
    ),
    "learning-rate": Scene(
        "The loss of recall networks by learning rate", learning_rate, (100, 30), trains=True
    ),
    "guide": Scene("A guided experiment", guide, (100, 30)),
    "inside-states": Scene(
        "States of an adder on a plane, with fixed points", inside_states, (120, 36)
    ),
}
