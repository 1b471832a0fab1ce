"""Which weights answer: the newest that were trained to their end, else those that ship."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.archive.weights import (
    candidates,
    choose,
    choose_shipped,
    finished_runs,
    named_weights,
    run_weights,
    shipped,
)
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files import paths
from rnn_tui.engine.files.paths import WEIGHTS_NAME, run_dir
from rnn_tui.engine.files.weights_file import read_description
from rnn_tui.engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import small, train
from tests.tasks.conftest import small_config, small_run


@pytest.mark.parametrize(("task", "position"), [("recall", 3), ("adder", None)])
def test_what_ships_answers_until_something_is_trained(task: str, position: int | None) -> None:
    source = choose(task, position)
    assert (source.label, source.position) == ("pretrained", position)
    assert source.path.is_file()
    config, _, _ = read_description(source.path)
    assert (config.task, getattr(config, "position", None)) == (task, position)


def test_recall_ships_with_weights_for_the_first_three_positions() -> None:
    assert sorted(source.position or 0 for source in shipped("recall")) == [1, 2, 3]
    for position in (1, 2, 3):
        assert choose("recall", position).position == position
    (source,) = shipped("adder")
    assert source.position is None


@pytest.mark.parametrize("task", ["recall", "adder"])
def test_a_finished_run_answers_and_the_newest_first(task: str) -> None:
    position = 3 if task == "recall" else None
    config = small_config(task, hidden_sizes=(2,), training_size=2)
    for name in ("20250102-000000-aaaaaa", "20250103-000000-aaaaaa", "20241231-000000-ffffff"):
        small_run(config, name=name)
    source = choose(task, position)
    assert source.label == "run 20250103-000000-aaaaaa"
    assert source.path == run_dir() / "20250103-000000-aaaaaa" / WEIGHTS_NAME
    assert source.position == position
    days = [source.label[4:12] for source in finished_runs(task)]
    assert days == ["20250103", "20250102", "20241231"]
    assert choose(task, position, only_pretrained=True).label == "pretrained"
    # The other task has none of them.
    assert choose({"recall": "adder", "adder": "recall"}[task]).label == "pretrained"


@pytest.fixture
def finished() -> Checkpoint:
    """A run of recall that was trained to its end, long ago."""
    config = small_config("recall", hidden_sizes=(2,), training_size=2)
    small_run(config, name="20200101-000000-000000")
    return load_checkpoint(run_dir() / "20200101-000000-000000" / WEIGHTS_NAME)


def newer(checkpoint: Checkpoint, name: str = "20300101-000000-000000") -> Path:
    path = run_dir() / name / WEIGHTS_NAME
    save_checkpoint(path, checkpoint)
    return path


def unfinished(checkpoint: Checkpoint) -> None:
    newer(Checkpoint(checkpoint.config, checkpoint.weights, 1, {}))


def truncated(checkpoint: Checkpoint) -> None:
    path = newer(checkpoint)
    path.write_bytes(path.read_bytes()[:-7])


def garbage(checkpoint: Checkpoint) -> None:
    newer(checkpoint).write_bytes(b"\xff" * 300)


def empty_folder(checkpoint: Checkpoint) -> None:
    (run_dir() / "20300101-000000-000000").mkdir()


def a_file_in_place_of_a_folder(checkpoint: Checkpoint) -> None:
    (run_dir() / "20300101-000000-000000").touch()


def a_folder_in_place_of_weights(checkpoint: Checkpoint) -> None:
    (run_dir() / "20300101-000000-000000" / WEIGHTS_NAME).mkdir(parents=True)


def of_another_task(checkpoint: Checkpoint) -> None:
    newer(
        Checkpoint(
            checkpoint.config.replace(task="adder"), checkpoint.weights, 1, checkpoint.metrics
        )
    )


@pytest.mark.parametrize(
    "spoil",
    [
        unfinished,
        truncated,
        garbage,
        empty_folder,
        a_file_in_place_of_a_folder,
        a_folder_in_place_of_weights,
        of_another_task,
    ],
)
def test_what_can_not_answer_is_passed_over(
    finished: Checkpoint, spoil: Callable[[Checkpoint], None]
) -> None:
    spoil(finished)
    assert choose("recall", 3).label == "run 20200101-000000-000000"


def test_trials_and_networks_of_a_report_answer_only_if_they_are_named(home: Path) -> None:
    train(small(epochs=1))
    by_hand = choose("recall")
    train(small(epochs=2))
    with SweepStore() as store:
        trial = store.find("last")
        assert choose("recall").label == f"run {trial.name}"
        store.add_to_group(trial.run_id, "recall-1")
    assert choose("recall") == by_hand
    assert by_hand.label != f"run {trial.name}"
    assert run_weights("recall", trial.name).label == f"run {trial.name}"
    assert f"run {trial.name}" in [source.label for source in candidates("recall")]


def test_a_run_of_the_position_goes_before_a_newer_one_of_another() -> None:
    config = small_config("recall", hidden_sizes=(2,), training_size=2)
    small_run(config.replace(position=2), name="20250101-000000-000000")
    small_run(config.replace(position=1), name="20250102-000000-000000")
    assert choose("recall", 2).label == "run 20250101-000000-000000"
    assert choose("recall", 1).label == "run 20250102-000000-000000"
    # What ships for the position goes before a run of another.
    assert choose("recall", 3).label == "pretrained"
    # Nothing is for this one: the newest run, whatever it recalls.
    assert choose("recall", 7).label == "run 20250102-000000-000000"
    assert choose("recall").label == "run 20250102-000000-000000"
    source = choose("recall", 7, only_pretrained=True)
    assert (source.label, source.position) == ("pretrained", 3)


def test_without_any_weights_the_way_to_some_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "asset_dir", run_dir)
    for task in ("recall", "adder"):
        with pytest.raises(CheckpointError, match=f"rnn-tui train {task}"):
            choose(task)


def test_a_run_answers_where_nothing_ships(
    finished: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "asset_dir", lambda: run_dir() / "nowhere")
    assert choose("recall", 1).position == finished.config.to_dict()["position"] == 3
    with pytest.raises(CheckpointError):
        choose("recall", 3, only_pretrained=True)


def test_a_folder_with_a_name_from_elsewhere_is_harmless(finished: Checkpoint) -> None:
    newer(finished, "9\x1b[31mred\n")
    source = choose("recall", 3)
    assert source.label.isprintable()
    assert source.path.is_file()


def test_a_file_that_a_user_named_is_listed_by_what_is_in_it(
    finished: Checkpoint, tmp_path: Path
) -> None:
    sound = tmp_path / "sound.safetensors"
    damaged = tmp_path / "damaged.safetensors"
    save_checkpoint(sound, finished)
    damaged.write_bytes(b"no weights")
    for path, name in ((sound, finished.config.name), (damaged, "")):
        listed = candidates("recall", named_weights("recall", path, None))
        (source,) = [source for source in listed if not source.ships and source.path == path]
        assert (source.label, source.name) == (str(path), name)
    listed = candidates("recall")
    assert [source.label for source in listed if not source.ships] == ["run 20200101-000000-000000"]


def test_weights_that_ship_are_chosen_by_cell_or_what_ships_is_named() -> None:
    for cell in TASKS["mnist"].shipped_cells:
        assert read_description(choose_shipped("mnist", cell).path)[0].cell == cell
    with pytest.raises(CheckpointError) as refused:
        choose_shipped("mnist", "elman")
    assert str(refused.value).startswith("No weights for elman ship with rnn-tui, only for ")
    assert all(cell in str(refused.value) for cell in TASKS["mnist"].shipped_cells)
