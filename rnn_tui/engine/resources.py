"""How busy the machine is; and imports without a pause.

Python looks for garbage by walking through all objects, the more often the more are made. Importing
PyTorch makes half a million, all to stay: looking through them costs a seventh of the imports'
time, and 0.2 ... 0.3 s each time later.

How busy the machine is explains a slow run. The thread that trains looks by itself, as it logs, at
most every two seconds and in less than a millisecond: nothing wakes up while nothing trains.

The first frame needs this module: torch and psutil are imported on use.
"""

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rnn_tui.engine import events
from rnn_tui.engine.devices import watched_gpu

_IMPORTING = threading.RLock()


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Look for no garbage while the imports inside go on, and nowhere in what they made later.

    One thread at a time: of two that import modules of PyTorch which import each other, one gets
    half a module: `ImportError`.
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
                self._look, self._next = _looking(event.device), now + SECONDS_BETWEEN
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
            self._whole[name] = (
                max(before, value)
                if name.endswith("memory")
                else before + (value - before) / self._looks
            )
        return events.MachineSeen(run_id, load, dict(self._whole))


def _looking(device: str) -> Callable[[], Load]:
    """What tells how busy the machine was since it was called before, and the GPU that trains, if
    it can be watched.
    """
    import psutil  # noqa: PLC0415 - on use only

    process, cores, watched = (
        psutil.Process(),
        psutil.cpu_count() or 1,
        watched_gpu(device) if "cuda" in device else None,
    )

    def look() -> Load:
        mine, memory = process.cpu_percent() / cores, float(process.memory_info().rss)
        load = {"cpu": psutil.cpu_percent(), "process": mine, "memory": memory}
        if watched is not None:
            nvml, gpu = watched
            load["gpu"] = float(nvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
            load["gpu_memory"] = float(nvml.nvmlDeviceGetMemoryInfo(gpu).used)
        return load

    look()
    return look
