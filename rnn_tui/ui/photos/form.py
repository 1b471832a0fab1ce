"""What to read and how: paths, network, preprocessing, threshold, labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Label, Select

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.photos import METHODS
from rnn_tui.runs.weights import Source, choose_shipped
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.training.form import SettingInput
from rnn_tui.ui.widgets.fields import MarkedCheckbox
from rnn_tui.ui.widgets.network_select import NetworkSelect
from rnn_tui.ui.widgets.path_input import PathInput

OURS, REPORT = METHODS
SHORT_METHODS = {OURS: "as MNIST", REPORT: "as report"}
# As photos.reader has it, which is too slow to load for the first frame.
USUAL = 50
THRESHOLD = NumberSetting(
    "threshold", "unsure below", "doubt answers below this probability, in percent", 0, 100
)  # fmt: skip


class PhotosForm(Vertical):
    """Two lines of fields; typing a path and Enter reads it, everything else counts at once."""

    class Asked(Message):
        """Enter was pressed in the field for paths."""

    class Rules(Message):
        """Photos are to be read in another way."""

    class Named(Message):
        """Labels are to be taken from names, or no longer."""

    class Threshold(Message):
        """The threshold was changed.

        Attributes:
            share: 0 … 1; None if it can't be read.
            complaint: why it can't be.
        """

        def __init__(self, share: float | None, complaint: str = "") -> None:
            self.share, self.complaint = share, complaint
            super().__init__()

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        methods = [(name, method) for method, name in SHORT_METHODS.items()]
        threshold = SettingInput(THRESHOLD)
        threshold.value = f"{USUAL}"
        with Horizontal():
            yield Label("Photos")
            yield PathInput(id="photos-path")
            yield MarkedCheckbox("subfolders", id="photos-recursive")
        with Horizontal():
            yield Label("network")
            yield NetworkSelect(MNIST.name, short=True, id="photos-network")
            yield Label("prepared")
            yield Select(methods, allow_blank=False, compact=True, id="photos-method")
            yield Label("unsure <")
            yield threshold
            yield Label("%")
            yield MarkedCheckbox("labels by name", id="photos-named")

    # What is chosen

    @property
    def path(self) -> PathInput:
        """The field for paths."""
        return self.query_one(PathInput)

    @property
    def recursive(self) -> bool:
        """Whether folders in folders count."""
        return self.query_one("#photos-recursive", Checkbox).value

    @property
    def named(self) -> bool:
        """Whether names tell labels."""
        return self.query_one("#photos-named", Checkbox).value

    @property
    def method(self) -> str:
        """How photos are prepared."""
        return str(self.query_one("#photos-method", Select).value)

    @property
    def network(self) -> NetworkSelect:
        """The choice of a network."""
        return self.query_one(NetworkSelect)

    @property
    def source(self) -> Callable[[], Source]:
        """Gives the weights of the chosen network; raises a `CheckpointError` if there are none."""
        source = self.network.source
        # Before networks were looked for, the first of them is meant.
        return partial(choose_shipped, MNIST.name) if source is None else lambda: source

    @property
    def threshold(self) -> float | None:
        """The threshold, 0 … 1; None if it can't be read."""
        text = self.query_one(SettingInput).value.strip()
        try:
            return float(THRESHOLD.parse(text)) / 100 if text else USUAL / 100
        except SettingError:
            return None

    # What is changed

    @on(Input.Submitted, "#photos-path")
    def _asked(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Asked())

    @on(Select.Changed)
    @on(Checkbox.Changed, "#photos-recursive")
    def _rules(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Rules())

    @on(NetworkSelect.Offered)
    def _networks_found(self, event: NetworkSelect.Offered) -> None:
        event.stop()
        if event.other:
            self.post_message(self.Rules())

    @on(Checkbox.Changed, "#photos-named")
    def _named(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.post_message(self.Named())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if isinstance(event.input, SettingInput):
            result = event.validation_result
            wrong = result.failure_descriptions if result is not None else []
            self.post_message(self.Threshold(self.threshold, wrong[0] if wrong else ""))
