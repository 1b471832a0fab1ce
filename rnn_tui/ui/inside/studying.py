"""What a look inside finds out about the network that it looks into: studies, of which one kind is chosen."""

from typing import Any, ClassVar

from textual import on
from textual.containers import Vertical
from textual.widgets import Select

from rnn_tui.inside.studies import studies_of
from rnn_tui.tasks.task import Task
from rnn_tui.ui.inside.subject import Studies, Subject
from rnn_tui.ui.shell.views import TaskView
from rnn_tui.ui.widgets.plain import PlainSelect


class StudyingView(Vertical, TaskView):
    """What is looked at, and studies of it."""

    studies_at_once: ClassVar[bool] = False  #: whether a study of the first kind takes no longer than a look.
    subject: Subject | None = None

    def __init__(self, task: Task, classes: str) -> None:
        super().__init__(classes=classes)
        self.kinds = studies_of(task)  #: of studies that can be made.
        self.kind = self.kinds[0] if self.kinds else None  #: the one that is chosen.
        # Whether studies are in view; whether one was asked for, so that it is made as soon as it can be.
        self.study_shown, self.study_wanted = True, False
        self.studies = Studies(self, self.show_study, self._studied)

    def show_all(self) -> None:
        """Show what is looked at."""
        raise NotImplementedError

    def show_study(self) -> None:
        """Show how far a study is, or what it found."""
        raise NotImplementedError

    @property
    def study(self) -> Any:
        """The study of the network that is looked into; None where there is none."""
        return self.studies.of(self.subject, self.kind)

    def action_study(self) -> None:
        if self.studies.running:
            self.study_wanted = False
            self.studies.stop()
        elif self.study is not None:
            self.study_shown = not self.study_shown
            self.show_all()
        else:
            self._begin_study()

    def _begin_study(self) -> None:
        self.study_shown = self.study_wanted = True
        if self.subject is not None and self.kind is not None:
            self.studies.forget_failure(self.subject, self.kind)
        self._start_study()
        self.show_all()

    def _start_study(self) -> None:
        if self.subject is not None and self.kind is not None and self.studies.wanted(self.subject, self.kind):
            self.studies.start(self.subject, self.kind)

    def action_next_study(self) -> None:
        self.query_one("#inside-kind", PlainSelect).choose_next()

    @on(Select.Changed, "#inside-kind")
    def _kind_chosen(self, event: Select.Changed) -> None:
        event.stop()
        self.kind = next(kind for kind in self.kinds if kind.name == event.value)
        self.studies.stop()  # one of another kind; once that has ended, this one begins
        self._begin_study()

    def _studied(self) -> None:
        """A study has ended; another network may be looked at by now."""
        self.study_at_once()
        self.show_all()

    def study_at_once(self) -> None:
        if self.study_wanted or (self.studies_at_once and self.kind is self.kinds[0]):
            self._start_study()
