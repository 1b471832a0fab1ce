"""The Sweeps tab as a person uses it, on workers of this machine that really train."""

import importlib.util
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Select, Static

from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import EventWriter
from rnn_tui.archive.locks import is_held, lock_of_sweep
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine import events
from rnn_tui.engine.errors import printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.store import Sweep, SweepStore
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.runs.pane import RunsPane
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.sweeps.pane import SweepsPane
from rnn_tui.ui.sweeps.views import SweepScatter, SweepSummary, TrialsTable
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.prompts import AskTextScreen
from tests.ui.helpers import (
    SIZES,
    idle,
    last_notice,
    notices,
    press,
    resize,
    running,
    screen_text,
    wait_until,
)

SMALL = "preset=fast epochs=1 training_size=40 test_size=20 batch_size=10"
LONG = "preset=fast epochs=1000 training_size=400 test_size=20 batch_size=4"
PATIENCE = 180


@asynccontextmanager
async def sweeps_tab(
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[tuple[RnnTuiApp, Pilot[Any]]]:
    """The app with the Sweeps tab in front."""
    app = RnnTuiApp()
    async with running(app, "home", size=size) as pilot:
        await press(pilot, "f8")
        await wait_until(pilot, lambda: bool(app.query(SweepsPane)) and app.pane.complete)
        yield app, pilot
    assert app.runs.close(60)


async def fill_in(
    app: RnnTuiApp, pilot: Pilot[Any], typed: Mapping[str, str], search: str = "grid"
) -> None:
    """Type into the form of a new sweep of recall, on one worker."""
    await press(pilot, "f")
    await wait_until(pilot, lambda: app.focused is app.query_one("#sweep-vary"))
    app.query_one("#sweep-task", Select).value = "recall"
    app.query_one("#sweep-search", Select).value = search
    for name, text in {"place": "local:1", **typed}.items():
        app.query_one(f"#sweep-{name}", Input).value = text
    await idle(pilot)


def size_said(app: RnnTuiApp) -> str:
    return str(app.query_one("SweepForm #form-facts", Static).content)


def note(app: RnnTuiApp) -> str:
    return str(app.query_one("SweepForm #form-note", Static).content)


def kept(name: str) -> Sweep:
    with SweepStore() as store:
        return store.sweep(name)


def rows(app: RnnTuiApp) -> list[list[str]]:
    table = app.query_one(TrialsTable).query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(at)] for at in range(table.row_count)]


async def ended(pilot: Pilot[Any], app: RnnTuiApp, words: str) -> None:
    """Until the sweep has ended, and that is said in these words."""
    await wait_until(pilot, lambda: any(words in notice for notice in notices(app)), PATIENCE)
    await wait_until(pilot, lambda: not app.runs.busy, PATIENCE)


