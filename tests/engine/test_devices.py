"""Devices that are not here, played by the CPU: who may compute on them, what is refused, and in
which words.
"""

import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import DeviceError, SettingError
from rnn_tui.engine.events import Control
from rnn_tui.engine.training import devices, loop, training_state
from rnn_tui.engine.training.devices import fast_bfloat16, gpus_in_words, precision, resolve_device
from rnn_tui.engine.training.learning_rates import find_learning_rate
from rnn_tui.engine.training.problem import Log, Problem
from rnn_tui.engine.training.training_state import load_resume_point
from rnn_tui.networks import CELLS, gradients
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.problem import MnistProblem
from tests.watched import Watched

CPU, MPS, PATIENCE = torch.device("cpu"), torch.device("mps"), 60.0
ASSERT = (
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously "
    "reported at some other API call"
)
RESTART = "restart rnn-tui, then resume the run from its last checkpoint"


@pytest.fixture(autouse=True)
def nothing_found_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_FAILED", {})
    gradients._fault_on_mps.cache_clear()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes PyTorch say that so many CUDA devices are here, or MPS."""

    def pretend(gpus: int = 0, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(devices, "free_memory", lambda _: None)
        monkeypatch.setattr(loop, "free_memory", lambda _: None)

    return pretend


def on_cpu(config: RunConfig, device: torch.device, log: Log) -> Problem:
    """Real MNIST, on the CPU whatever the device is."""
    return MnistProblem(config, CPU, log)


# --- names ----------------------------------------------------------------------------------


def test_auto_takes_the_first_gpu_and_a_number_another(here: Callable[..., None]) -> None:
    here(gpus=2)
    named = {
        name: str(resolve_device(name)) for name in ("auto", "cuda", "cuda:0", "cuda:1", "cpu")
    }
    assert named == {
        "auto": "cuda:0",
        "cuda": "cuda:0",
        "cuda:0": "cuda:0",
        "cuda:1": "cuda:1",
        "cpu": "cpu",
    }
    here(mps=True)
    assert resolve_device("auto") == MPS
    here()
    assert resolve_device("auto") == CPU


def test_what_is_not_here_is_refused_with_what_is(here: Callable[..., None]) -> None:
    here(gpus=2)
    with pytest.raises(
        DeviceError, match=r"no cuda:7 device .* choose auto, cpu, cuda:0 or cuda:1\.$"
    ):
        resolve_device("cuda:7")
    with pytest.raises(DeviceError, match="no mps device"):
        resolve_device("mps")
    here()
    with pytest.raises(DeviceError, match=r"choose auto or cpu\.$"):
        resolve_device("cuda")


@pytest.mark.parametrize("name", ["cuda:0", "cuda:1", "cuda:15"])
def test_a_gpu_by_number_is_a_setting(name: str) -> None:
    assert TASKS["mnist"].config("lstm", "report", device=name).device == name


@pytest.mark.parametrize(
    "name",
    ["cuda:", "cuda:x", "cuda:1 ", "cuda:123", "cuda:٣", "cuda:-1", "mps:0", "cuda:N", "", 1],
)
def test_no_other_name_is(name: Any) -> None:
    with pytest.raises(SettingError, match="Device must be one of auto, cpu, cuda, mps, not"):
        TASKS["mnist"].config("lstm", "report", device=name)


@pytest.mark.parametrize("watched", [False, True])
def test_gpus_are_told_by_name_and_memory(
    here: Callable[..., None], monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    here(gpus=2)
    known = [
        types.SimpleNamespace(name=f"Card\x1b[31m {at}", total_memory=80 * 2**30, uuid=at)
        for at in range(2)
    ]
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda name: known[int(name[-1])])
    nvml = types.ModuleType("pynvml")
    nvml.__dict__.update(
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: uuid,
        nvmlDeviceGetMemoryInfo=lambda uuid: types.SimpleNamespace(
            free=(3 if uuid == "GPU-1" else 71) * 2**30
        ),
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml if watched else None)
    sizes = ("71 of 80 GiB free", "3 of 80 GiB free") if watched else ("80 GiB", "80 GiB")
    assert gpus_in_words() == {
        f"cuda:{at}": f"cuda:{at}, {sizes[at]}, Card�[31m {at}" for at in range(2)
    }


@pytest.mark.parametrize(
    ("gpus", "mps", "expected", "warned"),
    [
        (2, False, "cuda:1", False),
        (1, False, "cuda:0", True),
        (0, True, "mps", True),
        (0, False, "cpu", True),
    ],
)
def test_a_resumed_run_goes_on_where_it_began_or_on_the_next_best(
    here: Callable[..., None], gpus: int, mps: bool, expected: str, warned: bool
) -> None:
    here(gpus, mps)
    point: Any = types.SimpleNamespace(state=types.SimpleNamespace(device="cuda:1"))
    logged: list[tuple[str, str]] = []
    config = TASKS["mnist"].config("lstm", "report")
    device = training_state.device_for(config, point, lambda *words: logged.append(words))
    assert str(device) == expected
    sentence = (
        f"The run began on cuda:1, which is not here; it is resumed on {expected} and rounds "
        "differently."
    )
    assert logged == [(sentence, "warning")] * warned


# --- what they are good at ------------------------------------------------------------------


def test_bfloat16_is_asked_of_the_device_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda device: [(7, 5), (8, 0), (9, 0)][device.index]
    )
    assert [fast_bfloat16(torch.device("cuda", at)) for at in range(3)] == [False, True, True]
    assert not fast_bfloat16(MPS)


@pytest.mark.parametrize(
    ("processor", "instructions", "faster"),
    [
        ("AMD EPYC", ["avx512_bf16"], True),
        ("Intel Xeon", ["avx512_bf16", "amx_bf16"], True),
        ("Intel Xeon", ["avx512_bf16"], False),
        ("AMD EPYC", [], False),
        ("", ["avx512_bf16"], True),
    ],
)
def test_a_processor_has_bfloat16_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, processor: str, instructions: list[str], faster: bool
) -> None:
    has: dict[str, object] = {"cpu_name": processor, **dict.fromkeys(instructions, True)}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    assert fast_bfloat16(CPU) == faster


def test_float32_asks_nothing_of_autocast() -> None:
    # which has none, nor has MPS in older versions of PyTorch
    with precision(torch.device("meta"), False):
        assert not torch.is_autocast_enabled("cpu")
    with precision(CPU, True):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


@pytest.mark.process
@pytest.mark.parametrize(("given", "expected"), [(None, ":4096:2"), (":16:8", ":16:8")])
def test_cublas_is_told_to_repeat_itself_before_torch_is_there(
    given: str | None, expected: str
) -> None:
    variables = {
        name: value for name, value in os.environ.items() if name != "CUBLAS_WORKSPACE_CONFIG"
    }
    variables |= {} if given is None else {"CUBLAS_WORKSPACE_CONFIG": given}
    snippet = (
        "import os, sys; from rnn_tui.cli.main import main; main(['--version']); "
        "print(os.environ['CUBLAS_WORKSPACE_CONFIG'], 'torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", snippet],
        env=variables,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=True,
    )
    assert found.stdout.splitlines()[-1].split() == [expected, "False"]


# --- one run at a time on MPS ---------------------------------------------------------------


class Held:
    """A run on MPS, played by the CPU, that goes on until it is let go."""

    def __init__(self, config: RunConfig) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.seen: list[events.Event] = []
        self._thread = threading.Thread(target=self._run, args=[config])
        self._thread.start()
        assert self.began.wait(PATIENCE)

    def _run(self, config: RunConfig) -> None:
        loop.fit(on_cpu, config, self._take, Control())

    def _take(self, event: events.Event) -> None:
        self.seen.append(event)
        if isinstance(event, events.StepLogged):
            self.began.set()
            self.go.wait(PATIENCE)

    def end(self) -> None:
        self.go.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def held(trainer: Any, here: Callable[..., None]) -> Iterator[Held]:
    here(mps=True)
    run = Held(trainer.config(device="mps"))
    yield run
    run.end()


WAITS = "The run waits for the run on MPS to end."


def test_a_second_run_on_mps_waits_for_the_first(trainer: Any, held: Held) -> None:
    def watch(event: events.Event, _: Control) -> None:
        if isinstance(event, events.LogLine) and event.text == WAITS:
            assert held.seen
            assert not isinstance(held.seen[-1], events.RunFinished)
            held.end()

    run = trainer(trainer.config(device="mps"), build=on_cpu, watch=watch)
    assert isinstance(held.seen[-1], events.RunFinished)
    assert next(line.text for line in run.of(events.LogLine)) == WAITS
    assert isinstance(run.end, events.RunFinished)


def test_a_run_that_waits_for_mps_can_be_stopped(trainer: Any, held: Held) -> None:
    def watch(event: events.Event, control: Control) -> None:
        if isinstance(event, events.LogLine):
            control.stop()

    run = trainer(trainer.config(device="mps"), build=on_cpu, watch=watch)
    assert [type(event) for event in run.events] == [events.LogLine, events.RunStopped]
    assert run.outcome.weights is None
    assert not isinstance(held.seen[-1], events.RunFinished)


def test_learning_rates_wait_for_mps_too(trainer: Any, held: Held) -> None:
    config, asked = trainer.config(device="mps", batch_size=20), []

    def stopping() -> bool:
        asked.append(held.go.is_set())
        return len(asked) > 2

    assert find_learning_rate(on_cpu, config, Watched(stopping)) is None
    assert asked == [False] * 3
    held.end()
    assert find_learning_rate(on_cpu, config) is not None


def test_runs_on_other_devices_do_not_wait(trainer: Any, held: Held) -> None:
    assert isinstance(trainer().end, events.RunFinished)
    assert not isinstance(held.seen[-1], events.RunFinished)


@pytest.mark.parametrize("how", ["fails", "is stopped"])
def test_whatever_ends_a_run_on_mps_lets_the_next_one_begin(
    trainer: Any, here: Callable[..., None], how: str
) -> None:
    here(mps=True)

    def watch(event: events.Event, control: Control) -> None:
        if isinstance(event, events.StepLogged) and how == "is stopped":
            control.stop()

    def fail(*_: Any) -> Problem:
        raise KeyError

    trainer(trainer.config(device="mps"), build=fail if how == "fails" else on_cpu, watch=watch)
    run = trainer(trainer.config(device="mps"), build=on_cpu)
    assert WAITS not in [line.text for line in run.of(events.LogLine)]
    assert isinstance(run.end, events.RunFinished)


# --- what MPS computes ----------------------------------------------------------------------


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """Plays trials on MPS by the CPU; what was tried, in order."""
    found: list[tuple[str, int, str]] = []
    real = gradients._trial

    def play(cell: Any, layers: int, device: torch.device) -> list[Tensor]:
        found.append((cell.name, layers, device.type))
        return real(cell, layers, CPU)

    monkeypatch.setattr(gradients, "_trial", play)
    return found


@pytest.mark.parametrize("cell", [name for name, cell in CELLS.items() if cell.pytorch])
@pytest.mark.parametrize("layers", [0, 1, pytest.param(2, marks=pytest.mark.long)])
def test_a_cell_is_tried_once_on_mps_and_never_elsewhere(
    cell: str, layers: int, tried: list[tuple[str, int, str]]
) -> None:
    if CELLS[cell].bidirectional and not layers:
        pytest.skip("there are no sets of replicas of it")
    for device in (CPU, torch.device("cuda:0"), MPS, MPS):
        gradients.check_gradients(CELLS[cell], device, layers)
    assert tried == [(cell, layers, "mps"), (cell, layers, "cpu")]
    small, large = gradients.BATCHES
    assert small != large
    assert large * gradients.STEPS > 2**15


@pytest.mark.parametrize(
    ("at", "wrong", "words"),
    [
        (0, 1.01, "another loss of a LSTM than the CPU, by 1 %"),
        (-1, 1001.0, r"other gradients of a LSTM than the CPU, by 1e\+05 %"),
        (-3, float("nan"), "other gradients of a LSTM than the CPU, by inf %"),
    ],
)
def test_a_cell_that_mps_gets_wrong_is_refused(  # noqa: PLR0917
    trainer: Any,
    here: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    wrong: float,
    words: str,
) -> None:
    here(mps=True)
    real, done = gradients._trial, []

    def play(cell: Any, layers: int, device: torch.device) -> list[Tensor]:
        done.append(device)
        values = real(cell, layers, CPU)
        values[at] = values[at] * (wrong if device == MPS else 1.0)
        return values

    monkeypatch.setattr(gradients, "_trial", play)
    for _ in range(2):  # what was found is kept
        run = trainer(trainer.config(device="mps"))
        assert isinstance(run.end, events.RunFailed)
        with pytest.raises(DeviceError, match=words):
            gradients.check_gradients(CELLS["lstm"], MPS, 1)
        assert run.end.message.startswith(f"On MPS PyTorch {torch.__version__} computes ")
        assert run.end.message.endswith("; choose device cpu.")
    assert done == [MPS, CPU]


# --- a CUDA device that fails ---------------------------------------------------------------


def failing(where: str) -> Callable[..., Problem]:
    """Real MNIST on the CPU, until CUDA would stop with an assertion."""

    class Broken(MnistProblem):
        def losses(self, step: int, parts: int) -> Sequence[Callable[[], Tensor]]:
            if where == "step" and step == 3:
                raise RuntimeError(ASSERT)
            return super().losses(step, parts)

        def validate(self, *args: Any) -> Any:
            if where == "validate":
                raise RuntimeError(ASSERT)
            return super().validate(*args)

    return lambda config, _, log: Broken(config, CPU, log)


@pytest.mark.parametrize("where", ["step", "validate"])
def test_a_device_assert_says_restart_and_so_do_later_runs(
    trainer: Any, here: Callable[..., None], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    here(gpus=2)

    def copied(tensor: Tensor) -> Tensor:  # such a device answers with nothing but this
        raise RuntimeError(ASSERT)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "copied", copied)
        run = trainer(trainer.config(device="cuda"), build=failing(where))
    assert isinstance(run.end, events.RunFailed)
    message = run.end.message
    assert message.startswith(
        "The GPU cuda:0 has failed (device-side assert), and this process can't use it any more: "
    )
    assert message.endswith(f"{RESTART}.")
    assert run.outcome.weights is None
    for device in ("cuda", "cuda:0", "auto"):
        again = trainer(trainer.config(device=device), build=on_cpu)
        assert isinstance(again.end, events.RunFailed)
        assert again.end.message == message
    with pytest.raises(DeviceError, match="restart"):
        find_learning_rate(on_cpu, trainer.config(device="auto", batch_size=20))
    assert resolve_device("auto") == torch.device("cuda:0")  # as what is shown of the machine
    for device in ("cuda:1", "cpu"):
        assert isinstance(
            trainer(trainer.config(device=device), build=on_cpu).end, events.RunFinished
        )


def test_a_run_that_a_failed_device_cut_off_is_not_resumed_elsewhere(
    trainer: Any, here: Callable[..., None], tmp_path: Any
) -> None:
    here(gpus=2)
    path = tmp_path / "run.safetensors"
    config = trainer.config(device="cuda", epochs=2)
    stop = trainer(
        config,
        build=on_cpu,
        path=path,
        watch=lambda event, control: (
            control.stop() if isinstance(event, events.EpochEnded) else None
        ),
    )
    assert isinstance(stop.end, events.RunStopped)
    trainer(trainer.config(device="cuda"), build=failing("step"))
    emitted: list[events.Event] = []
    point = load_resume_point(path, "run", config)
    loop.fit(on_cpu, config, emitted.append, Control(), checkpoint_path=path, resume=point)
    assert [type(event) for event in emitted] == [events.RunFailed]
    assert RESTART in str(emitted[0])
    devices._FAILED.clear()  # as after a restart
    point = load_resume_point(path, "run", config)
    loop.fit(on_cpu, config, emitted.append, Control(), checkpoint_path=path, resume=point)
    assert isinstance(emitted[-1], events.RunFinished)


def test_a_device_assert_while_learning_rates_are_tried(
    trainer: Any, here: Callable[..., None]
) -> None:
    here(gpus=1)
    config = trainer.config(device="cuda", batch_size=20)
    with pytest.raises(DeviceError, match=RESTART):
        find_learning_rate(failing("step"), config)
    with pytest.raises(DeviceError, match=RESTART):
        resolve_device("cuda", to_compute=True)


def test_other_errors_of_cuda_leave_the_device_usable(
    trainer: Any, here: Callable[..., None]
) -> None:
    here(gpus=1)

    def fail(*_: Any) -> Problem:
        raise RuntimeError(
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
        )

    run = trainer(trainer.config(device="cuda"), build=fail)
    assert "not enough memory" in run.end.message
    assert isinstance(trainer(trainer.config(device="cuda"), build=on_cpu).end, events.RunFinished)
