"""The probabilities of all classes as bars, the true and the chosen class marked in words."""

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import Static

# Eighths of a cell, so that a bar's length is read to a hundredth even when narrow.
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 … 1) of `width` cells, padded to the width."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    text = "█" * full + (_EIGHTHS[part] if part else "")
    return text.ljust(width)


class ProbabilityBars(Static):
    """Ten bars, one below the other."""

    def show(self, probabilities: Sequence[float], true: int | None) -> None:
        """Draw the bars; `true` is the right class, where it is known."""
        best = max(range(len(probabilities)), key=probabilities.__getitem__)
        width = max(4, min(24, self.size.width - 18))
        theme = self.app.theme_variables
        text = Text(no_wrap=True, end="")
        for digit, probability in enumerate(probabilities):
            note, style = "", ""
            if digit == true:
                note, style = " ✓ true", theme["success"]
            elif digit == best:
                note, style = " ✗ read" if true is not None else " read", theme["error"]
            text.append(f"{digit} ")
            text.append(bar(probability, width), style or theme["primary"])
            text.append(f" {100 * probability:5.1f} %")
            text.append(f"{note}\n", style)
        text.rstrip()
        self.update(text)