@pytest.mark.process
async def test_a_grid_is_trained_seen_and_compared() -> None:
    async with sweeps_tab() as (app, pilot):
        assert "No trial yet" in screen_text(app)
        await fill_in(
            app,
            pilot,
            {"vary": "hidden_size=2,3 learning_rate=0.001,0.1", "fixed": SMALL, "seeds": "2"},
        )
        await wait_until(
            pilot, lambda: "4 trials, 4 runs, 1 worker: about" in size_said(app), PATIENCE
        )
        await press(pilot, "enter")
        await wait_until(pilot, lambda: app.pane.view == "trials" and app.runs.busy)
        assert kept("recall-1").plan.trial_count == 4
        said: set[str] = set()

        def trains() -> bool:
            said.add(str(app.query_one("#sweep-about", Static).content))
            return "tls://127.0.0.1" in screen_text(app)

        await press(pilot, "3")
        await wait_until(pilot, trains, PATIENCE)
        # from the first on
        assert said - {""} == {"Recall · every combination · 2 seeds · running"}
        await ended(pilot, app, "The sweep recall-1 has ended.")
        await press(pilot, "1")
        await wait_until(pilot, lambda: sum("✓ finished" in row[-1] for row in rows(app)) == 4)
        sweep = kept("recall-1")
        best = sweep.best
        assert best is not None
        assert best.spread is not None
        assert rows(app)[0][1] == str(best.number)
        assert rows(app)[0][4] == f"★ {best.spread.mean:.2f} ± {best.spread.sd:.2f}"
        await wait_until(pilot, lambda: f"★ trial {best.number}" in screen_text(app))
        await wait_until(
            pilot,
            lambda: (
                "Importance: " in screen_text(app)
                and "%" in str(app.query_one(SweepSummary).content)
            ),
        )
        for size in SIZES:
            await resize(pilot, *size)
            for word in ("F8 Sweeps", "learning_rate", "4 of 4 trials", "Best: ", "f Form"):
                assert word in screen_text(app), size

        # One point a trial with its seeds as a bar, against one setting after the other.
        await press(pilot, "2")
        scatter = app.query_one(SweepScatter)
        await wait_until(
            pilot, lambda: scatter.setting == "hidden_size" and bool(scatter.charts[0].prepared)
        )
        assert sum(len(curve.y) for curve in scatter.charts[0].prepared) == 4
        (star,) = (
            curve for curve in scatter.charts[0].prepared if curve.name == "best" and curve.y
        )
        assert (star.y[0], star.low[0], star.high[0]) == (
            best.spread.mean,
            best.spread.low,
            best.spread.high,
        )
        assert not scatter.charts[0].log_x
        await press(pilot, "v")
        assert scatter.setting == "learning_rate"
        assert scatter.charts[0].log_x
        await wait_until(pilot, lambda: "0.001" in screen_text(app))

        # Its runs are runs like all others.
        await press(pilot, "1")
        await wait_until(pilot, lambda: app.query_one(TrialsTable).has_focus_within)
        await press(pilot, "home", "space", "space", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        keys = {line.words: line.keys for line in app.screen.sections["In this view"]}
        assert keys["Go to the previous or next view"] == "[ ]"
        assert keys["Leave the field"] == "esc"
        await press(pilot, "escape", "o")
        await wait_until(
            pilot, lambda: isinstance(app.pane, RunsPane) and app.pane.view == "compare"
        )
        marked = {run.run_id for run in app.query_one(RunsTable).marked}
        ranked = sorted(sweep.trials, key=sweep.rank)[:2]
        assert marked == {run.run_id for trial in ranked for run in trial.runs}
        await press(pilot, "1")
        await wait_until(pilot, lambda: len(app.query_one(RunsTable).listing.items) == 4)


@pytest.mark.long
async def test_stopped_it_goes_on_with_the_same_run() -> None:
    async with sweeps_tab((80, 24)) as (app, pilot):
        await fill_in(app, pilot, {"vary": "hidden_size=2", "fixed": LONG, "name": "long"})
        await press(pilot, "alt+t")
        await wait_until(
            pilot,
            lambda: "● training" in screen_text(app) and "s Stop" in screen_text(app),
            PATIENCE,
        )
        await press(pilot, "p")
        await wait_until(pilot, lambda: " paused " in screen_text(app))
        await press(pilot, "p", "s")
        await ended(pilot, app, "long was stopped; what was trained is kept")
        (run,) = kept("long").trials[0].runs
        assert run.status is Status.STOPPED
        assert run.weights.is_file()
        assert kept("long").status == "interrupted"
        await press(pilot, "t")  # the same name once more
        await wait_until(pilot, lambda: "There is a sweep “long” already" in last_notice(app))
        await press(pilot, "g")
        await wait_until(
            pilot, lambda: kept("long").trials[0].runs[0].status is Status.TRAINING, PATIENCE
        )
        await wait_until(pilot, lambda: kept("long").trials[0].runs[0].step > run.step, PATIENCE)
        assert [trained.run_id for trained in kept("long").trials[0].runs] == [run.run_id]

        # Quitting asks first, and keeps what there is.
        await press(pilot, "q")
        await wait_until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "The sweep long is under way" in screen_text(app)
        await press(pilot, "s")
        await wait_until(pilot, lambda: app._exit, PATIENCE)
        assert not app.runs.busy
    (run_after,) = kept("long").trials[0].runs
    assert run_after.status is Status.INTERRUPTED
    assert run_after.step > run.step
    assert not is_held(lock_of_sweep("long"))


@pytest.mark.long
async def test_a_search_gets_more_trials_while_it_trains_and_after() -> None:
    async with sweeps_tab() as (app, pilot):
        await fill_in(
            app,
            pilot,
            {"vary": "learning_rate=1e-4..1e-1:log", "fixed": SMALL, "trials": "1", "name": "some"},
            "random",
        )
        await press(pilot, "alt+t")
        await wait_until(pilot, lambda: app.runs.busy)
        await wait_until(pilot, lambda: bool(rows(app)), PATIENCE)
        for more in (2, 3):
            await press(pilot, "palette:more")
            await wait_until(pilot, lambda: isinstance(app.screen, AskTextScreen))
            app.screen.query_one(Input).value = "x"
            await press(pilot, "enter")
            await wait_until(pilot, lambda: "must be a whole number" in screen_text(app))
            app.screen.query_one(Input).value = "1"
            await press(pilot, "enter")
            await wait_until(pilot, lambda: not isinstance(app.screen, AskTextScreen))
            await wait_until(
                pilot,
                lambda more=more: trial_counts("some") == (more, more),
                PATIENCE,
            )  # type: ignore[misc]
            await wait_until(pilot, lambda: not app.runs.busy, PATIENCE)
        await press(pilot, "2")
        chart = app.query_one(SweepScatter).charts[0]
        await wait_until(pilot, lambda: sum(len(curve.y) for curve in chart.prepared) == 3)
        assert chart.log_x


async def test_settings_to_vary_are_chosen_and_an_unfinished_one_is_not_wrong() -> None:
    async with sweeps_tab((80, 24)) as (app, pilot):
        await press(pilot, "f")
        assert note(app)
        assert not app.query_one("SweepForm #form-note").has_class("-wrong")
        app.query_one("#sweep-task", Select).value = "adder"
        await idle(pilot)
        add = app.query_one("#sweep-add", PlainSelect)
        assert "loss" in add._values
        for name, typed in (("hidden_size", "2,3"), ("seed", "1")):
            add.value = name
            await idle(pilot)
            for key in typed:  # a list that ends with a comma is unfinished, too
                await press(pilot, key)
                assert not app.query_one("SweepForm #form-note").has_class("-wrong"), key
        assert app.query_one("#sweep-vary", Input).value == "hidden_size=2,3 seed=1"
        assert add.value == ""


async def test_what_is_wrong_is_a_sentence_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {
        ("vary", ""): "Say what to vary",
        ("vary", "colour=1,2"): "has no setting “colour” that can be varied",
        ("vary", "hidden_size=0"): "must be",
        ("vary", "learning_rate=1e-4..1e-1"): "A range is for a search",
        ("vary", "hidden_size=2 hidden_size=3"): "hidden_size stands twice",
        ("vary", "epochs=1,2"): "epochs stands twice",
        ("fixed", "epochs=1,2"): "epochs has several values",
        ("fixed", "epochs=1 epochs=2"): "epochs stands twice",
        ("seeds", "0"): "must be a whole number",
        ("place", "[/]nowhere"): "is no place to train",
        ("name", "[red]"): "is no name for a sweep",
    }
    async with sweeps_tab((80, 24)) as (app, pilot):
        await fill_in(app, pilot, {})
        await press(pilot, "escape")  # letters are keys again
        await wait_until(pilot, lambda: not isinstance(app.focused, Input))
        for (name, text), sentence in wrong.items():
            for field, value in {
                "vary": "hidden_size=2",
                "fixed": SMALL,
                "seeds": "",
                "place": "local:1",
                "name": "",
                name: text,
            }.items():
                app.query_one(f"#sweep-{field}", Input).value = value
            await wait_until(pilot, lambda sentence=sentence: sentence in note(app), PATIENCE)  # type: ignore[misc]
            app.clear_notifications()
            await press(pilot, "alt+t")
            await wait_until(pilot, lambda sentence=sentence: sentence in last_notice(app))  # type: ignore[misc]
        app.query_one("#sweep-name", Input).value = ""
        there = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, *more: None if name == "distributed" else there(name, *more),
        )
        await press(pilot, "alt+t")
        await wait_until(
            pilot, lambda: f"{install_command('cluster')} installs it" in last_notice(app)
        )
        assert not app.runs.busy
        with SweepStore() as store:
            assert store.sweep_names() == []


