"""What came of a run: figures over seeds, network by network; test images, by chance, misread, or
of a field.
"""

import random
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Label, Static

from rnn_tui.engine.config import Variant
from rnn_tui.engine.metrics import STAGES, Metric, Spread, main_metric
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import ImageEvaluation
from rnn_tui.ui.common.key_table import key, moves
from rnn_tui.ui.common.task_view import InsideDoor, TaskView
from rnn_tui.ui.common.widgets.digits import ProbabilityBars
from rnn_tui.ui.common.widgets.ink_image import LARGE, PLAIN, SMALL, InkImage
from rnn_tui.ui.common.widgets.plain import PlainTable, views_in
from rnn_tui.ui.training.confusion import given_image, not_measured
from rnn_tui.ui.training.pane import TaskPane

if TYPE_CHECKING:
    from rnn_tui.ui.common.digit_at_hand import Given

FIGURES = ("mean", "sd", "min", "max", "n", "report")
# the last two for what was published, where anything was
COLUMNS = ("network", *FIGURES, "which is")
EMPTY = "Press t to train: mean and spread over the seeds appear here, network by network."


def in_short(words: str) -> str:
    """Words for a metric, in fewer letters."""
    return words.replace("validation", "val").replace("training", "train")


class VariantTable(Vertical, TaskView):
    """The figures of each variant over seeds; where it is `short` the headline alone, or what
    stands for it before the test.
    """

    def __init__(self, pane: TaskPane, short: bool = False) -> None:
        super().__init__(classes="panel")
        self._spec, self._short = pane.spec, short
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(EMPTY, classes="note", markup=False)
        table = PlainTable(cursor_type="row", zebra_stripes=True)
        table.display = False
        yield table

    def bring_up_to_date(self, pane: TaskPane) -> None:
        state = pane.chosen
        # Made anew only where something is new, the colours of the theme too: a table has to keep
        # its cursor.
        key = (state.run_id, len(state.epochs), state.status, self.app.theme) if state else ("",)
        if key == self._shown:
            return
        self._shown = key
        rows = list(self._rows(state)) if state else []
        table = self.query_one(PlainTable)
        table.display = bool(rows)
        self.border_title = Content(self._headline(state) if state and rows else "")
        empty = self.query_one(Static)
        empty.display = not rows
        empty.update("No epoch has ended so far." if state else EMPTY)
        reports = (
            (
                self._report(state, *of)
                for of in product(state.metric_definitions, state.config.variants)
            )
            if state
            else ()
        )
        columns = COLUMNS if any(report is not None for report in reports) else COLUMNS[:-2]
        # A heading of figures stands above their right ends, as they are aligned there.
        headings = (
            Text(label, justify="right" if label in FIGURES else "left") for label in columns
        )
        table.fill(headings, (row[: len(columns)] for row in rows))

    def _report(self, state: RunState, metric: Metric, variant: Variant) -> float | None:
        return self._spec.published_figure(metric.name, state.config.cell, variant)

    def _rows(self, state: RunState) -> Iterator[list[Text]]:
        for metric in self._metrics(state):
            if not self._short:
                yield [Text(in_short(metric.title), "bold"), *(Text() for _ in COLUMNS[1:])]
            for at, (variant, spread) in enumerate(
                zip(state.config.variants, state.spreads(metric.name), strict=True)
            ):
                mark = Text(f"{curve_marker(at)} ", curve_colour(at, self.app.current_theme.dark))
                yield _row(
                    mark + Text(variant.label), metric, spread, self._report(state, metric, variant)
                )

    def _headline(self, state: RunState) -> str:
        seeds = sorted({replica.seed for replica in state.config.replicas})
        words = f"seeds {seeds[0]} … {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        what = f"{self._metrics(state)[0].title} · " if self._short else ""
        return (
            f"{what}{words} · epoch {len(state.epochs)} of {state.config.epochs}, "
            f"{state.elapsed:.1f} s"
        )

    def _metrics(self, state: RunState) -> list[Metric]:
        """What there is to show: test figures first, and accuracies before losses."""
        measured = [metric for metric in state.metric_definitions if state.spreads(metric.name)]
        if self._short:
            main = main_metric(measured, self._spec.headline)
            return [] if main is None else [main]
        return sorted(
            measured,
            key=lambda metric: (-STAGES.index(metric.stage), not metric.higher_is_better),
        )


