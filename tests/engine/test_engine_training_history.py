"""The snapshots of a training: few enough, the last among them, and the weights that there were."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import HISTORY_PREFIX, METADATA_KEY
from rnn_tui.engine.training import loop
from rnn_tui.engine.training.checkpoint import load_checkpoint
from rnn_tui.engine.training.history import FEWEST, MOST_BYTES, read_history, snapshot_steps
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.sequences.replica_problem import build_replicas


@given(st.integers(1, 10**5), st.integers(1, 10**5), st.integers(1, 2 * MOST_BYTES))
@example(1, 1, 1)
@example(100_000, 1, MOST_BYTES // 4)
@example(7, 844, MOST_BYTES // 5)
def test_snapshots_fit_and_end_with_the_last_epoch(epochs: int, steps: int, size: int) -> None:
    snapshots = sorted(snapshot_steps(epochs, steps, size))
    if size * FEWEST > MOST_BYTES:
        assert snapshots == []
        return
    assert len(snapshots) * size <= MOST_BYTES
    assert snapshots[0] == 0
    assert snapshots[-1] == epochs * steps
    # In the first epoch at 1, 3, 10, 30, …; after that at the ends of epochs, evenly spread.
    early = [step for step in snapshots if step < steps]
    assert all(str(step).rstrip("0") in ("", "1", "3") for step in early)
    ends = [step // steps for step in snapshots if step >= steps]
    assert [step for step in snapshots if step >= steps] == [epoch * steps for epoch in ends]
    gaps = np.diff(ends)
    assert not len(gaps) or gaps.max() - gaps.min() <= 1
    if len(early) + epochs < MOST_BYTES // size < 1000 and len(early) > 1:
        assert ends == list(range(1, epochs + 1))


def config(task: str = "adder", **changes: Any) -> RunConfig:
    small: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 5,
        "training_size": 60,
        "test_size": 10,
        "seeds": 2,
        "hidden_sizes": (2, 3),
        "device": "cpu",
    }
    return TASKS[task].config("lstm", "fast", **small | changes)


def trained(settings: RunConfig, path: Path) -> dict[str, Tensor]:
    emitted: list[events.Event] = []
    outcome = loop.fit(
        TASKS[settings.task].load(),
        settings,
        emitted.append,
        Control(),
        run_id="run",
        checkpoint_path=path,
    )
    assert isinstance(emitted[-1], events.RunFinished)
    assert outcome.weights is not None
    return dict(outcome.weights)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_history_begins_with_the_initial_weights_and_ends_with_the_last(
    average: float, tmp_path: Path
) -> None:
    settings: Any = config("recall")
    settings = settings.replace(recipe=type(settings.recipe)(average=average, schedule="one-cycle"))
    path = tmp_path / "run.safetensors"
    weights = trained(settings, path)
    history = read_history(path)
    assert history is not None
    assert history.epochs == (0, 1 / 12, 3 / 12, 10 / 12, 1, 2, 3)
    begun = build_replicas(settings, 10, 10).state_dict()
    for name, snapshots in history.snapshots.items():
        assert len(snapshots) == len(history) == 7
        assert np.array_equal(snapshots[0], begun[name].numpy())
        assert np.array_equal(snapshots[-1], weights[name].numpy())
        assert all((one != other).any() for one, other in pairwise(snapshots))
    # The weights are not more for it.
    assert load_checkpoint(path).weights.keys() == weights.keys()


def test_a_reader_of_images_keeps_its_states_and_if_asked_its_gradients(
    mnist_slice: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run.safetensors"
    settings = TASKS["mnist"].config(
        "bilstm",
        "fast",
        epochs=1,
        batch_size=100,
        hidden_size=5,
        data_dir=str(mnist_slice),
        device="cpu",
        gradient_inputs=8,
    )
    trained(settings, path)
    history = read_history(path)
    assert history is not None
    count = len(history)
    assert {name: one.shape for name, one in history.snapshots.items()} == {
        "states": (count, 28, 10),
        "logits": (count, 28, 10),
        "gradients": (count, 28),
    }
    assert (history.snapshots["gradients"][1:] > 0).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate", [1e30, 1e37])
def test_weights_that_go_astray_are_said_to_diverge_and_nothing_else(
    rate: float, mnist_slice: Path
) -> None:
    settings = (
        TASKS["mnist"]
        .config(
            "rnn",
            "fast",
            epochs=1,
            batch_size=50,
            hidden_size=5,
            data_dir=str(mnist_slice),
            device="cpu",
            gradient_inputs=4,
        )
        .replace(learning_rate=rate)
    )
    emitted: list[events.Event] = []
    loop.fit(TASKS["mnist"].load(), settings, emitted.append, Control())
    assert isinstance(emitted[-1], events.RunFailed)
    assert "became NaN or infinite at step" in emitted[-1].message


def test_a_network_without_a_history_has_none(tmp_path: Path) -> None:
    from rnn_tui.engine.files.paths import asset_dir  # noqa: PLC0415 - shipped with the weights alone

    assert read_history(asset_dir() / "pretrained" / "adder.safetensors") is None


ONES = np.ones((3, 2, 2), np.float32)
DAMAGED: dict[str, dict[str, np.ndarray]] = {
    "other counts": {"epochs": np.arange(3.0), "gates": ONES[:2]},
    "epochs of two dimensions": {"epochs": np.ones((3, 1)), "gates": ONES},
    "a single number": {"epochs": np.array(1.0), "gates": ONES},
    "nothing but a number": {"epochs": np.arange(3.0), "gates": np.array(1.0, np.float32)},
    "no moment at all": {"epochs": np.zeros(0), "gates": ONES[:0]},
    "epochs that are no numbers": {"epochs": np.array([0, np.nan, 1]), "gates": ONES},
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_history_is_refused_in_a_sentence(how: str, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_file(
        {f"{HISTORY_PREFIX}{name}": values for name, values in DAMAGED[how].items()},
        path,
        {METADATA_KEY: "{}"},
    )
    with pytest.raises(CheckpointError, match=r"is damaged; train the network again\."):
        read_history(path)


def test_a_file_that_is_cut_short_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    trained(config(epochs=1), path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match=r"can't be read .*; train them again\."):
        read_history(path)
