"""Networks from elsewhere: states and answers are PyTorch's, whatever a file's layout is."""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from torch import nn

from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.engine.errors import NetworkError
from rnn_tui.engine.files.paths import shipped_weights
from rnn_tui.networks.foreign.hints import ForeignNetwork, NetworkHints
from rnn_tui.networks.foreign.onnx_model import network_of_model
from rnn_tui.networks.foreign.reading import read_network
from tests.attack.hostile_models import hostile_model, whole_model
from tests.measured import measured_command, operations
from tests.networks.foreign import (
    FEATURES,
    OUTPUTS,
    SIZE,
    STEPS,
    Classifier,
    FinalStates,
    Tagger,
    exported,
    saved,
    seeded,
    sequential,
)

WITHIN = 1e-5
LAYOUTS: list[tuple[Any, dict[str, Any]]] = [
    (build, {"kind": kind, "layers": layers, "both": both})
    for build in (Classifier, Tagger, FinalStates)
    for kind in ("RNN", "LSTM", "GRU")
    for layers, both in ((1, False), (2, True))
]


def inputs() -> np.ndarray:
    """Random inputs (N, T, F)."""
    return np.random.default_rng(1).normal(size=(2, STEPS, FEATURES)).astype(np.float32)


def read_here(path: Path, hints: NetworkHints) -> ForeignNetwork:
    """Read a network; an ONNX model as the process does that otherwise reads it."""
    if path.suffix == ".onnx":
        return network_of_model(path.read_bytes(), hints, str(path))
    return read_network(path, hints)


def assert_equal_to(module: Any, path: Path, hints: NetworkHints) -> None:
    """Hold all states of the top layer, and the answers, to PyTorch's."""
    stack = read_here(path, hints).stack
    read = inputs()
    by_step = read.transpose(1, 0, 2)  # (T, N, F)
    first = read if module.layers.batch_first else by_step
    with torch.no_grad():
        states = module.layers(torch.from_numpy(first))[0].numpy()
        answers = module(torch.from_numpy(first)).numpy()
    if module.layers.batch_first:
        states = states.transpose(1, 0, 2)
        answers = answers[:, None].transpose(1, 0, 2) if answers.ndim == 2 else answers
    top = stack.read(by_step)[-1]
    ours = np.concatenate([direction.states for direction in top], axis=2)
    assert np.abs(ours - states).max() < WITHIN
    assert np.abs(stack.logits(by_step) - answers).max() < WITHIN


@pytest.mark.parametrize(("build", "options"), LAYOUTS)
def test_a_state_dict_is_read_by_its_shapes(build: Any, options: Any, tmp_path: Path) -> None:
    module = seeded(build, **options)
    nonlinearity = "tanh" if options["kind"] == "RNN" else None
    path = saved(module, tmp_path / "net.safetensors")
    assert_equal_to(module, path, NetworkHints(nonlinearity, build.takes))


@pytest.mark.parametrize(("build", "options"), LAYOUTS)
def test_an_onnx_model_says_all_itself(build: Any, options: Any, tmp_path: Path) -> None:
    module = seeded(build, **options)
    path = exported(module, tmp_path / "net.onnx", batch_first=module.layers.batch_first)
    assert_equal_to(module, path, NetworkHints())


def test_a_sequential_is_read_like_a_class(tmp_path: Path) -> None:
    module = seeded(sequential)
    path = saved(module, tmp_path / "net.safetensors")
    stack = read_network(path, NetworkHints(takes="every-step", activations={"0": "none"})).stack
    read = inputs()
    with torch.no_grad():
        answers = module(torch.from_numpy(read)).numpy().transpose(1, 0, 2)
    assert np.abs(stack.logits(read.transpose(1, 0, 2)) - answers).max() < WITHIN


def test_a_relu_is_read_where_it_is_named(tmp_path: Path) -> None:
    module = seeded(Classifier, "RNN", nonlinearity="relu")
    path = saved(module, tmp_path / "net.safetensors")
    assert_equal_to(module, path, NetworkHints("relu", "last-step"))
    assert_equal_to(module, exported(module, tmp_path / "net.onnx"), NetworkHints())


