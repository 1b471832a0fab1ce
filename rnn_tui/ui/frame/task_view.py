"""Views of a task's tab: how one is described, what the tab asks of it, what it asks of the tab."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.widget import Widget
from textual.widgets import Static, TabPane

from rnn_tui.tasks.task import Task
from rnn_tui.ui.frame.pane import Pane

if TYPE_CHECKING:
    from rnn_tui.archive.example import Example
    from rnn_tui.archive.weights import Source
    from rnn_tui.engine.state import RunState
    from rnn_tui.ui.work.training_manager import TrainingManager

Kind = TypeVar("Kind")
# The ids of views to which others lead.
INSIDE_VIEW, PHOTOS_VIEW = "inside", "photos"


@dataclass(frozen=True)
class View:
    """A view of a task's tab, made when it is first looked at."""

    id: str  #: the id of the tab, such as `results`.
    title: str  #: as shown.
    #: `module:function` that makes the widget, a `TaskView`, of the task's tab and the options;
    #: imported on use.
    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)  #: further arguments of the factory.
    needs: str | None = None  #: the view at whose contents it looks, which is made before it.
    #: whether weights that a user chooses among all runs are shown at work here.
    answers: bool = False

    @property
    def module(self) -> str:
        """The module of the factory."""
        return self.factory.partition(":")[0]

    def load(self) -> "Callable[..., TaskView]":
        """Import the factory."""
        return cast("Callable[..., TaskView]", resolve_name(self.factory))


class TaskTab(Pane):
    """The tab of a task, as its views know it."""

    spec: Task  #: the description of the task.
    runs: "TrainingManager"  #: what trains, and the runs of this session.

    @property
    def chosen(self) -> "RunState | None":
        """The run that is looked at."""
        raise NotImplementedError

    @property
    def evaluation(self) -> Any:
        """The evaluation of the run that is shown; None if there is none."""
        raise NotImplementedError

    @property
    def example(self) -> "Example | None":
        """The networks shown before a run begins; None after that, or if there are none."""
        raise NotImplementedError

    @property
    def recorded(self) -> "Example | None":
        """The training shown before a run begins; None after that, or if there is none."""
        raise NotImplementedError

    @property
    def trained(self) -> "RunState | None":
        """The run whose epochs are listed: the one looked at, or the user's last before that.

        An example that ships has none: its table would take room from its charts.
        """
        recorded = self.recorded
        return recorded.run if recorded is not None and recorded.own else self.chosen

    @property
    def results(self) -> "tuple[RunState | None, Any]":
        """The run whose results are shown, with its evaluation; the example's before any run."""
        example = self.example
        if example is not None:
            return example.run, example.evaluation
        return self.chosen, self.evaluation

    def states(self) -> "list[RunState]":
        """Return the runs of this task, in order of start."""
        raise NotImplementedError

    def memento(self) -> Callable[[], object]:
        """Return a function that looks again at the run that is looked at now."""
        raise NotImplementedError

    @property
    def contents(self) -> "list[TaskView]":
        """The views that are made, the one that was looked at last first."""
        raise NotImplementedError

    async def filled(self, name: str) -> "TaskView":
        """Return the view of this id, made if it is not there; `KeyError` if the task has none."""
        raise NotImplementedError

    def view_of(self, kind: type[Kind]) -> Kind:
        """Return the view of this kind, which is made; `LookupError` if there is none."""
        for view in self.contents:
            if isinstance(view, kind):
                return view
        raise LookupError(f"no view of {self.spec.name} is a {kind.__name__}")


class TaskView(Widget):
    """A view of a task's tab, which says what differs.

    To be a class's last base: Textual takes styles from the first.
    """

    #: whether it shows what comes of a run, and so `TaskTab.example` before there is any.
    shows_results: ClassVar[bool] = False
    #: whether it shows how a run trains, and so `TaskTab.recorded` before there is any.
    shows_training: ClassVar[bool] = False

    def bring_up_to_date(self, pane: TaskTab) -> None:
        """Show what there is now of the tab's runs; called while it is in front."""

    def focus_view(self) -> None:
        """Focus the first widget that can have the focus.

        A field is focused only if it leaves the letters that open other views to the app.
        """
        for widget in self.walk_children(Widget, with_self=True):
            if widget.focusable:
                widget.focus()
                return
        pane_of(self).query_one("#views Tabs").focus()

    def use(self, source: "Source") -> None:
        """Answer with these weights from now on."""

    def run_ended(self, state: "RunState") -> None:
        """A run of the task has ended."""

    @property
    def at_work(self) -> bool:
        """Whether something that was requested here still goes on."""
        return False

    def memento(self) -> Callable[[], object]:
        """Return a function that puts back what the user has set here, as it is now."""
        return lambda: None


class FieldView(TaskView):
    """A view that lists the inputs which a field of a confusion matrix counts."""

    def show_field(self, variant: int, true: int, answer: int) -> None:
        """List the inputs of a true class with an answer by a network, by their numbers."""
        raise NotImplementedError


class SampleReader(TaskView):
    """A view that reads photos, among them those that ship."""

    def read_samples(self, method: str) -> None:
        """Read the photos that ship by the shipped network, prepared by a method of `photos`."""
        raise NotImplementedError

    @property
    def figures(self) -> Mapping[str, object]:
        """What came of the photos that were read: their number, and how many are right."""
        raise NotImplementedError


class BrokenView(Static, TaskView):
    """Return a sentence on why a view can't be made."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, markup=False)


def place_of(view: Widget) -> str:
    """Return the id of the view in whose tab a widget is."""
    return next(node.id or "" for node in view.ancestors if isinstance(node, TabPane))


def pane_of(view: Widget) -> Pane:
    """Return the pane that a view is in."""
    return next(node for node in view.ancestors if isinstance(node, Pane))


def task_tab_of(view: Widget) -> TaskTab:
    """Return the tab of a task that a view is in."""
    return next(node for node in view.ancestors if isinstance(node, TaskTab))
