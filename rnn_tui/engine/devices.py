"""What PyTorch can compute on: which devices are here, what fits on them, what they are good at,
what their faults mean.

The first frame needs the module: torch and psutil are imported on use.
"""

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import DeviceError, SettingError, UserError, printable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from rnn_tui.engine.config import RunConfig

# After these a CUDA device answers a process with nothing but errors:
# https://github.com/pytorch/pytorch/issues/44624
_FAULTS = re.compile(
    "device-side assert|illegal memory access|illegal instruction|misaligned address|launch failure"
)
_FAILED: dict[str, str] = {}  # devices that are lost to this process, and what is said of that
_MPS = threading.Lock()
SECONDS_BETWEEN_LOOKS = 0.3
# of each weight; and what a step has of it: a gradient, and Adam's two moments
WEIGHT_BYTES, STEP_BYTES = 4, 12
SPARE = 0.8  # the share of what is free that is counted on
logger = logging.getLogger(__name__)


def require_repeatable_cuda() -> None:
    """Have an LSTM on CUDA repeat itself, unless the user's environment says otherwise.

    cuBLAS reads this as it is loaded: so call it before anything imports torch.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")


def devices_here() -> list[str]:
    """The names of the devices that PyTorch can use here, the one that `auto` stands for first."""
    import torch  # noqa: PLC0415

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [
        *(f"cuda:{at}" for at in range(gpus)),
        *(["mps"] if torch.backends.mps.is_available() else []),
        "cpu",
    ]


def resolve_device(name: str, *, to_compute: bool = False) -> "torch.device":
    """The device `name`; `auto`: CUDA, else MPS, else the CPU; `DeviceError` if not here, or
    `to_compute` and lost before.
    """
    import torch  # noqa: PLC0415

    here = devices_here()
    found = {"auto": here[0], "cuda": "cuda:0"}.get(name, name)
    if found not in here:
        *others, last = dict.fromkeys(("auto", "cpu", *here))
        what = f"There is no {printable(name)} device that PyTorch {torch.__version__} can use here"
        raise DeviceError(f"{what}; choose {', '.join(others)} or {last}.")
    if to_compute and found in _FAILED:
        raise DeviceError(_FAILED[found])
    return torch.device(found)


def gpus_in_words() -> Mapping[str, str]:
    """The CUDA devices by name, with their memory, what of it is free where that can be watched,
    and what they are called.
    """
    import torch  # noqa: PLC0415

    found = {}
    for name in (one for one in devices_here() if one.startswith("cuda")):
        with suppress(RuntimeError, AssertionError):  # of one that does not answer
            gpu, watched = torch.cuda.get_device_properties(name), watched_gpu(name)
            # PyTorch would tell as well what is free, and take half a gigabyte of each for that.
            free = (
                f"{watched[0].nvmlDeviceGetMemoryInfo(watched[1]).free / 2**30:.0f} of "
                if watched
                else ""
            )
            size = f"{free}{gpu.total_memory / 2**30:.0f} GiB{' free' if free else ''}"
            found[name] = printable(f"{name}, {size}, {gpu.name}")
    return found


def watched_gpu(name: str) -> tuple[Any, Any] | None:
    """NVIDIA's library that watches GPUs, and its handle of a device; None without the extra
    `gpu`.
    """
    try:
        import pynvml as nvml  # noqa: PLC0415 - of that extra
        import torch  # noqa: PLC0415

        nvml.nvmlInit()
        return nvml, nvml.nvmlDeviceGetHandleByUUID(
            f"GPU-{torch.cuda.get_device_properties(name).uuid}"
        )
    except Exception as error:  # noqa: BLE001 - nothing needs its figures
        logger.info("the GPU does not tell how busy it is: %s", error)
        return None


@contextmanager
def alone_on(
    device: "torch.device", stopping: Callable[[], bool], tell: Callable[[str], object]
) -> Iterator[bool]:
    """Compute on `device`, on MPS when no other thread does; False where that is stopped while it
    waits.

    Two threads at once in MPS can end the process: https://github.com/pytorch/pytorch/issues/197805
    """
    taken = device.type != "mps" or _MPS.acquire(blocking=False)
    if not taken:
        tell("The run waits for the run on MPS to end.")
    while not taken and not stopping():
        taken = _MPS.acquire(timeout=SECONDS_BETWEEN_LOOKS)
    try:
        yield taken
    finally:
        if taken and device.type == "mps":
            _MPS.release()


def sent(tensor: "Tensor", device: "torch.device") -> "Tensor":
    """`tensor` on the device, to which it goes while the thread goes on; MPS, which would read what
    is freed by then, waits.
    """
    if device.type == "cuda":
        tensor = tensor.pin_memory()  # from other memory CUDA copies while the thread waits
    return tensor.to(device, non_blocking=device.type != "mps")


def free_memory(device: "torch.device") -> int | None:
    """Bytes that may still be used on a device; None where nothing tells."""
    import psutil  # noqa: PLC0415
    import torch  # noqa: PLC0415

    if device.type == "cuda" and torch.cuda.is_available():
        # which PyTorch keeps for itself
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + unused)
    if device.type == "mps" and torch.backends.mps.is_available():
        return int(torch.mps.recommended_max_memory()) - torch.mps.driver_allocated_memory()
    return int(psutil.virtual_memory().available) if device.type == "cpu" else None


class NotEnoughMemoryError(MemoryError):
    """More is needed than is free; `args` are the bytes left for a batch, and those that each
    sample of it takes.
    """


def require_memory(
    device: "torch.device", batch_size: int, sample_bytes: int, other_bytes: int = 0
) -> None:
    """Raise `NotEnoughMemoryError` where a step of `batch_size` and what is needed besides are more
    than is free on the CPU.

    On a GPU PyTorch raises an error of its own; Linux grants memory that the CPU does not have,
    then kills whoever uses it.
    """
    room = free_memory(device) if device.type == "cpu" else None
    if room is not None and other_bytes + batch_size * sample_bytes > room:
        raise NotEnoughMemoryError(room - other_bytes, sample_bytes)


def in_words(
    error: Exception,
    config: "RunConfig",
    device: "torch.device",
    room: int | None = None,
    sample_bytes: int = 0,
) -> UserError | None:
    """What a user is told of an `error` of the device or its memory; None for any other.

    Before the first step there was `room`, and a step takes `sample_bytes` for a sample, as far as
    is known.
    """
    import torch  # noqa: PLC0415

    text, fault = str(error).lower(), _FAULTS.search(str(error))
    if fault and device.type == "cuda":
        told = (
            f"The GPU {device} has failed ({fault[0]}), and this process can't use it any more: "
            "restart rnn-tui, then"
        )
        _FAILED[str(device)] = f"{told} resume the run, which goes on from its last checkpoint."
        return DeviceError(_FAILED[str(device)])
    told_so = "alloc" in text and ("memory" in text or "alloc_failed" in text)
    if not (told_so or isinstance(error, MemoryError | torch.OutOfMemoryError)):
        return None
    if isinstance(error, NotEnoughMemoryError):
        room, sample_bytes = error.args
    fits = (
        config.batch_size
        if room is None or not sample_bytes
        else max(0, int(room * SPARE)) // sample_bytes
    )
    if fits >= config.batch_size:  # it did not fit
        fits = max(1, config.batch_size // 4)
    return SettingError(config.out_of_memory(fits - fits % int(10 ** max(0, len(str(fits)) - 2))))


def precision(device: "torch.device", bfloat16: bool) -> "AbstractContextManager[object]":
    """A context in which matrix products run in bfloat16, or everything in float32.

    Autocast's cache of converted weights stays off: it is shared between threads and emptied by
    whichever leaves first, so that what is added up in bfloat16 would depend on chance.
    """
    import torch  # noqa: PLC0415

    return (
        torch.autocast(device.type, torch.bfloat16, cache_enabled=False)
        if bfloat16
        else nullcontext()
    )


def fast_bfloat16(device: "torch.device") -> bool:
    """Whether `device` is faster at matrix products in bfloat16 than in float32, which not all with
    instructions for it are.
    """
    import torch  # noqa: PLC0415

    if device.type == "cuda":  # of this device: `torch.cuda.is_bf16_supported` tells of the first
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    has = (
        torch.cpu.get_capabilities()
        if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities")
        else {}
    )
    # Intel's AVX-512 takes twice as long as in float32 (measured on a Xeon without AMX); AMD's
    # gains by it.
    intel = "intel" in str(has.get("cpu_name", "")).lower()
    return bool(has.get("amx_bf16") or (has.get("avx512_bf16") and not intel))
