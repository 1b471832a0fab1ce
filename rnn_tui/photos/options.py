"""How photos are read, as a user says it in the shell or in the form."""

from dataclasses import dataclass

from rnn_tui.engine.options import FlagSetting, check_options, option_field, options_of
from rnn_tui.engine.settings import ChoiceSetting, NumberSetting
from rnn_tui.photos import METHODS, NUMBERS, THRESHOLD, THRESHOLD_COSTS

OURS, REPORT = METHODS
ONE_OR_SEVERAL, ONE, ROWS_OF_DIGITS = NUMBERS
PERCENT = 100 * THRESHOLD
COSTS = "; ".join(
    f"{cost.unsure} unsure and {cost.wrong} wrong at {percent}"
    for percent, cost in THRESHOLD_COSTS.items()
)


@dataclass(frozen=True, kw_only=True)
class PhotoOptions:
    """How photos are read.

    Raises:
        SettingError: for a value that is not allowed.
    """

    preprocessing: str = option_field(
        ChoiceSetting(
            "preprocessing",
            "Preprocessing",
            "; ".join(f"{name}: {meaning}" for name, meaning in METHODS.items()),
            {OURS: "MNIST", REPORT: "report"},
        ),
        default=OURS,
        in_shell=f" (default: {OURS})",
    )
    number: str = option_field(
        ChoiceSetting(
            "number",
            "Number",
            "; ".join(f"{name}: {meaning}" for name, meaning in NUMBERS.items()),
            {ONE_OR_SEVERAL: "≥ 1 digit", ONE: "1 digit", ROWS_OF_DIGITS: "numbers"},
        ),
        default=ONE_OR_SEVERAL,
        in_shell=f" (default: {ONE_OR_SEVERAL})",
    )
    recursive: bool = option_field(
        FlagSetting("recursive", "Recursive", "also read the folders in folders"),
        default=False,
        in_form="subfolders",
    )
    labelled: bool = option_field(
        FlagSetting(
            "labelled",
            "Labels",
            "take the label from the folder's name or the first digit in the file's, and print "
            "accuracy and confusion matrix",
        ),
        default=False,
        shell="--labels",
        in_form="labels by name",
    )
    threshold: float = option_field(
        NumberSetting(
            "threshold",
            "Threshold",
            "answers of lower confidence are unsure and give no prediction; 0 to 100",
            0,
            100,
            whole=False,
        ),
        default=PERCENT,
        in_shell=f" (default: {PERCENT:.0f}). The higher, the fewer answers are wrong and the more "
        f"photos are left to look at. Of 1,000 small public digits (UCI): {COSTS}",
        metavar="PERCENT",
        in_form="Unsure <",
        unit="%",
        empty=f"{PERCENT:.0f}",
    )

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def least_confidence(self) -> float:
        """The confidence below which an answer is unsure, 0 … 1."""
        return self.threshold / 100


PREPROCESSING = options_of(PhotoOptions)["preprocessing"]
