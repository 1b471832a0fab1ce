"""Answers come from a copy of the weights, never from the model in training."""

import pytest
import torch
from torch import nn

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.networks.layers import predict


def weights() -> dict[str, torch.Tensor]:
    return {"weight": torch.tensor([[1.0, 2.0], [0.0, -1.0]]), "bias": torch.tensor([0.5, 0.0])}


INPUTS = torch.tensor([[1.0, 1.0], [2.0, -1.0], [0.0, 0.0]])
ANSWERS = [[3.5, -1.0], [0.5, 1.0], [0.5, 0.0]]


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_answers_are_the_models_whatever_the_batch(batch_size: int) -> None:
    logits = predict(nn.Linear(2, 2), weights(), INPUTS, batch_size=batch_size)
    assert logits.tolist() == ANSWERS


def test_training_on_changes_no_answer() -> None:
    source, model = weights(), nn.Linear(2, 2)
    logits = predict(model, source, INPUTS)
    for tensor in source.values():
        tensor.fill_(9.0)
    assert logits.tolist() == model(INPUTS).tolist() == ANSWERS


def test_answers_carry_no_graph() -> None:
    logits = predict(nn.Linear(2, 2), weights(), INPUTS)
    assert not logits.requires_grad
    assert logits.dtype == torch.float32


def test_dropout_is_off() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    named = {f"0.{name}": tensor for name, tensor in weights().items()}
    assert predict(model, named, INPUTS).tolist() == ANSWERS


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": torch.zeros(3, 2), "bias": torch.zeros(3)},
        {"weight": torch.zeros(2, 2)},
        {**weights(), "more": torch.zeros(1)},
        {},
    ],
)
def test_weights_of_another_model_are_refused(wrong: dict[str, torch.Tensor]) -> None:
    with pytest.raises(CheckpointError) as refused:
        predict(nn.Linear(2, 2), wrong, INPUTS)
    message = str(refused.value)
    assert message.isprintable()
    assert message.endswith(".")
    assert "another model" in message