async def test_pruned_trials_stand_back_and_other_sweeps_can_be_chosen() -> None:
    keep("first", SweepPlan(task="recall", grid={"hidden_size": [2]}))
    plan = SweepPlan(
        task="recall",
        grid={"cell": ["lstm"], "hidden_size": [2, 4]},
        search="random",
        trials=3,
        prune=True,
    )
    keep("second", plan, pruned=1)
    async with sweeps_tab() as (app, pilot):
        await wait_until(pilot, lambda: len(rows(app)) == 2)
        table = app.query_one(TrialsTable).query_one(DataTable)
        pruned = [row[-1] for row in rows(app)].index("× pruned")
        assert {str(cell.style) for cell in table.get_row_at(pruned)[1:]} == {"dim"}
        assert "dim" not in {str(cell.style) for cell in table.get_row_at(1 - pruned)[1:]}
        await press(pilot, "2", "v")
        chart = app.query_one(SweepScatter).charts[0]
        await wait_until(
            pilot, lambda: any(curve.name == "pruned" and curve.y for curve in chart.prepared)
        )
        assert [curve.name for curve in chart.prepared if curve.faint] == ["pruned"]
        await press(pilot, "v")
        await wait_until(pilot, lambda: "lstm" in screen_text(app))
        await press(pilot, "1")
        app.query_one("#sweep-which", Select).value = "first"
        await wait_until(pilot, lambda: len(rows(app)) == 1)
        assert "every combination · 1 seed" in screen_text(app)
        keep("third", SweepPlan(task="recall", grid={"hidden_size": [2, 3, 4]}))
        which = app.query_one("#sweep-which", PlainSelect)
        await wait_until(pilot, lambda: "third" in which._values)
        assert (which.value, len(rows(app))) == ("first", 1)  # a newer one does not take its place
        await press(pilot, "palette:more")
        assert "to a search only" in last_notice(app)


