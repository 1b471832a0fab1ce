"""Networks by chance in plain PyTorch, in layouts that people write, and their files."""

import io
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

FEATURES, SIZE, OUTPUTS, STEPS = 3, 6, 4, 7


class Classifier(nn.Module):
    """`lstm` and `fc`: the output of the last step is read out."""

    takes = "last-step"

    def __init__(self, kind: str = "LSTM", layers: int = 1, both: bool = False, **options: Any):
        super().__init__()
        cell = getattr(nn, kind)
        self.lstm = cell(FEATURES, SIZE, layers, batch_first=True, bidirectional=both, **options)
        self.fc = nn.Linear(SIZE * (1 + both), OUTPUTS)

    @property
    def layers(self) -> nn.RNNBase:
        return self.lstm

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x)[0][:, -1])


class Tagger(nn.Module):
    """`encoder.rnn` and `head`, steps first: every step has an answer."""

    takes = "every-step"

    def __init__(self, kind: str = "GRU", layers: int = 2, both: bool = False, **options: Any):
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.rnn = getattr(nn, kind)(FEATURES, SIZE, layers, bidirectional=both, **options)
        self.head = nn.Linear(SIZE * (1 + both), OUTPUTS, bias=False)

    @property
    def layers(self) -> nn.RNNBase:
        return self.encoder.rnn

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder.rnn(x)[0])


class FinalStates(nn.Module):
    """`rnn` in both directions and `out`: what each direction ends with is read out."""

    takes = "final-states"

    def __init__(self, kind: str = "RNN", layers: int = 1, both: bool = True, **options: Any):
        super().__init__()
        self.rnn = getattr(nn, kind)(
            FEATURES, SIZE, layers, batch_first=True, bidirectional=both, **options
        )
        self.out = nn.Linear(SIZE * (1 + both), OUTPUTS)

    @property
    def layers(self) -> nn.RNNBase:
        return self.rnn

    def forward(self, x: Tensor) -> Tensor:
        last = self.rnn(x)[1]
        last = last[0] if isinstance(last, tuple) else last
        ends = torch.cat([last[-2], last[-1]], 1) if self.rnn.bidirectional else last[-1]
        return self.out(ends)


class First(nn.Module):
    """Takes the outputs of a recurrent layer, for an `nn.Sequential`."""

    def forward(self, result: tuple[Tensor, Any]) -> Tensor:
        return result[0]


def sequential() -> nn.Sequential:
    """`0` and `2`: an nn.Sequential, whose readout has an answer for each step."""
    return nn.Sequential(
        nn.LSTM(FEATURES, SIZE, batch_first=True), First(), nn.Linear(SIZE, OUTPUTS)
    )


def seeded(build: Any, *arguments: Any, **options: Any) -> Any:
    torch.manual_seed(3)
    return build(*arguments, **options).eval()


def saved(module: nn.Module, path: Path) -> Path:
    """Write a module's state_dict as safetensors."""
    save_file({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, path)
    return path


def exported(module: nn.Module, path: Path, *, batch_first: bool = True) -> Path:
    """Write a module as an ONNX model, by PyTorch's exporter."""
    shape = (2, STEPS, FEATURES) if batch_first else (STEPS, 2, FEATURES)
    axes = {0: "n", 1: "t"} if batch_first else {0: "t", 1: "n"}
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.zeros(shape),),
            file,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": axes},
        )
    path.write_bytes(file.getvalue())
    return path


def parity(path: Path) -> Path:
    """A network of two units that is exact: s = a − 2·b is 1 after an odd number of ones."""
    module = nn.Module()
    module.rnn = nn.RNN(1, 2, nonlinearity="relu")
    module.out = nn.Linear(2, 1)
    weights = {
        "rnn.weight_ih_l0": [[1], [1]],
        "rnn.weight_hh_l0": [[1, -2], [1, -2]],
        "rnn.bias_ih_l0": [0, -1],
        "rnn.bias_hh_l0": [0, 0],
        "out.weight": [[1, -2]],
        "out.bias": [-0.5],
    }
    module.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    return saved(module, path)
