"""Shows the progress of a training in scripts and notebooks: tqdm's bar, or a line on stderr."""

import sys
import warnings
from typing import Any, Self

from rnn_tui.archive.words import figures_in_words
from rnn_tui.engine.errors import printable
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import RunState


def in_notebook() -> bool:
    """Return whether this code runs in a kernel of Jupyter, whose streams are no terminals."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def say(text: str) -> None:
    """Print a message on stderr."""
    print(f"rnn-tui: {printable(text, 1000)}", file=sys.stderr, flush=True)


class _Progress:
    """The progress of one thing, where somebody can see it: in a notebook or on a terminal.

    Args:
        shown: whether it is wanted at all.
    """

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown and (in_notebook() or sys.stderr.isatty())  #: whether anybody sees it.
        self.bar: Any = None  #: a bar of tqdm, or a `_Line`; None before the first step.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.bar is not None:
            self.bar.close()


class TrainingProgress(_Progress):
    """The progress of one run."""

    def show(self, state: RunState) -> None:
        """Show how far a run is, and the figures of its last epoch."""
        if not self.shown or not state.total_steps:
            return
        if self.bar is None:
            self.bar = _new_bar(state.config.name, state.total_steps, state.step, " steps")
        figures = figures_in_words(state, state.epochs[-1]) if state.epochs else ""
        self.bar.set_postfix_str(figures, refresh=False)
        self.bar.update(state.step - self.bar.n)


class ActionProgress(_Progress):
    """The progress of any other long action, which is called `label`."""

    def __init__(self, label: str, *, shown: bool) -> None:
        super().__init__(shown=shown)
        self._label = label

    def show(self, progress: Progress) -> None:
        """Show how much is done."""
        if not self.shown or not progress.total:
            return
        if self.bar is None:
            self.bar = _new_bar(self._label, progress.total, 0, "")
        self.bar.update(progress.done - self.bar.n)


def _new_bar(label: str, total: float, done: float, unit: str) -> Any:
    """Return a bar of tqdm, which knows terminals and notebooks, or else a line."""
    try:
        with warnings.catch_warnings():  # without widgets the bar is text, which needs no advice
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm  # not a dependency
    except ImportError:
        return _Line(label, total, done)
    return tqdm(desc=label, total=total, initial=done, unit=unit)


class _Line:
    """A line on stderr, written over each time: what this module uses of tqdm's bar."""

    def __init__(self, label: str, total: float, done: float) -> None:
        self.n = done  #: steps done.
        self._label = label
        self._total = total
        self._postfix = ""
        self._percent = -1  #: what the line says.

    def set_postfix_str(self, text: str, *, refresh: bool) -> None:  # noqa: ARG002 - as tqdm's
        """Say `text` after the percentage, from the next update on."""
        self._postfix = text

    def update(self, steps: float) -> None:
        """Count steps; the line is written once for each percent."""
        self.n += steps
        percent = int(100 * self.n / self._total)
        if percent == self._percent:
            return
        self._percent = percent
        line = f"{self._label}: {percent:3} %  {self._postfix}".rstrip()
        sys.stderr.write(f"\r{line}\x1b[K" if sys.stderr.isatty() else f"\r{line:<100}")
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        sys.stderr.write("\n")
        sys.stderr.flush()