def _row(name: Text, metric: Metric, spread: Spread, report: float | None) -> list[Text]:
    # with zeros at the end: 2.1 below 2.06 would look less exact
    form = ".2f" if metric.unit == "%" else "#.3g"
    figures = (spread.mean, spread.sd, spread.low, spread.high)
    texts = ["–" if figure is None else f"{figure:{form}}".removesuffix(".") for figure in figures]
    published, place = "", ""
    if report is not None:
        published = f"{report:{form}}".removesuffix(".")
        sides = {"above": report - spread.high, "below": spread.low - report}
        place = next(
            (f"{points:.2f} {side}" for side, points in sides.items() if points > 0), "within"
        )
    return [
        name,
        *(Text(text, justify="right") for text in (*texts, str(spread.n), published)),
        Text(place),
    ]


# Columns from which one image is shown in full beside the others; the size from which it is large.
WIDE, VERY_WIDE, HIGH = 100, 160, 44
WIDTH, HEIGHT = 15, 8  # cells of a small image with its caption
BY_CHANCE, MISREAD, OF_FIELD = "by chance", "misread", "of a field"


class ImageWithLabels(Vertical):
    """A test image with what was read and what it is."""

    def __init__(self) -> None:
        self._ink, self._caption = InkImage(), Label("", classes="caption", markup=False)
        super().__init__(self._ink, self._caption)
        self._ink.scale = SMALL

    def show(self, evaluation: ImageEvaluation, index: int) -> None:
        read, true = int(evaluation.predictions[index]), int(evaluation.labels[index])
        self._ink.show_ink(evaluation.images[index] / np.float32(255))
        self._caption.update(f"✓ {read}" if read == true else f"✗ {read}, true {true}")
        self.set_class(read != true, "-wrong")


