"""A table of answers to sequences, in which labels are cut before any figure is."""

import itertools
from collections.abc import Iterable, Sequence

from rich.text import Text

from rnn_tui.ui.widgets.plain import PlainTable

NAME = "sequence"  # heading of what the file calls them
LABELS = (NAME, "true", "answer")  # headings of columns that may be cut
NARROWEST_LABEL = 8  # cells, that of the longest heading


class AnswerTable(PlainTable):
    """Shares its width out among its columns: figures have what they need, labels the rest."""

    def __init__(self, *, id: str) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._headings: Sequence[Text] = ()
        self._rows: Sequence[Sequence[Text]] = ()
        self._widths: Sequence[int] = ()  #: of the columns as they are.

    def show_answers(self, headings: Iterable[str], rows: Iterable[Iterable[Text]]) -> None:
        """List answers in place of others."""
        self._headings = [Text(heading) for heading in headings]
        self._rows = [list(row) for row in rows]
        for cell in itertools.chain.from_iterable(self._rows):
            cell.no_wrap = True
            cell.overflow = "ellipsis"
        self._fill()

    def _fill(self) -> None:
        self._widths = self._widths_that_fit()
        self.fill(self._headings, self._rows, self._widths)

    def on_resize(self) -> None:
        if self._widths != self._widths_that_fit():
            self._fill()

    def _widths_that_fit(self) -> list[int]:
        """Return the cells of each column; labels have what they need where there is room."""
        columns = zip(self._headings, *self._rows, strict=True)
        widths = [max(cell.cell_len for cell in column) for column in columns]
        labels = [place for place, heading in enumerate(self._headings) if heading.plain in LABELS]
        paddings = 2 * self.cell_padding * len(widths)
        scrollbar = self.styles.scrollbar_size_vertical
        excess = sum(widths) + paddings + scrollbar - self.region.width
        while excess > 0 and any(widths[place] > NARROWEST_LABEL for place in labels):
            widest = max(labels, key=widths.__getitem__)
            widths[widest] -= 1
            excess -= 1
        return widths
