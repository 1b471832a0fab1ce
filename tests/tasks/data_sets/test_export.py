"""Exported networks on data sets read and answer in the units of the file."""

from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.examples import every_goal
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_problem import trained

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.mark.parametrize(("layers", "directions"), [(1, "forward"), (2, "both")])
def test_a_model_takes_words_by_their_places(
    layers: int, directions: str, small_on: SmallOn, read: Read, tmp_path: Path
) -> None:
    rows = [f"A {'fine' if index % 2 else 'dull'} film,{index % 2}x" for index in range(40)]
    data_set = read("\n".join(["text,label", *rows, ""]), layout="wide", tokens="words").data_set
    path = tmp_path / "weights.safetensors"
    config = small_on(data_set, hidden_sizes=(4,), layers=layers, directions=directions)
    trained(DataSetProblem, config, checkpoint_path=path)
    [model] = models_of(path)
    session = onnxruntime.InferenceSession(model.data, providers=["CPUExecutionProvider"])
    network = stored_task(config.task).network(read_weights(path))
    places = data_set.sequence(0).astype(np.int64)  # (T, 1)
    *_, logits = network.steps(places[:, :, None], [len(places)])
    [answers] = session.run(None, {"words": places.T})
    assert answers == pytest.approx(logits[0].T, abs=1e-5)


@pytest.mark.parametrize(
    ("goal", "embedding"), [*((goal, 0) for goal in every_goal()), ("next-symbol", 2)]
)
def test_a_model_takes_sequences_as_they_stand_in_the_file(
    goal: str, embedding: int, small_on: SmallOn, tmp_path: Path
) -> None:
    data_set = every_goal()[goal]
    description = data_set.description
    path = tmp_path / "weights.safetensors"
    config = small_on(data_set, hidden_sizes=(4,)).replace(embedding=embedding)
    trained(DataSetProblem, config, checkpoint_path=path)
    [model] = models_of(path)
    session = onnxruntime.InferenceSession(model.data, providers=["CPUExecutionProvider"])
    network = stored_task(description.name).network(read_weights(path))
    for index in range(5):
        values = data_set.sequence(index)
        inputs = network_inputs(description, values)
        steps = network.steps(inputs[:, :, None].astype(np.float32), [len(inputs)])
        expected = np.stack([logits[0, :, 0] for logits in steps])  # (T, O)
        if not description.goal.every_step:
            expected = expected[-1]
        if not description.classifies:
            expected = in_units(description, expected)
        read = inputs if description.alphabet else values
        feeds = {session.get_inputs()[0].name: read[None].astype(np.float32)}
        [answers] = session.run(None, feeds)
        assert answers[0] == pytest.approx(expected, abs=1e-3)