class ImageGrid(Grid, can_focus=True):
    """Images side by side, as many as its own size has room for."""

    class Resized(Message):
        """There is room for more of them, or fewer."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class TestImagesView(Vertical, InsideDoor):
    """The figures of a run, and as many test images as fit, one of them with the cursor."""

    BINDINGS = [
        key("show", "show", "Show", "Random images; misread ones; those chosen under Confusion"),
        key("other", f"choose('{BY_CHANCE}')", "Others", "Other random test images"),
        key("inside", "inside", "Inside"),
        Binding("enter", "inside", "Inside", show=False),
        Binding(
            "left", "move(-1)", "Image", key_display="←→", tooltip="The previous or next image"
        ),
        *moves("move", {"right": 1, "home": -100_000, "end": 100_000}),
        *moves("move_rows", {"up": -1, "down": 1}),
    ]

    def __init__(self, pane: TaskPane) -> None:
        super().__init__(id="result-view")
        self._pane = pane
        self._evaluation: ImageEvaluation | None = None
        self._kind, self._kinds, self._field = BY_CHANCE, [BY_CHANCE, MISREAD], (0, 0)
        # The images of the kind, in order; the place in it that has the cursor.
        self._indices, self._shown = list[int](), list[int]()
        self._place, self._columns, self._page = 0, 1, 1

    def compose(self) -> ComposeResult:
        yield Static("", id="headline", markup=False)
        yield Static("", id="test-which", markup=False)
        with Horizontal(id="test-body"):
            yield ImageGrid(id="images")
            with Vertical(id="test-detail", classes="panel"):
                yield InkImage()
                yield ProbabilityBars()

    def bring_up_to_date(self, pane: TaskPane) -> None:
        self.query_one("#headline", Static).update(self._headline(pane.chosen))
        if pane.evaluation is not self._evaluation:
            self._evaluation = pane.evaluation
            self._kinds = [BY_CHANCE, MISREAD]
            self.action_choose(self._kind if self._kind in self._kinds else BY_CHANCE)
            pane.keep_focus()
        for part in ("#test-body", "#test-which"):
            self.query_one(part).visible = self._evaluation is not None

    def on_resize(self) -> None:
        width, height = self.size
        large = width >= VERY_WIDE and height >= HIGH
        self.query_one("#test-detail InkImage", InkImage).scale = LARGE if large else PLAIN
        self.query_one(ImageGrid).set_class(width >= WIDE, "panel", update=False)
        self.update_classes({"-wide": width >= WIDE, "-large": large})

    def show_field(self, true: int, read: int) -> None:
        self._kinds, self._field = [BY_CHANCE, MISREAD, OF_FIELD], (true, read)
        self.action_choose(OF_FIELD)

    def action_choose(self, kind: str) -> None:
        self._kind, self._place, self._indices, self._shown, found = (
            kind,
            0,
            [],
            [],
            self._evaluation,
        )
        if found is not None and kind == BY_CHANCE:
            self._indices = random.sample(range(len(found.labels)), len(found.labels))
        elif found is not None:
            self._indices = (
                found.misread if kind == MISREAD else found.of_cell(*self._field)
            ).tolist()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        needs = action in ("show", "choose", "move", "move_rows", "inside")
        return self._evaluation is not None if needs else super().check_action(action, parameters)

    def action_show(self) -> None:
        self.action_choose(self._kinds[(self._kinds.index(self._kind) + 1) % len(self._kinds)])

    @property
    def given(self) -> "Given | None":
        """The image with the cursor, as networks read it; None where there is none."""
        if self._evaluation is None or not self._indices:
            return None
        return given_image(self._evaluation, self._indices[self._place], self._pane.chosen)

    def action_move(self, by: int) -> None:
        self._place = max(0, min(self._place + by, len(self._indices) - 1))
        self._draw()

    def action_move_rows(self, by: int) -> None:
        self.action_move(by * self._columns)

    def on_click(self, event: Click) -> None:
        for at, image in enumerate(self.query_one(ImageGrid).children):
            if event.widget in (image, *image.children):
                self.action_move(at - self._place % self._page)

    @on(ImageGrid.Resized)
    def _draw(self) -> None:
        found, grid = self._evaluation, self.query_one(ImageGrid)
        if found is None:
            return
        grid.styles.grid_size_columns = self._columns = max(1, grid.content_size.width // WIDTH)
        self._page = self._columns * max(1, grid.content_size.height // HEIGHT)
        first = self._place - self._place % self._page
        shown = self._indices[first : first + self._page]
        for at, image in enumerate(views_in(grid, ImageWithLabels, len(shown))):
            image.set_class(first + at == self._place, "-cursor")
            if shown != self._shown:  # else they are drawn already
                image.show(found, shown[at])
        self._shown = shown
        which, detail, about = self._which(found), self.query_one("#test-detail"), "none"
        detail.visible = bool(shown)
        if shown:
            index = self._indices[self._place]
            read, true = int(found.predictions[index]), int(found.labels[index])
            right = "✓" if read == true else f"✗ true {true}"
            about = (
                f"image {index}: {read}, {100 * found.probabilities[index].max():.1f} % sure "
                f"{right}"
            )
            detail.query_one(InkImage).show_ink(found.images[index] / np.float32(255))
            detail.query_one(ProbabilityBars).show(found.probabilities[index].tolist(), true)
        grid.border_title, detail.border_title = Content(which), Content(about)
        self.query_one("#test-which", Static).update(f"{which} · {about}")

    def _which(self, found: ImageEvaluation) -> str:
        if self._kind == BY_CHANCE:
            return f"{len(self._indices):,} random test images"
        of = f"{len(self._indices):,} of {len(found.labels):,}"
        true, read = self._field
        return f"{of} misread" if self._kind == MISREAD else f"{of}: true {true}, read as {read}"

    def _headline(self, state: RunState | None) -> str:
        task, headline = self._pane.spec, self._pane.spec.metric(self._pane.spec.headline)
        if state is None or headline.name not in state.results:
            return not_measured(self._pane)
        parts = [f"{state.config.label}: {headline.in_words(state.results[headline.name])}"]
        if (published := task.published_figure(headline.name, state.config.cell)) is not None:
            parts.append(
                f"report {published:.2f} % ({state.results[headline.name] - published:+.2f})"
            )
        parts += [
            task.metric(name).in_words(value)
            for name, value in state.results.items()
            if name != headline.name
        ]
        return ", ".join(parts)
