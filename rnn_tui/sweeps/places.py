"""Where to train, as typed: this machine's cores, a Dask scheduler, machines by SSH, or a file."""

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.engine.cores import usable_cores
from rnn_tui.engine.errors import ClusterError, SettingError, printable, why
from rnn_tui.engine.files import read_small
from rnn_tui.engine.page import in_page
from rnn_tui.engine.settings import NumberSetting

LOCAL, SSH = "local", "ssh"
ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}")
PLACE_FORM = (
    "local:N, tcp://HOST:PORT, ssh:FILE with a host a line, or FILE.yaml with a Dask cluster"
)
TRUST_HELP = "let the file of --on name any Dask cluster and argument: it may run programs as you"
WORKERS = NumberSetting("workers", "Workers", "of this machine", 1, 1024)
MOST_BYTES = 65_536
LOCAL_CLUSTER = "distributed.LocalCluster"
JOB_QUEUES = tuple(
    f"dask_jobqueue.{system}Cluster"
    for system in ("HTCondor", "LSF", "Moab", "OAR", "PBS", "SGE", "SLURM")
)
# What both of them take, then more of each. Left out is whatever names or holds a program (as
# preload, python, job_script_prologue), more options, or who may connect.
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
# Some stand in the script of a job: no space, quote or sign that means something to a shell.
PLAIN = re.compile(r"[A-Za-z0-9._/][A-Za-z0-9._:/@+=,-]{0,199}")
MOST_NUMBER = 10**9


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
    def worker_count(self) -> int:
        """How many workers there are to be, as far as it tells; else 1."""
        return self.workers or len(self.hosts) or 1


def require_package(package: str, extra: str) -> None:
    """Do nothing where a package is installed; raises ClusterError if it is not, with the extra
    that has it.
    """
    if importlib.util.find_spec(package) is None:
        raise ClusterError(
            f"This needs the package {package}, which is not installed; pip install "
            f"'rnn-tui[{extra}]' adds it."
        )


def read_place(text: str, *, trust: bool = False) -> TrainingPlace:
    """Where to train, as typed; this machine where nothing is.

    Args:
        text: as typed.
        trust: whether a cluster file may name whatever it likes, and so run programs.

    Raises:
        SettingError: if it is no such place, can't be read, or needs trust.
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
        return _described(text, trust=trust)
    raise SettingError(f"“{printable(text)}” is no place to train; give {PLACE_FORM}.")


def _text(path: Path) -> str:
    try:
        return read_small(path, MOST_BYTES).decode()
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


def _described(name: str, *, trust: bool) -> TrainingPlace:
    require_package("yaml", "cluster")
    import yaml  # noqa: PLC0415 - of the extra `cluster`

    file = printable(Path(name), 200)
    known = {"cluster": str, "arguments": dict, "workers": int}
    try:
        described = yaml.safe_load(_text(Path(name)))
        if not isinstance(described, dict) or not all(
            isinstance(entry, known.get(key, type(None))) for key, entry in described.items()
        ):
            raise ValueError("it has other entries than cluster, arguments and workers")
        cluster = described["cluster"]
    except (yaml.YAMLError, KeyError, ValueError, RecursionError) as error:
        raise SettingError(f"{file} describes no cluster ({why(error)}).") from error
    arguments = described.get("arguments", {})
    for count in (described.get("workers", 1), arguments.get("n_workers", 1)):
        try:
            WORKERS.check(count)
        except SettingError as error:
            raise SettingError(f"In {file}: {error}") from error
    program = "" if trust else _what_may_run(cluster, arguments)
    if program:
        raise SettingError(
            f"{file} names {program}, which may run programs here and on the workers. If you "
            "trust whoever wrote it, add --trust on the command line."
        )
    return TrainingPlace(
        "file", name, described.get("workers", 0), cluster=cluster, arguments=arguments
    )


def _what_may_run(cluster: str, arguments: Mapping[Any, Any]) -> str:
    """What of a cluster file is not known to run no program of its writer's; empty if nothing."""
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
    """Whether a value is a number or a word, in which no shell finds anything to do."""
    if isinstance(value, str):
        return PLAIN.fullmatch(value) is not None
    return isinstance(value, int | float) and 0 <= value <= MOST_NUMBER
