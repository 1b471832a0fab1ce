"""The list of guided experiments, and the panel that plays one by the app's own keys."""

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
from rnn_tui.ui.guide.experiments import (
    WAIT,
    ExperimentStep,
    GuidedExperiment,
    experiment_names,
    read_experiment,
)

SECONDS_TO_REST = 300.0
SECONDS_BETWEEN_LOOKS = 0.04
# The app is at rest once it was idle at so many looks in a row: a key may ask for something late.
LOOKS = 3
GO_TO = "#+-"  # what keys begin with that go to a field
INTERRUPTED = "so the step was interrupted. Press Enter to run it again."


class GuideScreen(Dialog[GuidedExperiment | None]):
    """Asks for one of the experiments, and answers it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, experiments: list[GuidedExperiment]) -> None:
        super().__init__()
        self._experiments = experiments

    def compose(self) -> ComposeResult:
        lines = [
            Content.assemble(
                (experiment.title, "bold"), (f"\n  {experiment.about}", "$foreground 65%")
            )
            for experiment in self._experiments
        ]
        options = Options(*map(Option, lines), compact=True, markup=False)
        options.border_title = "Guided experiments"
        options.border_subtitle = "Enter begins · Esc leaves"
        yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._experiments[event.option_index])


class GuidePanel(Vertical):
    """An experiment, step by step: its text, a field for a guess, and what Enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Continue", tooltip="Run this step, then go to the next"),
        Binding("escape", "leave", "Leave", tooltip="Leave the guided experiment"),
    ]
    app = getters.app(HostApp)

    def __init__(self, experiment: GuidedExperiment) -> None:
        super().__init__(classes="panel")
        self.experiment = experiment
        self.at = 0  #: the index of the step.
        self.looking = False  #: whether its keys are pressed, and there is something to look at.
        self._pressing = False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown(open_links=False)
        yield TypedInput("", 200, placeholder="Your guess, then Enter", id="guess")

    async def on_mount(self) -> None:
        await self._show_step()

    async def _show_step(self) -> None:
        """Show the step, or after its keys what to look at; a guess stays in view."""
        step = self._step
        field = self.query_one(TypedInput)
        number = f"{self.at + 1} of {len(self.experiment.steps)}"
        # cut at its end if there is no room
        self.border_title = Content(f"{number} · {step.title} · {self.experiment.title}")
        self.border_subtitle = Content(self._what_enter_does())
        if self.looking:
            text = step.look
            field.display = bool(field.value)
        else:
            text = f"{step.text}\n\n{step.guess}"
            field.value = ""
            field.display = bool(step.guess)
        field.disabled = self.looking
        await self.query_one(Markdown).update(text)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.take_focus()

    @property
    def _step(self) -> ExperimentStep:
        return self.experiment.steps[self.at]

    def _what_enter_does(self) -> str:
        step = self._step
        if self.looking or not step.keys:
            return "Enter continues · Esc leaves"
        if step.action:
            return f"Enter: {step.action}"
        return f"Enter presses {self._in_words(*step.keys)}"

    def take_focus(self) -> None:
        """Focus the field if there is something to guess, or else the text to scroll it."""
        field = self.query_one(TypedInput)
        if field.display and not self.looking:
            field.focus()
        else:
            self.query_one(VerticalScroll).focus()

    @on(Input.Submitted)
    def _guess_submitted(self) -> None:
        self.action_go_on()

    @work
    async def action_go_on(self) -> None:
        """Press the keys of the step; after that go to the next step, or leave after the last."""
        if self._pressing:
            return
        step = self._step
        if not self.looking and step.look:
            self._pressing = True
            self.border_subtitle = "…"
            with telling(self, severity="warning", timeout=10):
                await self._press_all(step.keys)
                self.looking = True
            self._pressing = False
        elif self.at + 1 < len(self.experiment.steps):
            self.at += 1
            self.looking = False
        else:
            self.action_leave()
            return
        await self._show_step()

    def action_leave(self) -> None:
        """Leave the experiment."""
        self.app.pane.focus_view()
        self.remove()

    def _in_words(self, *keys: str) -> str:
        """Return the keys as the app shows them, fields by the last word of their ids."""
        return " ".join(self._key_in_words(key) for key in keys if key != WAIT)

    def _key_in_words(self, key: str) -> str:
        if key[0] in GO_TO:
            return f"{key[1:].rpartition('-')[2]}:"
        word = self.app.get_key_display(Binding(key, ""))
        is_function_key = word[1:].isdigit()
        return word.upper() if is_function_key else word

    async def _press_all(self, keys: list[str]) -> None:
        """Press each key once the one before has done its work.

        Raises:
            UserError: if a key can't be pressed; the keys after it are not pressed then.
        """
        if self.app.runs.busy:
            raise UserError(UNDER_WAY)
        self.app.pane.focus_view()
        for key in keys:
            if key == WAIT:
                self.take_focus()  # meanwhile the user may leave
            elif key[0] in GO_TO:
                await self._go_to(key)
            else:
                await self._press(key)
            await self._rest(until_trained=key == WAIT)
            if self.app.screen is not self.screen:
                raise UserError(f"A dialog is open over the app, {INTERRUPTED}")

    async def _go_to(self, word: str) -> None:
        """Go to the field `#ID`, as by Tab or a click; tick the box `+ID`, or untick it by `-ID`.

        Raises:
            UserError: if there is no such field in view.
        """
        field = self._field(word[1:])
        if field is None:
            raise UserError(f"{self._key_in_words(word)} is not in view, {INTERRUPTED}")
        self.app.screen.set_focus(field)
        if word[0] == "#":
            return
        is_ticked = isinstance(field, Checkbox) and field.value
        if is_ticked != (word[0] == "+"):
            await self._press("space")

    def _field(self, id: str) -> Widget | None:
        """Return the first widget that takes the focus in a visible one of this id, or None."""
        for place in self.app.pane.query(f"#{id}"):
            if not all(node.display for node in place.ancestors_with_self):
                continue
            for widget in place.walk_children(Widget, with_self=True):
                if widget.focusable:
                    return widget
        return None

    async def _press(self, key: str) -> None:
        """Press a key, and wait until it has reached the app.

        Raises:
            UserError: if the key does nothing where the focus is.
        """
        character = key_to_character(key)
        focused = self.app.focused
        nodes = focused.ancestors_with_self if focused is not None else ()
        is_typed = any(
            isinstance(node, Widget) and node.check_consume_key(key, character) for node in nodes
        )
        if not is_typed and key not in self.app.screen.active_bindings:
            raise UserError(f"{self._key_in_words(key)} does nothing here, {INTERRUPTED}")
        arrived = asyncio.Event()
        self.app.post_message(events.Key(key, character))
        self.app.call_later(arrived.set)  # comes after the key in the app's queue
        await arrived.wait()

    async def _rest(self, until_trained: bool) -> None:
        """Wait until keys, answers, analyses and photos are done, if `until_trained` runs too.

        Raises:
            UserError: if that takes longer than `SECONDS_TO_REST`.
        """
        began = time.monotonic()
        idle_looks = 0
        while idle_looks < LOOKS:
            if time.monotonic() - began > SECONDS_TO_REST:
                raise UserError(
                    f"The app is still busy after {SECONDS_TO_REST:.0f} seconds, {INTERRUPTED}"
                )
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            idle_looks = 0 if self._is_busy(until_trained) else idle_looks + 1

    def _is_busy(self, until_trained: bool) -> bool:
        app = self.app
        if not app.keys_are_done or (until_trained and app.runs.anything_to_come):
            return True
        if any(view.at_work for view in self.screen.walk_children(TaskView)):
            return True
        return any(worker.node is not self and not worker.is_finished for worker in app.workers)


def open_guide(app: HostApp) -> None:
    """Go to the experiment that is played; from there, or without one, let the user choose."""
    screen = app.screen
    playing = screen.query(GuidePanel)
    if playing and not playing.first().has_focus_within:
        playing.first().take_focus()
        return

    async def begin(chosen: GuidedExperiment | None) -> None:
        if chosen is not None:
            await playing.remove()
            await screen.mount(GuidePanel(chosen), before=app.query_one(KeyFooter))

    read_late_sheets(cast("App[object]", app))
    with telling(app):
        language = _language()
        experiments = [read_experiment(name, language) for name in experiment_names()]
        app.push_screen(GuideScreen(experiments), begin)


def _language() -> str:
    """Return the user's language in two letters, by the environment; empty if it says none."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = os.environ.get(name)
        if locale:
            return locale[:2]
    return ""
