"""Starts workers at a place, or reaches those that are there.

Dask unpickles what it is sent, so only machines that trust each other may talk to one another; what
is started here listens on the loopback interface. TLS is Dask's own configuration
(`distributed.comm`), which clients and clusters read by themselves.
"""

import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import ClusterError, printable, why
from rnn_tui.engine.paths import data_dir
from rnn_tui.sweeps.places import LOCAL, SSH, TrainingPlace, require

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CONNECT = 10.0
# What a terminal sends to all of its processes is for home, which stops its workers by itself.
IGNORE_SIGNALS = """import signal
for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_IGN)"""
logger = logging.getLogger(__name__)


@asynccontextmanager
async def connected(place: TrainingPlace) -> AsyncIterator["Client"]:
    """Workers to train on, or a ClusterError; those that were started for this end with it."""
    require("distributed", "cluster")
    import dask  # noqa: PLC0415 - of the extra `cluster`
    from distributed import Client  # noqa: PLC0415

    _log_to_file()
    settings: dict[str, Any] = {
        "distributed.admin.low-level-log-length": 100,  # of what is told, for each topic
        # What would take a few hundredths of each core: looks at every thread's stack, and at how
        # late the loop is.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.worker.preload": [IGNORE_SIGNALS],
    }
    # they would write on our screen; elsewhere Dask itself reads what they say
    if place.kind == LOCAL:
        settings["logging"] = {"distributed": "critical"}
        # read before all else
        settings["distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED"] = "critical"
    async with AsyncExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        try:
            address: Any = place.text
            if place.kind != "address":
                with _signals_blocked(place):
                    address = await stack.enter_async_context(_made(place))
                if place.kind == "file" and place.workers:
                    address.scale(place.workers)
            client = Client(
                address,
                asynchronous=True,
                set_as_default=False,
                timeout=SECONDS_TO_CONNECT,
                name="rnn-tui",
            )
            await stack.enter_async_context(client)
        except Exception as error:  # whatever a cluster of any kind may raise
            logger.exception("no workers at %s", printable(place.text, 200))
            where = f"{printable(place.text, 100)} ({why(error, 200)})"
            raise ClusterError(f"There are no workers to be had at {where}.") from error
        yield client


@contextmanager
def _signals_blocked(place: TrainingPlace) -> Iterator[None]:
    """While local workers start: they keep signals blocked until they ignore them; home gets those
    that come after it.
    """
    if sys.platform == "win32" or place.kind != LOCAL:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _made(place: TrainingPlace) -> Any:
    """A cluster that is to be started."""
    if place.kind == LOCAL:
        from distributed import LocalCluster  # noqa: PLC0415

        # without a limit of memory, near which Dask would end a worker; it removes what is in the
        # folder
        return LocalCluster(
            n_workers=place.workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address=None,
            local_directory=str(data_dir() / "workers"),
            asynchronous=True,
        )
    if place.kind == SSH:
        require("asyncssh", "cluster")
        from distributed import SSHCluster  # noqa: PLC0415

        return SSHCluster(
            [place.hosts[0], *place.hosts], worker_options={"nthreads": 1}, asynchronous=True
        )
    from distributed.deploy.cluster import Cluster  # noqa: PLC0415

    kind = resolve_name(place.cluster)
    if not isinstance(kind, type) or not issubclass(kind, Cluster):
        raise ValueError(f"{printable(place.cluster)} is no cluster of Dask's")
    return kind(**place.arguments, asynchronous=True)


def _log_to_file() -> None:
    """Have Dask's own handlers write to no screen: what they say goes where all else is logged."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True
    logging.getLogger("distributed").setLevel(logging.WARNING)
