"""What of the machine this process may use: cores, memory, devices; how busy it is; and imports without a pause.

Python looks for garbage by walking through all objects, the more often the more are made. Importing
PyTorch makes half a million, all to stay: looking through them costs a seventh of the time that the
imports take, and 0.2 ... 0.3 s each time later, in which nothing else goes on.

How busy the machine is explains a slow run. The thread that trains looks by itself, as it logs, at most every two seconds and
in less than a millisecond: nothing wakes up while nothing trains.

The first frame needs this module: torch and psutil are imported on use.
"""

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.errors import DeviceError

if TYPE_CHECKING:
    import torch

_IMPORTING = threading.RLock()


def usable_cores() -> int:
    """The cores that this process may run on."""
    if sys.platform == "linux":  # elsewhere nothing tells which of them it may use
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_memory(needed: int, device: "torch.device") -> None:
    """Raise `MemoryError` where `needed` bytes are more than is free on the CPU.

    On a GPU PyTorch raises an error of its own; on the CPU, Linux grants memory that it does not
    have and then kills, without a word, whoever uses it.
    """
    import psutil  # noqa: PLC0415

    if device.type == "cpu" and needed > psutil.virtual_memory().available:
        raise MemoryError(f"{needed} bytes needed")


def resolve_device(name: str) -> "torch.device":
    """The device called `name`; `auto`: CUDA, else MPS, else the CPU. `DeviceError` if it is not here."""
    import torch  # noqa: PLC0415

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in present.items() if there)
    if not present.get(name):
        raise DeviceError(f"There is no {name} device that PyTorch {torch.__version__} can use here; choose auto or cpu.")
    return torch.device(name, 0) if name == "cuda" else torch.device(name)


def lacks_memory(error: Exception) -> bool:
    """Whether something failed for want of memory, of the device or of the machine."""
    import torch  # noqa: PLC0415

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or ("alloc" in str(error) and "memory" in str(error))


def precision(device: "torch.device", bfloat16: bool) -> "torch.autocast":
    """A context in which matrix products run in bfloat16, or everything in float32.

    Autocast's cache of converted weights stays off: it is shared between threads and emptied by
    whichever leaves first, so that what is added up in bfloat16 would depend on chance.
    """
    import torch  # noqa: PLC0415

    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16, cache_enabled=False)


def fast_bfloat16(device: "torch.device") -> bool:
    """Whether matrix products in bfloat16 have instructions of their own on `device`; without, they are slower than float32."""
    import torch  # noqa: PLC0415

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        has = torch.cpu.get_capabilities()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Look for no garbage while the imports inside go on, and nowhere in what they made later.

    One thread at a time: of two that import modules of PyTorch which import each other, one gets
    half a module, and an `ImportError`.
    """
    with _IMPORTING:
        enabled, before = gc.isenabled(), len(sys.modules)
        gc.disable()
        try:
            yield
        finally:
            if len(sys.modules) > before:
                gc.freeze()
            if enabled:
                gc.enable()


SECONDS_BETWEEN = 2.0
Load = dict[str, float]
logger = logging.getLogger(__name__)


class MachineWatch:
    """Looks at the machine in the course of one run's events."""

    def __init__(self) -> None:
        self._look: Callable[[], Load] = dict
        self._next, self._looks = float("inf"), 0
        self._whole: Load = {}

    def after(self, event: events.Event) -> events.MachineSeen | None:
        """What is to be told of the machine behind an event, if anything; it raises nothing."""
        now = time.monotonic()
        try:
            if isinstance(event, events.RunStarted):
                self._look, self._next = _looking("cuda" in event.device), now + SECONDS_BETWEEN
            elif isinstance(event, events.StepLogged) and now >= self._next:
                self._next = now + SECONDS_BETWEEN
                return self._seen(event.run_id, self._look())
        except Exception:
            logger.exception("the machine does not tell how busy it is")
            self._next = float("inf")
        return None

    def _seen(self, run_id: str, load: Load) -> events.MachineSeen:
        """This look, and the means of all; of memory the most."""
        self._looks += 1
        for name, value in load.items():
            before = self._whole.get(name, value)
            self._whole[name] = max(before, value) if name.endswith("memory") else before + (value - before) / self._looks
        return events.MachineSeen(run_id, load, dict(self._whole))


def _looking(gpu: bool) -> Callable[[], Load]:
    """What tells how busy the machine was since it was called before."""
    import psutil  # noqa: PLC0415 - on use only

    process, cores, of_gpu = psutil.Process(), psutil.cpu_count() or 1, _gpu() if gpu else dict

    def look() -> Load:
        mine, memory = process.cpu_percent() / cores, float(process.memory_info().rss)
        return {"cpu": psutil.cpu_percent(), "process": mine, "memory": memory, **of_gpu()}

    look()
    return look


def _gpu() -> Callable[[], Load]:
    """The same of the GPU that PyTorch uses, if the package for that is installed."""
    try:
        import pynvml as nvml  # noqa: PLC0415 - of the extra `gpu`
        import torch  # noqa: PLC0415

        nvml.nvmlInit()
        gpu = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(0).uuid}")
    except Exception as error:  # noqa: BLE001 - a run needs no figures of its GPU
        logger.info("the GPU does not tell how busy it is: %s", error)
        return dict
    return lambda: {
        "gpu": float(nvml.nvmlDeviceGetUtilizationRates(gpu).gpu),
        "gpu_memory": float(nvml.nvmlDeviceGetMemoryInfo(gpu).used),
    }
