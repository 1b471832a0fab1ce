"""A look inside a network: what it holds, step by step, while it reads the input at hand."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import getters, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Label, Static

from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.key_table import key, moves
from rnn_tui.ui.common.pane import show_line
from rnn_tui.ui.common.task_view import TaskTab, pane_of
from rnn_tui.ui.common.threads import LatestQuestion
from rnn_tui.ui.common.widgets.plain import PlainSelect
from rnn_tui.ui.inside.analysing import KEYS, AnalysingView
from rnn_tui.ui.inside.bands import (
    UNITS,
    StepBand,
    answer_bands,
    readout_text,
    unit_bands,
    untouched_bands,
)
from rnn_tui.ui.inside.pictures import PICTURES, GridPicture, Room
from rnn_tui.ui.inside.step_grid import Scrubber, StepGrid, StepPicked
from rnn_tui.ui.inside.subject import Subject

# Steps of a long stride, more than any input has, and units of a page.
NEED_SUBJECT = (
    "step",
    "play",
    "look",
    "analyse",
    "ablate",
    "freeze",
    "set",
    "undo",
    "history",
    "play_history",
)
STRIDE, ALL, PAGE = 10, 1_000_000, 8
# Playing takes as long as one can follow, and no more than this; no more often is anything drawn
# anew.
SECONDS_A_STEP, LONGEST_PLAY, SHORTEST_TICK = 0.2, 10.0, 0.05
TALL = 26  # lines from which an analysis does not have to take the place of the units
NOTHING = "There is nothing to look at yet."
FAILURE = "Looking inside this one failed; the log file has the details."


class InsideView(AnalysingView):
    """A scrubber over time steps; below it what was read, said and held up to the present one, and
    found in an analysis.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Step", key_display="←→", tooltip="The previous or next step"),
        *moves(
            "step", {"right": 1, "shift+left,ctrl+left": -STRIDE, "shift+right,ctrl+right": STRIDE}
        ),
        *moves("step", {"home": -ALL, "end": ALL}),
        Binding(
            "space", "play", "Play", key_display="␣", tooltip="Play the steps, or stop (Space)"
        ),
        Binding(
            "up", "look('moved', -1)", "Unit", key_display="↑↓", tooltip="The unit above or below"
        ),
        *moves(
            "look",
            {"down": "'moved', 1", "pageup": f"'moved', -{PAGE}", "pagedown": f"'moved', {PAGE}"},
        ),
        key(
            "sort",
            "look('sorted_otherwise')",
            "Sort",
            tooltip="Units by how much they matter, or by number",
        ),
        key(
            "show",
            "look('next_quantity')",
            "State",
            tooltip="Show the state, the cell or a gate of the units",
        ),
        key("layer", "look('next_layer')", "Layer", show=False, tooltip="The next layer"),
        key("study", "analyse", "Analyse", tooltip="Analyse the network; stop; hide the analysis"),
        *KEYS,
        key("metric", "next_analysis", "Which", show=False, tooltip="The next kind of analysis"),
        key("other", "other", "Other", tooltip="Look at another input"),
        key("network", "next_network", "Network", tooltip="The next network"),
        Binding("escape", "leave", "Leave", show=False, tooltip="Stop playing or the analysis"),
    ]

    ruler: str = "step"
    grid_title: ClassVar[str] = "what it reads and says"
    grid = getters.query_one("#inside-steps", StepGrid)  #: the steps of the input at hand.

    def __init__(self, task: Task) -> None:
        # Empty at first: no choice takes the focus before there is something to choose from.
        super().__init__(task, classes="-empty")
        self._asked_for: Hashable = None  # by its key
        self._looking = LatestQuestion[Subject](self, self._take, FAILURE)
        self._failure = ""
        self._playing: Timer | None = None

    # The frame.

    def compose(self) -> ComposeResult:
        with Horizontal(classes="inside-choice"):
            yield from self.choices()
            if self.kinds:
                yield Label("analysis", classes="inside-label inside-second")
                yield PlainSelect(
                    [(kind.label, kind.name) for kind in self.kinds], id="inside-kind"
                )
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
        """Put the focus on the grid, where keys are commands; it is there with what is in it."""
        (super().focus_view if self.subject is None else self.grid.focus)()

    # Looking.

    def bring_up_to_date(self, pane: TaskTab) -> None:  # noqa: ARG002 - it looks for itself
        self.ask()

    def ask(self) -> None:
        """Look at what is at hand, unless that is what is looked at."""
        if not self.is_mounted:
            return  # its parts are not there yet; coming into view does it
        request = self.request()
        if isinstance(request, str):
            self._asked_for = None
            self._looking.forget()
            self.subject, self._failure = None, request
            self.show_all()
        elif request[0] != self._asked_for:
            self._asked_for, look = request
            self._looking.ask(look)

    on_show = ask

    async def _take(self, found: Subject | str) -> None:
        if isinstance(found, str):
            self.subject, self._failure = None, found
        else:
            before, self._failure = self.history.whole or self.subject, ""
            if before is None or before.network != found.network:
                self.history.leave()
            self.subject = found
            # The whole input at first: one sees the answer, and goes back from there.
            if before is None or before.trace.steps != found.trace.steps:
                self.step = found.trace.steps - 1
            if before is None or before.network != found.network:
                self.look = replace(self.look, unit=None)
                # An analysis of another network takes its time: it is asked for again.
                self.analysis_wanted = (
                    self.analysis_wanted and self.kind is not None and self.kind.of_input
                )
            else:
                self.go_on_from(before)
            self.look = self.look.fitted(found.trace)
            self.taken(found)
            self.refresh_bindings()
            self.analyse_at_once()
        self.show_all()

    # Showing.

    @property
    def _units_shown(self) -> bool:
        """Whether the units are; where there is little room, an analysis and they take turns."""
        return not (self.analysis is not None and self.analysis_shown) or self.has_class("-tall")

    def show_all(self) -> None:
        subject = self.subject
        if subject is not None and self.has_class("-empty"):
            pane_of(self).keep_focus()
        self.set_class(subject is None, "-empty")
        if subject is None:
            self._stop_playing()
            self.query_one("#inside-scrubber", Scrubber).show(0, 0, "", "", playing=False)
            self.grid.show((), (), 0)
            show_line(self, ".inside-readout", self._failure or NOTHING)
            show_line(self, ".inside-note", "")
            self.show_analysis()
            return
        trace, step, units = subject.trace, self.step, self._units_shown
        analysis = self.analysis if self.analysis_shown else None
        bands: list[StepBand] = [*self.input_bands(subject, analysis)]
        if units or not trace.one_output:
            bands += answer_bands(trace, step)
        if subject.edited is not None:
            bands += untouched_bands(subject.edited.untouched)
        if analysis is not None:
            bands += self.analysis_bands(subject, analysis)
        if units:
            bands += unit_bands(trace, self.look)
        numbers = range(trace.first_step, trace.first_step + trace.steps)
        self.grid.show(bands, numbers, step, title=self.grid_title, framed=self.has_class("-tall"))
        name, said = self.step_name(step, trace.steps), self.sentence(subject, step)
        self.query_one("#inside-scrubber", Scrubber).show(
            step, trace.steps, name, said, playing=self._playing is not None
        )
        show_line(
            self,
            ".inside-readout",
            readout_text(trace, self.look, step, self.size.width) if units else "",
        )
        show_line(self, ".inside-note", self.note(subject, step))
        self.show_analysis()
        self._show_picture(subject, analysis)
        self.show_pictures(subject, step)

    def _show_picture(self, subject: Subject, analysis: Any) -> None:
        """Bring what shows an analysis apart from the steps of the input up to date."""
        draw, tall = (
            None if analysis is None else PICTURES.get(analysis.name),
            self.has_class("-tall"),
        )
        grid, text = (
            self.query_one("#inside-analysis-steps", StepGrid),
            self.query_one(".inside-picture", Static),
        )
        width, height = self.query_one(".inside-grids").size
        room = Room(width, round(0.6 * height) if tall else height, self.app.current_theme.dark)
        picture = None if draw is None else draw(analysis, subject, self.step, room)
        grid.display, text.display = isinstance(picture, GridPicture), isinstance(picture, Content)
        self.set_class(picture is not None, "-pictured")
        if isinstance(picture, GridPicture):
            grid.ruler = picture.ruler
            grid.show(picture.bands, picture.numbers, picture.column, framed=tall)
        elif picture is not None:
            text.update(picture)

    def show_analysis(self) -> None:
        analysis = (
            self.analysis_text(self.analysis)
            if self.analysis is not None and self.analysis_shown
            else ""
        )
        show_line(
            self, ".inside-analysis", self.analyses.progress if self.analyses.running else analysis
        )

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
        if self._playing is not None:
            self._stop_playing()
            self.show_all()
        elif self.subject is not None:
            steps = self.subject.trace.steps
            if self.step >= steps - 1:
                self.go_to(0)
            self._playing = self.set_interval(
                max(min(SECONDS_A_STEP, LONGEST_PLAY / steps), SHORTEST_TICK), self._play_on
            )
            self.show_all()

    def _play_on(self) -> None:
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

    def action_look(self, how: str, *by: int) -> None:
        """Look at what a method of `Look` says, such as the next layer."""
        look = (
            self.look if self.subject is None else getattr(self.look, how)(self.subject.trace, *by)
        )
        if look != self.look:
            self.look = look
            self.show_all()

    @on(StepPicked, "#inside-steps, #inside-scrubber")
    def _picked(self, event: StepPicked) -> None:
        self._stop_playing()
        self.go_to(event.step)
        if event.name == UNITS:
            self.action_look("on_row", event.row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        subject = self.subject
        if parameters == ("next_layer",):
            return subject is not None and len(subject.trace.layers) > 1
        units = self._units_shown
        needed = {
            "analyse": self.kinds,
            "next_analysis": self.kinds,
            "look": units,
            "ablate": units,
            "freeze": units,
        }
        if not needed.get(action, True) or (action == "undo" and not self.edits):
            return False
        return True if subject is not None or action not in NEED_SUBJECT else None

    def action_leave(self) -> None:
        if self._playing is not None:
            self._stop_playing()
            self.show_all()
        elif self.analyses.running:
            self.action_analyse()
        elif not self.history.leave():
            raise SkipAction  # it may mean something to the screen

    # What a task says of it, beside its actions `other` and `next_network`.

    def choices(self) -> ComposeResult:
        """What can be chosen, in a line above."""
        return iter(())

    def pictures(self) -> ComposeResult:
        """What stands at the left of the grid."""
        return iter(())

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """What tells the subject at hand from others, and in a thread looks at it, or raises a
        `UserError`; or why not.
        """
        raise NotImplementedError

    def taken(self, subject: Subject) -> None:
        """Something new is looked at, and about to be shown."""

    def input_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """What was read, and what should have come out, unless a picture shows it; `analysis` is
        None where there is none.
        """
        return []

    def analysis_bands(self, subject: Subject, analysis: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """What an analysis adds to the steps of the input at hand."""
        return []

    def analysis_text(self, analysis: Any) -> str:
        """What an analysis found, in a sentence or two."""
        return str(analysis.summary)

    def step_name(self, step: int, steps: int) -> str:
        """Which step, from 0, of how many."""
        return f"{self.ruler} {step + 1:,} of {steps:,}"

    def sentence(self, subject: Subject, step: int) -> str:
        """What the network says after a step, and whether it is right; with edits, what it said
        without.
        """
        trace, right = subject.trace, subject.truth[step]
        answer = trace.answer_word(step)
        text = f"says {answer}, {100 * trace.confidence(step):.1f} %"
        if right:
            text += " ✓" if answer == right else f" ✗ it is {right}"
        if subject.edited is not None:
            before = subject.edited.untouched
            return (
                f"{text} · untouched {before.answer_word(step)}, "
                f"{100 * before.confidence(step):.1f} %"
            )
        return (
            text if trace.settled is None else f"{text} · settled at {self.ruler} {trace.settled}"
        )

    def note(self, subject: Subject, step: int) -> str:
        """What to know of what is shown; where that is nothing, who answers."""
        trace = subject.trace
        if subject.edited is not None:
            return f"{subject.edited.summary} u takes the last edit back."
        return trace.layers[self.look.layer].note or (
            trace.prefix_note if step < trace.steps - 1 else subject.about
        )

    def show_pictures(self, subject: Subject, step: int) -> None:
        """Bring the pictures up to date."""
