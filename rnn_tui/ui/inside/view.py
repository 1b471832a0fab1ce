"""The view Inside: what a network holds, step by step, while it reads an input."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from textual import getters, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Label, Static

from rnn_tui.engine.errors import QueryError
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.trace import Trace
from rnn_tui.ui.frame.pane import show_line
from rnn_tui.ui.frame.task_view import TaskTab, pane_of
from rnn_tui.ui.inside.analysing import KEYS, AnalysingView
from rnn_tui.ui.inside.bands import (
    UNITS,
    Look,
    StepBand,
    answer_bands,
    readout_text,
    unit_bands,
    untouched_bands,
)
from rnn_tui.ui.inside.pictures import PICTURES, GridPicture, Room
from rnn_tui.ui.inside.step_grid import Scrubber, StepGrid, StepPicked
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.work.threads import LatestQuestion

# Actions on units, which do nothing if an analysis takes their place.
ON_UNITS = ("move_unit", "sort_units", "next_quantity", "next_layer", "ablate", "freeze", "set")
# Actions that do nothing before something is looked at.
NEED_SUBJECT = (*ON_UNITS, "step", "play", "analyse", "undo", "history", "play_history")
STRIDE = 10  # steps of a long stride
ALL = 1_000_000  # more steps than any input has
PAGE = 8  # units of a page
SECONDS_A_STEP = 0.2  # while playing, for an input that is short enough
LONGEST_PLAY = 10.0  # seconds that playing takes at most
SHORTEST_TICK = 0.05  # seconds between two drawings at least
TALL = 26  # lines from which there is room for an analysis and the units
PICTURE_SHARE = 0.6  # an analysis picture's share of the lines of a tall view
NOTHING = "There is nothing to look at yet."
FAILURE = "The network could not be examined; the log file has the details."


@dataclass(frozen=True)
class _Choices:
    """What a user has chosen for the subject that is looked at."""

    step: int
    look: Look
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class _Refusal:
    """Says why an input can't be read by a network that could read others."""

    reason: str


