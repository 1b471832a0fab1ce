"""The list of guided experiments, and the panel in which one is played: it presses keys, by the
app's own bindings.
"""

import asyncio
import os
import time
from typing import ClassVar, cast

from textual import events, getters, on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.keys import key_to_character
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Markdown, OptionList
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import UserError
from rnn_tui.ui.common.host_app import HostApp
from rnn_tui.ui.common.key_footer import KeyFooter
from rnn_tui.ui.common.requests import UNDER_WAY
from rnn_tui.ui.common.sheets import read_late_sheets
from rnn_tui.ui.common.task_view import TaskView
from rnn_tui.ui.common.textual_workarounds import Dialog, Options
from rnn_tui.ui.common.threads import telling
from rnn_tui.ui.common.widgets.plain import TypedInput
from rnn_tui.ui.guide.experiments import WAIT, GuidedExperiment, experiment_names, read_experiment

SECONDS_TO_REST = 300.0
# At rest is what was so for that many looks in a row: a key may ask for something a moment later.
SECONDS_TO_LOOK, LOOKS = 0.04, 3
AGAIN = "Enter presses the keys of this step from the first on."


class GuideScreen(Dialog[GuidedExperiment | None]):
    """The experiments, of which it answers one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, experiments: list[GuidedExperiment]) -> None:
        super().__init__()
        self._experiments = experiments

    def compose(self) -> ComposeResult:
        lines = [
            ((one.title, "bold"), (f"\n  {one.about}", "$foreground 65%"))
            for one in self._experiments
        ]
        options = Options(
            *(Option(Content.assemble(*line)) for line in lines), compact=True, markup=False
        )
        options.border_title, options.border_subtitle = (
            "Guided experiments",
            "Enter begins · Esc leaves",
        )
        yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._experiments[event.option_index])


class GuidePanel(Vertical):
    """An experiment, step by step: its text, a field for a guess, what Enter presses; `looking`
    where that is done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "go_on", "Go on", tooltip="Press the keys of this step; go on to the next"
        ),
        Binding("escape", "leave", "Leave", tooltip="Leave the guided experiment"),
    ]
    app = getters.app(HostApp)

    def __init__(self, experiment: GuidedExperiment) -> None:
        super().__init__(classes="panel")
        self.experiment, self.at, self.looking, self._pressing = experiment, 0, False, False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown(open_links=False)
        yield TypedInput("", 200, placeholder="Your guess, then Enter", id="guess")

    async def on_mount(self) -> None:
        """Show the step, or, behind its keys, what to look at; a guess stays in view."""
        step, field, steps = (
            self.experiment.steps[self.at],
            self.query_one(TypedInput),
            len(self.experiment.steps),
        )
        # cut at its end
        self.border_title = Content(
            f"{self.at + 1} of {steps} · {step.title} · {self.experiment.title}"
        )
        presses = step.keys and not self.looking
        self.border_subtitle = Content(
            f"Enter presses {self._shown(*step.keys)}" if presses else "Enter goes on · Esc leaves"
        )
        if not self.looking:
            field.value = ""
        field.disabled, field.display = (
            self.looking,
            bool(field.value if self.looking else step.guess),
        )
        await self.query_one(Markdown).update(
            step.look if self.looking else f"{step.text}\n\n{step.guess}"
        )
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.take_focus()

    def take_focus(self) -> None:
        """Focus the field where there is something to guess, or else the text, which arrows
        scroll.
        """
        field = self.query_one(TypedInput)
        (field if field.display and not self.looking else self.query_one(VerticalScroll)).focus()

    @on(Input.Submitted)
    @work
    async def action_go_on(self) -> None:
        if self._pressing:
            return
        step = self.experiment.steps[self.at]
        if not self.looking and step.look:
            self._pressing, self.border_subtitle = True, "…"
            with telling(self, severity="warning", timeout=10):
                await self._press_all(step.keys)
                self.looking = True
            self._pressing = False
        elif self.at + 1 < len(self.experiment.steps):
            self.at, self.looking = self.at + 1, False
        else:
            self.action_leave()
            return
        await self.on_mount()

    def action_leave(self) -> None:
        self.app.pane.focus_view()
        self.remove()

    def _shown(self, *keys: str) -> str:
        """Keys as the app shows them, fields by the last word of their ids."""
        words = [self.app.get_key_display(Binding(key, "")) for key in keys if key != WAIT]
        words = [
            f"{one.rpartition('-')[2].strip('#')}:" if one[0] in "#+-" else one for one in words
        ]
        return " ".join(one.upper() if one[1:].isdigit() else one for one in words)

    async def _press_all(self, keys: list[str]) -> None:
        """Press each key when the one before has done its work; a `UserError` says why not all of
        them.
        """
        if self.app.runs.busy:
            raise UserError(UNDER_WAY)
        self.app.pane.focus_view()
        for key in keys:
            if key == WAIT:
                self.take_focus()  # who looks on may leave
            else:
                await (self._go_to if key[0] in "#+-" else self._press)(key)
            await self._rest(until_trained=key == WAIT)
            if self.app.screen is not self.screen:
                raise UserError(f"A question stands over the app; once it is answered, {AGAIN}")

    async def _go_to(self, word: str) -> None:
        """Go to the field `#ID`, as by Tab or a click; tick the box `+ID`, or take its tick away by
        `-ID`.
        """
        places = [
            one
            for one in self.app.pane.query(f"#{word[1:]}")
            if all(node.display for node in one.ancestors_with_self)
        ]
        field = next(
            (
                one
                for place in places
                for one in place.walk_children(Widget, with_self=True)
                if one.focusable
            ),
            None,
        )
        if field is None:
            raise UserError(f"{self._shown(word)} is not in view; {AGAIN}")
        self.app.screen.set_focus(field)
        if word[0] != "#" and (isinstance(field, Checkbox) and field.value) is not (word[0] == "+"):
            await self._press("space")

    async def _press(self, key: str) -> None:
        typed, nodes = (
            key_to_character(key),
            self.app.focused.ancestors_with_self if self.app.focused else (),
        )
        taken = any(isinstance(one, Widget) and one.check_consume_key(key, typed) for one in nodes)
        if not taken and key not in self.app.screen.active_bindings:
            raise UserError(f"{self._shown(key)} means nothing here; {AGAIN}")
        arrived = asyncio.Event()
        self.app.post_message(events.Key(key, typed))
        self.app.call_later(arrived.set)  # behind it
        await arrived.wait()

    async def _rest(self, until_trained: bool) -> None:
        """Wait until keys, answers, studies, photos, and with `until_trained` also runs, are
        done.
        """
        app, began, looks = self.app, time.monotonic(), 0
        while looks < LOOKS:
            if time.monotonic() - began > SECONDS_TO_REST:
                raise UserError(
                    f"The app has not come to rest within {SECONDS_TO_REST:.0f} seconds; {AGAIN}"
                )
            await asyncio.sleep(SECONDS_TO_LOOK)
            busy = not app.keys_are_done or (until_trained and app.runs.anything_to_come)
            reads = any(view.at_work for view in self.screen.walk_children(TaskView))
            works = any(one.node is not self and not one.is_finished for one in app.workers)
            looks = 0 if busy or reads or works else looks + 1


def open_guide(app: HostApp) -> None:
    """Go to the experiment that is played, or else, and from there, let the user choose one."""
    screen, playing = app.screen, app.screen.query(GuidePanel)
    if playing and not playing.first().has_focus_within:
        playing.first().take_focus()
        return

    async def begin(chosen: GuidedExperiment | None) -> None:
        if chosen is not None:
            await playing.remove()
            await screen.mount(GuidePanel(chosen), before=app.query_one(KeyFooter))

    read_late_sheets(cast("App[object]", app))
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")[:2]
    with telling(app):
        app.push_screen(
            GuideScreen([read_experiment(name, spoken) for name in experiment_names()]), begin
        )
