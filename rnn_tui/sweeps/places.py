"""Where to train, as typed: this machine's cores, a Dask scheduler, machines by SSH, or a file."""

import importlib.util
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import ClusterError, SettingError, printable, why
from rnn_tui.engine.files import check_regular
from rnn_tui.engine.paths import in_page
from rnn_tui.engine.resources import usable_cores
from rnn_tui.engine.settings import NumberSetting

LOCAL, SSH = "local", "ssh"
ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}")
FORM = "local:N, tcp://HOST:PORT, ssh:FILE with a host a line, or FILE.yaml with a Dask cluster"
WORKERS = NumberSetting("workers", "Workers", "of this machine", 1, 1024)
MOST_BYTES = 65_536


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
