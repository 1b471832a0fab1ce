"""Charts for a paper or a slide, in the app's colours; an ExportError where matplotlib is not
installed.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.palette import curve_colour
from rnn_tui.runs.curves import Against, Line, lines
from rnn_tui.runs.export.formats import Export, imported
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore

AXES: dict[Against, str] = {"step": "step", "epoch": "epoch", "time": "training time (s)"}
# a column of most journals, in inches; and the resolution that they ask for
WIDTH, HEIGHT, DOTS = 5.0, 2.6, 300
WIDE = 6.6  # beside text
MOST_IN_LEGEND = 16
LONG_LABEL = 24  # characters of a label beyond which two do not fit beside each other
MARK: Mapping[str, Any] = {"linestyle": "none", "marker": "x", "markersize": 4}
STYLE = Path(__file__).with_suffix(".mplstyle")


@dataclass(frozen=True)
class Panel:
    """One metric of several runs."""

    spec: Metric  #: what y is.
    lines: Sequence[Line]  #: one for each network.
    faint: Sequence[Line] = ()  #: drawn behind.
    #: by label, published x and y.
    marks: Mapping[str, tuple[Sequence[float], Sequence[float]]] = field(default_factory=dict)
    #: by label, what stands in the legend.
    figures: Mapping[str, str] = field(default_factory=dict)

    def within(self, value: float) -> float:
        """A value, or the bound of the metric that it is beyond: no accuracy is above 100 %."""
        if self.spec.lower is not None:
            value = max(value, self.spec.lower)
        return value if self.spec.upper is None else min(value, self.spec.upper)


def write_chart(export: Export) -> list[Path]:
    """Write a panel a metric, by default losses and the main one; lines have bands of ± sd; an
    ExportError without any.
    """
    panels = _panels(export.store, export.runs, export.metrics, export.against)
    return export.write_file(picture(panels, export.form.name, AXES[export.against]))


def picture(panels: Sequence[Panel], form: str, x_label: str, width: float = WIDTH) -> bytes:
    """Panels, at least one, below each other, over one x axis, as `png` or `svg`, `width` inches
    wide.
    """
    figures, styles = (
        imported(name, "plots", "Charts") for name in ("matplotlib.figure", "matplotlib.style")
    )
    labels = dict.fromkeys(line.label for panel in panels for line in (*panel.lines, *panel.faint))
    # the same in all panels
    colours = {label: curve_colour(at, dark=False) for at, label in enumerate(labels)}
    with styles.context(STYLE):
        figure = figures.Figure(figsize=(width, HEIGHT * len(panels)), layout="constrained")
        axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for panel, place in zip(panels, axes, strict=True):
            _draw(place, panel, colours)
        axes[-1].set_xlabel(x_label)
        if len(colours) > 1 or any(line.seeds > 1 for line in panels[0].lines):
            columns = 1 if panels[0].figures or max(map(len, colours)) > LONG_LABEL else 2
            title = (
                f"and {len(colours) - MOST_IN_LEGEND} more"
                if len(colours) > MOST_IN_LEGEND
                else None
            )
            handles, names = axes[0].get_legend_handles_labels()
            figure.legend(
                handles,
                names,
                loc="outside lower center",
                ncols=columns,
                title=title,
                title_fontsize=7,
            )
        return saved(figure, form)


def saved(figure: Any, form: str) -> bytes:
    """A figure of matplotlib as `png` or `svg`; the same figure makes the same bytes."""
    data = io.BytesIO()
    figure.savefig(data, format=form, dpi=DOTS, metadata={"Date": None} if form == "svg" else {})
    return data.getvalue()


def _panels(
    store: RunStore, runs: Sequence[RunRecord], metrics: Sequence[str] | None, against: Against
) -> list[Panel]:
    def of(metric: str) -> list[Line]:
        drawn = lines(store.outlines(runs, metric), against)
        # A single run's name would only stand before each of its networks.
        return (
            drawn
            if len(runs) > 1
            else [
                replace(line, label=line.label.removeprefix(f"{runs[0].name} ")) for line in drawn
            ]
        )

    usual = dict.fromkeys(["val_loss", *(run.metric for run in runs if run.metric)])
    faint = {"val_loss": of("train_loss")} if metrics is None else {}
    panels = []
    for metric in usual if metrics is None else metrics:
        drawn = of(metric)
        if not drawn and metrics is not None:
            have = sorted({name for run in runs for name in store.metrics(run.run_id)})
            raise ExportError(
                f"These runs have no metric “{printable(metric)}”, only {', '.join(have)}."
            )
        if drawn or faint.get(metric):
            spec = next(
                (s for run in runs for s in run.specs if s.name == metric),
                Metric(metric, metric, lower=None),
            )
            panels.append(Panel(spec, drawn, faint.get(metric, ())))
    if not panels:
        raise ExportError("Nothing has been logged of these runs yet: there is nothing to draw.")
    return panels


def _draw(axes: Any, panel: Panel, colours: dict[str, str]) -> None:
    for line in panel.faint:
        axes.plot(
            line.x,
            [one.mean for one in line.spreads],
            color=colours[line.label],
            linewidth=0.6,
            alpha=0.4,
        )
    shown = list(colours)[:MOST_IN_LEGEND]
    for line in panel.lines:
        colour = colours[line.label]
        # An underscore keeps a line out of the legend; and out of it names must not be read as TeX.
        name = line.label.replace("$", r"\$")
        if line.seeds > 1:
            name += f" (mean ± sd, n = {line.seeds})"
            low, high = (
                [panel.within(one.mean + sign * (one.sd or 0.0)) for one in line.spreads]
                for sign in (-1, 1)
            )
            axes.fill_between(line.x, low, high, color=colour, alpha=0.2, linewidth=0)
        name += f": {panel.figures[line.label]}" if line.label in panel.figures else ""
        few = {"marker": "o", "markersize": 3} if len(line.x) < 3 else {}
        axes.plot(
            line.x,
            [one.mean for one in line.spreads],
            color=colour,
            label=name if line.label in shown else "_",
            **few,
        )
    for label, (x, y) in panel.marks.items():
        axes.plot(x, y, color=colours[label], **MARK, label="_")
    if panel.marks:
        axes.plot([], [], color="#555555", **MARK, label="the report")
    if all(float(x).is_integer() for line in panel.lines for x in line.x):
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylabel(panel.spec.title)
    if panel.faint:
        axes.set_title("faint: training loss", loc="right", fontsize=6)
