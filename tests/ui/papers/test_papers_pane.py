"""The Papers tab as a person uses it, on a store that a real rerun of small plans has filled."""

import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, DataTable, Input, Static
from textual.worker import Worker

from rnn_tui.archive.verdicts import COMPARED
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from rnn_tui.papers.inventory import network_keys
from rnn_tui.papers.library import own_folder
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.shipped import paper_names
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.frame.requests import UNDER_WAY
from rnn_tui.ui.papers.choosing import PapersScreen, PapersTable
from rnn_tui.ui.papers.pane import PapersPane
from rnn_tui.ui.papers.views import RerunPlots
from rnn_tui.ui.runs.pane import RunsPane
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.widgets.path_input import PathInput
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.papers.small_plans import SMALL, runs, small_plan, table, train_plan
from tests.ui.helpers import (
    SIZES,
    idle,
    last_notice,
    press,
    resize,
    running,
    screen_text,
    wait_until,
)

SMALL_TASKS = ("recall", "adder")
Overrides = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, mnist_slice: Path) -> tuple[Path, Overrides]:
    """A home with a rerun of two seeds, one of MNIST; and how its networks are trained."""
    path = tmp_path_factory.mktemp("filled") / "home"
    plan = small_plan(2, only=SMALL_TASKS, data=mnist_slice)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(path))
        train_plan(plan)
    return path, plan.overrides


@pytest.fixture
def overrides(filled: tuple[Path, Overrides], home: Path) -> Overrides:
    """How networks are trained in a home that has two seeds of them."""
    shutil.copytree(filled[0], home, dirs_exist_ok=True)
    return filled[1]


@asynccontextmanager
async def report_tab(
    overrides: Overrides,
    *,
    typed: tuple[str, str] = ("2", "1"),
    size: tuple[int, int] = (120, 40),
    runs: TrainingManager | None = None,
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any]]]:
    """The app with the Papers tab in front, numbers of seeds typed and figures there."""
    app = RnnTuiApp(runs, rerun_overrides=overrides)
    async with running(app, "home", size=size) as pilot:
        await press(pilot, "f7")
        await wait_until(pilot, lambda: bool(app.query(PapersPane)) and app.pane.complete)
        app.query_one("#seeds", Input).value, app.query_one("#mnist-seeds", Input).value = typed
        await idle(pilot)
        await settled(pilot, app)
        yield app, pilot
    assert app.runs.close(10)


async def settled(pilot: Pilot[Any], app: RnnTuiApp) -> None:
    """Until every question is answered, and those that the answers lead to."""
    pane = app.query_one(PapersPane)
    await idle(pilot)
    workers = unfinished_workers(app, pane)
    while workers:
        await app.workers.wait_for_complete(workers)
        await idle(pilot)
        workers = unfinished_workers(app, pane)


def unfinished_workers(app: RnnTuiApp, pane: PapersPane) -> list[Worker[Any]]:
    return [worker for worker in app.workers if worker.node is pane and not worker.is_finished]


def row_of(app: RnnTuiApp, experiment: str) -> list[str]:
    """The cells of the row of an experiment."""
    figures = app.query_one("#rerun-figures", DataTable)
    for index in range(figures.row_count):
        cells = [str(cell).strip() for cell in figures.get_row_at(index)]
        if cells[0] == experiment:
            return cells
    raise LookupError(experiment)


# The table


async def test_figures_that_are_there_are_shown_and_those_to_come(overrides: Overrides) -> None:
    async with report_tab(overrides) as (app, pilot):
        row = next(r for r in table(small_plan(2)).rows if r.experiment.key == "recall-h5")
        assert row.spread is not None
        shown = row_of(app, "Recall, H 5")
        assert shown[1] == "31.00"
        assert shown[2].startswith(f"{row.spread.mean:.2f} ± ")
        assert shown[3] == "2"
        assert row.expected is not None
        assert shown[4] == f"{row.expected.low:.2f} … {row.expected.high:.2f}"
        assert shown[5][2:] == row.published_is
        assert shown[5][0] == ("✓" if row.inside else "▲" if row.distance > 0 else "▼")  # type: ignore[operator]
        assert row_of(app, "MNIST, LSTM")[4:6] == ["–", "· one seed only"]
        for theme in ("textual-light", "textual-dark"):
            app.theme = theme
            await idle(pilot)
            figures = app.query_one("#rerun-figures", DataTable)
            cell = next(
                cells[5]
                for cells in map(figures.get_row_at, range(12))
                if str(cells[0]) == "Recall, H 5"
            )
            assert (
                cell.style
                == app.get_css_variables()["text-success" if row.inside else "text-warning"]
            )
        for size in SIZES:
            app.theme = "textual-light" if app.current_theme.dark else "textual-dark"
            await resize(pilot, *size)
            text = screen_text(app)
            for word in ("MNIST seeds", "Adder, H 10 ce", "complete", "21 of 21", "F7 Papers"):
                assert word in text, size

        # More seeds: what is lacking is said at once, and comes as another program trains it.
        app.query_one("#seeds", Input).value = "3"
        await wait_until(pilot, lambda: row_of(app, "Recall, H 5")[3] == "2 of 3")
        assert "21 of 30 networks" in screen_text(app)
        other = threading.Thread(target=train_plan, args=(small_plan(3),))
        other.start()
        await wait_until(pilot, lambda: row_of(app, "Recall, H 5")[3] == "3")
        other.join()
        assert row_of(app, "Adder, H 3 ce")[3] == "2 of 3"


