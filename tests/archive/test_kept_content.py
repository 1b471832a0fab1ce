"""What is kept of a run is what it was trained on, or it is said."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.cli.main import main
from rnn_tui.data import store
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.data_sets.task import stored_task
from tests.archive.kept_runs import resume, train
from tests.cli.command_line import EXIT_FAILURE, assert_one_sentence
from tests.data.examples import rising_or_falling

Only = Callable[[], RunRecord]


@pytest.fixture
def config() -> RunConfig:
    """Settings of a short run on a data set that is kept."""
    data_set = rising_or_falling()
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    small = task.config("lstm", hidden_sizes=(3,), epochs=3, seeds=1, batch_size=4)
    return small.replace(workers=1)


def change_four_bytes(path: Path, old: bytes) -> None:
    """Change the first four of the bytes `old`, wherever they are in the file."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, b"\x00\x00\x01\x42" + old[4:]))


def test_a_data_set_that_was_changed_meanwhile_is_not_trained_on(
    config: RunConfig, only: Only, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_run = train(config)
    whole = read_weights(only().weights).arrays
    assert main(["runs", "delete", whole_run.run_id]) == 0
    stopped = train(config, stop_at=3, interrupt=True)
    path = store.path_of(config.task)
    kept = path.read_bytes()
    change_four_bytes(path, store.load(config.task).values[5:9].tobytes())
    before = only()
    capsys.readouterr()
    assert main(["train", "--resume", stopped.run_id]) == EXIT_FAILURE
    sentence = assert_one_sentence(capsys.readouterr().err)
    assert str(path) in sentence
    assert "changed since it was written" in sentence
    assert "read the file that it was made of again" in sentence
    assert only() == before
    path.unlink()
    store.keep(rising_or_falling())  # read again
    assert path.read_bytes() == kept
    assert isinstance(resume(only()).events[-1], events.RunFinished)
    again = read_weights(only().weights).arrays
    assert again.keys() == whole.keys()
    assert all((again[name] == whole[name]).all() for name in whole)


def test_a_changed_weight_is_said_by_each_command_that_reads_it(
    only: Only, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    train()
    run = only()
    weights = read_weights(run.weights).arrays
    largest = max(weights.values(), key=len)
    change_four_bytes(run.weights, largest.tobytes())
    with pytest.raises(CheckpointError, match="changed since it was written"):
        read_weights(run.weights)
    capsys.readouterr()
    output = ["-o", str(tmp_path / "weights.safetensors")]
    for command in (
        ["recall", "12345", "--run", run.run_id],
        ["inspect", "recall", "12345", "--run", run.run_id],
        ["runs", "export", run.run_id, "--to", "safetensors", *output],
    ):
        assert main(command) == EXIT_FAILURE
        sentence = assert_one_sentence(capsys.readouterr().err)
        assert str(run.weights) in sentence
        assert "changed since it was written" in sentence
