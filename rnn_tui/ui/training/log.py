"""The view of a task's log."""

from textual.widgets import RichLog

from rnn_tui.ui.shell.views import TaskView


class LogView(RichLog, TaskView):
    """What the runs of the task told, in the order in which it came."""

    def __init__(self, _pane: object) -> None:
        super().__init__(id="log-lines", wrap=True, markup=False, max_lines=1000)