def trial_counts(name: str) -> tuple[int, int]:
    """How many trials a sweep is to have, and how many are over."""
    sweep = kept(name)
    return sweep.plan.trial_count, sweep.done_count


def keep(name: str, plan: SweepPlan, pruned: int = -1) -> None:
    """Keep a sweep whose runs have a figure each, without training them."""
    connection, _ = connect(run_database())
    with SweepStore() as store:
        store.add_sweep(name, plan)
        for number, point in enumerate([*plan.points()]):
            (config,) = plan.configs(point)
            run = RunRecord(
                new_run_id(), printable(f"{name}-{number}"), config, Status.LOADING, 0.0, 0.0
            )
            store.add_runs(name, number, point, [run])
            with transaction(connection):
                figures = {plan.metric: (50.0 + number,) * len(config.replicas)}
                run_events = [
                    events.RunStarted(
                        run.run_id,
                        config,
                        plan.task_definition.metric_definitions,
                        10,
                        10,
                        10,
                        10,
                        "cpu",
                    ),
                    events.EpochEnded(run.run_id, 1, 10, {}, 1.0, 1.0, figures),
                    events.RunFinished(run.run_id, 10, {}, 1.0),
                ]
                EventWriter(run.run_id, config).write(connection, run_events)
            if number == pruned:
                store.set_pruned(name, number)
    connection.close()


async def test_the_newest_sweep_stays_when_another_one_begins() -> None:
    keep("first", SweepPlan(task="recall", grid={"hidden_size": [2]}))
    async with sweeps_tab() as (app, pilot):
        await wait_until(pilot, lambda: len(rows(app)) == 1)
        keep("second", SweepPlan(task="recall", grid={"hidden_size": [2, 4]}))
        which = app.query_one("#sweep-which", PlainSelect)
        await wait_until(pilot, lambda: "second" in which._values)
        await pilot.pause(1.5)
        assert (which.value, len(rows(app))) == ("first", 1)


@pytest.mark.long
async def test_a_sweep_of_another_process_is_followed() -> None:
    async with sweeps_tab() as (app, pilot):
        settings = ["--epochs", "1", "--training-size", "40", "--test-size", "20"]
        command = [
            sys.executable,
            "-m",
            "rnn_tui",
            "sweep",
            "recall",
            "--preset",
            "fast",
            "--grid",
            "hidden_size=2,3",
        ]
        other = subprocess.Popen(
            [*command, *settings, "--on", "local:1", "--quiet"], stdout=subprocess.DEVNULL
        )
        await wait_until(
            pilot,
            lambda: "recall-1" in screen_text(app) and " running " in screen_text(app),
            PATIENCE,
        )
        await press(pilot, "g")
        assert "recall-1 is running" in last_notice(app)
        await wait_until(
            pilot, lambda: sum("✓ finished" in row[-1] for row in rows(app)) == 2, PATIENCE
        )
        await wait_until(pilot, lambda: "2 of 2 trials" in screen_text(app))
        assert other.wait(60) == 0
