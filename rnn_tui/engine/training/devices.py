"""Find the devices of PyTorch, what fits on them, and what their errors mean."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import psutil
import torch
from torch import Tensor

from rnn_tui.engine import waits
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import DeviceError, SettingError, UserError, printable

# After these a CUDA device answers a process with nothing but errors:
# https://github.com/pytorch/pytorch/issues/44624
_FAULTS = re.compile(
    "device-side assert|illegal memory access|illegal instruction|misaligned address|launch failure"
)
_FAILED: dict[str, str] = {}  # devices that are lost to this process, each with a sentence on it
_MPS = waits.Lock("the device mps")  # one thread at a time computes there
SECONDS_BETWEEN_LOOKS = 0.3
SPARE = 0.8  # the share of what is free that is counted on
logger = logging.getLogger(__name__)


def devices_here() -> list[str]:
    """Return the names of the devices that PyTorch can use here, first that of `auto`."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = [f"cuda:{number}" for number in range(gpus)]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def resolve_device(name: str, *, to_compute: bool = False) -> torch.device:
    """Return the device of a name.

    Args:
        name: such as `cuda:1`; `cuda` is the first GPU, `auto` CUDA, else MPS, else the CPU.
        to_compute: whether it is to be computed on, which a device that failed can't.

    Raises:
        DeviceError: if it is not here, or failed before and is to compute.
    """
    here = devices_here()
    full_name = {"auto": here[0], "cuda": "cuda:0"}.get(name, name)
    if full_name not in here:
        *others, last = dict.fromkeys(("auto", "cpu", *here))
        raise DeviceError(
            f"There is no {printable(name)} device that PyTorch {torch.__version__} can use here; "
            f"choose {', '.join(others)} or {last}."
        )
    if to_compute and full_name in _FAILED:
        raise DeviceError(_FAILED[full_name])
    return torch.device(full_name)


def gpus_in_words() -> Mapping[str, str]:
    """Return the CUDA devices by name, each with its memory and what it is called.

    How much of the memory is free is said if the GPU can be watched.
    """
    words = {}
    for name in devices_here():
        if not name.startswith("cuda"):
            continue
        with suppress(RuntimeError, AssertionError):  # a GPU that does not answer is left out
            gpu = torch.cuda.get_device_properties(name)
            size = f"{gpu.total_memory / 2**30:.0f} GiB"
            # PyTorch would tell as well what is free, and take half a gigabyte of each for that.
            watched = watched_gpu(name)
            if watched is not None:
                nvml, handle = watched
                free = nvml.nvmlDeviceGetMemoryInfo(handle).free
                size = f"{free / 2**30:.0f} of {size} free"
            words[name] = printable(f"{name}, {size}, {gpu.name}")
    return words


def watched_gpu(name: str) -> tuple[Any, Any] | None:
    """Return NVIDIA's library that watches GPUs, and its handle of a device.

    None without the extra `gpu`, or if the GPU does not answer.
    """
    try:
        import pynvml as nvml  # of that extra

        nvml.nvmlInit()
        uuid = torch.cuda.get_device_properties(name).uuid
        return nvml, nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
    except Exception as error:  # noqa: BLE001 - nothing needs its figures
        logger.info("the GPU does not tell how busy it is: %s", error)
        return None


