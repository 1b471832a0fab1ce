"""The workers that a Dask client reaches: which of them are usable, and what they are asked."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rnn_tui.archive.database_rows import versions
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import ClusterError, SafeText, printable
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.jobs import WorkerSeen

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CALL = 60.0
# The scheduler tells of all workers at once: of many, it is asked less often.
SECONDS_BETWEEN_LOOKS = 1.0
WORKERS_A_SECOND = 200
AGREE = ("rnn-tui", "torch", "python")  # versions that must be the same on all machines


class ClusterWorkers:
    """The workers that a Dask client reaches, sorted into usable and refused ones."""

    def __init__(self, client: "Client", warn: Callable[[str], object]) -> None:
        """`warn` is called with a sentence on each refused worker while others are usable."""
        self._client = client
        self._warn = warn
        self.usable: dict[str, SafeText] = {}  #: hosts, by address.
        self.refused: dict[str, str] = {}  #: why, in a sentence, by address.
        self._metrics: dict[str, Mapping[str, Any]] = {}  # what Dask measured last, by address
        self._looked_at = 0.0

    async def look(self) -> None:
        """Learn now and then which workers are there, and check those that are new.

        Raises:
            ClusterError: if all that are there are refused.
        """
        now = time.monotonic()
        pause = max(SECONDS_BETWEEN_LOOKS, len(self.usable) / WORKERS_A_SECOND)
        if self._looked_at and now - self._looked_at < pause:
            return
        self._looked_at = now
        with suppress(OSError, TimeoutError):  # who does not answer now is asked again
            with awaiting("the scheduler to tell its workers"):
                async with asyncio.timeout(SECONDS_TO_CALL):
                    there = (await self._client.scheduler.identity(n_workers=-1))["workers"]  # type: ignore[union-attr]
                    new = there.keys() - self.usable.keys() - self.refused.keys()
                    descriptions = await self._describe(new)
            for address, description in descriptions.items():
                self.admit(address, description, there[address].get("nthreads", 1))
            self.usable = {
                address: host for address, host in self.usable.items() if address in there
            }
            self._metrics = {address: there[address]["metrics"] for address in self.usable}
        if self.refused and not self.usable:
            raise ClusterError(next(iter(self.refused.values())))

    async def _describe(self, addresses: Collection[str]) -> dict[str, Any]:
        """Ask workers to describe themselves; by address a description, or an exception."""
        if not addresses:
            return {}
        descriptions: dict[str, Any] = await self._client.run(
            worker.describe, workers=list(addresses), on_error="return"
        )
        return descriptions

    def admit(self, address: str, description: Any, threads: int = 1) -> str:
        """Sort a worker by how it describes itself; returns why it is refused, if it is."""
        misfit = _misfit(description, threads)
        if misfit:
            self._refuse(address, misfit)
        else:
            self.usable.setdefault(address, printable(description.get("host")))
        return misfit

    def _refuse(self, address: str, misfit: str) -> None:
        """Give a worker nothing to do."""
        if address not in self.refused:
            self.refused[address] = f"The worker {printable(address, 100)} can't train: {misfit}"
            self.usable.pop(address, None)
            if self.usable:
                self._warn(self.refused[address])

    def seen(self, runs: Mapping[str, Collection[str]]) -> tuple[WorkerSeen, ...]:
        """Return how busy the usable workers were last; `runs` is by address what they train."""
        return tuple(
            self._worker_seen(address, host, runs.get(address, ()))
            for address, host in self.usable.items()
        )

    def _worker_seen(self, address: str, host: SafeText, runs: Collection[str]) -> WorkerSeen:
        load = self._metrics.get(address, {})
        return WorkerSeen(
            host,
            printable(address, 100),
            cpu=load.get("cpu", 0.0),
            memory=load.get("memory", 0),
            runs=tuple(runs),
        )

    async def call(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function on a worker; returns what that returns.

        Raises:
            LookupError: if the worker can't be reached, or the function fails there.
        """
        try:
            with awaiting(f"worker {printable(address, 100)}"):
                async with asyncio.timeout(SECONDS_TO_CALL):
                    answers = await self._client.run(
                        function, *arguments, workers=[address], on_error="return"
                    )
        except Exception as error:
            raise LookupError(f"{address} can't be asked") from error
        answer = answers.get(address)
        if isinstance(answer, BaseException):
            raise LookupError(str(answer)) from answer
        return answer

    async def call_all(
        self, addresses: Collection[str], function: Callable[..., Any], *arguments: Any
    ) -> None:
        """Call a function on several workers, as far as they can be reached."""
        if not addresses:
            return
        with suppress(OSError, TimeoutError), awaiting("workers to obey"):
            async with asyncio.timeout(SECONDS_TO_CALL):
                await self._client.run(
                    function, *arguments, workers=list(addresses), on_error="ignore"
                )


def _misfit(description: Any, threads: int) -> str:
    """Return a sentence on why a worker can't be used; empty if it can."""
    if threads != 1:
        return (
            f"it has {threads} threads; start it with --nthreads 1, and more workers in place of "
            "threads."
        )
    # Where rnn-tui can't be imported, an error comes in place of a description.
    if not isinstance(description, dict) or not isinstance(description.get("versions"), dict):
        return (
            f"rnn-tui can't be used there ({printable(description, 120)}); install it there, in "
            "the same version as here."
        )
    theirs = description["versions"]
    ours = versions()
    for name in AGREE:
        if theirs.get(name) != ours.get(name):
            there = printable(theirs.get(name, "none"), 40)
            return (
                f"it has {name} {there}, and here it is {ours.get(name)}; install the same "
                "versions on all machines."
            )
    return ""
