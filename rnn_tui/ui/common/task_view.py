"""What a tab asks of its views, and what views may ask of their tab."""

from typing import TYPE_CHECKING, cast

from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.ui.common.pane import Pane
from rnn_tui.ui.common.requests import InsideWanted

if TYPE_CHECKING:
    from rnn_tui.engine.state import RunState
    from rnn_tui.runs.weights import Source
    from rnn_tui.ui.common.digit_at_hand import Given
    from rnn_tui.ui.training.pane import TaskPane


def pane_of(view: Widget) -> Pane:
    """The pane that a view is in."""
    return next(node for node in view.ancestors if isinstance(node, Pane))


class TaskView(Widget):
    """A view of a task's tab, which says what differs. To be a class's last base: Textual takes
    styles from the first.
    """

    def bring_up_to_date(self, pane: "TaskPane") -> None:
        """Show what there is now of the pane's runs; called while it is in front."""

    def focus_view(self) -> None:
        """Focus the first thing that takes it; no field: whoever goes through the views by a letter
        must not type it.
        """
        found = next(
            (one for one in self.walk_children(Widget, with_self=True) if one.focusable), None
        )
        (found or pane_of(self).query_one("#views Tabs")).focus()

    def use(self, source: "Source") -> None:
        """Answer with these weights from now on."""

    def run_ended(self, state: "RunState") -> None:
        """A run of the task has ended."""

    @property
    def at_work(self) -> bool:
        """Whether something that was asked for here still goes on."""
        return False


class BrokenView(Static, TaskView):
    """What is wrong with a view that can't be made, in a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, markup=False)


class InsideDoor(TaskView):
    """A view with a key, `inside`, by which a network reads what is at hand in Inside."""

    @property
    def given(self) -> "Given | None":
        """The digit at hand; None where there is none, and where Inside asks for what is typed."""
        return None

    def action_inside(self) -> None:
        self.post_message(InsideWanted(cast("TaskPane", pane_of(self)).spec.name, self.given))
