"""Choosing a device, and finding out what it can do."""

import torch

from rnn_tui.engine.errors import DeviceError


def resolve_device(name: str) -> torch.device:
    """The device called `name`; `auto` takes CUDA, else MPS, else the CPU.

    Raises:
        DeviceError: if a device was named that this machine or this torch build lacks.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((kind for kind, there in present.items() if there), "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if not present.get(name, False):
        raise DeviceError(
            f"There is no {name} device that PyTorch {torch.__version__} can use here; "
            "choose auto or cpu."
        )
    return torch.device(name, 0) if name == "cuda" else torch.device(name)


def precision(device: torch.device, bfloat16: bool) -> torch.autocast:
    """A context in which matrix products run in bfloat16, or everything in float32.

    Autocast's cache of converted weights stays off: it is shared between threads and emptied by
    whichever leaves first, so that what is added up in bfloat16 would depend on chance.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16, cache_enabled=False)


def fast_bfloat16(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 have their own instructions on `device`.

    Without them PyTorch converts back and forth, which is slower than float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        has = torch.cpu.get_capabilities()
        return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return False
