"""Measure how busy the machine is, and import without pauses for garbage collection.

Python looks for garbage by walking through all objects, the more often the more are made. Importing
PyTorch makes half a million, all to stay: looking through them costs a seventh of the imports'
time, and 0.2 … 0.3 s each time later.

How busy the machine is explains a slow run. The thread that trains looks by itself, as it logs, at
most every two seconds and in less than a millisecond: nothing wakes up while nothing trains.

The first frame needs this module: torch and psutil are imported on use.
"""

import gc
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rnn_tui.engine import events, waits

_IMPORTING = waits.Lock("the import of libraries", again=True)


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Look for no garbage while the imports inside go on, and nowhere in what they made later.

    One thread at a time: of two that import modules of PyTorch which import each other, one gets
    half a module: `ImportError`.
    """
    with _IMPORTING:
        was_enabled = gc.isenabled()
        module_count = len(sys.modules)
        gc.disable()
        try:
            yield
        finally:
            if len(sys.modules) > module_count:
                gc.freeze()
            if was_enabled:
                gc.enable()


SECONDS_BETWEEN = 2.0  # two looks
Load = dict[str, float]
logger = logging.getLogger(__name__)


class MachineWatch:
    """Looks at the machine in the course of one run's events."""

    def __init__(self) -> None:
        self._meter: _LoadMeter | None = None  # None before the run starts, and after a fault
        self._look_at = 0.0  # when to look next, on the monotonic clock
        self._looks = 0
        self._whole: Load = {}  # the means of all looks, and the most memory

    def after(self, event: events.Event) -> events.MachineSeen | None:
        """Return what to report of the machine after an event, if anything; raises nothing."""
        now = time.monotonic()
        try:
            if isinstance(event, events.RunStarted):
                self._meter = _LoadMeter(event.device)
                self._look_at = now + SECONDS_BETWEEN
            elif isinstance(event, events.StepLogged) and self._meter and now >= self._look_at:
                self._look_at = now + SECONDS_BETWEEN
                return self._summarise(event.run_id, self._meter.read())
        except Exception:
            logger.exception("the machine does not tell how busy it is")
            self._meter = None
        return None

    def _summarise(self, run_id: str, load: Load) -> events.MachineSeen:
        """Return the latest values, and the means of all; for memory the maximum."""
        self._looks += 1
        for name, value in load.items():
            whole = self._whole.get(name, value)
            if name.endswith("memory"):
                self._whole[name] = max(whole, value)
            else:
                self._whole[name] = whole + (value - whole) / self._looks  # a running mean
        return events.MachineSeen(run_id, load, dict(self._whole))


class _LoadMeter:
    """Measures how busy the machine is, and the GPU that trains, if it can be watched."""

    def __init__(self, device: str) -> None:
        import psutil  # on use only

        self._process = psutil.Process()
        self._cores = psutil.cpu_count() or 1
        self._watched = None
        if "cuda" in device:
            from rnn_tui.engine.training.devices import watched_gpu  # torch

            self._watched = watched_gpu(device)
        self.read()  # percentages are of the time since the previous call

    def read(self) -> Load:
        """Return the load since the previous call, in the form of `MachineSeen.now`."""
        import psutil  # on use only

        load = {
            "cpu": psutil.cpu_percent(),
            "process": self._process.cpu_percent() / self._cores,
            "memory": float(self._process.memory_info().rss),
        }
        if self._watched is not None:
            nvml, handle = self._watched
            load["gpu"] = float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            load["gpu_memory"] = float(nvml.nvmlDeviceGetMemoryInfo(handle).used)
        return load
