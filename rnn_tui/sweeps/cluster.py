"""The workers that a Dask client reaches: which of them fit, and what they are asked."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import ClusterError, SafeText, printable
from rnn_tui.runs.database_rows import versions
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.jobs import WorkerSeen

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CALL = 60.0
# seldom where there are many, as the scheduler tells of all
SECONDS_BETWEEN_LOOKS, WORKERS_A_SECOND = 1.0, 200
AGREE = ("rnn-tui", "torch", "python")


class ClusterWorkers:
    """Those that a client reaches; `warn` is told of each that does not fit, once others do."""

    def __init__(self, client: "Client", warn: Callable[[str], object]) -> None:
        self._client, self._warn = client, warn
        self.good: dict[str, SafeText] = {}  #: those that fit, by address: their hosts.
        self.refused: dict[str, str] = {}  #: those that do not: why, in a sentence.
        self._metrics: dict[str, Mapping[str, Any]] = {}
        self._looked_at = 0.0

    async def look(self) -> None:
        """Learn who is there, now and then; who is new must fit, and ClusterError is raised if none
        of them does.
        """
        now = time.monotonic()
        if self._looked_at and now - self._looked_at < max(
            SECONDS_BETWEEN_LOOKS, len(self.good) / WORKERS_A_SECOND
        ):
            return
        self._looked_at = now
        with suppress(OSError, TimeoutError):  # who does not answer now is asked again
            async with asyncio.timeout(SECONDS_TO_CALL):
                there = (await self._client.scheduler.identity(n_workers=-1))["workers"]  # type: ignore[union-attr]
                new = [
                    address
                    for address in there
                    if address not in self.good and address not in self.refused
                ]
                answers = (
                    await self._client.run(worker.about, workers=new, on_error="return")
                    if new
                    else {}
                )
            for address, said in answers.items():
                self.greet(address, said, there[address].get("nthreads", 1))
            self.good = {address: host for address, host in self.good.items() if address in there}
            self._metrics = {address: there[address]["metrics"] for address in self.good}
        if self.refused and not self.good:
            raise ClusterError(next(iter(self.refused.values())))

    def greet(self, address: str, said: Any, threads: int = 1) -> str:
        """Take in what a worker says of itself; returns why it does not fit, if so."""
        if misfit := _misfit(said, threads):
            self.refuse(address, misfit)
        else:
            self.good.setdefault(address, printable(said.get("host")))
        return misfit

    def refuse(self, address: str, misfit: str) -> None:
        """Give a worker nothing to do."""
        if address not in self.refused:
            self.refused[address] = f"The worker {printable(address, 100)} can't train: {misfit}"
            self.good.pop(address, None)
            if self.good:
                self._warn(self.refused[address])

    def seen(self, runs: Mapping[str, Collection[str]]) -> tuple[WorkerSeen, ...]:
        """How busy those that fit last were; `runs` has by address what they train."""
        return tuple(
            WorkerSeen(
                self.good[at],
                printable(at, 100),
                load.get("cpu", 0.0),
                load.get("memory", 0),
                tuple(runs.get(at, ())),
            )
            for at, load in ((address, self._metrics.get(address, {})) for address in self.good)
        )

    async def call(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function says on a worker; raises LookupError if that can't be asked, or has no
        answer.
        """
        try:
            async with asyncio.timeout(SECONDS_TO_CALL):
                answers = await self._client.run(
                    function, *arguments, workers=[address], on_error="return"
                )
        except Exception as error:
            raise LookupError(f"{address} can't be asked") from error
        if isinstance(answer := answers.get(address), BaseException):
            raise LookupError(str(answer)) from answer
        return answer

    async def tell(
        self, addresses: Collection[str], function: Callable[..., Any], *arguments: Any
    ) -> None:
        """Have several workers do something, as far as they can be reached."""
        if addresses:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(SECONDS_TO_CALL):
                    await self._client.run(
                        function, *arguments, workers=list(addresses), on_error="ignore"
                    )


def _misfit(said: Any, threads: int) -> str:
    """Why a worker does not fit; empty where it does."""
    if threads != 1:
        return (
            f"it has {threads} threads; start it with --nthreads 1, and more workers in place of "
            "threads."
        )
    # an error, as a rule
    if not isinstance(said, dict) or not isinstance(said.get("versions"), dict):
        return (
            f"rnn-tui can't be used there ({printable(said, 120)}); install it there, in the "
            "same version as here."
        )
    theirs, ours = said["versions"], versions()
    for name in AGREE:
        if theirs.get(name) != ours.get(name):
            there = printable(theirs.get(name, "none"), 40)
            return (
                f"it has {name} {there}, and here it is {ours.get(name)}; install the same "
                "versions on all machines."
            )
    return ""
