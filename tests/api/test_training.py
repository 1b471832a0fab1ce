"""`rnn_tui.train`: what the command line trains, with its settings, and stored like that."""

import io
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnn_tui
from rnn_tui.api.progress import TrainingProgress
from rnn_tui.api.training import config_of
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.paths import data_dir, weights_of
from rnn_tui.engine.state import RunState
from rnn_tui.networks import CELLS
from rnn_tui.networks.gru import GRUCell
from rnn_tui.tasks import TASKS
from tests.api.conftest import SMALL
from tests.cli.command_line import run_inside
from tests.extension.toy_cell import MGUCell
from tests.extension.toy_task import MAJORITY


def test_a_script_trains_what_the_command_line_trains(run: rnn_tui.Run) -> None:
    words = "train adder --preset fast --hidden-size 2,3 --loss bce --seeds 3 --epochs 2"
    code, _, _ = run_inside([*words.split(), "--training-size", "640", "--test-size", "50"])
    assert code == 0
    typed = rnn_tui.Run("last")
    assert typed != run
    assert typed.settings == run.settings
    for name, values in run.results.items():
        assert np.array_equal(values, typed.results[name])


def test_a_run_is_stored_under_its_name_with_its_weights(run: rnn_tui.Run) -> None:
    with RunStore() as store:
        assert store.find("small").run_id == run.id
    assert run.weights == weights_of(run.id)
    assert run.weights.is_file()
    assert rnn_tui.train("adder", name="small", **SMALL).name == "small-2"


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"hidden_size": 5}, "hidden_sizes", (5,)),
        ({"hidden_sizes": range(2, 5)}, "hidden_sizes", (2, 3, 4)),
        ({"hidden_size": np.array([4, 2])}, "hidden_sizes", (2, 4)),
        ({"loss": "bce"}, "losses", ("bce",)),
        ({"losses": ["ce", "mse"]}, "losses", ("mse", "ce")),
        ({"learning_rate": np.float64(0.5)}, "learning_rate", 0.5),
        ({"seeds": np.int64(20)}, "seeds", 20),
        ({"lengths": (2, 4)}, "lengths", (2, 4)),
        ({"workers": 1}, "workers", 1),
    ],
)
def test_settings_are_taken_as_python_has_them(
    settings: dict[str, Any], field: str, value: object
) -> None:
    assert getattr(config_of("adder", settings=settings), field) == value


