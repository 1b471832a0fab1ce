"""What networks answer to a new file is what PyTorch computes, whichever way it is written."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, f1_score

from rnn_tui.data import store
from rnn_tui.data.applying.preparing import NewSequences
from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.data.options import Goal, ReadingOptions
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError, ExportError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.engine.training.problem import generator
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.answer_files import WRITERS, write_answers, writer_of
from rnn_tui.tasks.data_sets.application import Application, NewFigures
from rnn_tui.tasks.data_sets.applying import NewAnswers, Voters
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from tests.data.examples import every_goal, rising_or_falling
from tests.tasks.data_sets.conftest import SmallOn


def networks(config: SequenceConfig) -> tuple[DataSetProblem, SequenceNetwork]:
    """Return networks with weights by chance, in PyTorch and in NumPy."""
    problem = DataSetProblem(config, torch.device("cpu"), lambda _: None)
    problem.model.readout.data.normal_(generator=generator(1, "readout"))
    arrays = {name: tensor.numpy() for name, tensor in problem.model.state_dict().items()}
    task = stored_task(config.task)
    return problem, SequenceNetwork(WeightsFile(config, arrays, 0, {}), task)


def test_part(data_set: DataSet) -> NewSequences:
    """Return the test part as a new file would be read."""
    chosen = data_set.of_part(TEST)
    lengths = data_set.lengths[chosen]
    return NewSequences(
        tuple(map(str, chosen)),
        np.concatenate([data_set.sequence(index) for index in chosen]),
        np.concatenate([[0], lengths.cumsum()]),
        (),
        None
        if data_set.description.goal is not Goal.NEXT
        else np.concatenate([data_set.sequence(index) for index in chosen]),
    )


test_part.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("goal", every_goal())
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_answers_are_those_of_pytorch(goal: str, cell: str, small_on: SmallOn) -> None:
    data_set = every_goal()[goal]
    description = data_set.description
    problem, network = networks(small_on(data_set, cell, seeds=3, hidden_sizes=(3,)))
    voters = Voters(network, data_set, ReplicaChoice(), UNWATCHED)
    sequences = test_part(data_set)
    [answers] = voters.answers(sequences)
    expected = []
    for start, stop in zip(sequences.starts[:-1], sequences.starts[1:], strict=True):
        inputs = network_inputs(description, sequences.values[start:stop]).astype(np.float32)
        read = torch.from_numpy(inputs)[:, None, :, None].expand(-1, 3, -1, -1)
        with torch.no_grad():
            if description.goal.every_step:
                outputs = problem.model.at_every_step(read)[:, :, :, 0]  # (T, R, O)
            else:
                outputs = problem.model.at_end(read)[None, :, :, 0]
        if description.classifies:
            expected.append(outputs.softmax(2).mean(1).numpy())
        else:
            expected.append(in_units(description, outputs.numpy()).mean(1))
    assert answers.outputs == pytest.approx(np.concatenate(expected), rel=1e-5, abs=1e-5)


def test_probabilities_are_those_of_the_temperatures_that_are_kept(small_on: SmallOn) -> None:
    data_set = rising_or_falling()
    config = small_on(data_set, seeds=2, hidden_sizes=(3,))
    _, network = networks(config)
    network.metrics = {"test_temperature": (2.0, 4.0)}
    voters = Voters(network, data_set, ReplicaChoice(), UNWATCHED)
    logits = np.array([[[2.0, 0.0]], [[0.0, 8.0]]], np.float32)
    means, _ = voters.voted(logits)
    first, second = (1 / (1 + np.exp(-1)), 1 / (1 + np.exp(2)))
    assert means[0, 0] == pytest.approx((first + second) / 2, rel=1e-6)


def test_figures_agree_with_scikit_learn_and_with_the_test(small_on: SmallOn) -> None:
    random = np.random.default_rng(0)
    description = replace(rising_or_falling().description, outputs=("a", "b", "c"))
    outputs = random.dirichlet(np.ones(3), 50)
    targets = random.integers(-1, 2, 50)  # the last class never occurs
    figures = NewFigures(description)
    figures.add(NewAnswers(("x",) * 50, (), outputs, None, targets))
    known = targets >= 0
    answers = outputs.argmax(axis=1)[known]
    document = figures.figures()
    with pytest.warns(UserWarning, match="y_pred contains classes"):
        balanced = balanced_accuracy_score(targets[known], answers)
    assert document["balanced_accuracy"] == pytest.approx(100 * balanced)
    f1 = f1_score(targets[known], answers, average="macro")
    assert document["macro_f1"] == pytest.approx(100 * f1)
    assert document["accuracy"] == pytest.approx(100 * (answers == targets[known]).mean())


@pytest.fixture
def trained(tmp_path: Path, small_on: SmallOn) -> SequenceNetwork:
    rows = ["trial,time,load,label"]
    rows += [f"t{n},{s},{n * s},{'xy'[n % 2]}" for n in range(12) for s in range(4)]
    path = tmp_path / "known.csv"
    path.write_text("\n".join(rows))
    data_set = understand(path, ReadingOptions()).data_set
    return networks(small_on(data_set, seeds=2, hidden_sizes=(3,)))[1]


def application(
    network: SequenceNetwork, path: Path, progress: Progress = UNWATCHED
) -> Application:
    return Application(network, path, ReplicaChoice(), lambda _: None, progress)


def test_answers_are_written_in_each_format(trained: SequenceNetwork, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("label,load,time,trial\nx,1,0,=1+1\nx,2,1,=1+1\n,5,0,s2\nz,x,1,s2\n")
    for ending in (".csv", ".jsonl", ".npz"):
        path = tmp_path / f"answers{ending}"
        applied = application(trained, new)
        write_answers(path, writer_of(path, new)(applied))
        summary = applied.summary()
        assert (summary["sequences"], summary["rows_left_out"]) == (2, 1)
        assert summary["figures"]["measured"] == 1
    header, *rows = (tmp_path / "answers.csv").read_text().splitlines()
    assert header == "trial,answer,P(x),P(y),agreement,right"
    assert [row.split(",")[0] for row in rows] == ["=1+1", "s2"]  # the file's own words
    assert [row.split(",")[-1] for row in rows] == ["x", ""]
    documents = [*map(json.loads, (tmp_path / "answers.jsonl").read_text().splitlines())]
    assert [document["answer"] for document in documents] == [row.split(",")[1] for row in rows]
    with np.load(io.BytesIO((tmp_path / "answers.npz").read_bytes())) as arrays:
        assert arrays["sequences"].tolist() == ["=1+1", "s2"]
        assert arrays["outputs"].sum(axis=1) == pytest.approx(1)


def test_a_file_that_cannot_be_written_is_refused_first(tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("x")
    (tmp_path / "folder.csv").mkdir()
    for name, sentence in {
        "new.csv": "over the file",
        "folder.csv": "it is a folder",
        "answers.xlsx": "ends in .csv",
        "none/answers.csv": "No such file",
    }.items():
        with pytest.raises(ExportError, match=sentence):
            writer_of(tmp_path / name, new)
    assert set(WRITERS) == {".csv", ".jsonl", ".ndjson", ".npz"}


def test_what_is_stopped_leaves_no_file(trained: SequenceNetwork, tmp_path: Path) -> None:
    new = tmp_path / "new.csv"
    new.write_text("trial,time,load\n" + "\n".join(f"{n},0,1" for n in range(9000)))
    progress = Progress()
    applied = application(trained, new, progress)
    path = tmp_path / "answers.csv"
    progress.stop()
    with pytest.raises(DataError, match="stopped"):
        write_answers(path, writer_of(path, new)(applied))
    assert [each.name for each in tmp_path.glob("*answers*")] == []


def test_networks_whose_data_set_was_deleted_are_refused(
    trained: SequenceNetwork, tmp_path: Path
) -> None:
    store.remove(trained.config.task)
    with pytest.raises(DataError, match="no longer on this machine"):
        application(trained, tmp_path / "new.csv")


def test_numbers_have_their_deviation_over_the_seeds(small_on: SmallOn) -> None:
    data_set = every_goal()["number"]
    _, network = networks(small_on(data_set, seeds=4, hidden_sizes=(3,)))
    [of_all] = Voters(network, data_set, ReplicaChoice(), UNWATCHED).answers(test_part(data_set))
    of_seeds = []
    for seed in range(4):
        voters = Voters(network, data_set, ReplicaChoice(seed=seed), UNWATCHED)
        [answers] = voters.answers(test_part(data_set))
        assert answers.spread is None
        of_seeds.append(answers.outputs)
    assert of_all.outputs == pytest.approx(np.mean(of_seeds, axis=0))
    assert of_all.spread == pytest.approx(np.std(of_seeds, axis=0, ddof=1))
