"""Mark and name of every network, for charts whose own legends have no room for so many."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from rnn_tui.engine.replicas import Variant
from rnn_tui.ui.chart.view import DARK_PALETTE, LIGHT_PALETTE, MARKERS

# Beyond so many names, they have lines of their own above the charts.
MOST_NAMES = 3
GAP = "  "


def name_in_chart(variant: Variant, variants: Sequence[Variant]) -> str:
    """What a chart's legend calls a variant: nothing where `VariantNames` names it."""
    return variant.label if len(variants) <= MOST_NAMES else ""


class VariantNames(Widget):
    """The names, as many beside each other as fit; a line of text would break within a name."""

    def __init__(self) -> None:
        super().__init__(classes="variants")
        self._variants: tuple[Variant, ...] = ()

    def show(self, variants: Sequence[Variant]) -> bool:
        """Name them where a chart's own legend does not; returns whether that is so."""
        shown = tuple(variants) if len(variants) > MOST_NAMES else ()
        if shown != self._variants:
            self._variants = shown
            self.refresh(layout=True)
        return bool(shown)

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 (the names are Textual's)
        viewport: Size,  # noqa: ARG002
        width: int,
    ) -> int:
        """As many lines as the names need."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Write them at the present width, in the colours of the theme."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        palette = DARK_PALETTE if self.app.current_theme.dark else LIGHT_PALETTE
        lines: list[Content] = []
        for at, variant in enumerate(self._variants):
            name = Content(f"{MARKERS[at % len(MARKERS)]} {variant.label}")
            name = name.stylize(palette[at % len(palette)])
            if lines and lines[-1].cell_length + len(GAP) + name.cell_length <= width:
                lines[-1] += Content(GAP) + name
            else:
                lines.append(name)
        return lines
