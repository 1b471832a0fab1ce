"""The panel that plays a guided experiment: read, guess, have it done, and compare."""

from collections.abc import Coroutine
from typing import ClassVar, cast

from textual import getters, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Markdown, Static
from textual.worker import Worker

from rnn_tui.engine.counts import first_few
from rnn_tui.engine.errors import UserError
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.sheets import read_late_sheets
from rnn_tui.ui.guide.choosing import GuideScreen, read_shelf
from rnn_tui.ui.guide.experiments import (
    ExperimentStep,
    GuidedExperiment,
    read_experiment,
)
from rnn_tui.ui.guide.figures import Figures, Guess, number_in, outcome_of
from rnn_tui.ui.guide.journal import ExperimentProgress, GuessResult, keep_progress
from rnn_tui.ui.guide.player import GUIDE, RUN_SUFFIX, Player
from rnn_tui.ui.guide.words import WORDS, language_of
from rnn_tui.ui.widgets.plain import MainButton, TypedInput
from rnn_tui.ui.work.threads import in_thread, telling, to_thread

LONGEST_GUESS = 40


class ChoiceButton(MainButton):
    """An answer to choose; it is given by a click or Enter."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class GuidePanel(Vertical):
    """An experiment, step by step: its text, a guess, what Enter does, and what came of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Continue", tooltip="Do what the step says, then go to the next"),
        Binding("backspace", "back", "Back", tooltip="Go back in the guided experiment"),
        Binding("escape", "leave", "Leave", tooltip="Leave the guided experiment; it is kept"),
        Binding("right", "other_choice(1)", "Other answer", show=False),
        Binding("left", "other_choice(-1)", "Other answer", show=False),
    ]
    app = getters.app(HostApp)

    def __init__(
        self, experiment: GuidedExperiment, progress: ExperimentProgress, language: str
    ) -> None:
        """Make the panel.

        Args:
            experiment: what is played.
            progress: how far it was played; it begins anew if it is at its end.
            language: of `WORDS`.
        """
        super().__init__(classes="panel")
        self.experiment = experiment
        self.progress = progress
        self._words = WORDS[language]
        self._figures = Figures({}, progress.figures, self._words.decimal)
        self._player: Player | None = None
        self._working: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown(open_links=False)
        yield Static("", id="guide-question", markup=False)
        with Horizontal(id="guide-answer"):
            yield TypedInput("", LONGEST_GUESS, placeholder=self._words.guess, id="guess")
            yield Static("", id="guide-unit", markup=False)
        with Horizontal(id="guide-choices"):
            yield Static("", id="guide-then", markup=False)
        yield Static("", id="guide-problem", markup=False)
        with Horizontal(id="guide-buttons"):
            for name, label in (
                ("go-on", ""),
                ("back", self._words.back),
                ("leave", self._words.leave),
            ):
                button = MainButton(label, f"guide-{name}")
                button.can_focus = False
                yield button

    async def on_mount(self) -> None:
        self._player = Player(self.app, self._figures, self.take_focus)
        await self._show()

    # Where it is.

    @property
    def at(self) -> int:
        """The index of the step; the number of steps for the summary."""
        return min(self.progress.step, len(self.experiment.steps))

    @property
    def looking(self) -> bool:
        """Whether the step was done, and there is something to look at."""
        return self.progress.looking

    @property
    def step(self) -> ExperimentStep | None:
        """The step; None at the summary."""
        steps = self.experiment.steps
        return steps[self.at] if self.at < len(steps) else None

    @property
    def busy(self) -> bool:
        """Whether the step is being done."""
        return self._working is not None and not self._working.is_finished

    # Showing.

    async def _show(self) -> None:
        """Show the text of where it is, and what can be done there."""
        step = self.step
        asked = step.guess if step is not None and not self.looking else None
        self._show_frame(step)
        self.query_one("#guide-question", Static).update(self._question(step))
        self.query_one("#guide-question").display = step is not None and step.guess is not None
        self._say("")
        await self._show_choices(asked)
        field = self.query_one(TypedInput)
        field.value = ""
        self.query_one("#guide-answer").display = asked is not None and not asked.choices
        self.query_one("#guide-unit", Static).update("" if asked is None else asked.unit)
        self.set_class(self.looking, "-looking")
        self._show_buttons()
        await self.query_one(Markdown).update(self._text(step))
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.take_focus()

    def _show_frame(self, step: ExperimentStep | None) -> None:
        words = self._words
        where = words.summary
        if step is not None:
            where = words.step.format(self.at + 1, len(self.experiment.steps), step.title)
        # cut at its end if there is no room
        self.border_title = Content(f"{where} · {self.experiment.title}")

    def _text(self, step: ExperimentStep | None) -> str:
        if step is None:
            return self._figures.fill(self.experiment.summary, markdown=True) + self._answers()
        return self._figures.fill(step.look if self.looking else step.text, markdown=True)

    def _answers(self) -> str:
        """Return all guesses with their outcomes, as lines of Markdown."""
        figures = Figures({}, {})
        lines = []
        for place, answer in sorted(self.progress.answers.items()):
            if place < len(self.experiment.steps):
                compared = self._compared(self.experiment.steps[place].guess, answer)
                text = f"{self.experiment.steps[place].title} · {compared}"
                lines.append(figures.fill(text.replace("*", r"\*")))
        return "\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""

    def _question(self, step: ExperimentStep | None) -> Content:
        """Return the question; once it is answered, the guess beside the outcome."""
        if step is None or step.guess is None:
            return Content("")
        answer = self.progress.answers.get(self.at)
        if self.looking and answer is not None:
            return Content.styled(self._compared(step.guess, answer), "bold $text-accent")
        return Content.styled(self._figures.fill(step.guess.question), "bold")

    def _compared(self, guess: Guess | None, answer: GuessResult) -> str:
        """Return a guess beside its outcome, marked if it was right."""
        words = self._words
        given = answer.guess
        if not given:
            return words.compared.format(words.no_guess, answer.outcome)
        is_right = given == answer.outcome
        if guess is not None and not guess.choices:
            is_right = number_in(given) == number_in(answer.outcome)
        return words.compared.format(given, answer.outcome) + (words.right if is_right else "")

    async def _show_choices(self, asked: Guess | None) -> None:
        """Show the answers to choose from, and what is done after that."""
        answers = () if asked is None else asked.choices
        place = self.query_one("#guide-choices", Horizontal)
        await place.query(ChoiceButton).remove()
        await place.mount_all(map(ChoiceButton, answers), before="#guide-then")
        place.display = bool(answers)
        if answers and self.step is not None:
            self.query_one("#guide-then", Static).update(self._words.do.format(self.step.words))

    def _show_buttons(self) -> None:
        """Say what Enter does, and what else can be done."""
        words, step = self._words, self.step
        if self.busy:
            label = words.working
        elif step is None:
            label = words.finish
        elif self.looking:
            label = words.go_on
        else:
            label = words.do.format(step.words)
        button = self.query_one("#guide-go-on", Button)
        button.label = Content(label)
        button.refresh(layout=True)  # or it would keep the width of the label before
        button.display = not self.query(ChoiceButton)
        self.query_one("#guide-back").display = not self.busy and (self.at > 0 or self.looking)

    def _say(self, problem: str) -> None:
        static = self.query_one("#guide-problem", Static)
        static.update(problem)
        static.display = bool(problem)

    def take_focus(self) -> None:
        """Focus what is to be answered, or else the text to scroll it."""
        choices = self.query(ChoiceButton)
        if self.busy:
            self.query_one(VerticalScroll).focus()
        elif choices:
            choices.first().focus()
        elif self.query_one("#guide-answer").display:
            self.query_one(TypedInput).focus()
        else:
            self.query_one(VerticalScroll).focus()

    # Acting.

    @on(Input.Submitted)
    def _guess_submitted(self) -> None:
        self.action_go_on()

    @on(Button.Pressed, "#guide-go-on")
    def _go_on_pressed(self) -> None:
        self.action_go_on()

    @on(Button.Pressed, "#guide-back")
    def _back_pressed(self) -> None:
        self.action_back()

    @on(Button.Pressed, "#guide-leave")
    def _leave_pressed(self) -> None:
        self.action_leave()

    @on(Button.Pressed, "ChoiceButton")
    def _choice_pressed(self, event: Button.Pressed) -> None:
        self._begin(self._run_step(cast("ChoiceButton", event.button).answer))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Move between answers only if there are some; go back only if there is a way."""
        if action == "other_choice":
            return bool(self.query(ChoiceButton))
        if action == "back":
            return self.at > 0 or self.looking
        return True

    def action_other_choice(self, by: int) -> None:
        """Go to the next answer, or the one before."""
        choices = list(self.query(ChoiceButton))
        places = [place for place, choice in enumerate(choices) if choice.has_focus]
        place = places[0] + by if places else 0
        choices[place % len(choices)].focus()

    def action_go_on(self) -> None:
        """Do the step; after that go to the next, and after the summary to the list."""
        step = self.step
        if self.busy:
            return
        if step is None:
            self.app.run_worker(self._finish(), group=GUIDE)
        elif self.looking:
            self._begin(self._next_step())
        elif step.guess is None:
            self._begin(self._run_step(""))
        elif not step.guess.choices:
            self._guess_number(step.guess)

    def _guess_number(self, guess: Guess) -> None:
        """Do the step with the number that was typed, or say that it is none."""
        text = self.query_one(TypedInput).value.strip()
        if text and number_in(text) is None:
            self._say(self._words.no_number)
            return
        number = text.removesuffix(guess.unit).strip() if guess.unit else text
        self._begin(self._run_step(f"{number} {guess.unit}".strip() if number else ""))

    def action_back(self) -> None:
        """Go back to what was shown before."""
        if self.busy:
            return
        if not self.looking:
            self.progress.step = max(0, self.at - 1)
        self.progress.looking = not self.looking
        self._begin(self._show_and_keep())

    def action_leave(self) -> None:
        """Leave the experiment, which can be continued later; put back what the user had set."""
        if self._working is not None:
            self._working.cancel()
        if self.step is None:
            self.progress.begin_anew()
        self.app.focus_front()
        self.display = False
        self.app.run_worker(self._end(), group=GUIDE)

    async def _end(self) -> None:
        """Keep how far it was played, put back what the user had set, then go."""
        await self._keep()
        if self._player is not None:
            with telling(self.app, severity="warning"):
                await self._player.put_back()
        await self.remove()

    async def _finish(self) -> None:
        """Leave, and show the list with what to try next."""
        self.progress.begin_anew()
        await self._keep()  # before the list is read
        self.action_leave()
        await _choose(self.app, *self.experiment.following[:1])

    async def _keep(self) -> None:
        """Keep how far it was played, for a later start of the app."""
        with telling(self.app, severity="warning"):
            await to_thread(keep_progress, self.experiment.name, self.progress)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        """Do something outside the app's messages, which it may wait for."""
        self._working = self.app.run_worker(work, group=GUIDE)

    async def speak(self, language: str) -> None:
        """Go on in another language."""
        name, folder = self.experiment.name, self.experiment.folder
        # in a thread for this panel, which may be left meanwhile
        self.experiment = await in_thread(self, read_experiment, name, language, folder)
        self._words = WORDS[language]
        self._figures.decimal = self._words.decimal
        self.query_one(TypedInput).placeholder = self._words.guess
        self.query_one("#guide-back", Button).label = Content(self._words.back)
        self.query_one("#guide-leave", Button).label = Content(self._words.leave)
        if not self.busy:
            await self._show()

    async def _run_step(self, given: str) -> None:
        """Do what the step says, and set the guess beside what came of it."""
        step = self.step
        if step is None or self._player is None:
            return
        await self._show_choices(None)
        self._show_buttons()
        self.take_focus()
        try:
            await self._player.perform(step.actions)
        except UserError as error:
            self._working = None
            await self._show()
            self._say(str(error))
            return
        if step.guess is not None:
            outcome = outcome_of(step.guess, self._figures)
            unit = f" {step.guess.unit}" if step.guess.unit else ""
            self.progress.answers[self.at] = GuessResult(given, f"{outcome}{unit}")
        self.progress.looking = True
        await self._show_and_keep()

    async def _next_step(self) -> None:
        self.progress.step = self.at + 1
        self.progress.looking = False
        await self._show_and_keep()

    async def _show_and_keep(self) -> None:
        """Show where it is, and keep that for a later start of the app."""
        self._working = None
        if self.step is None:
            self.progress.done = True
        runs = {f"{name}{RUN_SUFFIX}" for name in self.experiment.runs}
        self._figures.keep(self.experiment.quoted | runs)
        await self._show()
        await self._keep()


