"""How busy the machine is while a run trains, so that a slow run explains itself.

The thread that trains looks by itself, as it logs, at most every two seconds and in less than a
millisecond: nothing wakes up while nothing trains.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from rnn_tui.engine import events

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
            mean = before + (value - before) / self._looks
            self._whole[name] = max(before, value) if name.endswith("memory") else mean
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
