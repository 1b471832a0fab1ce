"""What a network held while it read an input, for scripts and notebooks; and edits of it."""

import signal
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.api import html
from rnn_tui.api.arguments import checked
from rnn_tui.api.frames import check_axes, pandas, pyplot
from rnn_tui.api.progress import ActionProgress
from rnn_tui.engine.errors import QueryError, SettingError, printable
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import check_choice
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.edits import Edit, Edited, read_edit
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import LayerTrace
from rnn_tui.networks.stepwise import Array

if TYPE_CHECKING:
    import pandas as pd

    from rnn_tui.inside.probes import Analysis

#: the axes of arrays that are of no layer, by their names.
AXES: Mapping[str, tuple[str, str]] = {
    "inputs": ("step", "feature"),
    "logits": ("step", "output"),
    "probabilities": ("step", "output"),
}
MOST_ANSWERS = 24  # in a line
MOST_TICKS = 40  # steps whose input stands below them
OF_LAYERS = ("step", "unit")  # the axes of states, memory cells and gates


#: turns outputs (T, O) into numbers in the units of a file.
InUnits = Callable[[Array], npt.NDArray[np.float64]]


@checked
class NetworkTrace:
    """What a network held while it read an input of T steps. `Network.trace` makes it.

    `axes` says what the axes of each array are. `frame` gives a table with these names.

    Examples:
        >>> trace = rnn_tui.load_network("adder").trace("1011 110")
        >>> trace.states.shape, trace.axes["state"]  # ten units
        ((5, 10), ('step', 'unit'))
        >>> sorted(trace.gates)
        ['candidate', 'forget', 'input', 'output']
        >>> print(trace.edit("cell[*]@1=0").summary)
        With cell[*]@1=0, 4 of 5 answers change, first at 1.
    """

    def __init__(
        self,
        reading: NetworkReading,
        kinds: tuple[AnalysisKind, ...],
        label: str,
        edits: tuple[Edit, ...] = (),
        *,
        in_units: InUnits | None = None,
    ) -> None:
        self._reading = reading
        self._kinds = kinds  #: the analyses that can be made.
        self._label = label  #: what to call the network.
        self._edits = edits
        self._in_units = in_units
        self._trace = reading.traced(edits) if edits else reading.trace

    def _with(self, edits: tuple[Edit, ...]) -> "NetworkTrace":
        return NetworkTrace(self._reading, self._kinds, self._label, edits, in_units=self._in_units)

    def __repr__(self) -> str:
        """How many steps, the answer, and the edits."""
        answers = self._answers_in_words()
        edits = f", edited by {', '.join(self.edits)}" if self._edits else ""
        return f"<NetworkTrace of {self.steps} steps: {answers}{edits}>"

    # What was read and answered.

    @property
    def steps(self) -> int:
        """How many steps T were read."""
        return self._trace.steps

    @property
    def read(self) -> tuple[str, ...]:
        """(T,) what was read at each step, in a word or two."""
        return self._trace.read

    @property
    def answers(self) -> tuple[str, ...]:
        """(T,) the answer after each step; the last one counts, unless each step has its own."""
        if self._in_units is not None:
            return tuple(" ".join(f"{value:.4g}" for value in row) for row in self.numbers)
        return tuple(self._trace.answer_word(step) for step in range(self.steps))

    @property
    def confidence(self) -> Array:
        """(T,) the probability, 0 … 1, that the network gives its answer; NaN of numbers."""
        if self._in_units is not None:
            return np.full(self.steps, np.nan, np.float32)
        return np.array([self._trace.confidence(step) for step in range(self.steps)], np.float32)

    @property
    def correct(self) -> bool | None:
        """Whether the answer is right, or all of them where each step has one; None if unknown."""
        right = self._reading.right
        if not right:
            return None
        answers = self._trace.answers if self._trace.every_step else self._trace.answers[-1:]
        return bool(np.array_equal(answers, right))

    @property
    def outputs(self) -> tuple[str, ...]:
        """(O,) what the outputs mean, such as the ten digits."""
        return self._trace.outputs

    # Arrays.

    @property
    def inputs(self) -> Array:
        """(T, F) the numbers that the network read."""
        return self._trace.inputs

    @property
    def logits(self) -> Array:
        """(T, O) the outputs after each step, before the softmax or the logistic function."""
        return self._trace.logits

    @property
    def probabilities(self) -> Array:
        """(T, O) the probabilities of the outputs after each step."""
        return self._trace.probabilities

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """(T, O) of a network that answers numbers, these in the units of their file.

        Raises:
            UserError: it answers classes.
        """
        if self._in_units is None:
            raise QueryError("This network answers classes; probabilities has how sure it is.")
        return self._in_units(self._trace.logits)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of its recurrent layers, from the input up, such as `layer 1`."""
        return tuple(layer.name for layer in self._trace.layers)

    @property
    def states(self) -> Array:
        """(T, H) the states of the only layer, or of the top one; `array` has the others."""
        return self._layer(None).states

    @property
    def cells(self) -> Array | None:
        """(T, H) the memory cells of that layer; None for a network without."""
        return self._layer(None).cells

    @property
    def gates(self) -> Mapping[str, Array]:
        """The gates of that layer by name, (T, H) each, with the values that a gate lets in."""
        return self._layer(None).gates

    @property
    def importance(self) -> Array:
        """(H,) how much each unit of that layer matters for the answer."""
        return self._layer(None).importance

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the axes of each array, by the name that `array` and `frame` take."""
        return {**AXES, **dict.fromkeys(self._layer(None).quantities, OF_LAYERS)}

    def array(self, name: str = "state", layer: str | None = None) -> Array:
        """Return an array by its name.

        Args:
            name: `inputs`, `logits`, `probabilities`; `state`, `cell`, `forget gate` and so on, as
                `axes` lists them.
            layer: one of `layers`, for what is of a layer; by default the top one.

        Raises:
            UserError: there is no such array or layer.
        """
        check_choice("Array", name, tuple(self.axes))
        if name in AXES:
            values: Array = getattr(self._trace, name)
            return values
        return self._layer(layer).quantities[name]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all arrays of all layers, by the names that `rnn-tui inspect --npz` gives them."""
        return self._trace.arrays()

    def frame(self, name: str = "state", layer: str | None = None) -> "pd.DataFrame":
        """Return an array as a table of pandas: a row for each step, with what was read there.

        Args:
            name: as for `array`.
            layer: as for `array`.

        Raises:
            UserError: pandas is not installed, or there is no such array or layer.

        Examples:
            >>> trace = rnn_tui.load_network("recall").trace("314")
            >>> trace.frame("probabilities").columns.name
            'output'
        """
        values = self.array(name, layer)
        library = pandas()
        first = self._trace.first_step
        index = library.MultiIndex.from_arrays(
            [range(first, first + self.steps), self.read], names=("step", "read")
        )
        labels = self.outputs if self.axes[name][1] == "output" else range(values.shape[1])
        columns = library.Index(labels, name=self.axes[name][1])
        return library.DataFrame(values, index, columns)

    def plot(self, name: str = "state", layer: str | None = None, *, ax: Any = None) -> Any:
        """Draw an array by matplotlib: a column for each step, a row for each unit or output.

        Args:
            name: as for `array`.
            layer: as for `array`.
            ax: matplotlib's axes to draw on; by default those of a new figure.

        Returns:
            the axes.

        Raises:
            UserError: matplotlib is not installed, or there is no such array or layer.

        Examples:
            >>> axes = rnn_tui.load_network("adder").trace("1011 110").plot("forget gate")
            >>> axes.get_xlabel(), axes.get_ylabel()
            ('step', 'unit')
        """
        values = self.array(name, layer)
        library = pyplot()
        if ax is not None:
            check_axes(ax)
        if ax is None:
            _, ax = library.subplots(layout="constrained")
        self._draw(ax, values, name)
        return ax

    def _draw(self, ax: Any, values: Array, name: str) -> None:
        """Draw the values of an array by steps."""
        from rnn_tui.archive.export.plots import plain_text  # on use only

        limit = float(np.abs(values).max()) or 1.0
        lowest = -limit if (values < 0).any() else 0.0
        colours = "RdBu_r" if lowest else "Greens"
        image = ax.imshow(values.T, colours, aspect="auto", vmin=lowest, vmax=limit)
        ax.figure.colorbar(image, ax=ax, label=name)
        ax.grid(visible=False)
        ax.set_xlabel("step")
        ax.set_ylabel(self.axes[name][1])
        if self.steps <= MOST_TICKS:
            ax.set_xticks(range(self.steps), [*map(plain_text, self.read)], rotation="vertical")
        if self.axes[name][1] == "output":
            ax.set_yticks(range(len(self.outputs)), [*map(plain_text, self.outputs)])

    def _repr_html_(self) -> str:
        """The trace as a notebook shows it: the answer, and the states of the top layer."""
        parts = [html.paragraph(self._answer_in_words(), f"{self._label}, {self.steps} steps")]
        if self.edits:
            parts.append(html.paragraph(self.summary))
        states = self.array("state")
        parts.append(html.chart(lambda ax: self._draw(ax, states, "state"), "states by steps"))
        return "".join(parts)

    def _answers_in_words(self) -> str:
        """Return the last answer; the first ones where each step has its own."""
        if not self._trace.every_step:
            return self.answers[-1]
        rest = " …" if self.steps > MOST_ANSWERS else ""
        return " ".join(self.answers[:MOST_ANSWERS]) + rest

    def _answer_in_words(self) -> str:
        """Say what the network answers, and whether that is right."""
        words = f"answers {self._answers_in_words()}"
        if not self._trace.every_step and self._in_units is None:
            words += f" ({100 * self.confidence[-1]:.1f} %)"
        if self.correct is None:
            return words
        return f"{words}, {'right' if self.correct else 'wrong'}"

    def _layer(self, name: str | None) -> LayerTrace:
        if name is None:
            return self._trace.layers[-1]
        check_choice("Layer", name, self.layers)
        return self._trace.layers[self.layers.index(name)]

    # Edits and analyses.

    def edit(self, *edits: str) -> "NetworkTrace":
        """Read the input again with values set in the network; what follows is computed anew.

        Args:
            edits: such as `state[5]@3=0`: a quantity, its units, the steps and the value. `*`
                stands for all units, `10-` for all steps from there on, no steps for every step,
                `keep` for the value that the step before left. With several layers,
                `layer 1: state[5]=0`.

        Returns:
            the trace with these edits and those that this one has.

        Raises:
            UserError: one is no edit, or they leave no numbers.

        Examples:
            >>> trace = rnn_tui.load_network("recall", position=1).trace("31415")
            >>> trace.edit("state[*]@2=0").correct
            False
        """
        if not edits:
            raise QueryError("Name an edit, such as state[5]@3=0.")
        read = tuple(read_edit(edit, self._reading.trace) for edit in edits)
        return self._with((*self._edits, *read))

    @cached_property
    def _edited(self) -> Edited:
        return Edited(self._edits, self._reading.trace, self._trace)

    @property
    def edits(self) -> tuple[str, ...]:
        """The edits, as one types them; none if the input was read as it is."""
        return tuple(self._edited.written)

    @property
    def unedited(self) -> "NetworkTrace":
        """The trace of the same input without edits."""
        return self._with(()) if self._edits else self

    @property
    def summary(self) -> str:
        """A sentence on what the edits changed; empty without edits."""
        return self._edited.summary if self._edits else ""

    @property
    def analyses(self) -> tuple[str, ...]:
        """The names of the analyses of such a network, for `analyse`."""
        return tuple(kind.name for kind in self._kinds)

    def analyse(self, name: str, *, progress: bool = True) -> "Analysis":
        """Make an analysis of the network, or of how it read this input without edits.

        Args:
            name: one of `analyses`.
            progress: whether to show a bar.

        Returns:
            its result: `summary` is a sentence, `to_dict()` and `arrays()` have the numbers.

        Raises:
            UserError: there is no such analysis, or it can't be made of this network.

        Examples:
            >>> trace = rnn_tui.load_network("adder").trace("1011 110")
            >>> print(trace.analyse("carry").summary)
            The state of unit 0 predicts the carry best: ...
        """
        if name not in self.analyses:
            listed = ", ".join(self.analyses) or "none"
            raise SettingError(
                f"There is no analysis “{printable(name)}” of this network; there is {listed}."
            )
        [kind] = [kind for kind in self._kinds if kind.name == name]
        with ActionProgress(kind.label, shown=progress) as bar:
            watched = Progress(bar.show)
            with stopping_on_signals(watched.control.stop_by_signal, [signal.SIGINT]):
                analysis = kind.make(self._reading, watched)
        if analysis is None:
            raise KeyboardInterrupt
        return analysis
