"""The list of guided experiments, and the panel over the app in which one is played."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, OptionList
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import UserError
from rnn_tui.ui.guide.experiments import Experiment, experiment_names, language, read_experiment
from rnn_tui.ui.guide.player import key_names, press
from rnn_tui.ui.shell.keys import KeyFooter
from rnn_tui.ui.textual_fixes import read_late_styles
from rnn_tui.ui.widgets.plain import TypedInput

if TYPE_CHECKING:
    from rnn_tui.ui.shell.app import RnnTuiApp

LONGEST_GUESS = 200


class GuideScreen(ModalScreen[str | None]):
    """The experiments, of which it answers the name of one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, experiments: list[Experiment]) -> None:
        super().__init__()
        self._experiments = experiments

    def compose(self) -> ComposeResult:
        options = OptionList(*(Option(_line(one), one.name) for one in self._experiments), compact=True, markup=False)
        options.border_title, options.border_subtitle = "Guided experiments", "Enter begins · Esc leaves"
        yield options

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


def _line(one: Experiment) -> Content:
    minutes = (f"  {one.minutes} min", "$text-accent")
    return Content.assemble((one.title, "bold"), minutes, (f"\n  {one.about}", "$foreground 65%"))


class GuidePanel(Vertical):
    """An experiment, step by step: its text, a field for a guess, what Enter presses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Go on", tooltip="Press the keys of this step; go on to the next"),
        Binding("escape", "leave", "Leave", tooltip="Leave the guided experiment"),
    ]

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(classes="panel")
        self.experiment, self.at, self.looking = experiment, 0, False
        self._pressing = False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown(open_links=False)
        yield TypedInput("", LONGEST_GUESS, placeholder="Your guess, then Enter", id="guess")

    async def on_mount(self) -> None:
        await self._show()

    async def _show(self) -> None:
        """Show the step, or, behind its keys, what to look at; a guess stays in view."""
        step, field = self.experiment.steps[self.at], self.query_one(TypedInput)
        number = f"{self.at + 1} of {len(self.experiment.steps)}"
        self.border_title = Content(f"{number} · {step.title} · {self.experiment.title}")  # of which the end may be cut
        self.border_subtitle = Content(self._next)
        if not self.looking:
            field.value = ""
        field.disabled = self.looking
        field.display = bool(field.value if self.looking else step.guess)
        text = step.look if self.looking else "\n\n".join(filter(None, (step.text, step.guess)))
        await self.query_one(Markdown).update(text)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.take_focus()

    @property
    def _next(self) -> str:
        step = self.experiment.steps[self.at]
        if step.keys and not self.looking:
            return f"Enter presses {key_names(cast('RnnTuiApp', self.app), step.keys)}"
        last = self.at + 1 == len(self.experiment.steps) and (self.looking or not step.look)
        return "Enter ends" if last else "Enter goes on · Esc leaves"

    def take_focus(self) -> None:
        """Focus the field where there is something to guess, or else the text, which arrows scroll."""
        field = self.query_one(TypedInput)
        (field if field.display and not self.looking else self.query_one(VerticalScroll)).focus()

    @on(Input.Submitted)
    @work
    async def action_go_on(self) -> None:
        step = self.experiment.steps[self.at]
        if self._pressing:
            return
        if not self.looking and step.look:
            self._pressing, self.border_subtitle = True, "…"
            failed = await press(cast("RnnTuiApp", self.app), step.keys, self) if step.keys else ""
            self._pressing, self.looking = False, not failed
            if failed:
                self.notify(failed, severity="warning", timeout=10)
        elif self.at + 1 < len(self.experiment.steps):
            self.at, self.looking = self.at + 1, False
        else:
            self.action_leave()
            return
        await self._show()

    def action_leave(self) -> None:
        cast("RnnTuiApp", self.app).pane.focus_view()
        self.remove()


def open_guide(app: "RnnTuiApp") -> None:
    """Go to the experiment that is played, or else, and from there, let the user choose one."""
    screen, playing = app.screen, app.screen.query(GuidePanel)
    if playing and not playing.first().has_focus_within:
        playing.first().take_focus()
        return
    try:
        experiments = {name: read_experiment(name, language()) for name in experiment_names()}
    except UserError as error:
        app.notify(str(error), severity="error")
        return

    async def begin(name: str | None) -> None:
        if name is not None:
            await playing.remove()
            await screen.mount(GuidePanel(experiments[name]), before=app.query_one(KeyFooter))

    read_late_styles(cast("App[object]", app))
    app.push_screen(GuideScreen(list(experiments.values())), begin)
