"""The app as a person uses it: by keys, on a run that goes by script, and once on a real one."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.widgets import Checkbox, DataTable, Input, RichLog, Select, Static

from rnn_tui.engine.files.paths import run_dir
from rnn_tui.engine.state import Status
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.confirm import ConfirmScreen
from rnn_tui.ui.app.help import HelpScreen
from rnn_tui.ui.chart.chart import ChartPlot
from rnn_tui.ui.training.form import SettingsForm
from rnn_tui.ui.training.training_view import RunsTraining
from rnn_tui.ui.work.training_manager import TrainingManager
from tests.archive.kept_runs import train
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import (
    SIZES,
    assert_refused,
    finish,
    idle,
    last_notice,
    next_view,
    notices,
    press,
    resize,
    running,
    screen_text,
    start,
    unfolded,
    wait_until,
)

# Starting, and what the form says


async def test_one_key_trains_the_reports_lstm_which_is_shown_paused_and_stopped(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        assert runs.started == [TASKS["mnist"].config("lstm", "report", device="auto")]
        loss, accuracy = app.query_one(RunsTraining).charts
        await wait_until(pilot, lambda: len(accuracy.prepared) == 1)
        assert [series.name for series in loss.prepared] == ["training", "validation"]
        assert loss.prepared[0].y[0] == pytest.approx(2.0)
        assert list(accuracy.prepared[0].x) == [1, 2]
        assert list(accuracy.prepared[0].y) == [94, 98]
        table = app.query_one("#epochs", DataTable)
        cells = [str(cell) for cell in table.get_row_at(1)]
        assert cells == ["2", "0.5000", "0.4500", "0.4000", "98.00", "5.0"]
        text = screen_text(app)
        assert "12,345 img/s" in text
        assert "0:40 left" in text  # 10 s for 20 of 100 steps

        await press(pilot, "p")
        assert runs.controls[0].paused
        await press(pilot, "p")
        assert not runs.controls[0].paused

        await press(pilot, "s")
        await wait_until(pilot, lambda: not runs.busy)
        await wait_until(
            pilot, lambda: "stopped at step 20. The weights are kept." in last_notice(app)
        )
        (state,) = runs.states.values()
        assert state.status is Status.STOPPED


async def test_the_form_refuses_wrong_numbers_and_decides_what_is_trained(
    runs: ScriptedRuns,
) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        form = pilot.app.query_one(SettingsForm)
        epochs = form.query_one("#field-epochs", Input)
        # A preset brings its recipe and its values.
        assert epochs.placeholder == "10"
        form.query_one("#preset", Select).value = "best"
        await idle(pilot)
        best = TASKS["mnist"].preset("best")
        assert epochs.placeholder == f"{best.values['epochs']}"
        assert best.summary[:30] in str(form.query_one("#summary", Static).content)
        # A wrong number is said at once and starts nothing.
        await unfolded(pilot)
        for field, typed in (("epochs", "0"), ("learning-rate", "1e99"), ("batch-size", "--")):
            await assert_refused(pilot, runs, field, typed)

        form.query_one("#preset", Select).value = "fast"
        form.query_one("#model-rnn", Checkbox).value = True
        epochs.focus()
        await press(pilot, "7")
        form.query_one("#field-learning-rate").focus()
        await press(pilot, *"2e-3")
        await start(pilot, runs)
        runs.go_on.set()
        await wait_until(pilot, lambda: len(runs.started) == 2 and not runs.busy)
        assert [config.cell for config in runs.started] == ["rnn", "lstm"]
        for config in runs.started:
            assert (config.preset, config.epochs, config.learning_rate) == ("fast", 7, 2e-3)
            default = TASKS["mnist"].config(config.cell, "fast")
            assert (config.batch_size, config.recipe) == (default.batch_size, default.recipe)


@pytest.mark.long
async def test_more_settings_are_made_and_come_into_view_when_they_are_unfolded(
    runs: ScriptedRuns,
) -> None:
    async with running(RnnTuiApp(runs), "recall", size=(80, 24)) as pilot:
        form = pilot.app.query_one(SettingsForm)
        await press(pilot, "f")
        assert not form.query("#field-seed")
        await unfolded(pilot)
        fields = form.query_one("#fields")
        await wait_until(pilot, lambda: fields.scroll_y > 0)


@pytest.mark.long
async def test_no_model_ticked_is_a_sentence(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        pilot.app.query_one("#model-lstm", Checkbox).value = False
        await press(pilot, "t")
        await idle(pilot)
        assert runs.started == []
        assert "at least one cell" in last_notice(pilot.app)


@pytest.mark.long
async def test_single_keys_work_while_a_number_has_the_focus(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        pilot.app.query_one("#field-epochs").focus()
        await press(pilot, "3", "question_mark")
        await idle(pilot)
        assert isinstance(pilot.app.screen, HelpScreen)
        await press(pilot, "escape")
        assert pilot.app.query_one("#field-epochs", Input).value == "3"


# While it trains


async def test_quit_in_mid_training_asks_and_ctrl_c_says_what_ends_the_app(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await press(pilot, "ctrl+c")
        assert notices(app) == ["q or Ctrl+Q ends the app."]
        assert app.return_value is None
        await start(pilot, runs)
        for answer, quits in (("escape", False), ("s", True)):
            await press(pilot, "q")
            await idle(pilot)
            assert isinstance(app.screen, ConfirmScreen)
            # The run is interrupted, not stopped: the next start offers to resume it.
            assert "Quit (s)" in screen_text(app)
            await press(pilot, answer)
            await idle(pilot)
            assert runs.controls[0].stopping is quits
            assert (app.return_value == 0) is quits
        runs.stop()
    # A tab that is told of after the end does no harm.
    assert not app.screen_stack
    app._leave_full_screen()


async def test_what_can_not_be_kept_is_held_and_told_and_kept_once_it_can_be(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_tui.archive.unsaved.FIRST_PAUSE", 0.05)
    run_dir().write_text("a file where the folder should be")
    train(on_unsaved=runs.unsaved.append)
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: any("free some space" in one for one in notices(app)))
        await press(pilot, "q")
        await idle(pilot)
        assert "not on the disk yet" in screen_text(app)
        await press(pilot, "escape")
        run_dir().unlink()
        await wait_until(
            pilot, lambda: any("is now kept on the disk." in one for one in notices(app))
        )
        (weights,) = run_dir().glob("*/*")
        assert load_checkpoint(weights).step == 30
        await press(pilot, "q")
        await idle(pilot)
        assert app.return_value == 0


def test_a_last_try_is_made_at_the_end(runs: ScriptedRuns) -> None:
    run_dir().write_text("a file where the folder should be")
    train(on_unsaved=runs.unsaved.append)
    runs.drain()
    run_dir().unlink()
    assert runs.close(seconds=60)
    assert not runs.unkept
    assert len(list(run_dir().glob("*/*"))) == 1


async def test_starting_over_asks_and_a_failure_is_a_sentence_beside_the_charts(
    runs: ScriptedRuns,
) -> None:
    runs.failure = "The loss became [red]NaN[/red] at step 20."
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        await press(pilot, "t")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "escape")
        assert len(runs.started) == 1
        await press(pilot, "t")
        await press(pilot, "s")
        await wait_until(pilot, lambda: len(runs.started) == 2)
        assert next(state.status for state in runs.states.values()) is Status.STOPPED

        runs.go_on.set()
        await wait_until(pilot, lambda: not runs.busy)
        await wait_until(pilot, lambda: runs.failure in last_notice(app))
        text = screen_text(app)
        assert runs.failure in text
        assert "failed" in text
        assert len(app.query_one(RunsTraining).charts[0].prepared) == 4  # two curves a run


@pytest.mark.long
async def test_a_terminal_shrunk_and_grown_again_recovers(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        await start(pilot, runs)
        before = screen_text(pilot.app)
        for size in [(20, 5), (1, 1), (10, 3)]:
            await resize(pilot, *size)
            await idle(pilot)
        await resize(pilot, 120, 40)
        await pilot.pause(0.1)
        assert screen_text(pilot.app) == before  # type: ignore[arg-type]
        runs.stop()


@pytest.mark.long
async def test_no_wake_ups_at_idle(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        assert app.news.timer._active.is_set()
        await finish(pilot, runs)
        await wait_until(pilot, lambda: not app.news.timer._active.is_set(), 5)


# Charts


async def test_a_run_of_one_epoch_gives_the_room_to_the_loss(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        app.pane.query_one("#field-epochs", Input).value = "1"
        runs.epochs = 1
        await press(pilot, "t")
        loss, accuracy = app.query_one(RunsTraining).charts
        await wait_until(pilot, lambda: bool(accuracy.prepared))
        for size in ((80, 24), (120, 40), (60, 30)):
            await resize(pilot, *size)
            assert accuracy.query_one(ChartPlot).display is False, size
            areas = [chart.size.width * chart.size.height for chart in (loss, accuracy)]
            assert areas[0] > areas[1], size
            digits = accuracy.as_text().splitlines()[2:5]
            assert "".join(line.strip() for line in digits) == "╭─╮╷ ╷╰─┤╰─┤╶─╯  ╵", size  # 94
        runs.stop()


# Charts by key


@pytest.mark.long
async def test_chart_keys(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        loss, accuracy = pilot.app.query_one(RunsTraining).charts
        await press(pilot, "m", "L")
        assert (loss.smoothing, loss.log_y) == (1, True)
        whole = loss._present
        assert whole is not None
        await press(pilot, "plus")
        zoomed = loss._present
        assert zoomed is not None
        assert zoomed[1] - zoomed[0] == pytest.approx((whole[1] - whole[0]) / 2)
        assert accuracy._present != (1, 2)
        await press(pilot, "minus", "plus", "0")
        assert loss._present == whole
        await press(pilot, "c")
        await idle(pilot)
        assert pilot.app.screen.maximized is loss
        await press(pilot, "left")
        await idle(pilot)
        assert loss.cursor == 2.0
        assert "epoch 2" in screen_text(pilot.app)
        await press(pilot, "c")
        assert pilot.app.screen.maximized is accuracy
        await press(pilot, "c")
        assert pilot.app.screen.maximized is None
        # What one goes to is not behind it.
        for away in ("2", "f4", "f2", "f"):
            await press(pilot, "f3", "1")
            await wait_until(
                pilot, lambda: app.tabs.active == "mnist" and app.pane.view == "training"
            )
            await press(pilot, "c")
            await idle(pilot)
            assert app.screen.maximized is not None, away
            await press(pilot, away)
            await wait_until(pilot, lambda: app.screen.maximized is None)
        runs.stop()


@pytest.mark.long
async def test_the_form_in_place_of_a_narrow_view_has_the_keys_to_itself(
    runs: ScriptedRuns,
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(80, 24)) as pilot:
        await start(pilot, runs)
        loss = app.query_one(RunsTraining).charts[0]
        await press(pilot, "f")
        form = app.query_one(SettingsForm)
        await wait_until(pilot, lambda: form.has_focus_within)
        assert "Smooth" not in screen_text(app)
        await press(pilot, "m")
        assert loss.smoothing == 0
        await press(pilot, "escape")
        await wait_until(pilot, lambda: loss.is_on_screen and loss.has_focus)
        assert "Smooth" in screen_text(app)
        # Left by a tab's key, it goes with one `f`.
        await press(pilot, "f")
        await wait_until(pilot, lambda: form.has_focus_within)
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.tabs.active == "recall" and app.pane.complete)
        await press(pilot, "f3")
        await wait_until(pilot, lambda: app.tabs.active == "mnist" and form.is_on_screen)
        await press(pilot, "f")
        await wait_until(pilot, lambda: loss.is_on_screen)
        runs.stop()


@pytest.mark.long
async def test_keys_hold_wherever_the_focus_is(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        loss = app.query_one(RunsTraining).charts[0]
        for at, focus in enumerate(("#tasks Tabs", "#views Tabs", "#field-epochs", None), 1):
            app.screen.set_focus(app.query(focus).first() if focus else None)
            await press(pilot, "m")
            assert loss.smoothing == at % 4, focus
        await pilot.click("#--content-tab-mnist")
        logarithmic = loss.log_y
        await press(pilot, "L")
        assert loss.log_y is not logarithmic
        # In a field that takes it, a key is text; a key of another view is none here.
        epochs = app.query_one("#field-epochs", Input)
        epochs.focus()
        await press(pilot, "0", "i")
        assert epochs.value == "0"
        runs.stop()


@pytest.mark.long
async def test_both_charts_are_read_at_the_same_epoch(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        await start(pilot, runs)
        loss, accuracy = pilot.app.query_one(RunsTraining).charts
        loss.focus()
        await press(pilot, "end")
        await idle(pilot)
        assert accuracy.cursor == loss.cursor == 2.0
        runs.stop()


# When it has ended


@pytest.mark.long
async def test_results_beside_the_reports_figure(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        app: Any = pilot.app
        await start(pilot, runs)
        await finish(pilot, runs)
        assert "98.90 %" in screen_text(app)
        await next_view(pilot, "test")
        text = screen_text(app)
        assert "test accuracy 98.90 % (report: 98.73 %)" in text
        captions = [label for label in app.query("ImageWithLabels .caption") if label.is_on_screen]
        images = [str(label.render()) for label in captions]
        assert len(images) >= 10
        assert all(image[0] in "✓✗" for image in images)
        assert "50.00" in text  # one of two eights is read as a nine
        await press(pilot, "w")
        await idle(pilot)
        assert "1–2 of 2 misread (of 20 test images)" in screen_text(app)
        await press(pilot, "right")
        await idle(pilot)
        lines = screen_text(app).splitlines()
        assert any("9 " in line and "✓ true" in line for line in lines)
        assert any("0 " in line and "91.0 %" in line and "✗ guess" in line for line in lines)
        for view in ("photos", "draw", "inside"):
            await next_view(pilot, view)
            if view == "inside":  # photos and drawing, visited last, have nothing to look at
                await wait_until(pilot, lambda: "test image" in screen_text(app))
        await press(pilot, "palette:log")  # the log, below the charts
        await wait_until(pilot, lambda: "data loaded" in screen_text(app))
        assert app.pane.view == "training"


@pytest.mark.long
async def test_runs_stay_until_cleared_and_can_be_looked_at(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(120, 40)) as pilot:
        app: Any = pilot.app
        await start(pilot, runs)
        await finish(pilot, runs)
        app.query_one("#preset", Select).value = "fast"
        await start(pilot, runs)
        await wait_until(pilot, lambda: all(len(s.epochs) == 2 for s in runs.states.values()))
        await finish(pilot, runs)
        await wait_until(pilot, lambda: len(runs.evaluations) == 2)
        assert len(app.query_one(RunsTraining).charts[1].prepared) == 2
        chosen = app.pane._chosen
        await press(pilot, "full_stop")
        assert app.pane._chosen != chosen
        await press(pilot, "palette:clear")
        await idle(pilot)
        assert runs.states == {}
        assert app.query_one(RunsTraining).charts[1].prepared == ()


# Help and palette


WHILE_TRAINING = {"Stop training and keep the weights", "Pause training", "Unpause the training"}


async def test_help_and_palette_list_every_key(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        tooltips = {binding.tooltip for binding in app.BINDINGS if binding.show}  # type: ignore[union-attr]
        commands = {command.title for command in app.get_system_commands(app.screen)}
        await press(pilot, "question_mark")
        await idle(pilot)
        words = {line.words for lines in app.screen.sections.values() for line in lines}
        assert tooltips - WHILE_TRAINING <= words
        missing = {
            t for t in tooltips - WHILE_TRAINING if not any(title.endswith(t) for title in commands)
        }
        assert all(t.startswith(("Quit", "This help", "Find any command")) for t in missing)
        for word in ("light", "dark", "high contrast", "Theme", "Quit"):  # as people ask for it
            assert any(word in title for title in commands)


# What it looks like


@pytest.mark.long
async def test_every_size_and_theme_draws_without_a_cut_footer(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=SIZES[-1]) as pilot:
        await start(pilot, runs)
        for theme, size in product(["textual-dark", "textual-light"], SIZES):
            app.theme = theme
            await resize(pilot, *size)
            await pilot.pause(0.1)
            lines = screen_text(app).splitlines()
            assert len(lines) == size[1]
            for word in ("Stop", "Pause", "Form", "Chart", "Smooth", "Help", "Commands", "Quit"):
                assert word in lines[-1], (theme, size)
        runs.stop()


async def test_the_screen_in_mid_training(runs: ScriptedRuns, snapshot: SnapshotAssertion) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=SIZES[0]) as pilot:
        await start(pilot, runs)
        await wait_until(pilot, lambda: len(app.query_one(RunsTraining).charts[1].prepared) == 1)
        for size in SIZES:
            await resize(pilot, *size)
            await pilot.pause(0.2)
            assert screen_text(app) == snapshot(name=f"{size[0]} x {size[1]}")
        runs.stop()


@pytest.mark.long
async def test_no_color_draws_in_grey(runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        await next_view(pilot, "test")
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(app._filters[-1], app.background_colors[0]):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1
        assert "✓" in screen_text(app)


# The real thing


async def test_real_training_on_a_slice_to_the_end(mnist_slice: Path, home: Path) -> None:
    runs = TrainingManager()
    app = RnnTuiApp(runs, data_dir=str(mnist_slice))
    async with running(app, size=(120, 40)) as pilot:
        # A key pressed while PyTorch loads is not lost.
        app.query_one("#preset", Select).value = "fast"
        app.query_one("#field-epochs", Input).value = "4"
        await press(pilot, "t")
        await wait_until(pilot, lambda: bool(runs.evaluations) and not runs.busy, 120)
        await pilot.pause(0.5)
        (state,) = runs.states.values()
        assert state.status is Status.FINISHED
        assert len(state.epochs) == 4
        (evaluation,) = runs.evaluations.values()
        accuracy = 100 * (evaluation.predictions == evaluation.labels).mean()
        assert accuracy == pytest.approx(state.results["test_accuracy"])
        assert accuracy > 40
        assert Path(state.checkpoint).is_file()
        assert home in Path(state.checkpoint).parents
        assert "PyTorch" in runs.note
        await press(pilot, "palette:log")
        await pilot.pause(0.2)
        log = " ".join(line.text for line in app.query_one(RichLog).lines)
        assert "1,000 training, 200 validation and 200 test images" in log
    assert runs.close(5)


@pytest.mark.long
async def test_a_learning_rate_that_diverges_stops_with_a_sentence(mnist_slice: Path) -> None:
    runs = TrainingManager()
    app = RnnTuiApp(runs, data_dir=str(mnist_slice))
    async with running(app, size=(120, 40)) as pilot:
        await unfolded(pilot)
        app.query_one("#field-learning-rate", Input).value = "1e38"
        await press(pilot, "t")
        await wait_until(pilot, lambda: bool(runs.states) and not runs.busy, 120)
        await pilot.pause(0.5)
        (state,) = runs.states.values()
        assert state.status is Status.FAILED
        assert "at step" in state.message
        assert "try 1e+37 or less" in last_notice(app)
    assert runs.close(5)