def test_cells_on_top_of_each_other_are_layers(tmp_path: Path) -> None:
    module = nn.Module()
    torch.manual_seed(0)
    module.cells = nn.ModuleList([nn.GRUCell(FEATURES, SIZE), nn.GRUCell(SIZE, 5)])
    module.head = nn.Linear(5, OUTPUTS)
    hints = NetworkHints(takes="every-step", recurrent=("cells.0", "cells.1"))
    network = read_network(saved(module, tmp_path / "a"), hints)
    assert network.order == "cells.0 → cells.1 → head"
    x = torch.randn(STEPS, FEATURES)
    below, top = torch.zeros(SIZE), torch.zeros(5)
    answers = []
    with torch.no_grad():
        for step in x:
            below = module.cells[0](step, below)
            top = module.cells[1](below, top)
            answers.append(module.head(top))
    ours = network.stack.logits(x.numpy()[:, None])[:, 0]
    assert np.abs(ours - torch.stack(answers).numpy()).max() < WITHIN


def test_symbols_are_read_through_an_embedding(tmp_path: Path) -> None:
    module = nn.Module()
    torch.manual_seed(0)
    module.embed = nn.Embedding(5, FEATURES)
    module.rnn = nn.LSTM(FEATURES, SIZE, bias=False)
    module.out = nn.Linear(SIZE, OUTPUTS)
    network = read_network(saved(module, tmp_path / "a"), NetworkHints(takes="every-step"))
    assert network.embedded
    symbols = torch.randint(0, 5, (STEPS,))
    with torch.no_grad():
        answers = module.out(module.rnn(module.embed(symbols))[0]).numpy()
    ours = network.stack.logits(np.eye(5, dtype=np.float32)[symbols][:, None])[:, 0]
    assert np.abs(ours - answers).max() < WITHIN


def test_half_precision_is_read(tmp_path: Path) -> None:
    for kind in (torch.float16, torch.bfloat16):
        module = seeded(Classifier).to(kind)
        path = saved(module, tmp_path / "net.safetensors")
        assert_equal_to(module.float(), path, NetworkHints(takes="last-step"))


@pytest.mark.parametrize("task", ["adder", "recall", "mnist"])
def test_the_models_that_are_exported_here_are_read(task: str, tmp_path: Path) -> None:
    weights = shipped_weights(task)[0]
    path = tmp_path / "net.onnx"
    path.write_bytes(models_of(weights)[0].data)
    network = read_here(path, NetworkHints())
    assert network.comparison is not None
    wanted = {"adder": "every-step", "recall": "last-step"}
    assert network.stack.takes == wanted.get(task, network.stack.takes)


def refused(path: Path, hints: NetworkHints | None = None) -> str:
    with pytest.raises(NetworkError) as error:
        read_here(path, hints or NetworkHints())
    return str(error.value)


def test_what_shapes_do_not_say_is_asked_for_in_one_sentence(tmp_path: Path) -> None:
    path = saved(seeded(FinalStates), tmp_path / "net.safetensors")
    sentence = refused(path)
    assert "--nonlinearity relu" in sentence
    assert "--answers final-states" in sentence
    path = saved(seeded(Classifier), path)
    assert "--nonlinearity" not in refused(path)
    assert "final-states" not in refused(path)


def test_of_several_readouts_one_is_named(tmp_path: Path) -> None:
    module = seeded(Classifier)
    module.value = nn.Linear(SIZE, 1)
    path = saved(module, tmp_path / "net.safetensors")
    sentence = refused(path, NetworkHints(takes="last-step"))
    assert "do not follow each other in a row with the recurrent ones: fc, value" in sentence
    assert "--unused value" in sentence
    hints = NetworkHints(takes="last-step", readout=("value",))
    assert "--unused fc" in refused(path, hints)  # it may be a part of attention
    assert read_network(path, replace(hints, unused=("fc",))).stack.outputs == 1


def test_a_module_that_fits_in_between_is_left_out_only_where_a_user_says_so(
    tmp_path: Path,
) -> None:
    module = seeded(Classifier)
    module.proj = nn.Linear(SIZE, SIZE)
    path = saved(module, tmp_path / "net.safetensors")
    hints = NetworkHints(takes="last-step", readout=("fc",))
    assert "a row with the recurrent ones: fc, proj" in refused(path, hints)
    assert "--unused proj." in refused(path, hints)
    assert "no module pro," in refused(path, replace(hints, unused=("pro",)))
    assert_equal_to(module, path, NetworkHints(takes="last-step", unused=("proj",)))
    module = seeded(Classifier)
    module.encoder = nn.LSTM(2, FEATURES, batch_first=True)
    path = saved(module, path)
    hints = NetworkHints(takes="last-step", recurrent=("lstm",))
    assert "--unused encoder." in refused(path, hints)
    assert_equal_to(module, path, replace(hints, unused=("encoder",)))