class InsideView(AnalysingView):
    """A scrubber over time steps, and below it what the network read, held and answered.

    Steps after the present one are faded. An analysis is shown in the same columns, or in a
    picture of its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Step", key_display="←→", tooltip="The previous or next step"),
        *moves(
            "step", {"right": 1, "shift+left,ctrl+left": -STRIDE, "shift+right,ctrl+right": STRIDE}
        ),
        *moves("step", {"home": -ALL, "end": ALL}),
        Binding("space", "play", "Play", key_display="Space", tooltip="Play the steps, or stop"),
        Binding("up", "move_unit(-1)", "Unit", key_display="↑↓", tooltip="The unit above or below"),
        *moves("move_unit", {"down": 1, "pageup": -PAGE, "pagedown": PAGE}),
        key(
            "sort",
            "sort_units",
            "Sort",
            show=False,
            tooltip="Sort units by importance, or by number",
        ),
        key(
            "show",
            "next_quantity",
            "State",
            show=False,
            tooltip="Show the state, the cell or a gate of the units",
        ),
        key("layer", "next_layer", "Layer", tooltip="The next layer"),
        key("study", "analyse", "Analyse", tooltip="Analyse the network; stop; hide the analysis"),
        *KEYS,
        key("metric", "next_analysis", "Next analysis", tooltip="Run the next analysis"),
        key("other", "other", "Other", tooltip="Look at another input"),
        key("network", "next_network", "Network", tooltip="The next network"),
        Binding("escape", "leave", "Leave", show=False, tooltip="Stop playing; hide the analysis"),
    ]

    ruler: str = "step"  #: What a step is called.
    grid_title: ClassVar[str] = "What it reads and predicts"
    grid = getters.query_one("#inside-steps", StepGrid)  #: the steps of the input.

    def __init__(self, kinds: Sequence[AnalysisKind]) -> None:
        # Empty at first: no choice takes the focus before there is something to choose from.
        super().__init__(kinds, classes="-empty")
        self._asked_for: Hashable = None  #: The key of the request that was asked last.
        self._looking = LatestQuestion[Subject | _Refusal](self, self._receive, FAILURE)
        self._failure = ""  #: Why what was asked for last is not looked at.
        self._playing: Timer | None = None
        self._keys_are_of_units = True  #: Whether units were shown when keys were offered last.
        #: What to put back once the subject that is asked for is there.
        self._to_put_back: _Choices | None = None

    # The frame.

    def compose(self) -> ComposeResult:
        with Horizontal(classes="inside-choice"):
            yield from self.choices()
            if self.kinds:
                yield Label("Analysis", classes="inside-label inside-second")
                yield PlainSelect(
                    [(kind.label, kind.name) for kind in self.kinds], id="inside-kind"
                )
        yield Static("", classes="inside-refusal", markup=False)
        yield Scrubber(id="inside-scrubber")
        yield Scrubber(id="inside-history")
        with Horizontal(classes="inside-body"):
            yield from self.pictures()
            with Vertical(classes="inside-grids"):
                yield StepGrid(ruler=self.ruler, id="inside-steps")
                yield StepGrid(id="inside-analysis-steps")
                yield Static("", classes="inside-picture", markup=False)
        for part in ("analysis", "readout", "note"):
            yield Static("", classes=f"inside-{part}", markup=False)

    def on_resize(self) -> None:
        self.set_class(self.size.height >= TALL, "-tall")
        self.show_all()

    def on_unmount(self) -> None:
        self.analyses.stop()

    def focus_view(self) -> None:
        """Put the focus on the grid, where keys are commands, once it shows something."""
        if self.subject is None:
            super().focus_view()
        else:
            self.grid.focus()

    # Looking.

    def bring_up_to_date(self, pane: TaskTab) -> None:  # noqa: ARG002 - it looks for itself
        self.ask()

    def ask(self) -> None:
        """Look at what is to be read now, unless that is what is looked at."""
        if not self.is_mounted:
            return  # its parts are not there yet; coming into view does it
        request = self.request()
        if isinstance(request, str):
            self._asked_for = None
            self._looking.forget()
            self.subject = None
            self._failure = request
            self.show_all()
        elif request[0] != self._asked_for:
            self._asked_for, look = request
            self._looking.ask(partial(_look_or_refuse, look))

    def on_show(self) -> None:
        self.ask()

    async def _receive(self, outcome: Subject | _Refusal | str) -> None:
        """Look at what was read; an input that can't be read leaves the previous one there."""
        if isinstance(outcome, _Refusal):
            self._failure = outcome.reason
        elif isinstance(outcome, str):
            self.subject = None
            self._failure = outcome
        else:
            self._failure = ""
            self._change_subject(outcome)
            self._put_choices_back()
        self.show_all()

    def _change_subject(self, subject: Subject) -> None:
        """Show a new subject with the view's settings for the previous one, if they fit."""
        previous = self.history.whole or self.subject
        same_network = previous is not None and previous.network == subject.network
        same_length = previous is not None and previous.trace.steps == subject.trace.steps
        if not same_network:
            self.history.leave()
        self.subject = subject
        if not same_length:
            self.step = subject.trace.steps - 1  # its answer
        if previous is not None and same_network:
            self.carry_over(previous)
        else:
            self.look = replace(self.look, unit=None)
            # An analysis of another network takes its time: it is asked for again.
            of_input = self.kind is not None and self.kind.of_input
            self.analysis_wanted = self.analysis_wanted and of_input
        self.look = self.look.fitted(subject.trace)
        self.subject_changed(subject)
        self.refresh_bindings()
        self.analyse_at_once()

    # On request of other places.

    @property
    def at_work(self) -> bool:
        return self._looking.busy or self.analyses.running or self._playing is not None

    def begin_anew(self) -> None:
        """Forget edits, the snapshot, the analysis and the unit at the cursor."""
        self._stop_playing()
        self.analyses.stop()
        self.analysis_wanted = False
        self.history.leave()
        self.edit(())
        self._to_put_back = None
        self._asked_for = None

    def request_analysis(self, name: str) -> None:
        subject = self.subject
        if subject is None or self._failure:
            raise QueryError(self._failure or NOTHING)
        self.step = subject.trace.steps - 1
        self.look = Look().fitted(subject.trace)
        self.analysis_shown = bool(name)
        if name:
            self.choose_kind(name)
            if self.analysis is None:
                self.action_analyse()
        self.show_all()

    def ablate(self) -> None:
        self.action_ablate()

    def play_steps(self) -> None:
        self._stop_playing()
        self.go_to(0)
        self.action_play()

    @property
    def figures(self) -> Mapping[str, object]:
        subject = self.subject
        if subject is None or self._failure:
            return {}
        trace, step = subject.trace, self.step
        figures: dict[str, object] = {
            "network": subject.about,
            "input": subject.details if isinstance(subject.details, str) else "",
            "step": trace.first_step + step,
            **_answer_figures(trace, step),
            "settled": trace.settled,
            "unit": self.look.unit,
            "values": self._values_at_cursor(trace),
        }
        if subject.edited is not None:
            untouched = subject.edited.untouched
            changed = int((trace.answers != untouched.answers).sum())
            figures |= {"unedited": _answer_figures(untouched, step), "changed": changed}
        if self._shown_analysis is not None:
            figures["analysis"] = self._shown_analysis.figures
        return figures

    def _values_at_cursor(self, trace: Trace) -> dict[str, float]:
        """Return state, cell and gates of the unit at the cursor after the present step."""
        unit = self.look.unit or 0
        quantities = trace.layers[self.look.layer].quantities
        return {name: float(values[self.step, unit]) for name, values in quantities.items()}

    def memento(self) -> Callable[[], object]:
        choices = _Choices(self.step, self.look, self.edits)
        kind = self.kind
        is_shown = self.analysis_shown

        def put_back() -> None:
            self.begin_anew()
            if kind is not None:
                self.choose_kind(kind.name)
            self.analysis_shown = is_shown
            self._to_put_back = choices
            self.ask()

        return put_back

    def _put_choices_back(self) -> None:
        """Put back step, cursor and edits, if the subject that they belong to was asked for."""
        choices = self._to_put_back
        if choices is None or self.subject is None:
            return
        self._to_put_back = None
        self.step = min(choices.step, self.subject.trace.steps - 1)
        self.look = choices.look.fitted(self.subject.trace)
        self.edit(choices.edits)

    # Showing.

    @property
    def _shown_analysis(self) -> Any:
        """The analysis that is shown; None for none."""
        return self.analysis if self.analysis_shown else None

    @property
    def _units_shown(self) -> bool:
        """Whether units are shown; if there is little room, an analysis takes their place."""
        return self._shown_analysis is None or self.has_class("-tall")

    def show_all(self) -> None:
        subject = self.subject
        if subject is not None and self.has_class("-empty"):
            pane_of(self).keep_focus()
        self.set_class(subject is None, "-empty")
        if self._keys_are_of_units != self._units_shown:
            self._keys_are_of_units = self._units_shown
            self.refresh_bindings()
        if subject is None:
            self._show_nothing()
        else:
            self._show_subject(subject)

    def _show_nothing(self) -> None:
        """Say why there is nothing to look at."""
        self._stop_playing()
        show_line(self, ".inside-refusal", "")
        self.query_one("#inside-scrubber", Scrubber).show(0, 0, "", "", playing=False)
        self.grid.show((), (), 0)
        show_line(self, ".inside-readout", self._failure or NOTHING)
        show_line(self, ".inside-note", "")
        self.show_analysis()

    def _show_subject(self, subject: Subject) -> None:
        trace, step = subject.trace, self.step
        analysis = self._shown_analysis
        bands = self._bands_of(subject, analysis)
        numbers = range(trace.first_step, trace.first_step + trace.steps)
        show_line(self, ".inside-refusal", self._failure)
        self.grid.ruler, names = self.times_of(subject) or (self.ruler, ())
        self.grid.show(
            bands,
            numbers,
            step,
            names=names,
            title=self.grid_title,
            framed=self.has_class("-tall"),
        )
        self.query_one("#inside-scrubber", Scrubber).show(
            step,
            trace.steps,
            self.step_name(step, trace.steps),
            self.sentence(subject, step),
            playing=self._playing is not None,
        )
        readout = ""
        if self._units_shown:
            readout = readout_text(trace, self.look, step, self.size.width)
        show_line(self, ".inside-readout", readout)
        show_line(self, ".inside-note", self.note(subject, step))
        self.show_analysis()
        self._show_picture(subject, analysis)
        self.show_pictures(subject, step)

    def _bands_of(self, subject: Subject, analysis: Any) -> list[StepBand]:
        """Return the bands that the grid shows over the steps of the input, from top to bottom."""
        trace, units = subject.trace, self._units_shown
        bands: list[StepBand] = [*self.input_bands(subject, analysis)]
        if units or not trace.one_output:
            bands += answer_bands(trace, self.step)
        if subject.edited is not None:
            bands += untouched_bands(subject.edited.untouched)
        if analysis is not None:
            bands += self.analysis_bands(subject, analysis)
        if units:
            bands += unit_bands(trace, self.look)
        return bands

    def _show_picture(self, subject: Subject, analysis: Any) -> None:
        """Show an analysis that has a picture apart from the steps of the input."""
        grid = self.query_one("#inside-analysis-steps", StepGrid)
        text = self.query_one(".inside-picture", Static)
        tall = self.has_class("-tall")
        draw = None if analysis is None else PICTURES.get(analysis.name)
        picture = None
        if draw is not None:
            width, height = self.query_one(".inside-grids").size
            if tall:
                height = round(PICTURE_SHARE * height)
            room = Room(width, height, self.app.current_theme.dark)
            picture = draw(analysis, subject, self.step, room)
        grid.display = isinstance(picture, GridPicture)
        text.display = isinstance(picture, Content)
        self.set_class(picture is not None, "-pictured")
        if isinstance(picture, GridPicture):
            grid.ruler = picture.ruler
            grid.show(picture.bands, picture.numbers, picture.column, framed=tall)
        elif picture is not None:
            text.update(picture)

    def show_analysis(self) -> None:
        text = ""
        if self.analyses.running:
            text = self.analyses.progress
        elif self._shown_analysis is not None:
            text = self.analysis_text(self._shown_analysis)
        show_line(self, ".inside-analysis", text)

    # Steps and units.

    def go_to(self, step: int) -> None:
        """Make a step, from 0, the present one."""
        if self.subject is None:
            return
        step = max(0, min(step, self.subject.trace.steps - 1))
        if step != self.step:
            self.step = step
            self.show_all()

    def action_step(self, by: int) -> None:
        self._stop_playing()
        self.go_to(self.step + by)

    def action_play(self) -> None:
        """Play the steps, from the first if the last is reached; or stop."""
        if self._playing is not None:
            self._stop_playing()
            self.show_all()
        elif self.subject is not None:
            steps = self.subject.trace.steps
            if self.step >= steps - 1:
                self.go_to(0)
            seconds = max(min(SECONDS_A_STEP, LONGEST_PLAY / steps), SHORTEST_TICK)
            self._playing = self.set_interval(seconds, self._play_on)
            self.show_all()

    def _play_on(self) -> None:
        """Go on by a step, or by several if there are too many for the shortest tick."""
        if self.subject is None or not self.is_on_screen:
            self._stop_playing()
            return
        steps = self.subject.trace.steps
        self.go_to(self.step + max(1, round(steps * SHORTEST_TICK / LONGEST_PLAY)))
        if self.step >= steps - 1:
            self._stop_playing()
            self.show_all()

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def action_move_unit(self, by: int) -> None:
        """Move the cursor so many units down."""
        if self.subject is not None:
            self._change_look(self.look.moved(self.subject.trace, by))

    def action_sort_units(self) -> None:
        self._change_look(self.look.sorted_otherwise())

    def action_next_quantity(self) -> None:
        if self.subject is not None:
            self._change_look(self.look.next_quantity(self.subject.trace))

    def action_next_layer(self) -> None:
        if self.subject is not None:
            self._change_look(self.look.next_layer(self.subject.trace))

    def _change_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.show_all()

    @on(StepPicked, "#inside-steps, #inside-scrubber")
    def _go_to_picked(self, event: StepPicked) -> None:
        self._stop_playing()
        self.go_to(event.step)
        if event.name == UNITS and self.subject is not None:
            self._change_look(self.look.on_row(self.subject.trace, event.row))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Hide what makes no sense here; grey out what needs something to look at."""
        subject = self.subject
        if action == "next_layer":
            return subject is not None and len(subject.trace.layers) > 1
        if action in ("analyse", "next_analysis") and not self.kinds:
            return False
        if action in ON_UNITS and not self._units_shown:
            return False
        if action == "undo" and not self.edits:
            return False
        greyed_out = subject is None and action in NEED_SUBJECT
        return None if greyed_out else True

    def action_leave(self) -> None:
        if self._playing is not None:
            self._stop_playing()
            self.show_all()
        elif self.analyses.running:
            self.action_analyse()
        elif self._shown_analysis is not None:
            self.analysis_shown = False
            self.show_all()
        elif not self.history.leave():
            raise SkipAction  # it may mean something to the screen

    # What the view of a task adds, beside its actions `other` and `next_network`.

    def choices(self) -> ComposeResult:
        """Make the widgets in the line above."""
        return iter(())

    def pictures(self) -> ComposeResult:
        """Make the widgets to the left of the grid."""
        return iter(())

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """Return a key of what is to be read now, and a function that reads it in a thread.

        The function may raise a `UserError`. In place of both, a sentence says why there is
        nothing to read.
        """
        raise NotImplementedError

    def subject_changed(self, subject: Subject) -> None:
        """Prepare for a new subject, which is about to be shown."""

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """Return what was read, and what should have come out, unless a picture shows it.

        `analysis` is the one that is shown, or None.
        """
        return []

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """Return what an analysis adds to the steps of the input."""
        return []

    def analysis_text(self, analysis: Any) -> str:
        """Return the result of an analysis in a sentence or two."""
        return str(analysis.summary)

    def times_of(self, subject: Subject) -> tuple[str, Sequence[str]] | None:  # noqa: ARG002
        """Return what times are called, and that of each step; None if steps have none."""
        return None

    def step_name(self, step: int, steps: int) -> str:
        """Name a step, from 0, of so many."""
        return f"{self.ruler} {step + 1:,} of {steps:,}"

    def sentence(self, subject: Subject, step: int) -> str:
        """Say what the network predicts after a step, and whether it is right.

        With edits, say what it predicts without them too.
        """
        trace, right = subject.trace, subject.truth[step]
        answer = trace.answer_word(step)
        if trace.numbers:
            unedited = "" if subject.edited is None else subject.edited.untouched.answer_word(step)
            return f"predicts {answer}" + (f" · unedited {unedited}" if unedited else "")
        text = f"predicts {answer}, {100 * trace.confidence(step):.1f} %"
        if right:
            text += " ✓" if answer == right else f" ✗ it is {right}"
        if subject.edited is not None:
            untouched = subject.edited.untouched
            confidence = 100 * untouched.confidence(step)
            return f"{text} · unedited {untouched.answer_word(step)}, {confidence:.1f} %"
        if trace.settled is not None:
            return f"{text} · settled at {self.ruler} {trace.settled}"
        return text

    def note(self, subject: Subject, step: int) -> str:
        """Return what to bear in mind; where that is nothing, the input and the network."""
        trace = subject.trace
        if subject.edited is not None:
            return f"{subject.edited.summary} u undoes the last edit."
        layer_note = trace.layers[self.look.layer].note
        if layer_note:
            return layer_note
        return trace.prefix_note if step < trace.steps - 1 else subject.about

    def show_pictures(self, subject: Subject, step: int) -> None:
        """Bring the pictures up to date."""


def _look_or_refuse(look: Callable[[], Subject]) -> Subject | _Refusal:
    """Look at an input, or say why it can't be read; for a thread."""
    try:
        return look()
    except QueryError as error:
        return _Refusal(str(error))


def _answer_figures(trace: Trace, step: int) -> dict[str, object]:
    """Return the answer after a step, and its confidence in percent."""
    return {"answer": trace.answer_word(step), "confidence": 100 * float(trace.confidence(step))}
