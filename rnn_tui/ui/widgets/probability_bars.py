"""The probabilities of all classes as bars, the true and the chosen class marked in words."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.geometry import Size
from textual.widget import Widget

# Eighths of a cell, so that a bar's length is read to a hundredth even when narrow.
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 … 1) of `width` cells, padded to the width."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    text = "█" * full + (_EIGHTHS[part] if part else "")
    return text.ljust(width)


class ProbabilityBars(Widget):
    """Ten bars, one below the other."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._probabilities: tuple[float, ...] = ()
        self._true: int | None = None

    def show(self, probabilities: Sequence[float], true: int | None) -> None:
        """Draw the bars; `true` is the right class, where it is known."""
        self._probabilities, self._true = tuple(probabilities), true
        self.refresh(layout=True)

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 (the names are Textual's)
        viewport: Size,  # noqa: ARG002
        width: int,  # noqa: ARG002
    ) -> int:
        """A line a class."""
        return len(self._probabilities)

    def render(self) -> Text:
        """Draw at the present width."""
        text = Text(no_wrap=True, end="")
        if not self._probabilities:
            return text
        best = max(range(len(self._probabilities)), key=self._probabilities.__getitem__)
        width = max(4, min(24, self.content_size.width - 18))
        # Through Textual's colours: Rich knows no name such as ansi_red.
        theme = self.app.theme_variables
        plain, good, bad = (
            Style(color=Color.parse(theme[name]).rich_color)
            for name in ("primary", "text-success", "text-error")
        )
        for digit, probability in enumerate(self._probabilities):
            note, style = "", plain
            if digit == self._true:
                note, style = " ✓ true", good
            elif digit == best:
                # Where nobody knows the truth nothing is wrong.
                note, style = (" read", plain) if self._true is None else (" ✗ read", bad)
            text.append(f"{digit} ")
            text.append(bar(probability, width), style)
            text.append(f" {100 * probability:5.1f} %")
            text.append(note, style)
            if digit + 1 < len(self._probabilities):
                text.append("\n")
        return text
