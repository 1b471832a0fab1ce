"""Answers from trained weights: always from a copy, never from the model in training."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rnn_tui.engine.devices import precision
from rnn_tui.engine.errors import CheckpointError, printable


class Predictor:
    """A model with weights of its own, on the CPU, for answers only.

    Args:
        model: a model of the right shape; its weights are overwritten.
        weights: values by parameter name; copied.
        bfloat16: compute matrix products in bfloat16, as a run did that was trained and tested so.

    Raises:
        CheckpointError: if names or shapes do not fit the model.
    """

    def __init__(
        self, model: nn.Module, weights: Mapping[str, Tensor], bfloat16: bool = False
    ) -> None:
        try:
            model.load_state_dict(dict(weights))
        except RuntimeError as error:
            raise CheckpointError(
                f"These weights belong to another model ({printable(error, 120)})."
            ) from error
        self._model = model.eval().requires_grad_(False)
        self._bfloat16 = bfloat16

    def logits(self, inputs: Tensor, batch_size: int = 1000) -> Tensor:
        """Logits (N, …) of `inputs` (N, …), computed `batch_size` at a time."""
        with torch.no_grad(), precision(torch.device("cpu"), self._bfloat16):
            return torch.cat(
                [self._model(part).float() for part in torch.split(inputs, batch_size)]
            )
