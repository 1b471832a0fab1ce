"""Drawings of what networks answer: confusions, images, sequences; as SVG for a document."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.archive.export.formats import imported
from rnn_tui.archive.export.page.charts import GREY, ReportChart
from rnn_tui.archive.export.plots import STYLE, WIDE, figure_bytes, plain_text
from rnn_tui.data.origin import DAY
from rnn_tui.data.time_axis import TimeAxis
from rnn_tui.engine.errors import printable
from rnn_tui.engine.palette import curve_colour
from rnn_tui.tasks.data_sets.forecast_curves import ForecastCurve

Numbers = npt.NDArray[Any]
MOST_NUMBERS = 16  # classes up to which the fields of a matrix have numbers
LONGEST_CLASS = 14  # characters of a class beside a matrix
LONGEST_TITLE = 44  # of a drawn sequence
COLUMNS = 3  # charts of sequences beside each other
IMAGES_IN_ROW = 6
MOST_LINES = 4  # numbers of a sequence that are drawn
FORECAST_COLUMNS = 2  # charts of several series beside each other
CHECKED = "forecast from the steps before"
TO_COME = "forecast after the end of the file"


def _figure(width: float, height: float) -> Any:
    """Return an empty figure of matplotlib, in inches."""
    figures = imported("matplotlib.figure", "plots", "Charts")
    return figures.Figure(figsize=(width, height), layout="constrained")


def confusion_chart(counts: Numbers, classes: Sequence[str], key: str, title: str) -> ReportChart:
    """Draw a confusion matrix (C, C), each row shaded by its shares."""
    styles = imported("matplotlib.style", "plots", "Charts")
    names = [plain_text(printable(name, LONGEST_CLASS)) for name in classes]
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / totals
    with styles.context(STYLE):
        side = min(WIDE, 1.5 + 0.34 * len(classes))
        figure = _figure(WIDE, side)
        axes = figure.subplots()
        edges = np.arange(len(classes) + 1) - 0.5
        axes.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.set_xticks(range(len(names)), names, rotation=45 if _are_long(names) else 0)
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0, labelsize=7)
        axes.set_xlabel("answered")
        axes.set_ylabel("true")
        for spine in axes.spines.values():
            spine.set_visible(False)
        if len(classes) <= MOST_NUMBERS:
            _write_counts(axes, counts, shares)
        drawing = figure_bytes(figure, "svg")
    caption = f"{title}: true classes in rows, answers in columns; shades are shares of a row."
    return ReportChart(key, title, caption, drawing)


def _are_long(names: Sequence[str]) -> bool:
    return max(map(len, names)) > 3


def _write_counts(axes: Any, counts: Numbers, shares: Numbers) -> None:
    """Write the counts into the fields of a matrix; empty fields stay empty."""
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{count:,}", ha="center", va="center", fontsize=6, color=colour)


def image_grid(images: Numbers, titles: Sequence[str], key: str, caption: str) -> ReportChart:
    """Draw images (N, H, W), 0 … 255, in rows, each with a title."""
    styles = imported("matplotlib.style", "plots", "Charts")
    rows = math.ceil(len(images) / IMAGES_IN_ROW)
    with styles.context(STYLE):
        figure = _figure(WIDE, 1.45 * rows)
        grid = figure.subplots(rows, IMAGES_IN_ROW, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, image, title in zip(grid, images, titles, strict=False):
            axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_title(plain_text(printable(title, LONGEST_TITLE)), fontsize=7)
        drawing = figure_bytes(figure, "svg")
    return ReportChart(key, caption, caption, drawing)


def sequence_grid(
    sequences: Sequence[Numbers],
    titles: Sequence[str],
    features: Sequence[str],
    axis: TimeAxis,
    *,
    key: str,
    caption: str,
) -> ReportChart:
    """Draw sequences (T, F) of numbers, a chart each; of many numbers the first ones.

    Args:
        sequences: what to draw.
        titles: of each.
        features: the names of the numbers.
        axis: where the steps of each are.
        key: the id of the chart in its document.
        caption: what stands below it.
    """
    styles = imported("matplotlib.style", "plots", "Charts")
    rows = math.ceil(len(sequences) / COLUMNS)
    shown = features[:MOST_LINES]
    with styles.context(STYLE):
        figure = _figure(WIDE, 0.3 + 1.35 * rows)
        grid = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
        for axes in grid[len(sequences) :]:
            axes.set_axis_off()
        for axes, values, title, positions in zip(
            grid, sequences, titles, axis.positions, strict=False
        ):
            steps = _on_axis(positions, axis.dated)
            marker = "o" if len(values) == 1 else ""
            for column in range(len(shown)):
                colour = curve_colour(column, dark=False)
                axes.plot(steps, values[:, column], color=colour, linewidth=0.9, marker=marker)
            text = plain_text(printable(title, LONGEST_TITLE))
            axes.set_title(text, fontsize=6.5, loc="left")
            axes.tick_params(labelsize=6)
            if axis.dated:
                _date(axes, most=4)
        for axes in grid[max(0, len(sequences) - COLUMNS) : len(sequences)]:
            axes.set_xlabel(plain_text(axis.name), fontsize=6.5)
        _name_lines(figure, features)
        drawing = figure_bytes(figure, "svg")
    return ReportChart(key, caption, caption, drawing)


def _name_lines(figure: Any, features: Sequence[str]) -> None:
    """Name the numbers that are drawn below all charts."""
    lines = imported("matplotlib.lines", "plots", "Charts")
    shown = features[:MOST_LINES]
    handles = [
        lines.Line2D([], [], color=curve_colour(column, dark=False), label=plain_text(name))
        for column, name in enumerate(shown)
    ]
    if len(features) > len(shown):
        more = f"and {len(features) - len(shown)} more numbers"
        handles.append(lines.Line2D([], [], color=GREY, linestyle="none", label=more))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=6.5)


def forecast_grid(curves: Sequence[ForecastCurve], key: str, caption: str) -> ReportChart:
    """Draw the end of each series with its forecasts and their intervals, a chart each."""
    styles = imported("matplotlib.style", "plots", "Charts")
    columns = 1 if len(curves) == 1 else FORECAST_COLUMNS
    rows = math.ceil(len(curves) / columns)
    with styles.context(STYLE):
        figure = _figure(WIDE, 0.45 + (2.4 if columns == 1 else 1.7) * rows)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid[len(curves) :]:
            axes.set_axis_off()
        for axes, curve in zip(grid, curves, strict=False):
            _draw_forecast(axes, curve)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=6.5)
        drawing = figure_bytes(figure, "svg")
    return ReportChart(key, "Forecast", caption, drawing)


def _draw_forecast(axes: Any, curve: ForecastCurve) -> None:
    """Draw a series, the forecast of its last steps, and that of those to come."""
    past, checked, ahead = curve_colour(0, dark=False), GREY, curve_colour(1, dark=False)
    parts = [(curve.checked, checked, CHECKED), (curve.to_come, ahead, TO_COME)]
    for part, colour, name in parts:
        if part is None:
            continue
        x = _on_axis(part.x, curve.dated)
        if len(x) == 1:
            axes.vlines(x, part.low, part.high, color=colour, alpha=0.4, linewidth=3)
        else:
            axes.fill_between(x, part.low, part.high, color=colour, alpha=0.2, linewidth=0)
        marker = "o" if len(x) == 1 else ""
        dashes = "--" if name == CHECKED else "-"
        axes.plot(
            x,
            part.numbers,
            dashes,
            color=colour,
            linewidth=1.1,
            marker=marker,
            label=name,
            markersize=3,
        )
    x = _on_axis(curve.x, curve.dated)
    axes.plot(x, curve.numbers, color=past, linewidth=0.9, label="as in the file")
    axes.set_title(plain_text(printable(curve.title, LONGEST_TITLE)), fontsize=7, loc="left")
    axes.tick_params(labelsize=6)
    if curve.dated:
        _date(axes, most=7)


def _date(axes: Any, most: int) -> None:
    """Label an axis by dates, so many at most."""
    dates = imported("matplotlib.dates", "plots", "Charts")
    locator = dates.AutoDateLocator(minticks=2, maxticks=most)
    formatter = dates.ConciseDateFormatter(locator)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set_fontsize(6)


def _on_axis(x: Numbers, dated: bool) -> Numbers:
    """Return places on an axis of matplotlib, whose dates are days since 1970."""
    return x / DAY if dated else x
