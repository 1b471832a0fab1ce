"""Networks are asked about sequences as these stand in their file."""

from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.tasks.data_sets.data_set import TEST, DataSet
from rnn_tui.tasks.data_sets.inputs import network_inputs
from rnn_tui.tasks.data_sets.options import Goal
from rnn_tui.tasks.data_sets.questions import DataSetQuestions
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.examples import data_set_of, walks


@pytest.fixture
def far_from_zero() -> DataSet:
    """Numbers of nine digits that differ in the last ones."""
    sequences = [np.float32(123_456_000) + 64 * np.round(walk) for walk in walks(20)]
    return data_set_of("far", Goal.NEXT, sequences, horizon=1)


@pytest.fixture
def questions(far_from_zero: DataSet, small_on: SmallOn) -> DataSetQuestions:
    """Questions to networks of random weights."""
    config = small_on(far_from_zero, "gru", hidden_sizes=(3,))
    task = stored_task(config.task)
    assert task.shape is not None
    random = np.random.default_rng(0)
    kind = CELLS["gru"]
    columns = kind.replica_columns(task.shape.features, 3).count
    gates = random.normal(size=(1, 3 * kind.blocks, columns)).astype(np.float32)
    readout = random.normal(size=(1, len(task.shape.outputs), 4)).astype(np.float32)
    file = WeightsFile(config, {"gates": gates, "readout": readout}, 0, {})
    network = SequenceNetwork(file, task)
    return DataSetQuestions(network, "far", Path("far.safetensors"), ReplicaChoice())


def test_a_sequence_by_chance_is_read_as_it_is_kept(
    questions: DataSetQuestions, far_from_zero: DataSet
) -> None:
    typed = questions.read(questions.random(np.random.default_rng(0)))
    of_test = [
        network_inputs(far_from_zero.description, far_from_zero.sequence(index))
        for index in far_from_zero.of_part(TEST)
    ]
    assert any(np.array_equal(typed.inputs, inputs) for inputs in of_test)


def test_numbers_that_no_file_may_have_are_refused(questions: DataSetQuestions) -> None:
    with pytest.raises(QueryError, match=r"no number of at most 1e\+38"):
        questions.read("1e39 0")
