"""Analyses, edits and the training history of the network that a look inside is at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Select

from rnn_tui.engine.errors import QueryError, UserError, printable
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.edits import LONGEST, Edit, ablated, how_to_write, read_edit
from rnn_tui.ui.frame.inside_door import InsideLook
from rnn_tui.ui.inside.bands import Look
from rnn_tui.ui.inside.history_player import HistoryPlayer, ShownSnapshot
from rnn_tui.ui.inside.step_grid import Scrubber, StepPicked
from rnn_tui.ui.inside.subject import Analyses, Subject
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.prompts import AskTextScreen

KEYS: list[BindingType] = [
    key(
        "ablate",
        "ablate",
        "Ablate",
        tooltip="Ablate the unit: its state is zero at every step",
    ),
    key(
        "freeze",
        "freeze",
        "Freeze",
        tooltip="Keep the value at the cursor from this step on",
    ),
    key("set", "set", "Set", tooltip="Type an edit: set a state, a cell or a gate"),
    key("undo", "undo", "Undo", tooltip="Undo the last edit"),
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
        "Play history",
        tooltip="Play how it learned, snapshot by snapshot; stop",
    ),
]


class AnalysingView(Vertical, InsideLook):
    """Holds what is looked at; analyses and edits it, and goes through its training history.

    It has one subclass. As a separate object it would ask the view for nearly everything: the
    input, the cursor, what is shown. The history has state of its own, and is an object of its own
    (`HistoryPlayer`).
    """

    #: Whether an analysis of the first kind is made at once, since it takes no noticeable time.
    analyses_at_once = False
    subject: Subject | None = None  #: The subject that is shown; None before there is one.
    look = Look()  #: Layer, quantity, order and unit at the cursor.
    step = 0  #: The present step, from 0.

    def __init__(self, kinds: Sequence[AnalysisKind], classes: str) -> None:
        super().__init__(classes=classes)
        self.kinds = kinds  #: The kinds of analyses that can be made.
        self.kind = self.kinds[0] if self.kinds else None  #: The selected kind.
        self.analysis_shown = True  #: Whether an analysis is shown once it is made.
        self.analysis_wanted = False  #: Whether one was asked for, to be made as soon as possible.
        self.analyses = Analyses(self, self.show_analysis, self._analysis_ended)
        self.history = HistoryPlayer(
            self, lambda: self.subject, self._show_snapshot, self._leave_snapshot
        )

    def show_all(self) -> None:
        """Show what is looked at."""
        raise NotImplementedError

    def show_analysis(self) -> None:
        """Show the progress of an analysis, or its result in words."""
        raise NotImplementedError

    # Analyses.

    @property
    def analysis(self) -> Any:
        """The analysis of the selected kind; None if there is none of what is looked at."""
        if self.subject is None or self.kind is None:
            return None
        return self.analyses.of(self.subject, self.kind)

    def action_analyse(self) -> None:
        """Make an analysis, or stop it; show or hide one that is made."""
        if self.analyses.running:
            self.analysis_wanted = False
            self.analyses.stop()
        elif self.analysis is not None:
            self.analysis_shown = not self.analysis_shown
            self.show_all()
        else:
            self._begin_analysis()

    def _begin_analysis(self) -> None:
        self.analysis_shown = True
        self.analysis_wanted = True
        if self.subject is not None and self.kind is not None:
            self.analyses.forget_failure(self.subject, self.kind)
        self._start_analysis()
        self.show_all()

    def _start_analysis(self) -> None:
        subject, kind = self.subject, self.kind
        if subject is not None and kind is not None and self.analyses.can_start(subject, kind):
            self.analyses.start(subject, kind)

    def action_next_analysis(self) -> None:
        self.query_one("#inside-kind", PlainSelect).choose_next()

    @on(Select.Changed, "#inside-kind")
    def _change_kind(self, event: Select.Changed) -> None:
        event.stop()
        self.kind = next(kind for kind in self.kinds if kind.name == event.value)
        # One of another kind may be under way. Once that has stopped, this one begins.
        self.analyses.stop()
        self._begin_analysis()

    def choose_kind(self, name: str) -> None:
        """Select a kind of analysis, without making one; a `QueryError` if there is none."""
        names = [kind.name for kind in self.kinds]
        if name not in names:
            raise QueryError(f"There is no analysis “{printable(name)}”, only {', '.join(names)}.")
        self.kind = self.kinds[names.index(name)]
        select = self.query_one("#inside-kind", PlainSelect)
        with self.prevent(Select.Changed):
            select.value = name

    def _analysis_ended(self) -> None:
        """Show an analysis; make another one if another network is looked at by now."""
        self.analyse_at_once()
        self.show_all()

    def analyse_at_once(self) -> None:
        """Start an analysis that was asked for, or that needs no asking."""
        needs_no_asking = self.analyses_at_once and self.kind is self.kinds[0]
        if self.analysis_wanted or needs_no_asking:
            self._start_analysis()

    # Edits.

    def carry_over(self, previous: Subject) -> None:
        """Read another input of the same network as the previous one: edited, or at a snapshot."""
        if self.history.shows_snapshot:
            self.history.go_on_with(self.subject)
        elif previous.edited is not None:
            self.edit(previous.edited.edits)

    def action_ablate(self) -> None:
        """Ablate the unit at the cursor."""
        if self.subject is not None and self.look.unit is not None:
            layer = self.subject.trace.layers[self.look.layer]
            self.edit((*self.edits, ablated(layer.name, self.look.unit)))

    def action_freeze(self) -> None:
        """Keep the value at the cursor from the present step on."""
        if self.subject is not None and self.look.unit is not None:
            self.edit((*self.edits, self._freezing(self.subject, self.look.unit)))

    def _freezing(self, subject: Subject, unit: int) -> Edit:
        """Return the edit that keeps the value of a unit, in what is looked at, from now on."""
        layer = subject.trace.layers[self.look.layer]
        quantity = self.look.quantity
        value = float(layer.quantities[quantity][self.step, unit])
        return Edit(layer.name, quantity.removesuffix(" gate"), (unit,), self.step, None, value)

    def action_set(self) -> None:
        """Ask for an edit, by a text that sets the value at the cursor at the present step."""
        subject = self.subject
        if subject is None or self.look.unit is None:
            return
        suggestion = replace(self._freezing(subject, self.look.unit), last=self.step)
        has_layers = len(subject.trace.layers) > 1
        text = suggestion.written(subject.trace.first_step, with_layer=has_layers)

        async def apply_edit(text: str) -> None:
            if self.subject is subject:  # else another input is looked at by now
                self._apply((*self.edits, read_edit(text, subject.trace)))

        hint = f"{how_to_write(subject.trace.layers[self.look.layer]).capitalize()}."
        self.app.push_screen(AskTextScreen("Edit", text, hint, apply_edit, LONGEST))

    def action_undo(self) -> None:
        if self.edits:
            self.edit(self.edits[:-1])

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of what is looked at, the last one last."""
        if self.subject is None or self.subject.edited is None:
            return ()
        return self.subject.edited.edits

    def edit(self, edits: tuple[Edit, ...]) -> None:
        """Read the input with these edits, or notify the user why that can't be."""
        try:
            self._apply(edits)
        except UserError as error:
            self.notify(str(error), severity="error")
            self.show_all()

    def _apply(self, edits: tuple[Edit, ...]) -> None:
        """Read the input with these edits: at once, as it takes milliseconds.

        Raises:
            UserError: The edits leave no numbers.
        """
        if self.subject is None:
            return
        self.subject = self.subject.with_edits(edits)
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

    def _show_snapshot(self, snapshot: ShownSnapshot) -> None:
        """Look at the network as it was at a snapshot of its training."""
        self.subject = snapshot.subject
        trace = snapshot.subject.reading.trace
        self.look = self.look.fitted(trace)
        self.step = min(self.step, trace.steps - 1)
        self.add_class("-history")
        self.show_all()
        self.query_one("#inside-history", Scrubber).show(
            snapshot.place,
            snapshot.count,
            f"epoch {snapshot.epoch:.3g}",
            "training history · < >",
            playing=snapshot.playing,
        )

    def _leave_snapshot(self, subject: Subject | None) -> None:
        """Look at the network as it is again."""
        self.subject = subject
        self.remove_class("-history")
        self.show_all()
