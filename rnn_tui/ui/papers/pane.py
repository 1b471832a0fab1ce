"""The Papers tab: the experiments of a paper with several seeds, and its figures and ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, DataTable, Static

from rnn_tui.archive.cost import known_seconds
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.counts import first_few
from rnn_tui.engine.errors import SettingError, UserError
from rnn_tui.engine.state import Status
from rnn_tui.papers.conclusions import conclusions
from rnn_tui.papers.curves import AccuracyByLength, accuracy_by_length, figures
from rnn_tui.papers.inventory import Inventory, take_inventory
from rnn_tui.papers.library import Library, read_library
from rnn_tui.papers.listing import PaperProgress
from rnn_tui.papers.paper import Experiment, Paper
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results, results
from rnn_tui.papers.running import Standing, standing
from rnn_tui.papers.shipped import paper_named
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import StorePane, view_tabs
from rnn_tui.ui.frame.requests import LongJobRequested, RunsWanted
from rnn_tui.ui.frame.run_lines import awaited
from rnn_tui.ui.papers.choosing import PapersScreen, authors_of
from rnn_tui.ui.papers.export import ExportRerunScreen
from rnn_tui.ui.papers.form import RerunForm
from rnn_tui.ui.papers.views import (
    RerunConclusions,
    RerunPlots,
    RerunProgress,
    RerunTable,
    how_it_ended,
    numbers,
)
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.plain import MainButton
from rnn_tui.ui.work.long_jobs import RerunStatus
from rnn_tui.ui.work.threads import StoreAccess, in_thread
from rnn_tui.ui.work.training_manager import TrainingManager

NO_TORCH = "Accuracy by length can't be measured: PyTorch can't be loaded."


@dataclass
class OpenPaper:
    """What the tab knows of a paper that is open, or was."""

    paper: Paper
    form: RerunForm
    plan: Plan  #: the plan that the form describes.
    results: Results | None = None  #: the results of the plan; None until they are read.
    standing: Standing | None = None  #: the progress of the plan; None until it is read.
    #: accuracy by length, by plan and ids of runs; of the last ones only.
    by_length: dict[object, tuple[AccuracyByLength, ...]] = field(default_factory=dict)


class PaperTitle(MainButton):
    """The title of the paper; a press opens the list of papers."""

    def show(self, paper: Paper) -> None:
        """Show title, authors and year."""
        parts = [paper.title, " ".join(filter(None, [authors_of(paper), str(paper.year)]))]
        self.label = Content(" · ".join(parts) + " ▾")
        self.refresh(layout=True)  # or it would keep the width of the title before


class PapersPane(StorePane):
    """Form, table, plots and conclusions of the rerun of the paper that is open."""

    app = getters.app(HostApp)
    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("open", "choose_paper", "Papers", tooltip="Open another paper, or a file of your own"),
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        key("export", "export", "Export", tooltip="Write all of it to one HTML or Markdown file"),
    ]

    def __init__(
        self, runs: TrainingManager, store: StoreAccess, overrides: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Make the pane; `overrides` as in `Plan`."""
        super().__init__(store)
        self._runs = runs
        self._overrides = overrides
        self._papers: dict[str, OpenPaper] = {}  #: those that were opened, by name.
        self._open = self._add(paper_named())  #: the one that is shown.
        self._measuring = False  #: whether accuracy by length is being measured.
        self._drawn: object = None  #: plan and ids of runs of which the plots are drawn.
        self._ended: object = None  #: the status of the last rerun whose end was reported.

    def _add(self, paper: Paper) -> OpenPaper:
        """Make what is known of a paper, with the plan that its file describes."""
        form = RerunForm(paper, self._overrides)
        opened = OpenPaper(paper, form, self._first_plan(paper))
        self._papers[paper.name] = opened
        return opened

    def compose(self) -> ComposeResult:
        with Horizontal(id="paper-line"):
            title = PaperTitle("", "paper-title")
            title.show(self._open.paper)
            yield title
        yield self._open.form
        yield view_tabs(
            {
                "table": ("Table", RerunTable()),
                "plots": ("Plots", RerunPlots()),
                "conclusions": ("Claims", RerunConclusions()),
            }
        )
        yield Static("", id="problem", markup=False)
        yield RerunProgress()

    def on_mount(self) -> None:
        self.focus_view()

    @property
    def complete(self) -> bool:
        """Whether the figures are there, or can't be read."""
        return self._open.results is not None or bool(self._problem)

    def focus_view(self) -> None:
        view = self.front_view
        if isinstance(view, RerunTable | RerunPlots | RerunConclusions):
            view.focus_view()

    def on_rerun_form_changed(self, event: RerunForm.Changed) -> None:
        """Show what there is of another plan."""
        self._papers[event.plan.paper.name].plan = event.plan
        self.show_runs()

    # Which paper is open.

    @work(group="papers", exclusive=True)
    async def action_choose_paper(self) -> None:
        """Let the user choose a paper, or read one of their own."""
        library = await in_thread(self, read_library)
        answer = await self.ask(partial(self._list_papers, library))
        if answer is None:
            return
        listed, problems = answer
        more = "{} more papers can't be used; rnn-tui papers names them."
        for problem in first_few([*library.problems, *problems], more):
            self.notify(problem, severity="warning", timeout=10)
        paper = await self.app.push_screen_wait(PapersScreen(listed, self._open.paper))
        if paper is None:
            return
        try:
            await self._open_paper(paper)
        except SettingError as error:  # a plan that can't be
            self.notify(f"{paper.name}: {error}", severity="error")

    def _list_papers(
        self, library: Library, store: RunStore
    ) -> tuple[list[PaperProgress], list[str]]:
        """Return those that are known, with what is trained of them; called in a thread.

        Returns:
            The papers, and a sentence for each whose plan can't be.
        """
        papers = {**library.papers}
        for name, opened in self._papers.items():  # also files from elsewhere
            papers.setdefault(name, opened.paper)
        in_training = None if self._rerun is None else self._rerun.plan.paper.name
        listed = []
        problems = []
        for name, paper in papers.items():
            try:
                now = standing(take_inventory(self._plan_of(paper), store))
            except SettingError as error:
                problems.append(f"{name}: {error}")
                continue
            training = name == in_training
            listed.append(PaperProgress(paper, now.total, now.done, training))
        return listed, problems

    def _plan_of(self, paper: Paper) -> Plan:
        """Return the plan that the form of a paper describes, or its first one."""
        opened = self._papers.get(paper.name)
        if opened is not None and opened.paper == paper:
            return opened.plan
        return self._first_plan(paper)

    def _first_plan(self, paper: Paper) -> Plan:
        """Return the plan that a paper's file describes."""
        return Plan(paper, overrides=self._overrides)

    async def _open_paper(self, paper: Paper) -> None:
        """Show a paper, with its form as it was left; one whose file has changed begins anew."""
        opened = self._papers.get(paper.name)
        replaced = None
        if opened is None or opened.paper != paper:
            replaced = opened
            opened = self._add(paper)
        self._open.form.display = False
        if replaced is not None:
            await replaced.form.remove()
        if not opened.form.is_attached:
            await self.mount(opened.form, after="#paper-line")
        opened.form.display = True
        self._open = opened
        self.query_one(PaperTitle).show(paper)
        self.show_runs()
        if opened.results is not None:
            self._show()
        self.focus_view()

    # What there is of it.

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        opened = self._open
        plan = opened.plan

        def results_and_inventory(store: RunStore) -> tuple[Results, Inventory]:
            inventory = take_inventory(plan, store)
            return results(inventory), inventory

        # A program that was killed leaves no news, and what it trained is then to be trained here.
        trained_elsewhere = opened.standing is not None and opened.standing.elsewhere > 0
        answer = await self.news(results_and_inventory, always=trained_elsewhere)
        if answer is not None:
            opened.results, inventory = answer
            opened.standing = standing(inventory, known_seconds)
            if opened is self._open:
                self._show()
            if opened.standing.seconds_left is None:
                self._estimate(opened, inventory)

    @work(group="measure", exclusive=True)
    async def _estimate(self, opened: OpenPaper, inventory: Inventory) -> None:
        """Measure how long a plan takes, and show it, unless other runs are known by then."""
        before = opened.standing
        await self.app.rest()
        measured = await in_thread(self, standing, inventory, self._runs.measured_seconds)
        if opened.standing is before:
            opened.standing = measured
            self._show_progress()

    def complain(self, other: str = "") -> None:
        """Say what is wrong with the database, or else why the rerun or runs of it failed."""
        rerun = self._runs.rerun
        if rerun is not None and self._is_open(rerun.plan.paper):
            failures = () if rerun.standing is None else rerun.standing.failures
            other = rerun.problem or "; ".join(failures)
        super().complain(other)

    def _is_open(self, paper: Paper) -> bool:
        return paper.name == self._open.paper.name

    def _show(self) -> None:
        """Draw the view in front, and how far the rerun or the plan is."""
        if not self.app.is_running:  # the views may be gone
            return
        self._show_progress()
        self.complain()
        table = self._open.results
        if table is None:
            return
        if self.view == "table":
            self.query_one(RerunTable).show(table, self._experiments_in_training())
        else:
            self._show_by_length(table)

    @property
    def _rerun(self) -> RerunStatus | None:
        """The rerun that is under way in this app; None if there is none."""
        rerun = self._runs.rerun
        return rerun if rerun is not None and rerun.going_on else None

    def _show_progress(self) -> None:
        rerun = self._rerun
        active = self._runs.active
        is_open = rerun is not None and self._is_open(rerun.plan.paper)
        self.query_one(RerunProgress).show(
            rerun.standing if rerun is not None and is_open else self._open.standing,
            training=is_open,
            paused=active is not None and active.status is Status.PAUSED,
            waits=awaited(active) if active is not None else "",
            beside="" if rerun is None or is_open else _beside(rerun),
        )

    def _experiments_in_training(self) -> frozenset[Experiment]:
        rerun = self._rerun
        if rerun is None or not self._is_open(rerun.plan.paper):
            return frozenset()
        if rerun.standing is None or rerun.standing.planned_run is None:
            return frozenset()
        networks = rerun.standing.planned_run.networks
        return frozenset(network.experiment for network in networks)

    def _show_by_length(self, table: Results) -> None:
        """Show plots or conclusions; accuracy by length is measured if that has not been done."""
        opened = self._open
        key = (str(table.plan), table.run_ids)
        if key not in opened.by_length and not self._measuring:
            needed = table.plan.paper.by_length
            if any(row.n for row in table.rows if row.experiment.key in needed):
                self._measuring = True
                self._measure(opened, key, table.plan)
            else:
                opened.by_length = {key: ()}
        by_length = opened.by_length.get(key, ())
        if self.view == "plots":
            self._draw(table.plan, by_length, (key, key in opened.by_length))
        else:
            self._conclude(table, by_length)

    def on_view_tabs_shown(self) -> None:
        self._show()

    @work(group="lengths")
    async def _measure(self, opened: OpenPaper, key: object, plan: Plan) -> None:
        """Measure accuracy by length in a thread; `key` as in `by_length`."""

        # with a store of its own, or the app's would have to wait
        def measure() -> tuple[AccuracyByLength, ...]:
            with RunStore() as store:
                return accuracy_by_length(take_inventory(plan, store))

        by_length: tuple[AccuracyByLength, ...] = ()
        try:
            by_length = await in_thread(self, measure)
        except UserError as error:
            self.notify(str(error), severity="error")
        except (ImportError, OSError):
            self.notify(NO_TORCH, severity="error")
        finally:
            self._measuring = False
        opened.by_length = {key: by_length}
        self._show()  # which measures once more if there are other runs by now

    @work(group="plots", exclusive=True)
    async def _draw(self, plan: Plan, by_length: tuple[AccuracyByLength, ...], key: object) -> None:
        """Draw the plots, if `key` says that they are of other runs than those that are drawn."""
        if key == self._drawn:
            return
        plots = await self.ask(lambda store: figures(take_inventory(plan, store), by_length))
        if plots is not None:
            self._drawn = key
            self.query_one(RerunPlots).show(plan.paper.kind, plots, measuring=self._measuring)

    @work(group="conclusions", exclusive=True)
    async def _conclude(self, table: Results, by_length: tuple[AccuracyByLength, ...]) -> None:
        """Show the conclusions, whose intervals SciPy works out in a thread."""
        verdicts = await in_thread(self, conclusions, table, by_length)
        self.query_one(RerunConclusions).show(table, verdicts, measuring=self._measuring)

    # What keys and the mouse do.

    def action_train(self) -> None:
        """Ask for the training of what the plan lacks."""
        form = self._open.form
        try:
            self.post_message(LongJobRequested(partial(self._runs.train_rerun, form.plan())))
        except SettingError as error:
            self.notify(str(error), severity="error")
            form.focus_first()

    @on(Button.Pressed, "#paper-title")
    def _title_pressed(self) -> None:
        self.action_choose_paper()

    @on(Button.Pressed, "#rerun-train")
    def _train_pressed(self) -> None:
        self.action_train()

    def on_input_submitted(self) -> None:
        """Show what there is of the plan; no training, which may take hours."""
        self.focus_view()

    def action_focus_form(self) -> None:
        """Go to the form, or from there back to the view."""
        form = self._open.form
        if form.has_focus_within:
            self.focus_view()
        else:
            form.focus_first()

    def action_export(self) -> None:
        """Ask for a file to write the document to."""
        table = self._open.results
        if table is None:
            self.notify(self._problem or "The figures have not been read yet.")
            return
        standing = f"{numbers(self._open.standing, training=False)}."
        self.app.push_screen(ExportRerunScreen(table.plan, standing))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the runs of an experiment."""
        table = self._open.results
        if table is None or event.cursor_row >= len(table.rows):
            return
        row = table.rows[event.cursor_row]
        if row.runs:
            self.post_message(RunsWanted(row.runs))
        else:
            text = f"No run has figures of {row.experiment.label} yet; t trains what is missing."
            self.notify(text, timeout=4)

    def on_rerun_changed(self) -> None:
        self._show()
        rerun = self._runs.rerun
        if rerun is not None and not rerun.going_on and rerun is not self._ended:
            self._ended = rerun
            self._report_end(rerun)

    @work(group="end")
    async def _report_end(self, rerun: RerunStatus) -> None:
        """Say how a rerun ended, with its figures; they may be of another plan than in view."""
        self.show_runs()
        table = await self.ask(lambda store: results(take_inventory(rerun.plan, store)))
        if table is not None:
            text, severity = how_it_ended(rerun, table)
            self.notify(text, severity=severity, timeout=12)


def _beside(rerun: RerunStatus) -> str:
    """Say that another paper is trained, and how far that is."""
    now = rerun.standing
    done = "" if now is None else f" ({now.done} of {now.total})"
    return f"{rerun.plan.paper.name} trains{done}"
