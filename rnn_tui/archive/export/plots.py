"""Charts for a paper or a slide, in the app's colours, drawn by matplotlib."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rnn_tui.archive.curves import Against, Line, kept_lines, lines
from rnn_tui.archive.export.formats import Export, imported
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.metrics import KEPT_EPOCH, Metric
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.suggestions import did_you_mean

AXES: dict[Against, str] = {"step": "step", "epoch": "epoch", "time": "training time (s)"}
WIDTH, HEIGHT = 5.0, 2.6  # inches of a panel: a column of most journals
DOTS = 300  # an inch, as most journals ask for
WIDE = 6.6  # the width in inches of a chart over a page of text
MOST_IN_LEGEND = 16
LONG_LABEL = 24  # characters; two labels that are longer do not fit beside each other
# how published values are drawn
MARK: Mapping[str, Any] = {"linestyle": "none", "marker": "x", "markersize": 4}
# how the epochs that early stopping keeps are drawn, and what these are, in words
KEPT_MARK: Mapping[str, Any] = {
    "marker": "*",
    "s": 45,
    "edgecolors": "white",
    "linewidths": 0.4,
    "zorder": 3,
}
KEPT_IS = "the epoch whose weights are kept, of each seed"
STYLE = Path(__file__).with_suffix(".mplstyle")


@dataclass(frozen=True)
class Panel:
    """The chart of one metric of several runs."""

    spec: Metric  #: the metric, which y is.
    lines: Sequence[Line]  #: one for each network.
    faint: Sequence[Line] = ()  #: other lines, drawn in the background.
    faint_is: str = "training loss"  #: what these are, in words.
    #: the x and y of published values, by label of the line.
    marks: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)
    kept: Sequence[Line] = ()  #: the points of epochs that early stopping keeps.
    #: the text after the label in the legend, by label of the line.
    figures: Mapping[str, str] = field(default_factory=dict)

    def clip(self, value: float) -> float:
        """Return a value within the bounds of the metric: no accuracy is above 100 %."""
        if self.spec.lower is not None:
            value = max(value, self.spec.lower)
        if self.spec.upper is not None:
            value = min(value, self.spec.upper)
        return value


def write_chart(export: Export) -> list[Path]:
    """Write a chart with a panel a metric, by default of the losses and the main metrics.

    A line over several seeds has a band of ± one standard deviation.

    Raises:
        ExportError: matplotlib is not installed, or there is nothing to draw.
    """
    panels = _panels(export.store, export.runs, export.metrics, export.against)
    return export.write_file(picture(panels, export.form.name, AXES[export.against]))


def picture(
    panels: Sequence[Panel],
    form: str,
    x_label: str,
    width: float = WIDTH,
    *,
    log_x: bool = False,
) -> bytes:
    """Draw panels below each other, with one x axis.

    Args:
        panels: at least one.
        form: `png` or `svg`.
        x_label: the title of the x axis.
        width: in inches.
        log_x: whether the x axis is logarithmic.

    Returns:
        The bytes of a file.

    Raises:
        ExportError: matplotlib is not installed.
    """
    figures = imported("matplotlib.figure", "plots", "Charts")
    styles = imported("matplotlib.style", "plots", "Charts")
    colours = _colours(panels)
    with styles.context(STYLE):
        figure = figures.Figure(figsize=(width, HEIGHT * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for panel, panel_axes in zip(panels, axes, strict=True):
            draw_panel(panel_axes, panel, colours)
        axes[-1].set_xlabel(x_label)
        if log_x:
            axes[-1].set_xscale("log")
        if len(colours) > 1 or any(line.seeds > 1 for line in panels[0].lines):
            _draw_legend(figure, axes[0], panels[0], list(colours))
        return figure_bytes(figure, form)


def _colours(panels: Sequence[Panel]) -> dict[str, str]:
    """Return a colour for each label of a line, the same in all panels."""
    colours: dict[str, str] = {}
    for panel in panels:
        for line in (*panel.lines, *panel.faint):
            colours.setdefault(line.label, curve_colour(len(colours), dark=False))
    return colours


def _draw_legend(figure: Any, axes: Any, panel: Panel, labels: Sequence[str]) -> None:
    """Draw the legend of all panels below them, with the lines of the first one."""
    columns = 2
    if panel.figures or max(map(len, labels)) > LONG_LABEL:
        columns = 1
    title = None
    if len(labels) > MOST_IN_LEGEND:
        title = f"and {len(labels) - MOST_IN_LEGEND} more"
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=columns, title=title, title_fontsize=7
    )


def figure_bytes(figure: Any, form: str) -> bytes:
    """Return a figure of matplotlib as `png` or `svg`; the same figure makes the same bytes."""
    metadata = {"Date": None} if form == "svg" else {}
    data = io.BytesIO()
    figure.savefig(data, format=form, dpi=DOTS, metadata=metadata)
    return data.getvalue()


def _panels(
    store: RunStore, runs: Sequence[RunRecord], metrics: Sequence[str] | None, against: Against
) -> list[Panel]:
    """Return the panels of a chart.

    Args:
        store: where the runs are.
        runs: the runs.
        metrics: a panel for each of these; by default one for the losses and for the main metrics.
        against: what x counts.

    Raises:
        ExportError: the runs do not have one of `metrics`, or nothing has been logged yet.
    """
    names = _usual_metrics(runs) if metrics is None else metrics
    panels = []
    for name in names:
        metric_lines = lines_of(store, runs, name, against)
        faint_lines: list[Line] = []
        if metrics is None and name == "val_loss":
            faint_lines = lines_of(store, runs, "train_loss", against)
        if not metric_lines and metrics is not None:
            logged = sorted({name for run in runs for name in store.metrics(run.run_id)})
            raise ExportError(
                f"These runs have no metric “{printable(name)}”{did_you_mean(name, logged)}, only "
                f"{', '.join(logged)}."
            )
        if metric_lines or faint_lines:
            kept = kept_of(store, runs, name, against)
            panels.append(Panel(_definition(runs, name), metric_lines, faint_lines, kept=kept))
    if not panels:
        raise ExportError("Nothing has been logged of these runs yet: there is nothing to draw.")
    return panels


def _usual_metrics(runs: Sequence[RunRecord]) -> list[str]:
    """Return the validation loss, then the main metric of each run."""
    main_metrics = [run.metric for run in runs if run.metric]
    return list(dict.fromkeys(["val_loss", *main_metrics]))


def lines_of(
    store: RunStore, runs: Sequence[RunRecord], metric: str, against: Against
) -> list[Line]:
    """Return the lines of a metric of runs, labelled."""
    return _without_name(lines(store.outlines(runs, metric), against), runs)


def kept_of(
    store: RunStore, runs: Sequence[RunRecord], metric: str, against: Against
) -> list[Line]:
    """Return what early stopping keeps of runs, as points at a metric of validation."""
    stopped = [run for run in runs if KEPT_EPOCH.name in store.metrics(run.run_id)]
    if not stopped or _definition(runs, metric).stage != "val":
        return []
    curves, kept = (
        [(run, store.curve(run, name)) for run in stopped] for name in (metric, KEPT_EPOCH.name)
    )
    return _without_name(kept_lines(curves, kept, against), runs)


def _without_name(metric_lines: list[Line], runs: Sequence[RunRecord]) -> list[Line]:
    """Return lines without the name of a single run before that of each of its networks."""
    if len(runs) > 1:
        return metric_lines
    prefix = f"{runs[0].name} "
    return [replace(line, label=line.label.removeprefix(prefix)) for line in metric_lines]


def _definition(runs: Sequence[RunRecord], metric: str) -> Metric:
    """Return the definition of a metric in the first run that has one; else one without bounds."""
    for run in runs:
        for definition in run.specs:
            if definition.name == metric:
                return definition
    return Metric(metric, metric, lower=None)


def draw_panel(axes: Any, panel: Panel, colours: Mapping[str, str]) -> None:
    """Draw a panel; `colours` are by label, and the first `MOST_IN_LEGEND` are in the legend."""
    for line in panel.faint:
        means = [spread.mean for spread in line.spreads]
        axes.plot(line.x, means, color=colours[line.label], linewidth=0.6, alpha=0.4)
    legend_labels = list(colours)[:MOST_IN_LEGEND]
    for line in panel.lines:
        name = "_"  # keeps a line out of the legend
        if line.label in legend_labels:
            name = _legend_name(line, panel)
        _draw_line(axes, line, panel, colours[line.label], name)
    for label, (x, y) in panel.marks.items():
        axes.plot(x, y, color=colours[label], **MARK, label="_")
    if panel.marks:
        axes.plot([], [], color="#555555", **MARK, label="the report")
    for line in panel.kept:
        values = [spread.mean for spread in line.spreads]
        axes.scatter(line.x, values, color=colours[line.label], **KEPT_MARK, label="_")
    if all(float(x).is_integer() for line in panel.lines for x in line.x):
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(panel.spec.title)
    remarks = [f"faint: {panel.faint_is}"] if panel.faint else []
    if panel.kept:
        remarks.append(f"stars: {KEPT_IS}")
    if remarks:
        axes.set_title(", ".join(remarks), loc="right", fontsize=6)


def plain_text(text: str) -> str:
    """Return a text that matplotlib draws as it is, and does not read as TeX."""
    return text.replace("$", r"\$")


def _legend_name(line: Line, panel: Panel) -> str:
    """Return the name of a line in the legend."""
    name = plain_text(line.label)
    if line.seeds > 1:
        name += f" (mean ± sd, n = {line.seeds})"
    if line.label in panel.figures:
        name += f": {panel.figures[line.label]}"
    return name


def _draw_line(axes: Any, line: Line, panel: Panel, colour: str, name: str) -> None:
    """Draw the means of a line over the band of ± one standard deviation, if it has several."""
    means = [spread.mean for spread in line.spreads]
    if line.seeds > 1:
        deviations = [spread.sd or 0.0 for spread in line.spreads]
        low = [panel.clip(mean - sd) for mean, sd in zip(means, deviations, strict=True)]
        high = [panel.clip(mean + sd) for mean, sd in zip(means, deviations, strict=True)]
        axes.fill_between(line.x, low, high, color=colour, alpha=0.2, linewidth=0)
    # a line of so few points is hard to see without markers
    marker = {"marker": "o", "markersize": 3} if len(line.x) < 3 else {}
    axes.plot(line.x, means, color=colour, label=name, **marker)
