"""Where to train (this machine's cores, a Dask scheduler, machines by SSH, any cluster of Dask's),
and the workers there.

Dask unpickles what it is sent, so only machines that trust each other may talk to one another; what
is started here listens on the loopback interface. TLS is Dask's own configuration
(`distributed.comm`), which clients and clusters read by themselves.
"""

import asyncio
import importlib.util
import logging
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import ClusterError, SafeText, SettingError, printable, why
from rnn_tui.engine.files import check_regular
from rnn_tui.engine.paths import data_dir, in_page
from rnn_tui.engine.resources import usable_cores
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.runs.rows import versions
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.jobs import WorkerSeen

if TYPE_CHECKING:
    from distributed import Client

LOCAL, SSH = "local", "ssh"
ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}")
FORM = "local:N, tcp://HOST:PORT, ssh:FILE with a host a line, or FILE.yaml with a Dask cluster"
WORKERS = NumberSetting("workers", "Workers", "of this machine", 1, 1024)
MOST_BYTES = 65_536
SECONDS_TO_CONNECT = 10.0
SECONDS_TO_CALL = 60.0
# seldom where there are many, as the scheduler tells of all
SECONDS_BETWEEN_LOOKS, WORKERS_A_SECOND = 1.0, 200
AGREE = ("rnn-tui", "torch", "python")
# What a terminal sends to all of its processes is for home, which stops its workers by itself.
IGNORE_SIGNALS = """import signal
for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_IGN)"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPlace:
    """Machines to train on."""

    kind: str  #: `local`, `ssh`, `address` or `file`.
    text: str  #: as typed.
    workers: int = 0  #: how many to start; 0 for those that are there.
    #: by SSH: the first runs the scheduler, each a worker as often as it stands here.
    hosts: tuple[str, ...] = ()
    cluster: str = ""  #: the class of a cluster, such as `dask_jobqueue.SLURMCluster`.
    arguments: dict[str, Any] = field(default_factory=dict)  #: what it is made with.

    @property
    def size(self) -> int:
        """How many workers there are to be, as far as it tells; else 1."""
        return self.workers or len(self.hosts) or 1


def require(package: str, extra: str) -> None:
    """Do nothing where a package is installed; raises ClusterError if it is not, with the extra
    that has it.
    """
    if importlib.util.find_spec(package) is None:
        raise ClusterError(
            f"This needs the package {package}, which is not installed; pip install "
            f"'rnn-tui[{extra}]' adds it."
        )


def read_place(text: str) -> TrainingPlace:
    """Where to train, as typed; this machine where nothing is; a SettingError if it is no such
    place, or can't be read.
    """
    if in_page():  # it names files of the machine that serves, and takes more than its turn
        what = "A page in the browser trains one run at a time"
        raise SettingError(f"{what}; sweep in the app in a terminal, or by rnn-tui sweep.")
    kind, _, rest = text.partition(":")
    if not text or kind == LOCAL:
        return TrainingPlace(LOCAL, text or LOCAL, WORKERS.parse(rest) if rest else usable_cores())
    if ADDRESS.fullmatch(text):
        return TrainingPlace("address", text)
    if kind == SSH:
        return TrainingPlace(SSH, text, hosts=_hosts(Path(rest)))
    if text.endswith((".yaml", ".yml")):
        return _described(text)
    raise SettingError(f"“{printable(text)}” is no place to train; give {FORM}.")


def _text(path: Path) -> str:
    try:
        check_regular(path)
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        raise SettingError(f"{printable(path, 200)} can't be read ({why(error)}).") from error


def _hosts(path: Path) -> tuple[str, ...]:
    hosts: list[str] = []
    for line in _text(path).splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 2 or (len(words) == 2 and not words[1].isdecimal()):
            what = "is not a host, and how many workers it is to have."
            raise SettingError(f"“{printable(line)}” in {printable(path, 200)} {what}")
        hosts += words[:1] * (min(int(words[1]), 1024) if len(words) == 2 else 1)
    if not hosts:
        raise SettingError(f"{printable(path, 200)} has no hosts; give one a line.")
    return tuple(hosts)


def _described(name: str) -> TrainingPlace:
    require("yaml", "cluster")
    import yaml  # noqa: PLC0415 - of the extra `cluster`

    try:
        told = yaml.safe_load(_text(Path(name)))
        known = {"cluster": str, "arguments": dict, "workers": int}
        if not isinstance(told, dict) or not all(
            isinstance(one, known.get(key, type(None))) for key, one in told.items()
        ):
            raise ValueError("it has other entries than cluster, arguments and workers")
        return TrainingPlace(
            "file",
            name,
            told.get("workers", 0),
            cluster=told["cluster"],
            arguments=told.get("arguments", {}),
        )
    except (yaml.YAMLError, KeyError, ValueError, RecursionError) as error:
        raise SettingError(
            f"{printable(Path(name), 200)} describes no cluster ({why(error)})."
        ) from error


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
