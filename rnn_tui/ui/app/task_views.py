"""List the views of a task: its own if it ships, the general ones, and those of plug-ins.

A package says which views its task has by an entry point in the group `rnn_tui.views`, named as the
task: a function that is given the views which the task would have without it, and returns those
that it has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.plugins import load_plugins
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.data_sets.task import FORECAST_PROBLEM
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task
from rnn_tui.ui.app.tabs import is_data_set
from rnn_tui.ui.frame.task_view import INSIDE_VIEW, PHOTOS_VIEW, View

GROUP = "rnn_tui.views"
ID = re.compile(r"[a-z][a-z0-9_-]{0,29}")
FACTORY = re.compile(r"[\w.]+:[\w.]+")

# The general views.
TRAINING = View("training", "Training", "rnn_tui.ui.training.training_view:training_view")
RESULTS = View("results", "Results", "rnn_tui.ui.training.results_view:ResultsView")
CONFUSION = View("confusion-tab", "Confusion", "rnn_tui.ui.training.confusion:ConfusionView")
TEST_SET = View("test", "Test", "rnn_tui.ui.training.test_set:TestSetView")

TEST_SEQUENCES = View("test", "Test", "rnn_tui.ui.sequences.test_view:TestSequencesView")
FORECAST = View("forecast", "Forecast", "rnn_tui.ui.sequences.forecast_view:ForecastView")
DATA = View("data", "Data", "rnn_tui.ui.sequences.data_view:DataView")
PROMPT = View("prompt", "Prompt", "rnn_tui.ui.calculator_prompt.prompt:PromptPanel", answers=True)
SEQUENCE_INSIDE = View(
    INSIDE_VIEW, "Inside", "rnn_tui.ui.inside.sequences:SequenceInside", needs="prompt"
)
DATA_SET_INSIDE = replace(SEQUENCE_INSIDE, factory="rnn_tui.ui.inside.data_set:DataSetInside")

# By the name of a task, its views in order; the first one is in the first frame of its tab.
VIEWS: dict[str, tuple[View, ...]] = {
    MNIST.name: (
        TRAINING,
        TEST_SET,
        View(PHOTOS_VIEW, "Photos", "rnn_tui.ui.photos.panel:PhotosPanel"),
        View("draw", "Draw", "rnn_tui.ui.draw.panel:DrawingPanel", answers=True),
        View(INSIDE_VIEW, "Inside", "rnn_tui.ui.inside.mnist:MnistInside"),
    ),
    RECALL.name: (
        TRAINING,
        RESULTS,
        CONFUSION,
        View(
            "prompt",
            "Prompt",
            "rnn_tui.ui.calculator_prompt.recall_prompt:RecallPromptPanel",
            answers=True,
        ),
        SEQUENCE_INSIDE,
    ),
    ADDER.name: (
        TRAINING,
        replace(
            RESULTS,
            options={
                "titles": ("Bit accuracy by length", "Whole numbers right by length"),
                "log_x": True,
            },
        ),
        View(
            "calculator",
            "Calculator",
            "rnn_tui.ui.calculator_prompt.calculator:CalculatorPanel",
            answers=True,
        ),
        replace(SEQUENCE_INSIDE, needs="calculator"),
    ),
}


@dataclass(frozen=True)
class PluginViews:
    """The views that installed packages provide."""

    of_tasks: dict[str, tuple[View, ...]]  #: the views by the name of their task.
    problems: list[str]  #: a sentence for each plug-in that can't be used.


def views_of(task: Task) -> tuple[View, ...]:
    """Return the views of a task, in order."""
    return plugin_views().of_tasks.get(task.name) or _usual_views(task)


def _usual_views(task: Task) -> tuple[View, ...]:
    """Return the views of a task that ships, or else the general ones of its kind."""
    if task.name in VIEWS:
        return VIEWS[task.name]
    if task.reads_images:
        return TRAINING, TEST_SET
    if task.shape is None:
        return TRAINING, RESULTS
    confusion = () if task.shape.every_step else (CONFUSION,)
    if is_data_set(task.name):
        forecast = (FORECAST,) if task.problem == FORECAST_PROBLEM else ()
        views = (TEST_SEQUENCES, *forecast, PROMPT, DATA_SET_INSIDE, DATA)
        return TRAINING, RESULTS, *confusion, *views
    if task.shape.numbers:
        return TRAINING, RESULTS, PROMPT, SEQUENCE_INSIDE
    return TRAINING, RESULTS, *confusion, PROMPT, SEQUENCE_INSIDE


@cache
def plugin_views() -> PluginViews:
    """Ask installed packages, once, for the views of their tasks."""
    of_tasks: dict[str, tuple[View, ...]] = {}

    def add(choose: object, name: str, reference: str) -> None:
        if name not in TASKS:
            raise SettingError(f"there is no task called {printable(name, 30)}")
        if not callable(choose):
            raise SettingError(f"{reference.rpartition(':')[2]} is no function")
        views = tuple(choose(_usual_views(TASKS[name])))
        check_views(views)
        of_tasks[name] = views

    return PluginViews(of_tasks, load_plugins(GROUP, "view", add))


def check_views(views: Sequence[object]) -> None:
    """Check the views of a task, whose factories are imported on use only.

    Raises:
        SettingError: without a full stop, if one does not fit.
    """
    if not views:
        raise SettingError("there is no view")
    ids: list[str] = []
    for view in views:
        if not isinstance(view, View):
            raise SettingError(f"{printable(view, 30)} is no View")
        _check_view(view)
        if view.id in ids:
            raise SettingError(f"the view {view.id} is there twice")
        ids.append(view.id)
    for view in views:
        assert isinstance(view, View)
        if view.needs is not None and view.needs not in ids:
            raise SettingError(f"the view {view.id} needs {printable(view.needs, 30)}")


def _check_view(view: View) -> None:
    """Check a view by itself."""
    if not isinstance(view.id, str) or not ID.fullmatch(view.id):
        raise SettingError("the id of a view must be of small letters, digits and dashes")
    if not isinstance(view.title, str) or not view.title or "[" in view.title:
        raise SettingError(f"the title of the view {view.id} must be text without brackets")
    if printable(view.title) != view.title:
        raise SettingError(f"the title of the view {view.id} must be short printable text")
    if not isinstance(view.factory, str) or not FACTORY.fullmatch(view.factory):
        raise SettingError(f"the view {view.id} must name its factory as module:function")