@pytest.mark.long
async def test_columns_without_room_are_reached_and_names_stay(overrides: Overrides) -> None:
    async with report_tab(overrides, size=(80, 24)) as (app, pilot):
        for head in ("published", "mean ± sd", "next seed, 95 %", "published is"):
            assert head in screen_text(app)
        assert "largest" not in screen_text(app)
        for _ in range(40):  # how wide the columns are depends on the figures in them
            await press(pilot, "right")
        await wait_until(pilot, lambda: "smallest … largest" in screen_text(app))
        assert "Adder, H 10 ce" in screen_text(app)


async def test_wrong_settings_are_a_sentence_and_stay_typed(overrides: Overrides) -> None:
    async with report_tab(overrides, size=(80, 24)) as (app, pilot):
        assert row_of(app, "Recall, H 2")[3] == "2"
        await press(pilot, "f")
        field = app.query_one("#seeds", Input)
        assert app.focused is field
        field.value = ""
        await press(pilot, "0", "t")
        wrong = str(app.query_one("#rerun-wrong", Static).content)
        assert wrong == "Seeds must be a whole number from 1 to 1000, not 0."
        assert wrong in screen_text(app)
        assert last_notice(app) == wrong
        assert field.value == "0"
        assert not app.runs.busy
        assert row_of(app, "Recall, H 2")[3] == "2 of 20"  # of the field while it was empty
        for task in ("mnist", "recall", "adder"):
            app.query_one(f"#only-{task}", Checkbox).value = False
        field.value = "2"
        await wait_until(pilot, lambda: "Tick at least one" in screen_text(app))
        app.query_one("#only-adder").focus()
        await press(pilot, "space")
        await settled(pilot, app)
        assert app.query_one("#rerun-figures", DataTable).row_count == 6
        assert "Tick" not in screen_text(app)


async def test_a_row_opens_its_runs_beside_each_other(overrides: Overrides) -> None:
    train_plan(small_plan(3))  # a second run of recall
    async with report_tab(overrides, typed=("3", "1")) as (app, pilot):
        await press(pilot, "down", "down", "down", "enter")
        await wait_until(
            pilot, lambda: isinstance(app.pane, RunsPane) and app.pane.view == "compare"
        )
        chosen = {run.run_id for run in app.query_one(RunsTable).marked}
        assert chosen == set(table(small_plan(3)).rows[0].runs)
        assert len(chosen) == 2
        await wait_until(pilot, lambda: "H 2 ce (n 3)" in screen_text(app))
        # Another row, by mouse, in place of the first: one click goes there, the next one opens.
        await press(pilot, "f7")
        for _ in range(2):
            await pilot.click("#rerun-figures", offset=(3, 1))
        await wait_until(pilot, lambda: isinstance(app.pane, RunsPane))
        await wait_until(pilot, lambda: len(app.query_one(RunsTable).marked) == 1)
        assert app.query_one(RunsTable).marked[0].config.task == "mnist"


async def test_a_damaged_database_is_a_sentence_and_not_the_end(overrides: Overrides) -> None:
    run_database().write_bytes(b"no database at all" * 100)
    for beside in run_database().parent.glob("runs.db-*"):
        beside.unlink()
    async with report_tab(overrides) as (app, pilot):
        assert "is damaged" in str(app.pane.query_one("#problem", Static).render())
        await press(pilot, "right_square_bracket", "e")
        assert "is damaged" in last_notice(app)


# Plots and conclusions


