"""Runs with very many logged points: what only shows them reads few, and shows nothing else."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest

from rnn_tui.archive import logged_values
from rnn_tui.archive.curves import lines
from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import EventWriter, insert_run
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.cli.main import main
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import SERIES_CAPACITY, RunState
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import small

EPOCHS, STEPS = 120, 90  # steps of an epoch
LAST = EPOCHS * STEPS
# Where the loss is highest and lowest, in the middle of what a plain thinning would leave out.
HIGHEST, LOWEST = 4001, 7003


def loss(step: int, of: int = 0) -> float:
    if step in (HIGHEST, LOWEST):
        return 9.0 + of if step == HIGHEST else 0.01 + of
    return 2.0 - step / LAST + of + step % 7 / 100


def events_of_run(
    run_id: str, config: RunConfig, last: int = LAST, every: int = 1
) -> Iterator[events.Event]:
    """The events of a run up to a step; with as many values as the settings have networks."""
    several = range(len(config.replicas))
    specs = TASKS[config.task].metric_definitions
    yield events.RunStarted(run_id, config, specs, LAST, STEPS, 500, 99, "cpu")
    for step in range(every, last + 1, every):
        many = {"train_loss": tuple(loss(step, at) for at in several)} if several else {}
        single = {} if several else {"train_loss": loss(step)}
        yield events.StepLogged(run_id, step, single, 1000.0 + step, step / 10, many)
        if step % STEPS == 0:
            names = ("train_loss", "val_loss", "val_accuracy")
            figures = dict.fromkeys(names, step / LAST)
            rows = {name: tuple(value + at for at in several) for name, value in figures.items()}
            yield events.EpochEnded(
                run_id,
                step // STEPS,
                step,
                {} if several else figures,
                0.5,
                step / 10,
                rows if several else {},
            )
    yield events.RunStopped(run_id, last, last / 10)


def write(run_id: str, config: RunConfig, batch: Sequence[events.Event]) -> RunRecord:
    connection, _ = connect(run_database())
    with transaction(connection):
        insert_run(connection, run_id, config, run_id, time.time())
        EventWriter(run_id, config).write(connection, batch)
    connection.close()
    with RunStore() as store:
        return store.find(run_id)


def single() -> RunConfig:
    return TASKS["mnist"].config("lstm", "fast", epochs=EPOCHS, device="cpu")


@pytest.fixture
def long_run(home: Path) -> RunRecord:
    """A run of one network, stopped at its last step."""
    assert home
    return write("long", single(), [*events_of_run("long", single())])


def test_the_outline_of_a_curve_has_its_ends_and_its_peaks(long_run: RunRecord) -> None:
    with RunStore() as store:
        whole, by_epoch = (
            logged_values.read_curves(store._connection, [long_run], name)[0]
            for name in ("train_loss", "val_loss")
        )
        [(_, outline)] = store.outlines([long_run], "train_loss")
        [(_, short)] = store.outlines([long_run], "val_loss")
        assert short == by_epoch
    assert len(whole.steps) == LAST
    assert logged_values.MOST_DRAWN / 2 < len(outline.steps) <= logged_values.MOST_DRAWN + 2
    assert {1, HIGHEST, LOWEST, LAST} <= set(outline.steps)
    logged = zip(whole.steps, whole.epochs, whole.elapsed, whole.values, strict=True)
    drawn = zip(outline.steps, outline.epochs, outline.elapsed, outline.values, strict=True)
    assert set(drawn) <= set(logged)


def test_outlines_of_runs_that_give_one_line_have_the_same_steps(home: Path) -> None:
    assert home
    config = small(epochs=EPOCHS)
    runs = [
        write("seed0", config, [*events_of_run("seed0", config)]),
        write("seed1", config.replace(seed=7), [*events_of_run("seed1", config, last=9000)]),
        # Logged at every other step only, as by another version.
        write("seed2", config.replace(seed=9), [*events_of_run("seed2", config, every=2)]),
        write("short", config.replace(seed=11), [*events_of_run("short", config, last=0)]),
    ]
    with RunStore() as store:
        drawn_lines = lines(store.outlines(runs, "train_loss"), "step")
    assert len(drawn_lines) == len(config.variants)
    for line in drawn_lines:
        assert line.seeds == 6
        assert logged_values.MOST_DRAWN / 2 < len(line.x) <= logged_values.MOST_DRAWN + 2
        assert (line.x[0], line.x[-1]) == (2, 9000)


def test_no_line_has_a_seed_twice(home: Path) -> None:
    assert home
    config = small(epochs=EPOCHS)  # with the seeds 0 and 1
    runs = [
        write("seed0", config, [*events_of_run("seed0", config)]),
        write("seed1", config.replace(seed=1), [*events_of_run("seed1", config)]),
        write("seed7", config.replace(seed=7), [*events_of_run("seed7", config)]),
    ]
    with RunStore() as store:
        drawn_lines = lines(store.outlines(runs, "train_loss"), "step")
    by_runs = {line.runs: line.seeds for line in drawn_lines}
    assert by_runs == {("seed0", "seed7"): 4, ("seed1",): 2}
    assert len({line.label for line in drawn_lines}) == len(drawn_lines)


@pytest.mark.parametrize("config", [single(), small(epochs=EPOCHS)], ids=["one", "replicas"])
def test_a_run_that_goes_on_is_known_as_if_it_had_never_stopped(
    home: Path, config: RunConfig
) -> None:
    assert home
    batch = [*events_of_run("run", config)]
    record = write("run", config, batch)
    in_memory = reduce(RunState.apply, batch, RunState("run", config))
    with RunStore() as store:
        restored = store.state(record)
    for name in ("status", "step", "epochs", "rate", "elapsed", "results", "steps_per_epoch"):
        assert getattr(restored, name) == getattr(in_memory, name)
    assert restored.series.keys() == in_memory.series.keys()
    for name, expected in in_memory.series.items():
        series = restored.series[name]
        assert len(series.x) <= SERIES_CAPACITY
        assert (series.x[0], series.x[-1]) == (expected.x[0], expected.x[-1])
        assert (min(series.y), max(series.y)) == (min(expected.y), max(expected.y))
    assert restored.bands.keys() == in_memory.bands.keys()
    for name, bands in in_memory.bands.items():
        for band, other in zip(bands, restored.bands[name], strict=True):
            assert (band.x[-1], band.mean[-1]) == (other.x[-1], other.mean[-1])
            assert len(other.x) > SERIES_CAPACITY / 4 or band == other


def test_all_about_a_run_is_shown_without_what_it_logged(
    long_run: RunRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    connection, _ = connect(run_database())
    damage = "UPDATE points SET value = value || ' damaged' WHERE kind = 'step'"
    connection.execute("BEGIN")
    connection.execute(damage)
    connection.execute("ALTER TABLE moments RENAME TO moments_away")
    connection.execute("COMMIT")
    assert main(["runs", "show", "long"]) == 0
    assert "step 10,800 of 10,800" in capsys.readouterr().out
    repair = "UPDATE points SET value = CAST(replace(value, ' damaged', '') AS REAL)"
    connection.execute("BEGIN")
    connection.execute(f"{repair} WHERE kind = 'step'")
    connection.execute("ALTER TABLE moments_away RENAME TO moments")
    connection.execute("COMMIT")
    connection.close()
    assert main(["runs", "export", "long", "--to", "csv"]) == 0
    values = [line for line in capsys.readouterr().out.splitlines() if ",mnist,step," in line]
    assert len(values) == LAST


def test_what_a_resumed_run_writes_first_does_not_grow_with_the_run(long_run: RunRecord) -> None:
    connection, _ = connect(run_database())
    steps = 0

    def work() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(work, 10)
    with transaction(connection):
        logged_values.forget_after(connection, long_run.run_id, LAST - 100)
    names = logged_values.logged_metrics(connection, long_run.run_id)
    assert steps < LAST / 10
    connection.close()
    assert names == [
        ("step", "train_loss"),
        ("epoch", "train_loss"),
        ("epoch", "val_accuracy"),
        ("epoch", "val_loss"),
    ]
    with RunStore() as store:
        left = store.logged_values(long_run.run_id)
        assert [m.step for m in left if m.kind == "step"] == [*range(1, LAST - 99)]
        assert [m.epoch for m in left if m.kind == "epoch"] == [*range(1, EPOCHS - 1)]


def test_single_networks_of_several_seeds_are_a_line_of_their_mean(home: Path) -> None:
    def events_of(run_id: str, config: RunConfig, accuracy: float) -> list[events.Event]:
        specs = TASKS[config.task].metric_definitions
        return [
            events.RunStarted(run_id, config, specs, 10, 10, 500, 99, "cpu"),
            events.EpochEnded(run_id, 1, 10, {"val_accuracy": accuracy}, 0.5, 1.0, {}),
            events.RunStopped(run_id, 10, 1.0),
        ]

    accuracies = {"seed0": 90.0, "seed1": 94.0}
    runs = [
        write(run_id, config, events_of(run_id, config, accuracy))
        for at, (run_id, accuracy) in enumerate(accuracies.items())
        for config in [single().replace(seed=at)]
    ]
    with RunStore() as store:
        (alone,) = lines(store.outlines(runs[1:], "val_accuracy"), "epoch")
        (both,) = lines(store.outlines(runs, "val_accuracy"), "epoch")
    assert (alone.label, alone.x, alone.spreads[0].values) == ("seed1", (1.0,), (94.0,))
    assert both.runs == ("seed0", "seed1")
    assert (both.seeds, both.spreads[0].values, both.spreads[0].mean) == (2, (90.0, 94.0), 92.0)


def test_what_was_logged_behind_the_checkpoint_is_forgotten_when_a_run_goes_on(home: Path) -> None:
    config, specs = single(), TASKS["mnist"].metric_definitions

    def session(first: int, last: int, value: float) -> list[events.Event]:
        steps = range(first + 1, last + 1)
        return [
            events.RunStarted("run", config, specs, 90, 10, 500, 99, "cpu", first_step=first),
            *(
                events.StepLogged("run", step, {"train_loss": value}, 1.0, step / 10, {})
                for step in steps
            ),
        ]

    write("run", config, session(0, 25, 1.0))  # killed there; its checkpoint is of step 10
    connection, _ = connect(run_database())
    with transaction(connection):
        again = [*session(10, 13, 2.0), events.RunStopped("run", 13, 1.3)]
        EventWriter("run", config).write(connection, again)
    connection.close()
    with RunStore() as store:
        logged = [
            (moment.step, moment.metrics["train_loss"])
            for moment in store.logged_values("run", "step")
        ]
        assert store.find("run").step == 13
    assert logged == [(step, 1.0 if step <= 10 else 2.0) for step in range(1, 14)]


def test_the_best_of_the_epochs_that_are_left_stays_when_a_run_goes_on(home: Path) -> None:
    config, specs = single(), TASKS["mnist"].metric_definitions
    epochs = [
        events.EpochEnded("run", at, 10 * at, {"val_accuracy": accuracy}, 0.5, float(at), {})
        for at, accuracy in enumerate((91.0, 94.0, 93.0, 99.0), start=1)
    ]
    begun = events.RunStarted("run", config, specs, 90, 10, 500, 99, "cpu")
    write("run", config, [begun, *epochs])  # killed there; its checkpoint is of step 30
    again = replace(begun, first_step=30)
    connection, _ = connect(run_database())
    with transaction(connection):
        EventWriter("run", config).write(connection, [again, events.RunStopped("run", 31, 3.1)])
    connection.close()
    with RunStore() as store:
        run = store.find("run")
    assert (run.metric, run.best, run.last) == ("val_accuracy", 94.0, 93.0)
