"""What a look inside finds out: in analyses, by edits of values in the network, from the snapshots
of its training, in a training history.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Select

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.analyses import analyses_of
from rnn_tui.inside.edits import HOW, LONGEST, Edit, ablated, read_edit
from rnn_tui.inside.trace import LayerTrace
from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.widgets.plain import PlainSelect
from rnn_tui.ui.common.widgets.prompts import AskTextScreen
from rnn_tui.ui.inside.bands import Look
from rnn_tui.ui.inside.history_player import HistoryPlayer, HistoryView
from rnn_tui.ui.inside.step_grid import StepPicked
from rnn_tui.ui.inside.subject import Analyses, Subject

KEYS: list[BindingType] = [
    key(
        "delete",
        "ablate",
        "Ablate",
        display="⌦",
        tooltip="Ablate the unit: its state is zero at every step",
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
    key(
        "film-before",
        "history(-1)",
        "History",
        show=False,
        tooltip="The previous snapshot of the training",
    ),
    key(
        "film-after",
        "history(1)",
        "History",
        show=False,
        tooltip="The next snapshot of the training",
    ),
    key(
        "film",
        "play_history",
        "History",
        display="O",
        tooltip="Play how it learned, snapshot by snapshot; stop",
    ),
]


class AnalysingView(Vertical, HistoryView):
    """What is looked at, analyses of it, and what is changed in it."""

    #: whether an analysis of the first kind takes no longer than a look.
    analyses_at_once: ClassVar[bool] = False
    look, step = Look(), 0

    def __init__(self, task: Task, classes: str) -> None:
        super().__init__(classes=classes)
        self.kinds = analyses_of(task)  #: of analyses that can be made.
        self.kind = self.kinds[0] if self.kinds else None  #: the one that is chosen.
        # Whether analyses are in view; whether one was asked for, so that it is made as soon as it
        # can be.
        self.analysis_shown, self.analysis_wanted = True, False
        self.analyses = Analyses(self, self.show_analysis, self._analysed)
        self.history = HistoryPlayer(self)

    def show_all(self) -> None:
        """Show what is looked at."""
        raise NotImplementedError

    def show_analysis(self) -> None:
        """Show how far an analysis is, or what it found."""
        raise NotImplementedError

    # Analyses.

    @property
    def analysis(self) -> Any:
        """The analysis of the network that is looked into; None where there is none."""
        return self.analyses.of(self.subject, self.kind)

    def action_analyse(self) -> None:
        if self.analyses.running:
            self.analysis_wanted = False
            self.analyses.stop()
        elif self.analysis is not None:
            self.analysis_shown = not self.analysis_shown
            self.show_all()
        else:
            self._begin_analysis()

    def _begin_analysis(self) -> None:
        self.analysis_shown = self.analysis_wanted = True
        if self.subject is not None and self.kind is not None:
            self.analyses.forget_failure(self.subject, self.kind)
        self._start_analysis()
        self.show_all()

    def _start_analysis(self) -> None:
        if (
            self.subject is not None
            and self.kind is not None
            and self.analyses.wanted(self.subject, self.kind)
        ):
            self.analyses.start(self.subject, self.kind)

    def action_next_analysis(self) -> None:
        self.query_one("#inside-kind", PlainSelect).choose_next()

    @on(Select.Changed, "#inside-kind")
    def _kind_chosen(self, event: Select.Changed) -> None:
        event.stop()
        self.kind = next(kind for kind in self.kinds if kind.name == event.value)
        self.analyses.stop()  # one of another kind; once that has ended, this one begins
        self._begin_analysis()

    def _analysed(self) -> None:
        """An analysis has ended; another network may be looked at by now."""
        self.analyse_at_once()
        self.show_all()

    def analyse_at_once(self) -> None:
        if self.analysis_wanted or (self.analyses_at_once and self.kind is self.kinds[0]):
            self._start_analysis()

    # Edits.

    def go_on_from(self, before: Subject) -> None:
        """Do to another input of the same network what was done to the one `before`."""
        if self.history.shows_snapshot:
            self.history.go_on_with(self.subject)
        elif before.edited is not None:
            self.edit(before.edited.edits)

    def action_ablate(self) -> None:
        self._add(lambda layer, unit: ablated(layer.name, unit))

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

    # The training history.

    def action_history(self, snapshots: int) -> None:
        self.history.step(snapshots)

    def action_play_history(self) -> None:
        self.history.play()

    @on(StepPicked, "#inside-history")
    def _snapshot_picked(self, event: StepPicked) -> None:
        self.history.go_to(event.step)

    def show_snapshot(self, subject: Subject) -> None:
        """Look at the network as it was at a snapshot of its training."""
        self.subject = subject
        trace = subject.reading.trace
        self.look = self.look.fitted(trace)
        self.step = min(self.step, trace.steps - 1)
        self.add_class("-history")
        self.show_all()

    def leave_snapshot(self, subject: Subject | None) -> None:
        """Look at the network as it is again."""
        self.subject = subject
        self.remove_class("-history")
        self.show_all()