@pytest.mark.long
async def test_plots_conclusions_and_all_of_it_in_a_file(
    overrides: Overrides, tmp_path: Path
) -> None:
    async with report_tab(overrides) as (app, pilot):
        await press(pilot, "right_square_bracket")
        plots = app.query_one(RerunPlots)
        await wait_until(pilot, lambda: plots.figure is not None)
        await settled(pilot, app)
        seen = []
        for _ in range(6):
            assert plots.figure is not None
            seen.append(plots.figure.key)
            if plots.figure.key == "mnist-val_accuracy":
                ours, published = plots.charts[0].prepared[0], plots.charts[0].prepared[3]
                assert (ours.marker, published.marker, published.name) == ("●", "○", "report")
                assert published.y[:2] == (92.25, 95.39)
                assert "△ report" in screen_text(app)
                # Of ours there is one epoch, and through the report's points goes no line.
                assert not any("\u2801" <= letter <= "\u28ff" for letter in screen_text(app))
            await press(pilot, "v")
        assert seen == [
            "mnist-train_loss",
            "mnist-val_loss",
            "mnist-val_accuracy",
            "recall-train_loss",
            "adder-by-length-mse",
            "adder-by-length-ce",
        ]
        assert plots.figure is not None
        assert plots.figure.key == seen[0]
        await press(pilot, "v", "v", "v", "palette:spread")
        assert "± sd" in last_notice(app)
        recall = plots.charts[0].prepared[0]
        assert recall.name == "H 2 (n 2)"
        middle = [(low + high) / 2 for low, high in zip(recall.low, recall.high, strict=True)]
        assert middle == pytest.approx(list(recall.y))
        await press(pilot, "c")
        assert app.screen.maximized is plots.charts[0]
        await press(pilot, "escape", "right_square_bracket")

        def text() -> str:
            return str(app.query_one("#rerun-conclusions", Static).content)

        await wait_until(pilot, lambda: "Bit accuracy falls with length" in text())
        assert "A larger state gives higher bit accuracy." in text()
        assert "MSE beats CE" in text()
        assert "Not complete" not in text()
        # The verdict comes first, then what it follows from; the rule stands below all.
        await wait_until(pilot, lambda: "fewer than 6 seeds in 4 of 4 comparisons" in text())
        assert text().startswith(
            "? No verdict yet: fewer than 6 seeds in 4 of 4 comparisons.\nThe report: “A larger "
            "state"
        )
        assert text().count("A comparison in which at least 6 seeds differ counts") == 1
        await resize(pilot, 80, 24)
        shown = screen_text(app)
        for column in COMPARED:
            assert column.head in shown
        for cells in (("mse, H 5 − H 3", "too few"), ("H 5, mse − ce", "too few")):
            assert any(all(cell in line for cell in cells) for line in text().splitlines())
        assert max(len(line) for line in text().splitlines() if line.endswith("too few")) <= 75
        await resize(pilot, 120, 40)

        await press(pilot, "e")
        field = app.screen.query_one(PathInput)
        assert field.value == "course-report.html"
        assert "21 of 21 networks" in screen_text(app)
        field.value = str(tmp_path / "report.pdf")
        await press(pilot, "enter")
        await wait_until(pilot, lambda: ".md or .html" in screen_text(app))
        field.value = str(tmp_path / "report.md")
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "report.md" in last_notice(app))
        written = (tmp_path / "report.md").read_text()
        assert "| Recall, H 5 | 31.00 |" in written
        assert written.count("data:image/svg+xml") == 3 + 6

        app.query_one("#seeds", Input).value = "3"
        await wait_until(pilot, lambda: "H 3 mse (2 of 3)" in text())
        assert text().count("H 3 mse (2 of 3)") == text().count("seeds are missing") == 1
        app.query_one("#only-adder", Checkbox).value = False
        await wait_until(pilot, lambda: "not among the tasks" in text())


# Training


class PausedOnce(TrainingManager):
    """Pauses the first rerun before its first step, for who wants to look at it."""

    def train_rerun(self, plan: Plan) -> None:
        first = self.rerun is None
        super().train_rerun(plan)
        if first:
            self.pause(True)


async def test_stopped_it_goes_on_and_trains_nothing_twice() -> None:
    manager = PausedOnce()
    async with report_tab({"recall": SMALL}, runs=manager) as (app, pilot):
        for task in ("mnist", "adder"):
            app.query_one(f"#only-{task}", Checkbox).value = False
        await press(pilot, "t")
        await wait_until(pilot, lambda: "× 2 seeds, paused" in screen_text(app))
        assert "0 of 6 networks" in screen_text(app)
        assert "… training" in line_of(app, "Recall, H 2")
        await press(pilot, "t")
        assert last_notice(app) == UNDER_WAY
        await press(pilot, "q")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "escape")
        await idle(pilot)
        await press(pilot, "s")
        await wait_until(pilot, lambda: "stopped with 0 of 6 networks trained" in last_notice(app))
        (stopped,) = runs()
        assert stopped.status is Status.STOPPED
        await press(pilot, "t")
        await wait_until(pilot, lambda: "complete" in last_notice(app))
        assert "published figures" in last_notice(app)
        await wait_until(pilot, lambda: "6 of 6 networks" in screen_text(app))
        # One run, whose curve goes on from where it stopped; the Recall tab has all of it.
        (run,) = runs()
        assert (run.run_id, run.status) == (stopped.run_id, Status.FINISHED)
        assert set(Counter(network_keys(run.config)).values()) == {1}
        (state,) = manager.states.values()
        assert [epoch.epoch for epoch in state.epochs] == [1, 2]
        assert run.run_id in manager.evaluations


