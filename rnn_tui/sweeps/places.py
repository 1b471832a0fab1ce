"""Read where to train, as typed: this machine's cores, a Dask scheduler, SSH, or a file."""

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import ClusterError, SettingError, printable, why
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.files.atomic import read_small
from rnn_tui.engine.page import in_page
from rnn_tui.engine.process.machine import usable_cores
from rnn_tui.engine.settings import NumberSetting

LOCAL = "local"
SSH = "ssh"
ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}")
PLACE_FORM = (
    "local:N, tcp://HOST:PORT, ssh:FILE with a host a line, or FILE.yaml with a Dask cluster"
)
TRUST_HELP = (
    "allow any Dask cluster and argument in the file of --on, which may then run programs as you"
)
WORKERS = NumberSetting("workers", "Workers", "of this machine", 1, 1024)
MOST_WORKERS_OF_HOST = 1024
MOST_HOSTS = 10_000  # of a file, each as often as it has workers
DEEPEST = 10  # lists and tables in one another in a cluster file
MOST_BYTES = 65_536  # the size of a file
LOCAL_CLUSTER = "distributed.LocalCluster"
JOB_QUEUES = tuple(
    f"dask_jobqueue.{system}Cluster"
    for system in ("HTCondor", "LSF", "Moab", "OAR", "PBS", "SGE", "SLURM")
)
# Arguments that run no program: of both kinds of clusters, then more of each. What is not here
# names or holds a program (as preload, python, job_script_prologue), has more options, or says who
# may connect.
COMMON_ARGUMENTS = frozenset({"death_timeout", "interface", "local_directory", "n_workers", "name"})
LOCAL_ARGUMENTS = COMMON_ARGUMENTS | {"host", "memory_limit", "scheduler_port"}
JOB_ARGUMENTS = COMMON_ARGUMENTS | {
    "account",
    "cores",
    "disk",
    "job_cpu",
    "job_mem",
    "job_name",
    "log_directory",
    "mem",
    "memory",
    "nanny",
    "ncpus",
    "processes",
    "project",
    "queue",
    "resource_spec",
    "shared_temp_directory",
    "walltime",
}
ARGUMENTS = {LOCAL_CLUSTER: LOCAL_ARGUMENTS, **dict.fromkeys(JOB_QUEUES, JOB_ARGUMENTS)}
# A value for the script of a job: it has no space, quote or sign that a shell reads.
PLAIN = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._:/@+=,-]{0,199}")
MOST_NUMBER = 10**9
HOST_COUNT = re.compile(r"[0-9]{1,9}")
ENTRIES = {"cluster": str, "arguments": dict, "workers": int}  # entries of a cluster file


@dataclass(frozen=True)
class TrainingPlace:
    """Machines to train on."""

    kind: str  #: `local`, `ssh`, `address` or `file`.
    text: str  #: as typed.
    workers: int = 0  #: how many to start; 0 for those that are there.
    #: the hosts for SSH: the first runs the scheduler, and each a worker as often as it is listed.
    hosts: tuple[str, ...] = ()
    cluster: str = ""  #: the class of a cluster, such as `dask_jobqueue.SLURMCluster`.
    arguments: dict[str, Any] = field(default_factory=dict)  #: the arguments of that class.

    @property
    def worker_count(self) -> int:
        """The number of workers that will start; 1 if that is unknown."""
        return self.workers or len(self.hosts) or 1


def require_package(package: str, extra: str) -> None:
    """Do nothing if a package is installed.

    Raises:
        ClusterError: if it is not; it names the extra that has the package.
    """
    if importlib.util.find_spec(package) is None:
        raise ClusterError(
            f"This needs the package {package}, which is not installed; "
            f"{install_command(extra)} installs it."
        )


def read_place(text: str, *, trust: bool = False) -> TrainingPlace:
    """Read where to train; nothing typed means this machine.

    Args:
        text: as typed.
        trust: whether a cluster file may name anything, and so run programs.

    Raises:
        SettingError: if it is no place to train on, can't be read, or needs trust.
        ClusterError: if a package is missing that reading it takes.
    """
    # A page would name files of the machine that serves, and take more than its turn.
    if in_page():
        raise SettingError(
            "A page in the browser trains one run at a time; sweep in the app in a terminal, or by "
            "rnn-tui sweep."
        )
    kind, _, rest = text.partition(":")
    if not text or kind == LOCAL:
        workers = WORKERS.parse(rest) if rest else usable_cores()
        return TrainingPlace(LOCAL, text or LOCAL, workers)
    if ADDRESS.fullmatch(text):
        return TrainingPlace("address", text)
    if kind == SSH:
        return TrainingPlace(SSH, text, hosts=_read_hosts(Path(rest)))
    if text.endswith((".yaml", ".yml")):
        return _read_cluster(text, trust=trust)
    raise SettingError(f"“{printable(text)}” is no place to train; give {PLACE_FORM}.")


