"""The document of runs: verdict, results, curves, answers and settings, in one file that prints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rnn_tui.archive.columns import LONGEST_NOTE
from rnn_tui.archive.curves import Line, lines
from rnn_tui.archive.export.formats import Export, imported
from rnn_tui.archive.export.page.answers import MeasuredAnswers, answers_of
from rnn_tui.archive.export.page.blocks import (
    Block,
    MarkdownBlock,
    as_code,
    as_html,
    as_markdown,
    markdown_table,
    markdown_text,
)
from rnn_tui.archive.export.page.charts import ChartRow, ReportChart, draw_rows
from rnn_tui.archive.export.page.machine import machine
from rnn_tui.archive.export.page.pictures import confusion_chart
from rnn_tui.archive.export.plots import KEPT_IS, WIDE, Panel, kept_of, picture, plain_text
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.training_command import training_command
from rnn_tui.archive.words import NOTHING, settings_of
from rnn_tui.engine.errors import ExportError, UserError, printable
from rnn_tui.engine.json_values import date
from rnn_tui.engine.metrics import Metric, Spread, accuracy_metric, by_variant
from rnn_tui.engine.pace import duration
from rnn_tui.engine.seed_means import SeedMean
from rnn_tui.engine.state import Status
from rnn_tui.engine.tables import columns_of_cells
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import ByLength

MOST_RUNS = 20  # in one document
MOST_FAINT = 60  # lines of single seeds in a chart
MOST_SEEDS = 40  # seeds whose figures are listed one by one
MOST_CLASSES = 40  # classes up to which a matrix is drawn
MANY_TIMES = 20  # the longest length is so many times the shortest: the axis is logarithmic
ANY_SEED = (
    "One run of a small network is one draw: with another seed, that is with other initial weights "
    "and another order, the same recipe ends differently."
)


def write_document(export: Export) -> list[Path]:
    """Write one document of the runs, as HTML or as Markdown.

    Raises:
        ExportError: matplotlib is not installed, or these are too many runs.
    """
    imported("matplotlib.figure", "plots", "Documents")
    if len(export.runs) > MOST_RUNS:
        raise ExportError(
            f"A document has at most {MOST_RUNS} runs, not {len(export.runs):,}; name fewer, or "
            "export csv or json."
        )
    blocks: list[Block] = []
    for number, run in enumerate(export.each()):
        blocks += RunDocument(run, export.store, f"run{number}").blocks()
    title = f"Run {export.runs[0].name}" if len(export.runs) == 1 else f"{len(export.runs)} runs"
    as_format = as_html if export.form.suffix == ".html" else as_markdown
    return export.write_file(as_format(blocks, title).encode())


class RunDocument:
    """The parts of a document about one run.

    Args:
        run: what it is about.
        store: where the run is.
        key: begins the ids of its charts, which no other run of the document has.
    """

    def __init__(self, run: RunRecord, store: RunStore, key: str) -> None:
        self._run = run
        self._store = store
        self._key = key
        self._networks = [variant.label for variant in run.config.variants] or [run.config.name]
        self._answers, self._problem = self._measure()

    def _measure(self) -> tuple[MeasuredAnswers, str]:
        """Return what is known of the answers, and why it is no more."""
        nothing = MeasuredAnswers(parts=())
        if self._run.weights_shown is None:
            return nothing, "It has no weights yet, so nothing could be asked."
        try:
            return answers_of(self._run), ""
        except UserError as error:
            return nothing, f"Its answers could not be measured: {error}"

    def blocks(self) -> list[Block]:
        """Return all parts, from the name down to the machine."""
        return [
            *self._beginning(),
            *self._verdict(),
            *self._results(),
            *self._forecasts(),
            *self._training(),
            *self._by_length(),
            *self._confusions(),
            *self._groups(),
            *self._examples(),
            *self._data(),
            *self._making(),
        ]

    def _beginning(self) -> Iterator[Block]:
        run = self._run
        yield MarkdownBlock(f"# {markdown_text(run.name)}")
        yield MarkdownBlock(self._summary())
        for remark in (run.message, run.note, self._problem):
            if remark:
                yield MarkdownBlock(markdown_text(printable(remark, LONGEST_NOTE)))

    def _summary(self) -> str:
        run = self._run
        config = run.config
        label = TASKS[config.task].label if config.task in TASKS else config.task
        seeds = "1 seed" if self._seeds == 1 else f"{self._seeds} seeds"
        many = f"{len(self._networks)} networks" if len(self._networks) > 1 else "a network"
        done = "trained" if run.status is Status.FINISHED else f"{run.status} after"
        sentence = (
            f"Task {label}: {many} of {seeds}, cell {config.cell}, preset {config.preset}; {done} "
            f"{duration(run.elapsed)} on {run.device or 'a device that is not known'}, "
            f"{date(run.updated)}."
        )
        return markdown_text(f"{sentence} {ANY_SEED}")

    @property
    def _seeds(self) -> int:
        return max(1, self._run.config.seed_count if self._run.config.variants else 1)

    # What came of it

    def _verdict(self) -> Iterator[Block]:
        answers = self._answers
        if answers.metric is None or not answers.baselines or not answers.values:
            return
        yield MarkdownBlock("## Verdict")
        if answers.verdict is not None:
            yield MarkdownBlock(f"**{markdown_text(answers.verdict.sentence)}**")
        yield self._comparison(answers.metric)
        rule = (
            "A network beats the best baseline if the whole 95 % interval of its mean over seeds "
            "is better; of one seed there is no interval, and no such verdict. Intervals are "
            "bootstrapped, of fewer than six seeds Student's. They assume that figures lie around "
            "one peak; of seeds that all agree there is none."
        )
        yield MarkdownBlock(markdown_text(f"{answers.compared_on} {rule}"))

    def _comparison(self, metric: Metric) -> ReportChart:
        """Draw networks with their intervals above the baselines."""
        answers = self._answers
        unit = f" {metric.unit}" if metric.unit else ""
        rows = []
        for name, spread in zip(self._networks, self._spreads(answers.values), strict=True):
            known = SeedMean(spread.values).interval
            interval = None if known is None else (known.low, known.high)
            numbers = f"{metric.format_spread(spread)}{unit}"
            rows.append(ChartRow(plain_text(name), numbers, spread.mean, interval))
        for baseline in answers.baselines:
            figure = baseline.figures.get(metric.name)
            if figure is not None:
                numbers = f"{metric.format(figure)}{unit}"
                name = plain_text(printable(baseline.name, 60))
                rows.append(ChartRow(name, numbers, None, None, published=figure))
        drawing = draw_rows(rows, x_label=metric.title, head="mean ± sd over seeds")
        title = f"Networks and baselines: {metric.label}"
        caption = (
            f"{metric.title[:1].upper()}{metric.title[1:]}. Points: means over seeds, with their "
            "95 % intervals. Crosses: baselines, which learn little or nothing."
        )
        return ReportChart(f"{self._key}-verdict", title, caption, drawing)

    def _spreads(self, values: Sequence[float]) -> list[Spread]:
        return list(by_variant(values, max(1, len(self._run.config.variants))))

    def _results(self) -> Iterator[Block]:
        logged = self._store.logged_values(self._run.run_id, "test")
        figures = logged[-1].figures if logged else {}
        if not figures:
            return
        yield MarkdownBlock("## Results")
        rows = []
        for name, value in figures.items():
            spec = self._run.spec(name)
            values = value if isinstance(value, tuple) else (value,) * len(self._networks)
            for network, spread in zip(self._networks, self._spreads(values), strict=True):
                rows.append((spec.title, network, *self._cells(name, spec, network, spread)))
        heads = ("figure", "network", "mean ± sd", "95 % of the mean", "lowest", "highest", "n")
        published = any(row[-1] for row in rows)
        columns = (*heads, "published")
        width = len(columns) if published else len(heads)
        table = columns_of_cells(columns[:width], right=heads[2:])
        yield MarkdownBlock(markdown_table(table, [row[:width] for row in rows]))
        yield from self._by_seed(figures)

    def _cells(self, name: str, spec: Metric, network: str, spread: Spread) -> tuple[str, ...]:
        known = SeedMean(spread.values).interval
        interval = NOTHING
        if known is not None:
            low, high = (Panel(spec, ()).clip(end) for end in known.ends)
            interval = f"{spec.format(low)} … {spec.format(high)}"
        return (
            spec.format_spread(spread),
            interval,
            spec.format(spread.low),
            spec.format(spread.high),
            f"{spread.n}",
            self._published(name, network),
        )

    def _published(self, name: str, network: str) -> str:
        """Return the published figure of a network; empty if there is none."""
        config = self._run.config
        variants = {variant.label: variant for variant in config.variants}
        if config.task not in TASKS:
            return ""
        figure = TASKS[config.task].published_figure(name, config, variants.get(network))
        return "" if figure is None else f"{figure:.2f}"

    def _by_seed(self, figures: Mapping[str, float | tuple[float, ...]]) -> Iterator[Block]:
        """Yield the main figure of each seed, unless there are too many."""
        run = self._run
        values = figures.get(run.final_metric)
        if not isinstance(values, tuple) or not 1 < self._seeds <= MOST_SEEDS:
            return
        spec = run.spec(run.final_metric)
        first = run.config.seed
        rows = [
            (network, ", ".join(spec.format(value) for value in spread.values))
            for network, spread in zip(self._networks, self._spreads(values), strict=True)
        ]
        head = f"{spec.title}, seeds {first} … {first + self._seeds - 1}"
        yield MarkdownBlock("### Each seed")
        yield MarkdownBlock(markdown_table(columns_of_cells(("network", head)), rows))

    # Charts

    def _forecasts(self) -> Iterator[Block]:
        if self._answers.forecasts:
            yield MarkdownBlock("## Forecast")
            yield from self._answers.forecasts

    def _training(self) -> Iterator[Block]:
        run = self._run
        measured = self._store.metrics(run.run_id)
        names = [name for name in ("val_loss", run.metric) if name and name in measured]
        panels = []
        for name in dict.fromkeys(names):
            mean_lines = self._mean_lines(name)
            if not mean_lines:
                continue
            faint_is = "single seeds"
            if self._seeds == 1 and name == "val_loss":
                faint_is = "training loss"
                faint = self._mean_lines("train_loss")
            else:
                faint = self._lines_of_seeds(name, [line.label for line in mean_lines])
            kept = [self._named(line) for line in kept_of(self._store, [run], name, "epoch")]
            panels.append(Panel(run.spec(name), mean_lines, faint, faint_is=faint_is, kept=kept))
        if not panels:
            return
        yield MarkdownBlock("## Training")
        drawing = picture(panels, "svg", "epoch", WIDE)
        caption = "Validation during training."
        if self._seeds > 1:
            caption = (
                "Validation during training: means over seeds, shades one standard deviation to "
                "each side, faint lines single seeds."
            )
        if any(panel.kept for panel in panels):
            caption += f" Stars: {KEPT_IS}; answers and tests are of these."
        yield ReportChart(f"{self._key}-training", "Validation during training", caption, drawing)

    def _mean_lines(self, metric: str) -> list[Line]:
        """Return a line for each network: means over its seeds, with their spread."""
        curve = self._store.curve(self._run, metric)
        return [self._named(line) for line in lines([(self._run, curve)], "epoch")]

    def _named(self, line: Line) -> Line:
        """Return a line with the network's name alone."""
        name = line.label.removeprefix(f"{self._run.name} ")
        return replace(line, label=self._networks[0] if name == self._run.name else name)

    def _lines_of_seeds(self, metric: str, labels: Sequence[str]) -> list[Line]:
        """Return a line for each seed of each network; none where they would be too many."""
        if self._seeds == 1 or self._seeds * len(labels) > MOST_FAINT:
            return []
        curve = self._store.curve(self._run, metric)
        seed_lines = []
        for replica in range(self._seeds * len(labels)):
            values = [value[replica] for value in curve.values if isinstance(value, tuple)]
            spreads = tuple(Spread((value,)) for value in values)
            label = labels[replica // self._seeds]
            seed_lines.append(Line(label, (self._run.run_id,), curve.epochs, spreads))
        return seed_lines

    def _by_length(self) -> Iterator[Block]:
        for figure in self._answers.by_length:
            if len(figure.lengths) < 2:
                continue
            label = figure.name.replace("_", " ")
            yield MarkdownBlock(f"## {markdown_text(label.capitalize())} by length")
            panel = Panel(accuracy_metric("", label), self._lines_by_length(figure))
            has_far = figure.lengths[-1] >= MANY_TIMES * figure.lengths[0]
            drawing = picture([panel], "svg", "steps of the sequence", WIDE, log_x=has_far)
            first, last = getattr(self._run.config, "lengths", (0, 0))
            caption = (
                f"{label.capitalize()} at each length, mean over seeds ± one standard deviation; "
                f"lengths in training: {first} to {last}."
            )
            key = f"{self._key}-length-{figure.name}"
            yield ReportChart(key, f"{label.capitalize()} by length", caption, drawing)

    def _lines_by_length(self, figure: ByLength) -> list[Line]:
        return [
            Line(
                network,
                (self._run.run_id,),
                tuple(map(float, figure.lengths)),
                tuple(figure.spread(variant, self._seeds)),
            )
            for variant, network in enumerate(self._networks)
        ]

    def _confusions(self) -> Iterator[Block]:
        answers = self._answers
        if answers.confusion is None or not 2 <= len(answers.classes) <= MOST_CLASSES:
            return
        yield MarkdownBlock("## Confusion")
        for number, (network, counts) in enumerate(
            zip(self._networks, answers.confusion, strict=True)
        ):
            title = f"{network}, all seeds" if self._seeds > 1 else network
            key = f"{self._key}-confusion-{number}"
            yield confusion_chart(counts, answers.classes, key, title)

    def _groups(self) -> Iterator[Block]:
        if self._answers.groups:
            yield MarkdownBlock("## Groups of the test")
            yield from self._answers.groups

    def _examples(self) -> Iterator[Block]:
        answers = self._answers
        if not answers.right and not answers.wrong:
            return
        yield MarkdownBlock("## Examples")
        for head, examples in (("Answered well", answers.right), ("Answered badly", answers.wrong)):
            if examples:
                yield MarkdownBlock(f"### {head}")
                yield from examples
        if not answers.wrong:
            yield MarkdownBlock("None of them is answered wrong.")

    # How it was made

    def _data(self) -> Iterator[Block]:
        answers = self._answers
        if not answers.parts:
            return
        yield MarkdownBlock("## Data")
        yield MarkdownBlock(markdown_table(columns_of_cells(("part", "size")), answers.parts))
        if answers.data:
            yield MarkdownBlock("### What was understood of the file")
            yield from (MarkdownBlock(markdown_text(sentence)) for sentence in answers.data)
        if answers.placed:
            yield MarkdownBlock("### What is in which part")
            yield from answers.placed

    def _making(self) -> Iterator[Block]:
        run = self._run
        yield MarkdownBlock("## How it was made")
        command = training_command(run.config)
        if command:
            yield MarkdownBlock(f"Command: {as_code(printable(command, LONGEST_NOTE))}")
        else:
            yield MarkdownBlock("No command of this version trains with exactly these settings.")
        yield MarkdownBlock("### Settings")
        yield MarkdownBlock(
            markdown_table(columns_of_cells(("setting", "value")), settings_of(run.config))
        )
        yield MarkdownBlock("### Training")
        yield MarkdownBlock(markdown_table(columns_of_cells(("", "")), self._trained()))

    def _trained(self) -> list[tuple[str, str]]:
        run = self._run
        rows = [
            ("run", f"{run.name} ({run.run_id})"),
            ("began", str(date(run.created))),
            ("training", f"{duration(run.elapsed)}, step {run.step:,} of {run.total_steps:,}"),
            ("weights", f"{run.parameters:,}"),
        ]
        for session in self._store.sessions(run.run_id):
            versions = ", ".join(f"{name} {text}" for name, text in session.versions.items())
            where = f"{session.device}, {session.workers} workers"
            rows.append((f"from step {session.first_step:,}", f"{where}; {versions}"))
        here = machine()
        rows.append(("written on", f"{here['processor']}, {here['cores']} cores, {here['system']}"))
        return rows