def test_files_are_settings_of_a_task_that_reads_them(tmp_path: Path) -> None:
    config = config_of("mnist", "gru", settings={"data_dir": tmp_path, "augmentation": "none"})
    assert config == TASKS["mnist"].config("gru", data_dir=str(tmp_path), augmentation="none")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"task": "ader"}, "Task must be one of .*did you mean “adder”"),
        ({"task": "sequences"}, "Read your sequences first"),
        ({"task": "adder", "cell": "lstn"}, "Cell must be one of .*did you mean “lstm”"),
        ({"task": "adder", "preset": "slow"}, "Preset must be one of "),
        ({"task": "adder", "sedes": 2}, "Adder has no setting “sedes” .*did you mean “seeds”"),
        ({"task": "adder", "seeds": 0}, "Seeds must be a whole number from 1 to 1000, not 0"),
        ({"task": "adder", "hidden_size": "five"}, "Hidden sizes must be "),
        ({"task": "adder", "data_dir": "."}, "Adder has no setting “data_dir”"),
        ({"task": "adder", "name": "last"}, "can't be a name"),
        ({"task": "adder", "name": "a\nb"}, "A name has "),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_stored(
    arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(rnn_tui.UserError, match=sentence):
        rnn_tui.train(**arguments)
    assert rnn_tui.runs() == []


def test_a_training_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(rnn_tui.UserError, match=str(tmp_path)):
        rnn_tui.train("mnist", data_dir=tmp_path, epochs=1)
    assert rnn_tui.Run().status == "failed"


def test_ctrl_c_stops_and_the_run_goes_on_to_the_same_end(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rnn_tui.train("recall", **SMALL | {"epochs": 4}, workers=1)
    handler = signal.getsignal(signal.SIGINT)

    interrupts: list[int] = []

    def interrupt_once(_bar: TrainingProgress, state: RunState) -> None:
        if state.step == 25 and not interrupts:
            interrupts.append(state.step)
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingProgress, "show", interrupt_once)
        with pytest.raises(KeyboardInterrupt):
            rnn_tui.train("recall", **SMALL | {"epochs": 4}, workers=1)
    assert signal.getsignal(signal.SIGINT) is handler
    stopped = rnn_tui.Run("last")
    assert stopped.status == "stopped"
    assert stopped.results == {}
    assert stopped.id in capfd.readouterr().err
    resumed = stopped.resume()
    assert resumed == stopped
    assert resumed.status == "finished"
    for name, values in whole.results.items():
        assert np.array_equal(values, resumed.results[name])
    with pytest.raises(rnn_tui.UserError, match="nothing to resume"):
        resumed.resume()


def test_what_is_not_stored_does_all_the_same_and_leaves_nothing(tmp_path: Path) -> None:
    rises = np.arange(40) % 2
    arrays = rises[:, None] * np.arange(5.0)
    data = rnn_tui.sequences(arrays, np.where(rises, "rises", "stays"))
    options: dict[str, Any] = {"hidden_size": 3, "seeds": 2, "epochs": 2, "progress": False}
    run = rnn_tui.train(data, name="mine", store=False, **options)
    answers = run.predict(arrays[:3])
    assert rnn_tui.load_network(run).trace(arrays[0]).answers[-1] in data.classes
    assert run.evaluate() is not None
    assert run.history("val_loss").values.shape == (2, 1, 2)
    assert run.export(tmp_path / "run.json").is_file()
    assert rnn_tui.Run(run.id) == run
    assert not [path for path in data_dir().rglob("*") if path.is_file()]
    assert rnn_tui.runs() == []

    stored = rnn_tui.train(data, name="mine", **options)  # its own name, and the same bits
    assert [each.id for each in rnn_tui.runs()] == [stored.id]
    assert np.array_equal(stored.predict(arrays[:3]).outputs, answers.outputs)
    weights = run.weights
    run.delete()
    assert not weights.exists()
    with pytest.raises(rnn_tui.UserError, match="There is no run"):
        rnn_tui.Run(run.id)


def test_a_thread_may_train() -> None:
    trained: list[rnn_tui.Run] = []
    thread = threading.Thread(target=lambda: trained.append(rnn_tui.train("adder", **SMALL)))
    thread.start()
    thread.join(60)
    assert trained[0].status == "finished"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_nothing_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rnn_tui.train("adder", **SMALL)
    assert capfd.readouterr() == ("", "")
    for hidden in ((), ("tqdm.auto",)):  # as where tqdm is not installed
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal)
            for name in hidden:
                patch.setitem(sys.modules, name, None)
            rnn_tui.train("adder", **SMALL)
            rnn_tui.train("adder", **SMALL, progress=False)
        assert terminal.getvalue().count("\n") == 1
        assert "100" in terminal.getvalue()
        assert "validation bit accuracy" in terminal.getvalue()


def test_a_cell_and_a_task_of_a_script_train() -> None:
    run = rnn_tui.train(MAJORITY, cell=MGUCell, hidden_size=3)
    assert (run.task, run.cell, run.status) == ("majority", "mgu", "finished")
    assert run.results["test_accuracy"].shape == (1, 2)
    assert rnn_tui.runs("majority", cell="mgu") == [run]
    again = rnn_tui.train("majority", cell="mgu", hidden_size=3)
    assert again.settings == run.settings


def test_a_run_of_an_own_cell_waits_until_the_cell_is_known() -> None:
    run = rnn_tui.train("adder", cell=MGUCell(), **SMALL)
    del CELLS["mgu"]  # as in another session
    unknown = rnn_tui.Run("last")
    assert unknown.status == "damaged"
    assert "its cell mgu is not known here" in unknown.message
    with pytest.raises(rnn_tui.UserError):
        rnn_tui.load_network(unknown)
    rnn_tui.register(MGUCell())
    assert rnn_tui.Run("last").status == "finished"
    assert rnn_tui.load_network(run).cell == "mgu"


def test_a_later_definition_replaces_an_earlier_one_but_none_that_is_installed() -> None:
    for label in ("Majority", "Majority again"):
        rnn_tui.register(replace(MAJORITY, label=label))
        assert TASKS["majority"].label == label
    first, second = MGUCell(), MGUCell()
    for cell in (first, second):
        rnn_tui.register(cell)
        assert CELLS["mgu"] is cell
    with pytest.raises(rnn_tui.UserError, match="a task called adder already"):
        rnn_tui.register(replace(MAJORITY, name="adder"))
    with pytest.raises(rnn_tui.UserError, match="a cell called gru already"):
        rnn_tui.register(GRUCell())
    with pytest.raises(rnn_tui.UserError, match="its headline x is not one of its metrics"):
        rnn_tui.register(replace(MAJORITY, headline="x"))
    with pytest.raises(rnn_tui.UserError, match="thing is a Task or a Cell"):
        rnn_tui.register("adder")  # type: ignore[arg-type]
