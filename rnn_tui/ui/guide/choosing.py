"""The list of guided experiments: what each is about, how far it was played, and the language."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import DataError
from rnn_tui.ui.guide.experiments import (
    FOLDER,
    GuidedExperiment,
    experiment_names,
    own_folder,
    read_experiment,
)
from rnn_tui.ui.guide.journal import ExperimentProgress, read_journal
from rnn_tui.ui.guide.words import WORDS
from rnn_tui.ui.terminal.textual_workarounds import Dialog, Options

LANGUAGE = "language-"  # begins the id of an entry that chooses a language


@dataclass(frozen=True)
class Shelf:
    """All experiments in a language, and how far they were played."""

    language: str
    experiments: tuple[GuidedExperiment, ...]
    journal: dict[str, ExperimentProgress]  #: by the name of an experiment.
    problems: tuple[str, ...]  #: a sentence for each file that can't be read.

    def progress_of(self, experiment: GuidedExperiment) -> ExperimentProgress:
        """Return how far an experiment was played."""
        return self.journal.get(experiment.name, ExperimentProgress())


def read_shelf(language: str) -> Shelf:
    """Read all experiments, those that ship and the user's own; call it in a thread."""
    experiments: dict[str, GuidedExperiment] = {}
    problems = []
    for folder in (FOLDER, own_folder()):
        for name in experiment_names(folder):
            if name in experiments:
                problems.append(f"There are two experiments {name}; the one that ships is used.")
                continue
            try:
                experiments[name] = read_experiment(name, language, folder)
            except DataError as error:
                problems.append(str(error))
    return Shelf(language, tuple(experiments.values()), read_journal(), tuple(problems))


class GuideScreen(Dialog[GuidedExperiment | str | None]):
    """Asks for one of the experiments; answers it, or a language to have them in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, shelf: Shelf, following: str = "") -> None:
        """Make the list.

        Args:
            shelf: what to choose from.
            following: the name of the experiment at the cursor; empty for the first.
        """
        super().__init__()
        self._shelf = shelf
        self._following = following

    def compose(self) -> ComposeResult:
        words = WORDS[self._shelf.language]
        options = [Option(self._entry(experiment)) for experiment in self._shelf.experiments]
        options += [
            Option(Content.styled(other.switch, "$foreground 65%"), f"{LANGUAGE}{code}")
            for code, other in WORDS.items()
            if code != self._shelf.language
        ]
        listed = Options(*options, compact=True, markup=False)
        listed.border_title = Content(words.title)
        listed.border_subtitle = Content(words.list_keys)
        yield listed

    def on_mount(self) -> None:
        """Go to the experiment that follows, or else to one that was begun."""
        names = [experiment.name for experiment in self._shelf.experiments]
        progress = map(self._shelf.progress_of, self._shelf.experiments)
        begun = [place for place, each in enumerate(progress) if each.begun]
        if self._following in names:
            begun = [names.index(self._following)]
        if begun:
            self.query_one(OptionList).highlighted = begun[0]

    def _entry(self, experiment: GuidedExperiment) -> Content:
        """Return title, progress and subject of an experiment."""
        words = WORDS[self._shelf.language]
        progress = self._shelf.progress_of(experiment)
        mark = ""
        if progress.begun:
            mark = "  " + words.begun.format(min(progress.step + 1, len(experiment.steps)))
        elif progress.done:
            mark = f"  {words.done}"
        return Content.assemble(
            (experiment.title, "bold"),
            (mark, "$text-success"),
            (f"\n  {experiment.about}", "$foreground 65%"),
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer the experiment or the language of an entry."""
        name = event.option.id or ""
        if name.startswith(LANGUAGE):
            self.dismiss(name.removeprefix(LANGUAGE))
        else:
            self.dismiss(self._shelf.experiments[event.option_index])
