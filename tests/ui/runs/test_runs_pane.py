"""The Runs tab as a person uses it, on a store that real short runs have filled."""

import shutil
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Select, Static

from rnn_tui.archive import training
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.run_verdicts import verdicts_of
from rnn_tui.archive.store import RunStore
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.calculator import CalculatorPanel
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.frame.requests import UNDER_WAY, TrainRequested
from rnn_tui.ui.runs import pane
from rnn_tui.ui.runs.pane import RunsPane
from rnn_tui.ui.runs.preview import RunPreview
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.runs.verdicts import VerdictsScreen
from rnn_tui.ui.runs.views import RunDetailsScreen, RunsCompare
from rnn_tui.ui.widgets.marked_table import FilterInput
from rnn_tui.ui.widgets.path_input import PathInput
from rnn_tui.ui.widgets.prompts import AskTextScreen
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.archive import kept_runs
from tests.ui.helpers import (
    AT_SIZES,
    idle,
    last_notice,
    notices,
    press,
    press_at_once,
    running,
    screen_text,
    wait_until,
)

NEWEST_FIRST = ["adder-half", "adder-lr0.01", "recall-seed2", "recall-seed1"]


def recall(seed: int) -> RunConfig:
    return TASKS["recall"].config(
        "lstm", "report", hidden_sizes=(2,), epochs=3, training_size=9, test_size=9, seed=seed
    )


def adder(**more: Any) -> RunConfig:
    return TASKS["adder"].config(
        "lstm",
        "report",
        hidden_sizes=(3,),
        losses=("bce",),
        epochs=4,
        training_size=8,
        test_size=8,
        lengths=(1, 4),
        **more,
    )