def test_what_would_change_the_answers_is_refused(tmp_path: Path) -> None:
    module = seeded(Classifier)
    module.norm = nn.LayerNorm(SIZE)
    path = saved(module, tmp_path / "net.safetensors")
    assert "norm.bias, norm.weight" in refused(path)
    path = saved(seeded(Classifier, proj_size=2), path)
    assert "proj_size" in refused(path)


def test_what_fits_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    tensors = dict(seeded(Classifier).state_dict())
    changes: dict[str, torch.Tensor | None] = {
        "lstm.weight_hh_l0": None,
        "fc.weight": torch.zeros(OUTPUTS, SIZE + 1),
        "lstm.bias_ih_l0": torch.zeros(3),
        "lstm.weight_ih_l0": torch.full((4 * SIZE, FEATURES), torch.nan),
        "lstm.weight_ih_l2": torch.zeros(4 * SIZE, SIZE),
    }
    for name, tensor in changes.items():
        changed = {**tensors, name: tensor}
        save_file({key: value for key, value in changed.items() if value is not None}, path)
        assert refused(path, NetworkHints(takes="last-step")).startswith(str(path))
    save_file({"weight": torch.zeros(2, 2)}, path)
    assert "no weights of nn.RNN" in refused(path)


class Squashed(Classifier):
    """Something is between the layers and the readout."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.tanh(3 * self.lstm(x)[0][:, -1]))


class OfTwoSteps(Classifier):
    """Other states than those that are known are read out."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states = self.lstm(x)[0]
        return self.fc(states[:, -1] + states[:, 0])


def test_a_model_that_answers_otherwise_is_refused(tmp_path: Path) -> None:
    assert "answers otherwise" in refused(exported(seeded(Squashed), tmp_path / "a.onnx"))
    assert "answers otherwise" in refused(exported(seeded(OfTwoSteps), tmp_path / "b.onnx"))


@pytest.mark.process
def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    whole = saved(seeded(Classifier), path).read_bytes()
    contents = {
        "empty": b"",
        "damaged": whole[:-9],
        "of no known kind": b"hello",
        "HDF5": b"\x89HDF\r\n",
        "ZIP": b"PK\x03\x04" + bytes(60),
        "no ONNX file": b"\x08\xff\xff",
    }
    for words, data in contents.items():
        path.write_bytes(data)
        assert words in refused(path)
    assert "can't be read" in refused(tmp_path)
    assert "written by rnn-tui" in refused(shipped_weights("adder")[0])


@pytest.mark.parametrize("lowest", [0x02, 0x03, 0x04, 0x05])
def test_a_state_dict_that_begins_like_a_pickle_is_read(lowest: int, tmp_path: Path) -> None:
    module = seeded(Classifier)
    path = saved(module, tmp_path / "net.safetensors")
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    longer = 0x10080 + (lowest << 8)  # the length of the header, the lowest byte first
    header = data[8 : 8 + length].ljust(longer)
    path.write_bytes(longer.to_bytes(8, "little") + header + data[8 + length :])
    assert path.read_bytes()[:2] == bytes([0x80, lowest])
    assert_equal_to(module, path, NetworkHints(takes="last-step"))


def test_many_tensors_are_refused_in_steps_that_grow_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "net"

    def refusal_of(count: int) -> str:
        tensors = {
            f"layer{number}²{'9' * 50}.weight_{part}_l0": np.zeros((1, 2), np.float32)
            for number in range(count)
            for part in ("ih", "hh")
        }
        save_arrays({**tensors, "²": np.zeros((1, 2), np.float32)}, path)
        return refused(path)

    for count in (2, 1000):
        sentence = refusal_of(count)
        assert "layer0²" in sentence
        assert len(sentence) < 3000
    small, large = (operations(lambda: refusal_of(count)) for count in (500, 1000))  # noqa: B023
    assert large < 2.5 * small
    assert "more than 5,000 tensors" in refusal_of(2500)


