"""Starts workers at a place, or connects to existing ones.

Dask unpickles what it receives, so anybody who can connect to a scheduler or a worker can run
programs there. Therefore schedulers and workers that are started here use TLS, with a key that is
made for the sweep and that both ends must have, and serve no web page. The owners of an existing
scheduler protect it; its certificates are in Dask's own configuration (`distributed.comm`).

Dask is of an extra: whoever imports this module asks `places.require_package` first.
"""

import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from multiprocessing import resource_tracker
from pkgutil import resolve_name
from typing import Any

import dask
from distributed import Client, LocalCluster, Security
from distributed.deploy.cluster import Cluster

from rnn_tui.engine.errors import ClusterError, printable, why
from rnn_tui.engine.files.paths import data_dir
from rnn_tui.sweeps.places import JOB_QUEUES, LOCAL, SSH, TrainingPlace, require_package

SECONDS_TO_CONNECT = 10.0
# Dask serves HTTP in any case: here to this machine alone, and only "not found".
NO_PAGE = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
LOGGERS = ("distributed", "tornado", "bokeh")
# Workers that are started here share our screen, so they log into the file. This is set as they
# start, before Dask is imported there.
WORKER_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "rnn_tui.engine.process.logs.LogFile"}},
    "root": {"level": "WARNING", "handlers": ["file"]},
}
# A terminal sends its signals to all of its processes: workers ignore them, and home stops workers
# by itself.
PRELOAD = """import logging, signal
logging.raiseExceptions = False
logging.captureWarnings(True)
for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_IGN)"""
# Dask reads the address of what it starts by SSH from its log; if a user has it log less, it would
# wait for ever.
SSH_LOGGING = {"distributed.logging": {"distributed": "info"}}
SETTINGS: dict[str, Any] = {
    "distributed.admin.low-level-log-length": 100,  # messages that are held of each topic
    # Looking at every thread's stack, and at how late the loop is, would take a few hundredths of
    # each core.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.preload": [PRELOAD],
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
logger = logging.getLogger(__name__)


@asynccontextmanager
async def connected(place: TrainingPlace) -> AsyncIterator[Client]:
    """Connect to workers, which are started if need be; those end with the context.

    Raises:
        ClusterError: if there are none to be had.
    """
    _log_to_file()
    async with AsyncExitStack() as stack:
        stack.enter_context(dask.config.set(SETTINGS))
        if place.kind == SSH:
            stack.enter_context(dask.config.set(SSH_LOGGING))
        else:
            variable = "distributed.nanny.pre-spawn-environ.DASK_LOGGING"
            stack.enter_context(dask.config.set({variable: repr(WORKER_LOGGING)}))
        try:
            cluster: Any = place.text  # an address, or what is started here
            if place.kind == SSH:
                require_package("asyncssh", "cluster")
                from rnn_tui.sweeps.ssh import ssh_cluster

                cluster = await stack.enter_async_context(ssh_cluster(place.hosts))
            elif place.kind != "address":
                cluster = _make_cluster(place)
                if isinstance(cluster, LocalCluster):
                    stack.enter_context(_signals_kept_from_workers())
                cluster = await stack.enter_async_context(cluster)
                if place.kind == "file" and place.workers:
                    cluster.scale(place.workers)
            client = Client(
                cluster,
                asynchronous=True,
                set_as_default=False,
                timeout=SECONDS_TO_CONNECT,
                name="rnn-tui",
            )
            await stack.enter_async_context(client)
        except Exception as error:  # a cluster of any kind may raise anything
            logger.exception("no workers at %s", printable(place.text, 200))
            raise ClusterError(
                f"There are no workers to be had at {printable(place.text, 100)} "
                f"({why(error, 200)})."
            ) from error
        yield client


@contextmanager
def _signals_kept_from_workers() -> Iterator[None]:
    """Keep a terminal's signals from workers that are started on this machine meanwhile.

    A worker inherits which signals are blocked in the thread that starts it, also one that takes
    the place of a dead worker. Handlers of home are called all the same, since another thread takes
    the signals.
    """
    if sys.platform == "win32":
        yield
        return
    # As it starts, multiprocessing's tracker blocks SIGINT and then unblocks it, even if it was
    # blocked: so it has to run before.
    resource_tracker.ensure_running()
    is_over = threading.Event()
    threading.Thread(target=is_over.wait, name="takes-signals", daemon=True).start()
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
        is_over.set()


def _make_cluster(place: TrainingPlace) -> Any:
    """Return a cluster of Dask's that is to be started; raises whatever its class does."""
    require_package("cryptography", "cluster")
    security = Security.temporary()
    local_arguments = {
        "security": security,
        "threads_per_worker": 1,
        "scheduler_kwargs": NO_PAGE,
        "asynchronous": True,
    }
    if place.kind == LOCAL:
        return LocalCluster(
            n_workers=place.workers,
            host="127.0.0.1",
            memory_limit=0,  # none: near a limit Dask would end a worker
            local_directory=str(data_dir() / "workers"),  # which Dask empties
            **local_arguments,
        )
    cluster_class = resolve_name(place.cluster)
    if not isinstance(cluster_class, type) or not issubclass(cluster_class, Cluster):
        raise ValueError(f"{printable(place.cluster)} is no cluster of Dask's")
    if issubclass(cluster_class, LocalCluster):
        return cluster_class(**{**local_arguments, **place.arguments})
    if place.cluster in JOB_QUEUES:
        data_dir().mkdir(parents=True, exist_ok=True)  # the key lies there, for jobs to read
        queue_arguments = {
            "security": security,
            "shared_temp_directory": str(data_dir()),
            "scheduler_options": NO_PAGE,
        }
        return cluster_class(**{**queue_arguments, **place.arguments}, asynchronous=True)
    return cluster_class(**place.arguments, asynchronous=True)


def _log_to_file() -> None:
    """Have Dask log where everything else is logged, and not on the screen."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LOGGERS:
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True
    logging.getLogger("distributed").setLevel(logging.WARNING)
