"""The tab of data sets as a person meets it: a file, what was understood, training, the list."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import DataTable, OptionList, Select, Static

from rnn_tui.archive.store import RunStore
from rnn_tui.data import store
from rnn_tui.data.columns import Role
from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.data_sets import DataSetPane, OpenedTaskPane
from rnn_tui.ui.sequences.kept import KeptDataSet, KeptTable, deletion_question
from rnn_tui.ui.sequences.pane import SequencesPane
from rnn_tui.ui.sequences.shipped import TasksTable
from rnn_tui.ui.sequences.understood import UnderstandingView
from tests.data.examples import rising_or_falling
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    AT_SIZES,
    idle,
    last_notice,
    press,
    press_at_once,
    running,
    screen_lines,
    screen_text,
    wait_until,
)

COUNT = 40


@pytest.fixture
def lines_file(tmp_path: Path) -> Path:
    """A file of forty lines that rise or fall: a row a step, with a column that says nothing."""
    data_set = rising_or_falling(COUNT)
    path = tmp_path / "lines.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["line", "step", "height", "noise", "slope"])
        for index in range(COUNT):
            name = data_set.description.outputs[int(data_set.targets[index])]
            for step, height in enumerate(data_set.sequence(index)[:, 0].tolist()):
                rows.writerow([f"L{index}", step, f"{height:.2f}", (7 * step + index) % 10, name])
    return path


async def read(pilot: Pilot[Any], path: Path | str) -> UnderstandingView:
    """Type a path, quickly, and wait for what comes of it."""
    app: Any = pilot.app
    await press(pilot, "slash")
    press_at_once(app, *str(path))
    await idle(pilot)
    await press(pilot, "enter")
    return await was_read(pilot, app)


async def was_read(pilot: Pilot[Any], app: Any) -> UnderstandingView:
    await wait_until(pilot, lambda: app.pane._reading is None)
    await idle(pilot)
    view: UnderstandingView = app.pane.query_one(UnderstandingView)
    return view


async def opened(pilot: Pilot[Any]) -> DataSetPane:
    """The pane of the data set that is in front, once it is there."""
    app: Any = pilot.app
    await wait_until(pilot, lambda: isinstance(app.pane, DataSetPane) and app.pane.complete)
    await idle(pilot)
    pane: DataSetPane = app.pane
    return pane


async def lists(pilot: Pilot[Any]) -> SequencesPane:
    app: Any = pilot.app
    await wait_until(pilot, lambda: isinstance(app.pane, SequencesPane))
    await idle(pilot)
    pane: SequencesPane = app.pane
    return pane


def message(app: RnnTuiApp) -> str:
    """What is said of the file that could not be read."""
    return str(app.pane.query_one("#sequences-message", Static).content)


@pytest.mark.parametrize("size", AT_SIZES)
async def test_the_empty_tab_says_what_it_takes_reads_a_sample_and_refuses_a_bad_file(
    size: tuple[int, int], home: Path, runs: ScriptedRuns, lines_file: Path
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=size) as pilot:
        await press(pilot, "f9")
        await lists(pilot)
        text = screen_text(app)
        for word in ("F9 Sequences", "CSV", "NPZ", "swings.csv", "/ File"):
            assert word in text, word
        await press(pilot, "enter")
        view = await was_read(pilot, app)
        assert view.understanding is not None
        assert view.understanding.data_set.count == 240
        assert "240 sequences" in screen_text(app)

        bad = lines_file.with_name("bad.csv")
        bad.write_bytes(b"\x00\x01\x02" * 50)
        await read(pilot, bad)
        assert message(app).endswith("."), screen_text(app)
        await read(pilot, bad.with_name("missing.csv"))
        assert "missing.csv" in message(app)


async def test_what_was_understood_is_shown_changed_and_undone_before_anything_is_kept(
    home: Path, runs: ScriptedRuns, lines_file: Path
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "sequences", size=(120, 40)) as pilot:
        view = await read(pilot, lines_file)

        def understood() -> DataSet:
            assert view.understanding is not None
            return view.understanding.data_set

        text = screen_text(app)
        assert understood().description.goal is Goal.CLASS
        for word in ("lines.csv", "CSV", "40 sequences", "slope", "label", "rising", "falling"):
            assert word in text, word
        assert "Use this data" in text

        # A column gets another role.
        before = understood().description.features
        assert "noise" in before
        assert view.understanding is not None
        names = [column.name for column in view.understanding.columns]
        await press(pilot, *["down"] * names.index("noise"), "enter")
        roles = app.screen.query_one(OptionList)
        ignored = list(Role).index(Role.IGNORED)
        await press(pilot, *["down"] * (ignored - (roles.highlighted or 0)), "enter")
        await was_read(pilot, app)
        assert understood().description.features == ("height",)
        await press(pilot, "u")
        await was_read(pilot, app)
        assert understood().description.features == before

        # A guess is changed in a field.
        app.pane.query_one("#goal").focus()
        await press(pilot, "enter", "end", "enter")  # the last choice: the inputs to come
        await was_read(pilot, app)
        assert understood().description.goal is Goal.NEXT

        # A wrong delimiter is said in a sentence.
        app.pane.query_one("#decimal").focus()
        app.pane.query_one("#delimiter", Select).value = "|"
        await idle(pilot)
        await was_read(pilot, app)
        assert view.understanding is not None or message(app).endswith(".")
        await press(pilot, "alt+u")
        await was_read(pilot, app)
        assert understood().count == COUNT
        assert store.names() == []
        assert runs.started == []


async def test_sentences_on_a_file_name_fields_and_no_options_of_the_shell(
    home: Path, runs: ScriptedRuns, tmp_path: Path
) -> None:
    path = tmp_path / "load.csv"
    heights = [f"{step % 17}.5" for step in range(300)]
    path.write_text("\n".join(["load", *heights[:100], "ERROR", *heights[100:], ""]))
    app = RnnTuiApp(runs)
    async with running(app, "sequences", size=(120, 40)) as pilot:
        await read(pilot, path)
        text = screen_text(app)
        assert "Line 102: “ERROR” in the column load is no number" in text
        assert "--" not in text
        path.write_text("\n".join(["load", *heights, ""]))
        await read(pilot, path)
        text = screen_text(app)
        assert "“Context”" in " ".join(text.split())
        assert "--" not in text
        await pilot.click("#accept")
        pane = await opened(pilot)
        await press(pilot, str([view.id for view in pane._all_views].index("data") + 1))
        await wait_until(pilot, lambda: "Notes" in screen_text(app))
        assert "“Context”" in " ".join(screen_text(app).split())
        assert "--" not in screen_text(app)
        # Before a run, Inside says how to train.
        await press(pilot, str([view.id for view in pane._all_views].index("inside") + 1))
        [name] = store.names()
        await wait_until(pilot, lambda: f"rnn-tui train sequences {name}" in screen_text(app))


async def test_a_dropped_file_is_kept_opens_as_a_task_and_is_deleted_after_a_question(
    home: Path, runs: ScriptedRuns, lines_file: Path
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "sequences") as pilot:
        assert app._driver is not None
        app._driver.process_message(events.Paste(f"'{lines_file}'"))
        await idle(pilot)
        view = await was_read(pilot, app)
        assert view.understanding is not None
        assert view.understanding.data_set.count == COUNT
        await press(pilot, "o")
        pane = await opened(pilot)
        [name] = store.names()
        assert pane.spec.name == name
        text = screen_text(app)
        for word in ("lines", "40 sequences", "1 Training", "Test", "Data", "t Train"):
            assert word in text, word
        await press(pilot, "f3", "f9")  # it is there when one comes back
        assert isinstance(app.pane, DataSetPane)
        await press(pilot, "o")
        await lists(pilot)
        assert name in screen_text(app)
        await press(pilot, "d")
        assert f"Delete the data set {name}?" in screen_text(app)
        await press(pilot, "escape")
        assert store.names() == [name]
        await press(pilot, "enter")
        assert (await opened(pilot)).spec.name == name
        await press(pilot, "o")
        await lists(pilot)
        await press(pilot, "d", "d")
        await wait_until(pilot, lambda: not store.names())
        await wait_until(pilot, lambda: not app.query(DataSetPane))
        assert name not in "\n".join(screen_lines(app)[1:])


async def test_from_a_file_to_results_and_misread_sequences(home: Path, lines_file: Path) -> None:
    app = RnnTuiApp()
    async with running(app, "sequences", size=(120, 40)) as pilot:
        await read(pilot, lines_file)
        await press(pilot, "o")
        pane = await opened(pilot)
        await press(pilot, "f")
        assert pane.form is not None
        pane.form.query_one("#field-epochs").value = "2"  # type: ignore[attr-defined]
        pane.form.query_one("#field-hidden-sizes").value = "3"  # type: ignore[attr-defined]
        await idle(pilot)
        await press(pilot, "alt+t")
        await wait_until(pilot, lambda: app.runs.evaluations and not app.runs.anything_to_come, 120)
        await press(pilot, "escape", "2")
        await wait_until(pilot, lambda: "test accuracy" in screen_text(app))
        test = [view.id for view in pane._all_views].index("test") + 1
        await press(pilot, str(test))
        await wait_until(pilot, app.takes_keys)
        while "All" not in screen_text(app):
            await press(pilot, "w")
        text = screen_text(app)
        assert "true" in text
        assert " %" in text  # the probabilities of the sequence at the cursor, which is drawn
        for _ in range(3):  # the figures, and what else there is
            if "Rows: true" not in screen_text(app):
                await press(pilot, "w")
        assert "Rows: true" in screen_text(app)
        await press(pilot, str(test + 3))
        await wait_until(pilot, lambda: "Sequences 1–3 of 40" in screen_text(app))
        await press(pilot, "right")
        assert "Sequences 4–6 of 40" in screen_text(app)


def keep_lines() -> str:
    """Keep a data set; returns its name."""
    data_set = rising_or_falling(COUNT)
    store.keep(data_set)
    return data_set.description.name


async def test_a_task_without_a_tab_is_opened_from_the_list(home: Path, runs: ScriptedRuns) -> None:
    name = keep_lines()
    app = RnnTuiApp(runs)
    async with running(app, "sequences", size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: name in screen_text(app))
        assert "Even pairs" in screen_text(app)
        # Down leaves the data sets for the tasks, where nothing can be deleted; up goes back.
        await press(pilot, "down", "d")
        assert isinstance(app.focused, TasksTable)
        assert "Delete" not in screen_text(app)
        await press(pilot, "up")
        assert isinstance(app.focused, KeptTable)
        await press(pilot, "down", "down", "enter")
        await wait_until(pilot, lambda: isinstance(app.pane, OpenedTaskPane) and app.pane.complete)
        assert app.tabs.active == "sequences"
        assert isinstance(app.pane, OpenedTaskPane)
        task = app.pane.spec
        assert not task.tab
        assert f"{task.label} · {task.level} · " in screen_text(app)
        # Another request, as from Runs, takes its place; training shows there.
        await app.bring("parity-check")
        await press(pilot, "t")
        assert [config.task for config in runs.started] == ["parity-check"]
        assert app.pane.spec.name == "parity-check"
        assert len(app.query(OpenedTaskPane)) == 1


async def test_inside_reads_the_test_sequence_at_the_cursor_and_runs_lead_to_the_data_set(
    home: Path,
) -> None:
    name = keep_lines()
    app = RnnTuiApp()
    async with running(app, "sequences", size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: name in screen_text(app))
        await press(pilot, "enter")
        pane = await opened(pilot)
        assert pane.form is not None
        app.begin_training([replace(pane.form.configs()[0], epochs=1)])
        await wait_until(pilot, lambda: app.runs.evaluations, 120)

        await press(pilot, str([view.id for view in pane._all_views].index("test") + 1))
        await wait_until(pilot, app.takes_keys)
        while "All" not in screen_text(app):
            await press(pilot, "w")
        await press(pilot, "down")
        second = store.load(name).of_part(TEST)[1] + 1
        await press(pilot, "z")
        await wait_until(pilot, lambda: f"seed 0, sequence {second}" in screen_text(app))
        read = store.describe(name).features[0]
        assert any(line.lstrip(" │").startswith(read) for line in screen_lines(app))
        await press(pilot, "i")  # another, by chance
        await wait_until(pilot, lambda: "seed 0, sequence" not in screen_text(app))

        await press(pilot, "o")
        await lists(pilot)
        await press(pilot, "f6")
        await wait_until(pilot, lambda: name in screen_text(app))
        app.pane.query_one(DataTable).focus()
        await press(pilot, "f")  # its settings go to the form of its data set
        pane = await opened(pilot)
        assert pane.in_form
        await press(pilot, "f6")
        await idle(pilot)
        store.remove(name)
        await press(pilot, "f")
        await wait_until(pilot, lambda: "no longer on this machine" in last_notice(app))
        with RunStore() as kept:
            assert len(kept.runs()) == 1


def test_deletion_tells_of_the_runs() -> None:
    assert deletion_question(KeptDataSet("a", 0)) == "Delete the data set a?"
    assert "1 run was trained on it; it stays" in deletion_question(KeptDataSet("a", 1))
    assert "2 runs were trained on it; they stay" in deletion_question(KeptDataSet("a", 2))


async def test_page_keys_scroll_notes_that_are_cut(
    home: Path, runs: ScriptedRuns, lines_file: Path
) -> None:
    lines = lines_file.read_text().splitlines()
    lines[3] = "L0,2,,4,rises"  # a gap
    lines[4:4] = [""]  # a blank line
    lines_file.write_text("\n".join(["# made for a test", *lines]))
    app = RnnTuiApp(runs)
    async with running(app, "sequences", size=(80, 24)) as pilot:
        view = await read(pilot, lines_file)
        facts = view.query_one("#facts")
        assert facts.max_scroll_y > 0
        top = screen_text(app)
        for _ in range(10):
            await press(pilot, "pagedown")
        assert facts.scroll_y == facts.max_scroll_y
        assert screen_text(app) != top
        for _ in range(10):
            await press(pilot, "pageup")
        assert facts.scroll_y == 0