@pytest.mark.process
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_converted_by_the_line_that_is_printed(zipped: bool, tmp_path: Path) -> None:
    module = seeded(Classifier)
    path = tmp_path / "my net.pt"
    data = {"epoch": 3, "state_dict": module.state_dict()} if zipped else module.state_dict()
    torch.save(data, path, _use_new_zipfile_serialization=zipped)
    sentence = refused(path)
    assert "is a pickle" in sentence
    program, *words = shlex.split(sentence.partition("converts its state_dict: ")[2])
    assert program == "python"
    subprocess.run([sys.executable, *words], check=True)
    converted = path.with_suffix(".safetensors")
    assert_equal_to(module, converted, NetworkHints(takes="last-step"))


def test_answers_after_each_step_are_those_of_the_beginning_alone(tmp_path: Path) -> None:
    for number, build in enumerate((Classifier, Tagger, FinalStates)):
        module = seeded(build, "GRU", layers=2, both=True)
        path = saved(module, tmp_path / str(number))
        stack = read_network(path, NetworkHints(takes=build.takes)).stack
        read = inputs().transpose(1, 0, 2)
        after = stack.logits_after_steps(read)
        assert after.shape == (STEPS, 2, OUTPUTS)
        if not stack.every_step:
            assert np.allclose(after[2], stack.logits(read[:3])[0], atol=1e-6)


@pytest.mark.parametrize("name", ["net.onnx", "net.safetensors"])
def test_whatever_is_damaged_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    whole = exported(seeded(Tagger), tmp_path / "whole", batch_first=False).read_bytes()
    if name == "net.safetensors":
        whole = saved(seeded(Tagger), tmp_path / "whole").read_bytes()
    path = tmp_path / name
    random = np.random.default_rng(0)
    sentences = []
    for _ in range(60):
        data = bytearray(whole)
        at = int(random.integers(0, min(len(data), 1500)))
        data[at : at + int(random.integers(0, 3))] = random.bytes(int(random.integers(0, 4)))
        path.write_bytes(data)
        try:
            read_here(path, NetworkHints(takes="every-step"))
        except NetworkError as error:
            sentences.append(str(error))
    assert len(sentences) > 20
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.process
def test_a_model_is_read_in_a_process_with_limits(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for build in (Tagger, FinalStates):
        module = seeded(build, "LSTM", layers=2, both=build is FinalStates)
        path = exported(module, tmp_path / "net.onnx", batch_first=module.layers.batch_first)
        apart = read_network(path, NetworkHints())
        here = network_of_model(path.read_bytes(), NetworkHints(), str(path))
        steps = inputs().transpose(1, 0, 2)
        assert np.array_equal(apart.stack.logits(steps), here.stack.logits(steps))
        assert (apart.recurrent, apart.readout) == (here.recurrent, here.readout)
        assert apart.stack.takes == here.stack.takes
        assert apart.comparison == here.comparison
        assert apart.order == here.order
    assert capfd.readouterr() == ("", "")


@pytest.mark.process
@pytest.mark.parametrize("change", ["doubled", "filled"])
def test_a_model_that_asks_for_all_memory_is_refused(change: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(hostile_model(change, Random(1)))
    command = measured_command("inspect", "--network", str(path))
    assert command.code == 2
    assert "takes more than 1,024 MiB of memory" in command.stderr
    assert "\x1b" not in command.stderr
    assert command.stderr.count("\n") == 1
    assert command.peak < 1.2 * 2**20


def test_a_model_of_many_nodes_is_refused_before_it_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"

    def refusal_of(count: int) -> None:
        model = whole_model()
        model.graph.node.extend([model.graph.node[0]] * count)
        path.write_bytes(model.SerializeToString())
        assert "nodes, more than" in refused(path)

    refusal_of(10_000)
    assert operations(lambda: refusal_of(20_000)) < 1000


def test_a_negative_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    model = whole_model()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    path.write_bytes(model.SerializeToString())
    assert "an input with a negative size" in refused(path)
    model = whole_model()
    model.graph.initializer[0].dims[0] = -1
    path.write_bytes(model.SerializeToString())
    assert "weights with a negative size" in refused(path)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    path = exported(seeded(Classifier), tmp_path / "net.onnx")
    onnx.save(onnx.load(path), path, save_as_external_data=True, size_threshold=0, location="w.bin")
    assert "another file" in refused(path)