def _read_text(path: Path) -> str:
    try:
        return read_small(path, MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        raise SettingError(f"{printable(path, 200)} can't be read ({why(error)}).") from error


def _read_hosts(path: Path) -> tuple[str, ...]:
    """Read the hosts in a file, one a line; a number after a host repeats it."""
    hosts: list[str] = []
    for line in _read_text(path).splitlines():
        words = line.partition("#")[0].split()
        match words:
            case []:
                continue
            case [host]:
                hosts.append(host)
            case [host, count] if HOST_COUNT.fullmatch(count):
                hosts += [host] * min(int(count), MOST_WORKERS_OF_HOST)
            case _:
                raise SettingError(
                    f"“{printable(line)}” in {printable(path, 200)} is not a host, and how many "
                    "workers it is to have."
                )
        if len(hosts) > MOST_HOSTS:
            raise SettingError(f"{printable(path, 200)} has more than {MOST_HOSTS:,} workers.")
    if not hosts:
        raise SettingError(f"{printable(path, 200)} has no hosts; give one a line.")
    return tuple(hosts)


def _read_cluster(name: str, *, trust: bool) -> TrainingPlace:
    """Return the cluster that a YAML file describes."""
    file_name = printable(Path(name), 200)
    description = _read_description(name)
    cluster = description["cluster"]
    arguments = description.get("arguments", {})
    for count in (description.get("workers", 1), arguments.get("n_workers", 1)):
        try:
            WORKERS.check(count)
        except SettingError as error:
            raise SettingError(f"In {file_name}: {error}") from error
    program = "" if trust else _what_may_run(cluster, arguments)
    if program:
        raise SettingError(
            f"{file_name} names {program}, which may run programs here and on the workers. If you "
            "trust whoever wrote it, add --trust on the command line."
        )
    return TrainingPlace(
        "file", name, description.get("workers", 0), cluster=cluster, arguments=arguments
    )


def _read_description(name: str) -> dict[str, Any]:
    """Return the entries of a YAML file, of their types; `cluster` is among them."""
    require_package("yaml", "cluster")
    import yaml  # of the extra `cluster`

    try:
        description = _plain_yaml(_read_text(Path(name)))
        if not isinstance(description, dict) or "cluster" not in description:
            raise ValueError("it has no entry cluster")
        for key, entry in description.items():
            if key not in ENTRIES or not isinstance(entry, ENTRIES[key]):
                raise ValueError("it has other entries than cluster, arguments and workers")
    # For a value that does not fit its tag, PyYAML raises whatever Python does.
    except (
        *(yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
        RecursionError,
    ) as error:
        raise SettingError(
            f"{printable(Path(name), 200)} describes no cluster ({why(error)})."
        ) from error
    return description


def _plain_yaml(text: str) -> Any:
    """Read YAML whose size says how much it holds: nothing in it stands for something else.

    An alias in an alias doubles what it stands for, and a merge makes copies of it.

    Raises:
        ValueError: it has an alias, or is too deep; PyYAML raises many other errors.
    """
    import yaml  # of the extra `cluster`

    class PlainLoader(yaml.SafeLoader):
        """A safe loader that refuses aliases, and lists and tables that are too deep."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("it has an alias, a name with * for another part")
            self.depth += 1
            if self.depth > DEEPEST:
                raise ValueError(f"it has more than {DEEPEST} lists or tables in one another")
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

    return yaml.load(text, PlainLoader)


def _what_may_run(cluster: str, arguments: Mapping[Any, Any]) -> str:
    """Return the part of a cluster file that may run a program of its writer's.

    Empty if there is none.
    """
    allowed = ARGUMENTS.get(cluster)
    if allowed is None:
        return f"the class {printable(cluster, 100)}"
    for name, value in arguments.items():
        if name not in allowed:
            return f"the argument {printable(name, 100)}"
        if not _is_plain(value):
            return f"such a value of {name}"
    return ""


def _is_plain(value: Any) -> bool:
    """Return whether a value is a number or a word without characters special to a shell."""
    if isinstance(value, str):
        return PLAIN.fullmatch(value) is not None
    return isinstance(value, int | float) and 0 <= value <= MOST_NUMBER
