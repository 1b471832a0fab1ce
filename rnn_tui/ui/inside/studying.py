"""What a look inside finds out: in studies, by edits of values in the network, from the moments of
its training, in a film.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Select

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.edits import HOW, LONGEST, Edit, read_edit, silenced
from rnn_tui.inside.studies import studies_of
from rnn_tui.inside.trace import LayerTrace
from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.views import TaskView
from rnn_tui.ui.common.widgets.plain import PlainSelect
from rnn_tui.ui.common.widgets.prompts import AskTextScreen
from rnn_tui.ui.inside.bands import Look
from rnn_tui.ui.inside.film_player import FilmPlayer
from rnn_tui.ui.inside.step_grid import StepPicked
from rnn_tui.ui.inside.subject import Studies, Subject

KEYS: list[BindingType] = [
    key(
        "delete",
        "silence",
        "Silence",
        display="⌦",
        tooltip="Silence the unit: its state is zero at every step",
    ),
    key(
        "freeze",
        "freeze",
        "Freeze",
        show=False,
        tooltip="Keep the value at hand, from this step on",
    ),
    key("set", "set", "Set", show=False, tooltip="Type an edit: set a state, a cell or a gate"),
    key("undo", "undo", "Undo", tooltip="Take the last edit back"),
    key("film-before", "film(-1)", "Film", show=False, tooltip="The moment of training before"),
    key("film-after", "film(1)", "Film", show=False, tooltip="The next moment of training"),
    key(
        "film",
        "play_film",
        "Film",
        display="O",
        tooltip="Play how it learned, moment by moment; stop",
    ),
]


class StudyingView(Vertical, TaskView):
    """What is looked at, studies of it, and what is changed in it."""

    #: whether a study of the first kind takes no longer than a look.
    studies_at_once: ClassVar[bool] = False
    subject: Subject | None = None
    look, step = Look(), 0

    def __init__(self, task: Task, classes: str) -> None:
        super().__init__(classes=classes)
        self.kinds = studies_of(task)  #: of studies that can be made.
        self.kind = self.kinds[0] if self.kinds else None  #: the one that is chosen.
        # Whether studies are in view; whether one was asked for, so that it is made as soon as it
        # can be.
        self.study_shown, self.study_wanted = True, False
        self.studies = Studies(self, self.show_study, self._studied)
        self.film = FilmPlayer(self)

    def show_all(self) -> None:
        """Show what is looked at."""
        raise NotImplementedError

    def show_study(self) -> None:
        """Show how far a study is, or what it found."""
        raise NotImplementedError

    # Studies.

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
        if (
            self.subject is not None
            and self.kind is not None
            and self.studies.wanted(self.subject, self.kind)
        ):
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

    # Edits.

    def go_on_from(self, before: Subject) -> None:
        """Do to another input of the same network what was done to the one `before`."""
        if self.film.shows_moment:
            self.film.go_on_with(self.subject)
        elif before.edited is not None:
            self.edit(before.edited.edits)

    def action_silence(self) -> None:
        self._add(lambda layer, unit: silenced(layer.name, unit))

    def action_freeze(self) -> None:
        self._add(self._value_at_hand)

    def _value_at_hand(self, layer: LayerTrace, unit: int) -> Edit:
        """The value at the cursor, kept from the present step on."""
        value = float(layer.quantities[self.look.quantity][self.step, unit])
        return Edit(
            layer.name, self.look.quantity.removesuffix(" gate"), (unit,), self.step, None, value
        )

    def _add(self, make: Callable[[LayerTrace, int], Edit]) -> None:
        """Add the edit that `make` makes of the layer and the unit at the cursor."""
        if self.subject is not None and self.look.unit is not None:
            self.edit(
                (*self.edits, make(self.subject.trace.layers[self.look.layer], self.look.unit))
            )

    def action_set(self) -> None:
        if (subject := self.subject) is None or self.look.unit is None:
            return
        layers = subject.trace.layers
        one = replace(self._value_at_hand(layers[self.look.layer], self.look.unit), last=self.step)
        written = one.written(subject.trace.first_step, with_layer=len(layers) > 1)

        async def take(text: str) -> None:
            self.edit((*self.edits, read_edit(text, subject.trace)), subject)

        self.app.push_screen(AskTextScreen("Edit", written, f"{HOW.capitalize()}.", take, LONGEST))

    def action_undo(self) -> None:
        if self.edits:
            self.edit(self.edits[:-1])

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of what is looked at, the last one last."""
        return (
            () if self.subject is None or self.subject.edited is None else self.subject.edited.edits
        )

    def edit(self, edits: tuple[Edit, ...], of: Subject | None = None) -> None:
        """Read the input at hand with these edits: at once, as it takes milliseconds; or, unless it
        changed, the input `of`.
        """
        if self.subject is None or (of is not None and of is not self.subject):
            return
        try:
            self.subject = self.subject.with_edits(edits)
        except UserError as error:
            if of is not None:
                raise
            self.notify(str(error), severity="error")
        self.refresh_bindings()
        self.show_all()

    # The film.

    def action_film(self, moments: int) -> None:
        self.film.step(moments)

    def action_play_film(self) -> None:
        self.film.play()

    @on(StepPicked, "#inside-film")
    def _moment_picked(self, event: StepPicked) -> None:
        self.film.go_to(event.step)

    def show_moment(self, subject: Subject) -> None:
        """Look at the network as it was at a moment of its training."""
        self.subject = subject
        trace = subject.reading.trace
        self.look = self.look.fitted(trace)
        self.step = min(self.step, trace.steps - 1)
        self.add_class("-film")
        self.show_all()

    def leave_moment(self, subject: Subject | None) -> None:
        """Look at the network as it is again."""
        self.subject = subject
        self.remove_class("-film")
        self.show_all()
