"""What the first version wrote still opens: its database, checkpoints and exported weights.

The files in `written_by_0_1` are that version's own: four finished runs, one that was interrupted
in its second epoch, and weights from `rnn-tui train --output`.
"""

import json
import shutil
from pathlib import Path

import pytest

from rnn_tui.archive.store import RunStore
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from tests.cli.command_line import run_inside

WRITTEN = Path(__file__).parent / "written_by_0_1"
INTERRUPTED = "20261126-060000-abcdef"
CELLS = {"recall": ["lstm"], "adder": ["lstm", "lstm"], "mnist": ["bilstm", "lstm"]}


@pytest.fixture
def old_home(home: Path) -> Path:
    shutil.copytree(WRITTEN, home, dirs_exist_ok=True)
    return home


def test_its_runs_are_listed_with_their_settings_and_figures(old_home: Path) -> None:
    with RunStore() as store:
        runs = store.runs()
        states = [store.state(run) for run in runs]
    cells_by_task: dict[str, list[str]] = {}
    for run in runs:
        cells_by_task.setdefault(run.config.task, []).append(run.config.cell)
    assert {task: sorted(cells) for task, cells in cells_by_task.items()} == CELLS
    assert {run.status for run in runs} == {"finished", "interrupted"}
    for run, state in zip(runs, states, strict=True):
        assert isinstance(run.config, ImageConfig if run.config.task == "mnist" else SequenceConfig)
        assert state.config == run.config
        assert state.series or state.bands
        if run.status == "finished":
            assert run.final is not None
            assert {**state.results, **state.replica_results}
        # Settings of a version that knew no cells say the same again.
        assert (
            type(run.config)(**{f: getattr(run.config, f) for f in vars(run.config)}) == run.config
        )


@pytest.mark.parametrize("words", [["show"], ["export", "--to", "csv"], ["export", "--to", "json"]])
def test_the_shell_reads_them(old_home: Path, words: list[str]) -> None:
    with RunStore() as store:
        ids = [run.run_id for run in store.runs()]
    for run_id in ids:
        code, out, err = run_inside(["runs", words[0], run_id, *words[1:]])
        assert (code, err) == (0, "")
        assert out
    code, out, _ = run_inside(["runs", "compare", *ids, "--json"])
    assert code == 0
    assert len(json.loads(out)["runs"]) == len(ids)


def test_an_interrupted_run_goes_on_to_its_end(old_home: Path) -> None:
    code, out, err = run_inside(["train", "--resume", INTERRUPTED, "--json"])
    assert code == 0, err
    document = json.loads(out)
    assert document["status"] == "finished"
    assert document["model"] == document["settings"]["model"] == "lstm"
    # As the same settings give from the beginning, but for the other processor's rounding.
    code, out, err = run_inside(
        [
            "train",
            "adder",
            "--hidden-size",
            "2",
            "--loss",
            "mse",
            "--seeds",
            "2",
            "--epochs",
            "3",
            "--training-size",
            "40",
            "--test-size",
            "20",
            "--json",
        ]
    )
    assert code == 0, err
    whole = json.loads(out)
    for old_epoch, new_epoch in zip(document["history"], whole["history"], strict=True):
        old_loss = old_epoch["variants"][0]["train_loss"]["mean"]
        new_loss = new_epoch["variants"][0]["train_loss"]["mean"]
        assert old_loss == pytest.approx(new_loss, rel=1e-3)


def test_its_weights_answer(old_home: Path) -> None:
    code, out, err = run_inside(
        ["add", "1", "1", "--weights", str(old_home / "exported.safetensors")]
    )
    assert code == 0, err
    assert out.startswith("1 + 1 = ")
    code, out, err = run_inside(["recall", "314", "--run", "last", "--json"])
    assert code == 0, err
    assert json.loads(out)["weights"]["task"] == "recall"
    for name in ("bilstm", "lstm"):
        code, out, err = run_inside(
            ["inspect", "mnist", "--test-image", "7", "--run", run_of(name), "--json"]
        )
        assert code == 0, err
        assert json.loads(out)["weights"]["model"] == name


def run_of(cell: str) -> str:
    """The id of the run on MNIST of that cell."""
    with RunStore() as store:
        (run,) = (r for r in store.runs() if (r.config.task, r.config.cell) == ("mnist", cell))
    return run.run_id


def test_its_files_name_the_cell_as_model_and_so_do_ours(old_home: Path) -> None:
    for path in old_home.glob("**/*.safetensors"):
        config = read_weights(path).config
        assert config.to_dict()["model"] == config.cell