def open_guide(app: HostApp) -> None:
    """Go to the experiment that is played; from there, or without one, let the user choose."""
    panel = _playing(app)
    if panel is not None and not panel.has_focus_within:
        panel.take_focus()
    else:
        read_late_sheets(cast("App[object]", app))
        app.run_worker(_choose(app), group=GUIDE)


def change_language(app: HostApp, language: str) -> None:
    """Have experiments in a language from now on, the one that is played too."""
    app.choose_language(language)
    panel = _playing(app)
    if panel is not None:
        app.run_worker(panel.speak(language), group=GUIDE)


def _playing(app: HostApp) -> GuidePanel | None:
    """Return the panel of the experiment that is played; None if none is."""
    panels = app.screen_stack[0].query(GuidePanel)
    return next((panel for panel in panels if panel.display), None)


async def _choose(app: HostApp, following: str = "") -> None:
    """Let the user choose an experiment, or first a language, and play it.

    Args:
        app: the app.
        following: the name of the experiment to begin the list at.
    """
    language = language_of(app.preferences.language)
    shelf = await to_thread(read_shelf, language)
    for problem in first_few(shelf.problems, "{} more files can't be used."):
        app.notify(problem, severity="warning", timeout=10)
    chosen = await app.push_screen_wait(GuideScreen(shelf, following))
    if isinstance(chosen, str):
        change_language(app, chosen)
        await _choose(app, following)
    elif chosen is not None:
        await _play(app, chosen, shelf.progress_of(chosen), language)


async def _play(
    app: HostApp, experiment: GuidedExperiment, progress: ExperimentProgress, language: str
) -> None:
    """Play an experiment in place of the one that is played."""
    panel = _playing(app)
    if panel is not None:
        panel.action_leave()
    if not progress.begun:
        progress.begin_anew()
    screen = app.screen_stack[0]
    new_panel = GuidePanel(experiment, progress, language)
    await screen.mount(new_panel, before=screen.query_one(KeyFooter))