TINY = """\
title = "Words"
authors = ["A. One", "B. Two"]
year = 2001
summary = "Two networks."
measured = "Accuracy on longer words."
published = "best of 10"
seeds = 2
experiments = [{ task = "even-pairs", cell = ["rnn", "gru"], published = [100.0, 99.0] }]
[presets.fast]
summary = "small"
note = "Three units in place of many."
settings.even-pairs = { hidden_sizes = [3], epochs = 20, training_size = 64, test_size = 1 }
"""


async def test_another_paper_has_a_form_of_its_own_and_trains_beside_the_first(
    tmp_path: Path,
) -> None:
    file = tmp_path / "words.toml"
    file.write_text(TINY.replace("best of 10", "best of ten"))
    manager = PausedOnce()
    async with report_tab({}, size=(80, 24), runs=manager) as (app, pilot):
        await press(pilot, "o")
        await wait_until(pilot, lambda: isinstance(app.screen, PapersScreen))
        assert "A report on recurrent" in screen_text(app)
        assert "0 of 21" in screen_text(app)  # of the plan in the form
        await press(pilot, "slash")
        app.screen.query_one(PathInput).value = str(file)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "must say what its figures are" in screen_text(app))
        file.write_text(TINY)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "Words · A. One, B. Two 2001" in screen_text(app))
        await wait_until(pilot, lambda: "0 of 4 networks" in screen_text(app))
        assert "≥ 90 %" in screen_text(app)
        assert "Three units in place of many." in screen_text(app)
        assert row_of(app, "Even pairs, RNN")[1] == "100.00"

        await press(pilot, "t")
        await wait_until(pilot, lambda: "× 2 seeds, paused" in screen_text(app))
        await pilot.click("#paper-title")
        await wait_until(pilot, lambda: isinstance(app.screen, PapersScreen))
        assert "… 0 of 4" in screen_text(app)
        app.screen.query_one(PapersTable).move_cursor(row=0)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "0 of 21 networks" in screen_text(app))
        assert "words trains (0 of 4)" in screen_text(app)
        assert row_of(app, "Recall, H 2")[3] == "0 of 2"  # as it was typed
        await press(pilot, "s")
        await wait_until(pilot, lambda: "stopped with 0 of 4 networks" in last_notice(app))


async def test_runs_that_fail_are_told(overrides: Overrides, tmp_path: Path) -> None:
    broken = {**overrides, "mnist": {**overrides["mnist"], "data_dir": str(tmp_path / "none")}}
    async with report_tab(broken, size=(80, 24)) as (app, pilot):
        assert "18 of 21 networks" in screen_text(app)
        await press(pilot, "t")
        await wait_until(pilot, lambda: "3 runs failed" in last_notice(app))
        assert "18 of 21 networks trained" in last_notice(app)
        assert "MNIST, RNN, seed 0: " in str(app.pane.query_one("#problem", Static).content)


def line_of(app: RnnTuiApp, experiment: str) -> str:
    """The line of the screen that an experiment is on."""
    return next(text for text in screen_text(app).splitlines() if experiment in text)


async def test_papers_that_can_not_be_read_hide_no_other(home: Path) -> None:
    folder = own_folder()
    folder.mkdir(parents=True)
    (folder / "product.toml").write_text(
        TINY.replace(
            "[{", '[{ task = ["even-pairs", "recall"], cell = ["rnn", "gru"] },' * 400 + "{"
        )
    )
    for number in range(9):
        (folder / f"bad-{number}.toml").write_text("title = 5")
    (folder / "words.toml").write_text(TINY)
    async with report_tab({}, size=(80, 24)) as (app, pilot):
        await press(pilot, "o")
        await wait_until(pilot, lambda: isinstance(app.screen, PapersScreen))
        table = app.screen.query_one(PapersTable)
        titles = [str(table.get_row_at(row)[0]) for row in range(table.row_count)]
        assert titles.count("Words") == 1
        assert len(titles) == len(paper_names()) + 1
        said = [notice.message for notice in app._notifications]
        assert len(said) == 6
        assert said[-1] == "5 more papers can't be used; rnn-tui papers names them."