@contextmanager
def alone_on(
    device: torch.device, stopping: Callable[[], bool], tell: Callable[[str], object]
) -> Iterator[bool]:
    """Compute on a device; on MPS, only while no other thread of this process does.

    Two threads at once in MPS can end the process: https://github.com/pytorch/pytorch/issues/197805

    Args:
        device: where to compute.
        stopping: whether the wait is to end.
        tell: called with a sentence if this has to wait.

    Yields:
        Whether the device is free; False if the wait was stopped.
    """
    if device.type != "mps":
        yield True
        return
    is_mine = _MPS.acquire(blocking=False)
    if not is_mine:
        tell("The run waits for the run on MPS to end.")
    with waits.Waiting("the other run on MPS", by_design=True):
        while not is_mine and not stopping():
            is_mine = _MPS.acquire(timeout=SECONDS_BETWEEN_LOOKS)
    try:
        yield is_mine
    finally:
        if is_mine:
            _MPS.release()


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy a tensor to a device while the thread goes on.

    On MPS the thread waits, since the copy would read memory that is freed by then.
    """
    if device.type == "cuda":
        tensor = tensor.pin_memory()  # from other memory CUDA copies while the thread waits
    return tensor.to(device, non_blocking=device.type != "mps")


def free_memory(device: torch.device) -> int | None:
    """Return the bytes that are free on a device; None if that is unknown."""
    if device.type == "cpu":
        return int(psutil.virtual_memory().available)
    if device.type == "cuda" and torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info(device)
        # PyTorch keeps memory for itself that no tensor uses.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + unused)
    if device.type == "mps" and torch.backends.mps.is_available():
        return int(torch.mps.recommended_max_memory()) - torch.mps.driver_allocated_memory()
    return None


class NotEnoughMemoryError(MemoryError):
    """More is needed than is free.

    Its `args` are the bytes left for a batch, and those that each sample of it takes.
    """


def require_memory(
    device: torch.device, batch_size: int, sample_bytes: int, other_bytes: int = 0
) -> None:
    """Do nothing if the CPU has memory for a step.

    On a GPU PyTorch raises an error of its own; Linux grants memory that is not there, then kills
    the process that uses it.

    Args:
        device: where to compute; nothing is checked for others than the CPU.
        batch_size: samples in a step.
        sample_bytes: what a step takes for each of them.
        other_bytes: what is needed besides.

    Raises:
        NotEnoughMemoryError: if that is more than is free.
    """
    if device.type != "cpu":
        return
    room = free_memory(device)
    if room is not None and other_bytes + batch_size * sample_bytes > room:
        raise NotEnoughMemoryError(room - other_bytes, sample_bytes)


def explain_error(
    error: Exception,
    config: RunConfig,
    device: torch.device,
    room: int | None = None,
    sample_bytes: int = 0,
) -> UserError | None:
    """Return an error in the user's words for an error of the device or its memory.

    Args:
        error: what a step, or what came before it, raised.
        config: the run's settings.
        device: where it computed.
        room: bytes that were free before the first step; None if that is not known.
        sample_bytes: what a step takes for each sample of a batch; 0 if that is not known.

    Returns:
        None if the error is of another kind.
    """
    fault = _FAULTS.search(str(error))
    if fault and device.type == "cuda":
        sentence = (
            f"The GPU {device} has failed ({fault[0]}), and this process can't use it any more: "
            "restart rnn-tui, then resume the run from its last checkpoint."
        )
        _FAILED[str(device)] = sentence
        return DeviceError(sentence)
    if not _is_of_memory(error):
        return None
    if isinstance(error, NotEnoughMemoryError):
        room, sample_bytes = error.args
    batch_size = config.batch_size
    if room is not None and sample_bytes:
        batch_size = max(0, int(room * SPARE)) // sample_bytes
    if batch_size >= config.batch_size:  # this size did not fit
        batch_size = max(1, config.batch_size // 4)
    return SettingError(config.out_of_memory(_round_down(batch_size)))


def _is_of_memory(error: Exception) -> bool:
    """Return whether an error says that memory ran out; not all libraries have a class for that."""
    text = str(error).lower()
    says_so = "alloc" in text and ("memory" in text or "alloc_failed" in text)
    return says_so or isinstance(error, MemoryError | torch.OutOfMemoryError)


def _round_down(number: int) -> int:
    """Round a number down to two significant digits."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return number - number % int(unit)


def precision(device: torch.device, bfloat16: bool) -> AbstractContextManager[object]:
    """Return a context in which matrix products run in bfloat16, or everything in float32.

    Autocast's cache of converted weights stays off: it is shared between threads and emptied by
    whichever leaves first, so that what is added up in bfloat16 would depend on chance.
    """
    if not bfloat16:
        return nullcontext()
    # Threads share autocast's cache: with it, results would not be repeatable.
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)


def fast_bfloat16(device: torch.device) -> bool:
    """Return whether matrix products on a device are faster in bfloat16 than in float32.

    Some processors have bfloat16 instructions and are still slower with them: Intel's AVX-512 takes
    twice as long as in float32 (measured on a Xeon without AMX), while AMD's gains by it.
    """
    if device.type == "cuda":  # `torch.cuda.is_bf16_supported` only looks at the first device
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    if capabilities.get("amx_bf16"):
        return True
    is_intel = "intel" in str(capabilities.get("cpu_name", "")).lower()
    return bool(capabilities.get("avx512_bf16")) and not is_intel
