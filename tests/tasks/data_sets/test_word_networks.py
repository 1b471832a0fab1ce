"""Networks that read words: an embedding, of which each step takes a row, in every arrangement."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.data.data_set import TEST, DataSet
from rnn_tui.engine import events
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.engine.training.loop import fit
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.inside.attribution import analyse_attribution
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.data_sets.problem import DataSetProblem
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.sequences.inference import SequenceNetwork, longest_first
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_problem import trained

NUMBERS = 3  # of the embedding
#: layers, directions, whether each word has a class
ARRANGEMENTS = [(1, "forward", False), (2, "both", False), (3, "forward", True), (1, "both", True)]


def sentences(read: Read, *, tagged: bool) -> DataSet:
    """Sentences of one to six words, each with a class, or each word with one."""
    random = np.random.default_rng(3)
    words = [random.choice(["a", "bad", "good", "film"], random.integers(1, 7)) for _ in range(40)]
    if tagged:
        rows = ["".join(f"{word} {word[0].upper()}\n" for word in sentence) for sentence in words]
        return read("\n".join(rows), "tagged.conll", tokens="words").data_set
    rows = [f"{' '.join(sentence)},{'ny'[index % 2]}" for index, sentence in enumerate(words)]
    return read("\n".join(["text,label", *rows, ""]), layout="wide", tokens="words").data_set


def config_of(data_set: DataSet, small_on: SmallOn, layers: int, directions: str) -> SequenceConfig:
    config = small_on(data_set, seeds=2)
    return config.replace(embedding=NUMBERS, layers=layers, directions=directions, noise=0.0)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_words_are_read_as_by_an_embedding_and_an_lstm_of_pytorch(
    arrangement: tuple[int, str, bool], small_on: SmallOn, read: Read, build_double: Any
) -> None:
    layers, directions, tagged = arrangement
    data_set = sentences(read, tagged=tagged)
    config = config_of(data_set, small_on, layers, directions)
    problem = build_double(config, torch.device("cpu"), lambda _: None)
    symbols, classes = len(data_set.description.alphabet), problem.outputs
    both = directions == "both"
    ordinary = []
    for at, replica in enumerate(problem.replicas):
        torch.manual_seed(at)
        size = replica.variant.hidden_size
        embedding = nn.Embedding(symbols, NUMBERS).double()
        recurrent = nn.LSTM(NUMBERS, size, layers, bidirectional=both).double()
        readout = nn.Linear(size * (1 + both), classes).double()
        with torch.no_grad():
            problem.model.set_replica(at, recurrent, readout)
            problem.model.embedding.weight[at] = embedding.weight
        ordinary.append((embedding, recurrent, readout))

    def answers(at: int, index: int) -> torch.Tensor:
        embedding, recurrent, readout = ordinary[at]
        places = torch.from_numpy(data_set.sequence(index)[:, 0]).long()
        states, last = recurrent(embedding(places))
        of_top = last[0][-2:] if both else last[0][-1:]
        result: torch.Tensor = readout(states if tagged else of_top.flatten()[None])
        return result

    problem.begin_epoch(1)
    [loss] = problem.losses(0, 1)
    values = loss()
    values.sum().backward()
    gradient = problem.model.embedding.weight.grad
    for at in range(len(problem.replicas)):
        chosen = problem._order[at, : config.batch_size].tolist()
        outputs = torch.cat([answers(at, index) for index in chosen])
        targets = [np.atleast_1d(data_set.target(index)) for index in chosen]
        expected = nn.functional.cross_entropy(outputs, torch.from_numpy(np.concatenate(targets)))
        expected.backward()
        assert values[at].item() == pytest.approx(expected.item(), rel=1e-9)
        torch.testing.assert_close(gradient[at], ordinary[at][0].weight.grad, rtol=0, atol=1e-10)

    state = {name: tensor.numpy() for name, tensor in problem.snapshot(problem.model).items()}
    network = SequenceNetwork(WeightsFile(config, state, 0, {}), stored_task(config.task))
    indices = data_set.of_part(TEST).tolist()
    order, lengths, inputs = longest_first([data_set.sequence(index) for index in indices])
    assert inputs.shape[1] == 1  # places, however many words there are
    steps = [*network.steps(inputs, lengths)]
    for at in range(len(problem.replicas)):
        inside = TaskNetwork(network, at)
        for place, index in enumerate(order):
            expected_logits = answers(at, indices[index]).detach().numpy()
            ends = range(lengths[place]) if tagged else [lengths[place] - 1]
            found = np.stack([steps[step][at, :, place] for step in ends])
            assert found == pytest.approx(expected_logits, abs=1e-5)
            trace = inside.trace(data_set.sequence(indices[index]))
            assert trace.logits[list(ends)] == pytest.approx(expected_logits, abs=1e-5)


def test_a_stopped_run_of_stacked_layers_goes_on_to_the_same_bits(
    small_on: SmallOn, read: Read, tmp_path: Path
) -> None:
    config = config_of(sentences(read, tagged=False), small_on, 2, "both")
    config = config.replace(noise=0.2, dropout=0.2, epochs=3)
    whole = trained(DataSetProblem, config)
    path = tmp_path / "weights.safetensors"
    control = Control()

    def stop_in_second_epoch(event: events.Event) -> None:
        if isinstance(event, events.StepLogged) and event.step == 6:
            control.stop()

    fit(DataSetProblem, config, stop_in_second_epoch, control, run_id="run", checkpoint_path=path)
    resumed = trained(DataSetProblem, config, resume=load_resume_point(path, "run", config))
    assert whole.weights is not None
    assert resumed.weights is not None
    for name, weight in whole.weights.items():
        assert torch.equal(weight, resumed.weights[name])


def test_what_a_word_adds_is_measured_on_what_its_embedding_makes_of_it(
    small_on: SmallOn, read: Read
) -> None:
    data_set = sentences(read, tagged=False)
    config = config_of(data_set, small_on, 1, "forward")
    outcome = trained(DataSetProblem, config)
    assert outcome.weights is not None
    arrays = {name: tensor.numpy() for name, tensor in outcome.weights.items()}
    network = SequenceNetwork(WeightsFile(config, arrays, 0, {}), stored_task(config.task))
    inside = TaskNetwork(network, 1)
    trace = inside.trace(data_set.sequence(0))
    assert trace.read == tuple(
        data_set.description.alphabet[int(place)] for place in data_set.sequence(0)[:, 0]
    )
    assert trace.inputs.shape == (len(trace.read), NUMBERS)
    reading = NetworkReading(inside, trace)
    assert np.array_equal(reading.traced(()).logits, trace.logits)
    found = analyse_attribution(reading, UNWATCHED)
    assert found is not None
    assert found.total == pytest.approx(found.difference, rel=0.01)
    assert len(found.steps) == len(trace.read)
