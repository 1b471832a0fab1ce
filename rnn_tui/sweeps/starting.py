"""Starts workers at a place, or reaches those that are there.

Dask unpickles what it is sent: whoever may connect to a scheduler or a worker runs programs there.
So whatever is started here speaks TLS, with a key that is made for the sweep and that both ends
must have, and serves no web page. Who connects to a scheduler that is there is up to those who run
it; its certificates are Dask's own configuration (`distributed.comm`).
"""

import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from multiprocessing import resource_tracker
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import ClusterError, printable, why
from rnn_tui.engine.paths import data_dir
from rnn_tui.sweeps.places import JOB_QUEUES, LOCAL, SSH, TrainingPlace, require_package
from rnn_tui.sweeps.ssh import ssh_cluster

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CONNECT = 10.0
# Dask serves HTTP in any case: here to this machine alone, and nothing but "not found".
NO_PAGE = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
LOGGERS = ("distributed", "tornado", "bokeh")
# What workers say that are started here, whose screen is ours: set as they start, before Dask is
# imported there.
WORKER_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "rnn_tui.engine.logs.LogFile"}},
    "root": {"level": "WARNING", "handlers": ["file"]},
}
# What a terminal sends to all of its processes is for home, which stops its workers by itself.
PRELOAD = """import logging, signal
logging.raiseExceptions = False
for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_IGN)"""
# Dask reads the address of what it starts by SSH from its log: it would wait for ever where a user
# has it log less.
SSH_LOGGING = {"distributed.logging": {"distributed": "info"}}
SETTINGS: dict[str, Any] = {
    "distributed.admin.low-level-log-length": 100,  # of what is told, for each topic
    # What would take a few hundredths of each core: looks at every thread's stack, and at how
    # late the loop is.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.preload": [PRELOAD],
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
logger = logging.getLogger(__name__)


@asynccontextmanager
async def connected(place: TrainingPlace) -> AsyncIterator["Client"]:
    """Workers to train on, or a ClusterError; those that were started for this end with it."""
    require_package("distributed", "cluster")
    import dask  # noqa: PLC0415 - of the extra `cluster`
    from distributed import Client, LocalCluster  # noqa: PLC0415

    _log_to_file()
    async with AsyncExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        if place.kind == SSH:
            stack.enter_context(dask.config.set(SSH_LOGGING))
        else:
            variable = "distributed.nanny.pre-spawn-environ.DASK_LOGGING"
            stack.enter_context(dask.config.set({variable: repr(WORKER_LOGGING)}))
        try:
            address: Any = place.text
            if place.kind == SSH:
                address = await stack.enter_async_context(ssh_cluster(place.hosts))
            elif place.kind != "address":
                cluster = _made(place)
                if isinstance(cluster, LocalCluster):
                    stack.enter_context(_signals_kept_from_workers())
                address = await stack.enter_async_context(cluster)
                if place.kind == "file" and place.workers:
                    cluster.scale(place.workers)
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
def _signals_kept_from_workers() -> Iterator[None]:
    """While workers of this machine are there: what a terminal sends to all processes is for home.

    A worker inherits what the thread that starts it blocks, be it in the place of one that died.
    Handlers of home are called all the same, since another thread takes the signals.
    """
    if sys.platform == "win32":
        yield
        return
    # It blocks SIGINT as it starts, then takes that back, whoever had blocked it before.
    resource_tracker.ensure_running()
    over = threading.Event()
    threading.Thread(target=over.wait, name="takes-signals", daemon=True).start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        over.set()


def _made(place: TrainingPlace) -> Any:
    """A cluster that is to be started."""
    require_package("cryptography", "cluster")
    from distributed import LocalCluster, Security  # noqa: PLC0415
    from distributed.deploy.cluster import Cluster  # noqa: PLC0415

    security = Security.temporary()
    local = {
        "security": security,
        "threads_per_worker": 1,
        "scheduler_kwargs": NO_PAGE,
        "asynchronous": True,
    }
    if place.kind == LOCAL:
        # without a limit of memory, near which Dask would end a worker; it removes what is in the
        # folder
        return LocalCluster(
            n_workers=place.workers,
            host="127.0.0.1",
            memory_limit=0,
            local_directory=str(data_dir() / "workers"),
            **local,
        )
    kind = resolve_name(place.cluster)
    if not isinstance(kind, type) or not issubclass(kind, Cluster):
        raise ValueError(f"{printable(place.cluster)} is no cluster of Dask's")
    if issubclass(kind, LocalCluster):
        return kind(**{**local, **place.arguments})
    if place.cluster in JOB_QUEUES:
        data_dir().mkdir(parents=True, exist_ok=True)  # the key lies there, for jobs to read
        queue = {
            "security": security,
            "shared_temp_directory": str(data_dir()),
            "scheduler_options": NO_PAGE,
        }
        return kind(**{**queue, **place.arguments}, asynchronous=True)
    return kind(**place.arguments, asynchronous=True)


def _log_to_file() -> None:
    """Have Dask's own handlers write to no screen: what they say goes where all else is logged."""
    import distributed  # noqa: F401, PLC0415 - makes them

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LOGGERS:
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True
    logging.getLogger("distributed").setLevel(logging.WARNING)
