"""Reads a network from a module of PyTorch, and compares answers to random inputs with its own."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from rnn_tui.engine.errors import SafeText, printable, why
from rnn_tui.networks.foreign.comparing import Answers, AnswerTrial, Candidate
from rnn_tui.networks.foreign.hints import ForeignNetwork, NetworkHints, check_sizes
from rnn_tui.networks.foreign.state_dict import network_of_tensors
from rnn_tui.networks.stepwise import Array, Floats

SEQUENCES, STEPS = 3, 5
SIZE = 2.0  # deviation of the numbers that are read
#: more of both, since a module may cut long sequences or large numbers; either may come first.
MORE_SEQUENCES, MORE_STEPS = 40, 41
SMALLEST_SIZE, LARGEST_SIZE = 0.2, 50.0
SEED = 0
#: by what a state_dict is refused without a comparison; here it is what comes after it.
RUN_IT = "save inputs and outputs of its own as arrays x and y, and give --check FILE.npz"


def read_module(
    module: nn.Module, hints: NetworkHints, trial: AnswerTrial | None
) -> ForeignNetwork:
    """Return the network that a module computes in eval mode.

    The module itself is left as it is.

    Args:
        module: is run on random inputs, in double precision.
        hints: what a user says of it.
        trial: answers that it gave elsewhere, in place of those that it gives here.

    Raises:
        NetworkError: if it is no network that is read here, or can't be run.
    """
    name = printable(type(module).__name__)
    tensors = {name: _array(tensor) for name, tensor in module.state_dict().items()}
    network = network_of_tensors(tensors, hints, name, trial or ModuleTrial(module, name))
    check_sizes(name, network.stack)
    return network


def _array(tensor: Any) -> Array:
    """Return a tensor as numbers in double precision; one of whole numbers is empty."""
    if not isinstance(tensor, torch.Tensor) or not tensor.dtype.is_floating_point:
        return np.zeros(0, np.float32)  # no weight: a counter, or state of some other kind
    array: Array = tensor.detach().cpu().double().numpy()
    return array


class ModuleTrial(AnswerTrial):
    """Random inputs, and what a module answers to them."""

    def __init__(self, module: nn.Module, name: SafeText) -> None:
        self.source = printable(f"the module {name}")
        self._module = module
        self._name = name
        self._kinds = [torch.float32]
        try:
            self._double = copy.deepcopy(module).cpu().double()
        except Exception:  # noqa: BLE001 - a stranger's module: it may hold what has no copy
            self._double = module
        else:
            self._kinds.insert(0, torch.float64)
        self._known: dict[Any, list[tuple[Answers, Sequence[Answers]]]] = {}

    def answered(self, candidate: Candidate) -> Sequence[tuple[Answers, Sequence[Answers]]]:
        """Return random inputs that suit a candidate, and what the module answers to them."""
        steps = candidate.stack.only_steps or STEPS
        key = candidate.features, candidate.table is None, steps
        if key not in self._known:
            self._known[key] = self._run(candidate, steps)
        return self._known[key]

    def _run(self, candidate: Candidate, steps: int) -> list[tuple[Answers, Sequence[Answers]]]:
        """Return inputs with all that the module answers to them; none if it can't read them."""
        random = np.random.default_rng(SEED)
        batches = [self._batch(random, candidate, (SEQUENCES, steps), np.full(SEQUENCES, SIZE))]
        if candidate.stack.only_steps is None:
            sizes = np.geomspace(SMALLEST_SIZE, LARGEST_SIZE, MORE_SEQUENCES)
            batches.append(self._batch(random, candidate, (MORE_SEQUENCES, MORE_STEPS), sizes))
        return [batch for batch in batches if batch is not None]

    def _batch(
        self,
        random: np.random.Generator,
        candidate: Candidate,
        shape: tuple[int, int],
        sizes: Floats,
    ) -> tuple[Answers, Sequence[Answers]] | None:
        """Return random inputs, each sequence of its own size, and what the module answers."""
        if candidate.table is None:
            inputs: Answers = random.normal(size=(*shape, candidate.features))
            inputs *= sizes[:, None, None]
        else:
            inputs = random.integers(0, candidate.features, shape)
        reasons: list[str] = []
        for kind in self._kinds:
            module = self._double if kind is torch.float64 else self._module
            for turned in (inputs, inputs.swapaxes(0, 1)):
                read = torch.from_numpy(np.ascontiguousarray(turned))
                if candidate.table is None:
                    read = read.to(kind)
                try:
                    answers = [_array(each) for each in _tensors(_called(module, read))]
                except Exception as error:  # noqa: BLE001 - a stranger's code
                    reasons.append(why(error))
                    continue
                usable = [each for each in answers if each.size and np.isfinite(each).all()]
                if usable:
                    return read.numpy(), usable
        reason = f" ({reasons[0]})" if reasons else ""
        self.problem = (
            f"{self._name} gives no numbers for sequences of the shape "
            f"{'×'.join(map(str, inputs.shape))}{reason}; {RUN_IT}."
        )
        return None


def _called(module: nn.Module, read: torch.Tensor) -> Any:
    """Return what a module answers in eval mode, and leave it as it was."""
    device = next((each.device for each in module.parameters()), torch.device("cpu"))
    with _evaluating(module), torch.no_grad(), torch.random.fork_rng(devices=[]):
        return module(read.to(device))


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Have a module in eval mode meanwhile."""
    training = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for each, was_training in training:
            each.training = was_training


def _tensors(answer: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of numbers in an answer: one, or several in a tuple or a table."""
    if isinstance(answer, torch.Tensor):
        if answer.dtype.is_floating_point:
            yield answer
    elif isinstance(answer, Mapping):
        for each in answer.values():
            yield from _tensors(each)
    elif isinstance(answer, tuple | list):
        for each in answer:
            yield from _tensors(each)