def train(config: RunConfig, name: str, *, stop_at: int = 0) -> str:
    """A real run; interrupted after a number of steps, if there is one."""
    control, run_id = Control(), new_run_id()

    def listen(event: events.Event) -> None:
        if stop_at and isinstance(event, events.EpochEnded) and event.step >= stop_at:
            control.stop(interrupted=True)

    training.train(config, listen, control, run_id, name=name)
    return run_id


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with four runs."""
    path = tmp_path_factory.mktemp("filled") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(path))
        train(recall(1), "recall-seed1")
        train(recall(2), "recall-seed2")
        train(adder(learning_rate=0.01), "adder-lr0.01")
        train(adder(), "adder-half", stop_at=16)
    return path


@pytest.fixture
def store_home(filled: Path, home: Path) -> Path:
    """A copy of it, to change."""
    shutil.copytree(filled, home, dirs_exist_ok=True)
    return home


@asynccontextmanager
async def runs_tab(
    size: tuple[int, int] = (120, 40), runs: TrainingManager | None = None
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any]]]:
    """The app with the Runs tab in front, and its table there."""
    app = RnnTuiApp(runs)
    async with running(app, "home", size=size) as pilot:
        await press(pilot, "f6")
        await wait_until(pilot, lambda: bool(app.query(RunsTable)))
        await settled(pilot, app)
        yield app, pilot
    assert app.runs.close(10)


async def settled(pilot: Pilot[Any], app: RnnTuiApp) -> None:
    """Until every question to the database is answered."""
    await wait_until(pilot, lambda: app.query_one(RunsPane).complete)
    await app.workers.wait_for_complete(
        [worker for worker in app.workers if worker.node is app.query_one(RunsPane)]
    )
    await idle(pilot)


def names(app: RnnTuiApp) -> list[str]:
    table = app.query_one("#runs-table", DataTable)
    return [str(table.get_row_at(at)[1]) for at in range(table.row_count)]


def row(app: RnnTuiApp, name: str) -> str:
    table = app.query_one("#runs-table", DataTable)
    return " | ".join(str(cell) for cell in table.get_row_at(names(app).index(name)))


def curves(app: RnnTuiApp) -> dict[str, tuple[float, ...]]:
    return {curve.name: tuple(curve.y) for curve in app.query_one(RunsCompare).charts[0].prepared}


# The table


async def test_a_tab_that_is_shown_again_reads_and_fills_its_table_only_for_news(
    store_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pane, "SECONDS_BETWEEN_AGES", 3600.0)
    work: list[str] = []
    read = RunStore.runs
    fill = RunsTable.show

    def counted_read(store: RunStore, **options: Any) -> list[RunRecord]:
        work.append("read")
        return read(store, **options)

    def counted_fill(table: RunsTable, *arguments: Any) -> None:
        work.append("fill")
        fill(table, *arguments)

    monkeypatch.setattr(RunStore, "runs", counted_read)
    monkeypatch.setattr(RunsTable, "show", counted_fill)
    async with runs_tab() as (app, pilot):
        await press(pilot, "f2", "f6")
        work.clear()
        await press(pilot, "f2", "f6")
        await settled(pilot, app)
        assert not work
        # by the app's own connection, as another tab does
        await app.store.ask(app, lambda store: store.rename(store.find("adder-half"), "half"))
        await wait_until(pilot, lambda: "half" in names(app))
        assert work == ["read", "fill"]


async def test_all_runs_are_there_as_they_ended_and_the_keys_work(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        assert names(app) == NEWEST_FIRST
        assert "✓ finished" in row(app, "recall-seed1")
        assert "100%" in row(app, "recall-seed1")
        assert "! interrupted" in row(app, "adder-half")
        assert "50%" in row(app, "adder-half")
        with RunStore() as store:
            run = store.find("adder-lr0.01")
        assert f"{run.final:.2f} %" in row(app, "adder-lr0.01")

        await press(pilot, "/", *"recall seed2")
        assert names(app) == ["recall-seed2"]
        assert "1 of 4 runs" in screen_text(app)
        await press(pilot, *"zz")
        assert names(app) == []
        assert "No run has all of these words." in screen_text(app)
        await press(pilot, *["backspace"] * 2, "enter")
        assert names(app) == ["recall-seed2"]
        await press(pilot, "/", "escape")
        assert names(app) == NEWEST_FIRST

        await press(pilot, "b", "b")  # from age over tags to names
        assert names(app) == sorted(NEWEST_FIRST)
        await press(pilot, "palette:reverse")
        assert names(app) == sorted(NEWEST_FIRST, reverse=True)

        await press(pilot, "y")
        assert app.clipboard.splitlines()[1].split("\t")[1] == "recall-seed2"


@pytest.mark.parametrize("size", AT_SIZES)
async def test_a_home_that_goes_away_is_said_and_what_is_there_now_is_shown(
    store_home: Path, size: tuple[int, int]
) -> None:
    async with runs_tab(size=size) as (app, pilot):
        # First what is there: the run at the cursor is previewed.
        assert names(app) == NEWEST_FIRST
        await settled(pilot, app)
        preview = app.query_one(RunPreview)
        assert "Interrupted at 50%: g resumes it." in screen_text(app)
        assert "Resume" in screen_text(app).splitlines()[-1]
        await press(pilot, "down", "down")
        await settled(pilot, app)
        assert preview.query_one("#preview-details").border_title == "recall-seed2"
        with RunStore() as store:
            run = store.find("recall-seed2")
        text = str(preview.query_one("#preview-text", Static).content)
        assert f"{run.final:.2f} %" in text
        assert "hidden sizes           2\n" in text
        (curve,) = preview.query_one(Chart).prepared
        assert len(curve.y) == 3
        assert "Resume" not in screen_text(app).splitlines()[-1]
        assert len(names(app)) == 4  # beside the list
        table = app.query_one("#runs-table", DataTable)
        assert table.max_scroll_x == 0
        assert "100%" in screen_text(app)

        shutil.rmtree(store_home)
        await wait_until(pilot, lambda: not table.row_count)
        assert "was removed or replaced while it was open" in last_notice(app)
        # An empty store says what to do, and no key ends it.
        await wait_until(pilot, lambda: "No runs yet" in screen_text(app))
        for key in ("space", "enter", "r", "d", "g", "u", "f", "z", "n", "v", "n"):
            await press(pilot, key)
        assert "No runs yet" in screen_text(app)


@pytest.mark.long
async def test_an_age_that_grows_stays_whole(
    store_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with runs_tab() as (app, pilot):
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 59 * 60)
        await press(pilot, "space", "palette:unmark")  # which draws all rows anew
        await idle(pilot)
        assert screen_text(app).count(" 59 min ") == len(NEWEST_FIRST)


@pytest.mark.long
async def test_interrupted_runs_are_offered_at_the_start(store_home: Path) -> None:
    app = RnnTuiApp()
    async with running(app, size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: "adder-half was interrupted" in last_notice(app))
        assert "F6" in last_notice(app)
    assert app.runs.close(10)


@pytest.mark.long
async def test_g_twice_in_a_moment_goes_on_once_and_says_so(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        table = app.query_one("#runs-table", DataTable)
        assert names(app)[table.cursor_row] == "adder-half"
        for _ in range(3):  # as keys do that come before the tab of the run is in front
            app.query_one(RunsPane).action_resume()
        await wait_until(pilot, lambda: UNDER_WAY in notices(app) and app.runs.states)
        await wait_until(pilot, lambda: not app.runs.busy)
        with RunStore() as store:
            assert store.find("adder-half").status is Status.FINISHED


@pytest.mark.long
async def test_what_another_program_trains_comes_in_by_itself(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        other = threading.Thread(target=train, args=(recall(9), "from-the-shell"))
        other.start()
        await wait_until(pilot, lambda: "from-the-shell" in names(app))
        other.join()
        await wait_until(pilot, lambda: "✓ finished" in row(app, "from-the-shell"))


async def test_a_damaged_database_is_a_sentence_and_not_the_end(store_home: Path) -> None:
    run_database().write_bytes(b"no database at all" * 100)
    for beside in store_home.glob("runs.db-*"):
        beside.unlink()
    async with runs_tab() as (app, pilot):
        assert "is damaged" in str(app.pane.query_one("#problem", Static).render())
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.pane.complete)


@pytest.mark.long
@pytest.mark.parametrize("size", AT_SIZES)
async def test_any_size_and_theme(store_home: Path, size: tuple[int, int]) -> None:
    async with runs_tab(size=size) as (app, pilot):
        for theme in ("textual-light", "textual-dark"):
            app.theme = theme
            await idle(pilot)
            text = screen_text(app)
            for word in ("Resume", "Mark", "Filter", "Delete", "Ask", "Quit"):
                assert word in "\n".join(text.splitlines()[-2:])
            assert "recall-seed1" in text


async def test_a_set_of_seeds_is_told_a_network_at_a_time(home: Path) -> None:
    kept_runs.train(kept_runs.small(seeds=3))
    with RunStore() as store:
        (run,) = store.runs()
    spreads = [network.final for network in run.networks]
    figures = [f"{spread.mean:.2f} ± {spread.sd:.2f} %" for spread in spreads if spread]
    extremes = [f"{spread.low:.2f} … {spread.high:.2f}" for spread in spreads if spread]
    async with runs_tab(size=(160, 40)) as (app, pilot):
        await settled(pilot, app)
        text = screen_text(app)
        assert ", ".join([figures[0].removesuffix(" %"), figures[1]]) in text
        assert "Test accuracy, n 3: ± sd, min … max" in text
        assert all(figure in text for figure in [*figures, *extremes])


# Comparison


async def test_marked_runs_are_compared(store_home: Path) -> None:
    async with runs_tab(size=(160, 50)) as (app, pilot):
        await press(pilot, "down", "down", "space", "space", "right_square_bracket")
        await settled(pilot, app)
        # They differ in their seeds: one line, the mean of both.
        (label,) = curves(app)
        assert label == "recall (n 2)"
        with RunStore() as store:
            both = [store.find(f"recall-seed{seed}") for seed in (1, 2)]
            values = [store.outlines([run], "val_accuracy")[0][1].values for run in both]
        means = tuple((one[0] + two[0]) / 2 for one, two in zip(*values, strict=True))  # type: ignore[index]
        assert curves(app)[label] == pytest.approx(means)
        app.query_one(RunsCompare).charts[0].focus()
        await press(pilot, "y")
        copied = app.clipboard
        assert "Validation accuracy (%)" in copied
        assert label in copied
        assert all(line in screen_text(app) for line in copied.splitlines())
        settings = app.query_one("#compare-table", DataTable)
        rows = [[str(cell) for cell in settings.get_row_at(at)] for at in range(settings.row_count)]
        assert rows[-1] == ["seed", "2", "1"]
        assert rows[0][0] == "last validation accuracy, H 2 ce"
        assert rows[0][1:] == [f"{run.last:.2f} %" for run in reversed(both)]

        metric = app.query_one("#compare-metric", Select)
        before = metric.value
        await press(pilot, "v")
        await settled(pilot, app)
        assert metric.value != before
        await press(pilot, "palette:axis")
        await settled(pilot, app)
        assert app.query_one(RunsCompare).against == "time"
        await press(pilot, "palette:spread")
        assert "± sd" in last_notice(app)
        # The cursor reads all curves.
        await press(pilot, "left")
        assert app.query_one(RunsCompare).charts[0].cursor is not None
        # A run by itself differs from none: its chart has all the room.
        beside = app.query_one("#compare-settings").region.right
        await press(pilot, "left_square_bracket", "palette:unmark", "right_square_bracket")
        await settled(pilot, app)
        assert app.query_one(RunsCompare).charts[0].region.right >= beside
        # A run without the metric is named.
        await press(pilot, "left_square_bracket", "ctrl+home", "space", "down", "space")
        await press(pilot, "right_square_bracket")
        await settled(pilot, app)
        compare = app.query_one(RunsCompare)
        while compare.metric != "val_accuracy":
            await press(pilot, "v")
            await settled(pilot, app)
        assert "Without validation accuracy: adder-half." in screen_text(app)


@pytest.mark.long
async def test_runs_of_different_settings_have_lines_of_their_own(store_home: Path) -> None:
    async with runs_tab(size=(120, 40)) as (app, pilot):
        await press(pilot, "space", "space", "right_square_bracket")
        await settled(pilot, app)
        assert set(curves(app)) == {"adder-half", "adder-lr0.01"}
        assert "learning rate" in screen_text(app)
        await press(pilot, "right_square_bracket", "palette:unmark", "right_square_bracket")
        await settled(pilot, app)
        assert len(curves(app)) == 1  # the one under the cursor


async def test_a_key_judges_which_runs_are_better(store_home: Path) -> None:
    train(adder(seeds=6, learning_rate=1e-6), "still")
    train(adder(seeds=6, learning_rate=0.05), "taught")
    async with runs_tab(size=(80, 24)) as (app, pilot):
        # a run by itself: there is nothing to judge
        await press(pilot, "right_square_bracket", "V")
        await settled(pilot, app)
        assert not isinstance(app.screen, VerdictsScreen)
        await press(pilot, "left_square_bracket", "ctrl+home", "space", "space")
        await press(pilot, "right_square_bracket")
        await settled(pilot, app)
        assert "V Verdicts" in screen_text(app)
        await press(pilot, "V")
        await wait_until(pilot, lambda: isinstance(app.screen, VerdictsScreen))
        await press(pilot, "y")
        with RunStore() as store:
            verdicts = verdicts_of([store.find(name) for name in ("taught", "still")])
        [judged] = verdicts.comparisons
        assert judged.comparison.n == 6
        text = " ".join(screen_text(app).split())
        assert f"taught better than still: {judged.verdict}" in text
        for sentence in [*judged.sentences, *verdicts.explanations]:
            assert sentence in app.clipboard
        await press(pilot, "escape")
        assert not isinstance(app.screen, VerdictsScreen)


# Commands


async def test_names_tags_and_notes(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        await press(pilot, "r")
        field = app.screen.query_one(Input)
        assert field.value == "adder-half"
        field.value = "recall-seed1"
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "Another run has the name" in screen_text(app))
        assert isinstance(app.screen, AskTextScreen)
        assert field.value == "recall-seed1"
        field.value = "[b]my run[/b]"
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "[b]my run[/b]" in names(app))

        await press(pilot, "number_sign")
        app.screen.query_one(Input).value = "slides monday"
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "monday slides" in row(app, "[b]my run[/b]"))
        await press(pilot, "palette:note")
        app.screen.query_one(Input).value = "for the lecture"
        await press(pilot, "enter")
        await press(pilot, "/", *"lecture monday")
        await wait_until(pilot, lambda: names(app) == ["[b]my run[/b]"])
        await press(pilot, "enter", "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, RunDetailsScreen))
        text = screen_text(app)
        assert "for the lecture" in text
        assert "step 16 of 32" in text


async def test_deleted_runs_come_back(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        await press(pilot, "space", "space", "d")
        question = screen_text(app)
        assert "Delete the 2 marked runs?" in question
        assert all(f" {name} " in question for name in NEWEST_FIRST[:2])
        await press(pilot, "enter")  # the harmless answer
        assert names(app) == NEWEST_FIRST
        await press(pilot, "d", "d")
        await wait_until(pilot, lambda: names(app) == NEWEST_FIRST[2:])
        assert "2 runs deleted" in last_notice(app)
        await press(pilot, "d")
        await wait_until(pilot, lambda: len(names(app)) == 1)
        await press(pilot, "u")
        await wait_until(pilot, lambda: len(names(app)) == 2)
        await press(pilot, "u")
        await wait_until(pilot, lambda: sorted(names(app)) == sorted(NEWEST_FIRST))
        with RunStore() as store:
            assert all(run.weights.is_file() for run in store.runs())
        # The last ones too, when there is no table to have the focus.
        await press(pilot, "ctrl+home", *["space"] * 4, "d", "d")
        await wait_until(pilot, lambda: names(app) == [])
        await settled(pilot, app)
        await press(pilot, "u")
        await wait_until(pilot, lambda: sorted(names(app)) == sorted(NEWEST_FIRST))
        await settled(pilot, app)
        await press(pilot, "b")
        assert "by tags" in screen_text(app)


@pytest.mark.long
async def test_a_run_that_was_stopped_and_goes_on_is_told_of_twice(home: Path) -> None:
    runs = TrainingManager()
    async with running(RnnTuiApp(runs), "home", size=(120, 40)) as pilot:
        app: Any = pilot.app
        await press(pilot, "f5")
        await wait_until(pilot, lambda: app.pane.spec.name == "adder" and app.pane.complete)
        app.post_message(TrainRequested([replace(adder(), epochs=250)]))
        await wait_until(pilot, lambda: runs.busy)
        await press(pilot, "s")
        await wait_until(pilot, lambda: "was stopped" in last_notice(app))
        await press(pilot, "f6")
        await wait_until(pilot, lambda: bool(app.query(RunsTable)))
        await settled(pilot, app)
        await press(pilot, "g")
        await wait_until(pilot, lambda: runs.busy and app.tabs.active == "adder")
        press_at_once(app, "f2")  # where its result is in view, no notice lies over it
        await wait_until(pilot, lambda: "bit accuracy: H 3 bce" in last_notice(app))
        assert [s.status for s in runs.states.values()] == [Status.FINISHED]
    assert runs.close(10)


async def test_an_interrupted_run_goes_on_to_its_end(store_home: Path) -> None:
    runs = TrainingManager()
    async with runs_tab(runs=runs) as (app, pilot):
        await press(pilot, "g")
        await wait_until(pilot, lambda: bool(runs.evaluations) and not runs.busy)
        (state,) = runs.states.values()
        assert state.step == 32
        assert [epoch.epoch for epoch in state.epochs] == [1, 2, 3, 4]
        await press(pilot, "f6")
        await wait_until(pilot, lambda: "✓ finished" in row(app, "adder-half"))
        assert "Resume" not in screen_text(app).splitlines()[-1]
    with RunStore() as store:
        assert store.find("adder-half").status is Status.FINISHED


@pytest.mark.long
async def test_weights_of_a_run_answer_and_its_settings_fill_the_form(store_home: Path) -> None:
    async with runs_tab() as (app, pilot):
        await press(pilot, "down", "o")
        await wait_until(pilot, lambda: bool(app.query(CalculatorPanel)))
        await wait_until(pilot, lambda: "run adder-lr0.01" in screen_text(app))
        await press(pilot, "f6")
        await settled(pilot, app)
        await press(pilot, "f")
        await wait_until(pilot, lambda: app.query_one("#adder #field-epochs", Input).value == "4")
        form = app.query_one("#adder SettingsForm")
        assert form.query_one("#field-learning-rate", Input).value == "0.01"
        assert form.query_one("#field-hidden-sizes", Input).value == "3"
        assert form.query_one("#field-seed", Input).value == ""  # as in the preset
        assert app.query_one("#adder #choice-bce").value is True  # type: ignore[attr-defined]


def export_note(app: RnnTuiApp) -> str:
    return str(app.screen.query_one(".prompt-note", Static).content)


async def test_an_export_that_fails_leaves_nothing(store_home: Path, tmp_path: Path) -> None:
    with RunStore() as store:
        store.find("recall-seed1").weights.write_bytes(b"damaged")
    path = tmp_path / "values.csv"
    path.write_text("precious")
    folder = tmp_path / "exports" / "weights"
    async with runs_tab() as (app, pilot):
        await press(pilot, "down", "down", "e")
        field = app.screen.query_one(PathInput)
        assert field.value == "recall-seed2.csv"
        field.value = str(path)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "Already there" in export_note(app))
        assert path.read_text() == "precious"  # nothing is replaced unasked
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "values.csv" in last_notice(app))
        assert "val_accuracy" in path.read_text()

        await press(pilot, "e", "up")  # the last format, by way of the first
        assert app.screen.query_one(PathInput).value == "recall-seed2-safetensors"
        app.screen.query_one(PathInput).value = str(path / "inside a file")
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "can't be written (" in export_note(app))
        app.screen.query_one(PathInput).value = str(tmp_path / "weights")
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "weights" in last_notice(app))
        (file,) = (tmp_path / "weights").iterdir()
        assert file.suffix == ".safetensors"
        assert read_weights(file).config.task == "recall"

        await press(pilot, "space", "space", "e", "up")  # both, one of which is damaged
        app.screen.query_one(PathInput).value = str(folder)
        await press(pilot, "enter")
        await wait_until(pilot, lambda: "can't be read" in export_note(app))
        assert list(tmp_path.glob("exports*")) == []


@pytest.mark.long
async def test_a_focus_that_comes_late_brings_no_tab_back(store_home: Path) -> None:
    """`Enter` in the filter of all runs asks for the focus on the table; `F3` comes before it."""
    async with runs_tab() as (app, pilot):
        press_at_once(app, "slash")
        await wait_until(pilot, lambda: isinstance(app.focused, FilterInput))
        press_at_once(app, "enter", "f3")
        await wait_until(pilot, lambda: app.tabs.active == "mnist" and app.focused)
        await pilot.pause(0.3)
        assert app.tabs.active == "mnist"
        assert app.pane in app.focused.ancestors


async def test_who_leaves_the_export_while_it_is_written_stops_it(
    store_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    logged_values = RunStore.logged_values

    def held(store: RunStore, run_id: str, *kind: Any) -> Any:
        values = logged_values(store, run_id, *kind)
        if threading.current_thread() is not threading.main_thread() and asked:
            go_on.wait(60)
        asked.append(run_id)
        return values

    asked: list[str] = []
    async with runs_tab() as (app, pilot):
        await press(pilot, "space", "down", "space", "e")
        path = tmp_path / "values.csv"
        app.screen.query_one(PathInput).value = str(path)
        monkeypatch.setattr(RunStore, "logged_values", held)
        press_at_once(app, "enter")
        prompt = app.screen
        await wait_until(
            pilot,
            lambda: "Writing: 1 of 2" in str(prompt.query_one(".prompt-note", Static).content),
        )
        press_at_once(app, "escape")
        await wait_until(pilot, lambda: last_notice(app) == "The export was stopped.")
        assert app.screen is not prompt
        go_on.set()
        await idle(pilot)
        assert not path.exists()
