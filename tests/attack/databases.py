"""Databases that are damaged, changed by hand, or another machine's, asked by every command."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, ClassVar

from rnn_tui.archive.recorder import Spill, write_spill
from rnn_tui.engine.files.paths import shipped_weights
from tests.archive.kept_runs import keep, small
from tests.attack.attack import Attempt, HomeAttack
from tests.cli.command_line import is_harmless, run_inside

RUNS = [f"2025010{day}-000000-aaaaa{day}" for day in range(1, 7)]
NAMES = [f"run-{day}" for day in range(1, 7)]
PATIENCE_SECONDS = 30
HOSTILE: list[Any] = [
    "",
    "x",
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "[red]",
    "[/]",
    "[@click=app.quit]x[/]",
    "=1+1",
    "\u202egnp.exe",
    "a\nb\rc",
    "\x00",
    "../../etc/passwd",
    "-rf",
    "last",
    "null",
    "{}",
    "[]",
    "5",
    "NaN",
    '{"task": 5}',
    "[" * 5000,
    "é数👩\u200d💻",
    "'; DROP TABLE runs; --",
    "finished",
    "training",
    "damaged",
    b"",
    b"\xff\xfe",
    b"\x00" * 7,
    b"\x00" * 800,
    None,
    0,
    1,
    -1,
    2**63 - 1,
    -(2**63),
    0.5,
    -0.5,
    1e300,
    float("inf"),
    float("-inf"),
    "9" * 400,
]
TABLES = ("runs", "sessions", "tags", "moments", "points", "lines")


class TookTooLong(BaseException):
    """A command did not end in time."""


class Databases(HomeAttack):
    """Commands on damaged databases of six small runs."""

    name: ClassVar[str] = "databases"
    unit: ClassVar[str] = "databases"
    share: ClassVar[int] = 60
    length: ClassVar[int] = 2000

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        #: a home with six runs, and its copy, which each attempt damages
        self._original = folder / "original"
        self._home = folder / "home"
        self.use_home(self._original)
        for seed, (run_id, name) in enumerate(zip(RUNS, NAMES, strict=True)):
            keep(run_id, small(seed=seed, epochs=3 + seed), name)
        weights = self._original / "runs" / RUNS[0] / "weights.safetensors"
        weights.parent.mkdir(parents=True)
        shutil.copy(shipped_weights("recall")[0], weights)
        self.use_home(self._home)

    def attempt(self, random: Random) -> Attempt:
        """Damage a copy, and run commands on it."""
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._original, self._home)
        kind = random.choice(list(DAMAGES))
        damage = DAMAGES[kind]
        tried, whole = damage(random, self._home / "runs.db")
        faults = []
        for arguments in [["runs"], ["runs", "--json"], *random.sample(commands(random), 3)]:
            fault = self._fault(arguments, whole)
            if fault:
                faults.append(f"{' '.join(arguments)}: {fault}")
        return Attempt(f"{kind}: {tried}", "; ".join(faults))

    def _fault(self, arguments: list[str], whole: list[str]) -> str:
        """What is wrong with a command's answer; empty where nothing is.

        Args:
            arguments: of the command.
            whole: the runs that are not damaged, which must be listed.
        """
        try:
            with in_time():
                code, out, err = run_inside(arguments)
            document = json.loads(out) if "--json" in arguments and code == 0 else None
        except (TookTooLong, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        faults = []
        if code not in (0, 1, 2) or (code != 0 and not err.strip()):
            faults.append(f"exit code {code}")
        if "Traceback" in err or "fault of rnn-tui" in err:
            faults.append("a fault")
        if not is_harmless((out + err).replace("\n", "").replace("\t", "")):
            faults.append("control characters")
        if arguments in (["runs"], ["runs", "--json"]):
            missing = [run_id for run_id in whole if run_id not in out]
            if missing:
                faults.append(f"{missing} not listed")
        if document is not None and not isinstance(document, dict):
            faults.append("no document")
        if not faults:
            return ""
        return f"{', '.join(faults)}: {out + err!r}"[:600]


@contextmanager
def in_time() -> Iterator[None]:
    """Interrupt the block after `PATIENCE_SECONDS`.

    Raises:
        TookTooLong: in the code that runs at that moment.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLong

    original = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, original)


def commands(random: Random) -> list[list[str]]:
    """Commands to run after those that list all runs."""
    first, second = random.sample([*RUNS, *NAMES, "last", "damaged-row-1"], 2)
    return [
        ["runs", "--deleted"],
        ["runs", "--task", "recall"],
        ["runs", "show", first],
        ["runs", "show", first, "--json"],
        ["runs", "compare", first, second],
        ["runs", "compare", first, second, "--json"],
        ["runs", "export", first, second, "--to", "csv"],
        ["runs", "export", first, "--to", "json"],
        ["runs", "rename", first, random.choice(["new", NAMES[2], "\x1b[31m"])],
        ["runs", "delete", first, second],
        ["runs", "restore", first],
        ["recall", "12345", "--run", first],
        ["train", "--resume", first],
    ]


# --- damages: each returns what it did, and the runs that it left whole --------------------------


def _edit(path: Path, *statements: str, values: tuple[Any, ...] = (), loose: bool = False) -> str:
    """Run statements on a database.

    Args:
        path: of the database.
        statements: in SQL.
        values: for the places of each statement.
        loose: take NOT NULL away from all columns first.

    Returns:
        The statements with their values, and why SQLite refused them, if it did.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        if loose:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(
                "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'"
            )
            connection.execute("PRAGMA writable_schema = RESET")
        for statement in statements:
            connection.execute(statement, values)
    except (sqlite3.Error, OverflowError) as error:
        return f"{'; '.join(statements)} with {values!r}: refused, {error}"[:300]
    finally:
        connection.close()
    return f"{'; '.join(statements)} with {values!r}"[:300]


def _columns(path: Path, table: str) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    finally:
        connection.close()


def one_value(random: Random, path: Path) -> tuple[str, list[str]]:
    """A hostile value in rows of one run."""
    table = random.choice(["runs", *TABLES])
    damaged = RUNS[random.randrange(len(RUNS))]
    column = random.choice(_columns(path, table))
    key = "id" if table == "runs" else "run_id"
    value = random.choice(HOSTILE)
    statement = f"UPDATE {table} SET {column} = ? WHERE {key} = '{damaged}'"
    tried = _edit(path, statement, values=(value,), loose=random.random() < 0.5)
    return tried, _others(damaged)


def _others(damaged: str) -> list[str]:
    """All runs but one."""
    return [run_id for run_id in RUNS if run_id != damaged]


def many_values(random: Random, path: Path) -> tuple[str, list[str]]:
    """Hostile values everywhere."""
    edits = []
    for _ in range(random.randrange(2, 8)):
        table = random.choice(TABLES)
        column = random.choice(_columns(path, table))
        value = random.choice(HOSTILE)
        statement = f"UPDATE {table} SET {column} = ?"
        edits.append(_edit(path, statement, values=(value,), loose=True))
    return "; ".join(edits), []


def other_rows(random: Random, path: Path) -> tuple[str, list[str]]:
    """A row of hostile values, which belongs to no run."""
    table = random.choice(TABLES)
    names = _columns(path, table)
    values = tuple(random.choice(HOSTILE) for _ in names)
    places = ", ".join("?" * len(names))
    tried = _edit(path, f"INSERT INTO {table} VALUES ({places})", values=values, loose=True)
    whole = RUNS if table == "runs" else []
    return tried, whole


def other_shape(random: Random, path: Path) -> tuple[str, list[str]]:
    """Columns and tables renamed or dropped, views and triggers."""
    table = random.choice(TABLES)
    column = random.choice(_columns(path, table))
    statement = random.choice(
        [
            f"ALTER TABLE {table} RENAME COLUMN {column} TO other",
            f"ALTER TABLE {table} DROP COLUMN {column}",
            f"ALTER TABLE {table} RENAME TO other",
            f"ALTER TABLE {table} ADD COLUMN other TEXT DEFAULT '\x1b[31m'",
            f"DROP TABLE {table}",
            f"DELETE FROM {table}",
            f"CREATE TRIGGER t BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '\x1b[2J'); END",
            f"CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM runs; END",
            "CREATE VIEW other AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) "
            "SELECT x FROM c",
            f"PRAGMA user_version = {random.choice([-1, 0, 1, 2, 99, 2**31 - 1])}",
            f"PRAGMA application_id = {random.choice([0, 1, 0x726E6E74])}",
        ]
    )
    return _edit(path, statement), []


def other_bytes(random: Random, path: Path) -> tuple[str, list[str]]:
    """Bytes of the file changed, cut off or added."""
    data = bytearray(path.read_bytes())
    change = random.choice(["flipped", "cut", "added", "zeroed"])
    place = random.randrange(len(data))
    match change:
        case "flipped":
            for _ in range(random.choice([1, 3, 30])):
                anywhere = random.randrange(len(data))
                in_header = random.randrange(100)
                byte = random.choice([anywhere, in_header])
                data[byte] ^= 1 << random.randrange(8)
        case "cut":
            del data[place:]
        case "added":
            data[place:place] = random.randbytes(random.choice([1, 4096]))
        case "zeroed":
            end = min(place + 4096, len(data))
            data[place:end] = bytes(end - place)
    path.write_bytes(data)
    return f"{change} at {place}", []


def other_file(random: Random, path: Path) -> tuple[str, list[str]]:
    """Something else in place of the file, or of those that SQLite keeps beside it."""
    name = random.choice(["runs.db", "runs.db-wal", "runs.db-shm", "runs.db-journal"])
    place = path.with_name(name)
    content = random.choice(["empty", "text", "bytes", "folder", "other"])
    place.unlink(missing_ok=True)
    match content:
        case "empty":
            place.touch()
        case "text":
            place.write_text("\x1b[31mname,value\n" * 100)
        case "bytes":
            place.write_bytes(random.randbytes(5000))
        case "folder":
            place.mkdir()
        case "other":
            _edit(place, "CREATE TABLE users (name)")
    return f"{name}: {content}", []


def no_text(random: Random, path: Path) -> tuple[str, list[str]]:
    """Bytes that are no text, and texts of megabytes."""
    table = random.choice(TABLES)
    damaged = RUNS[random.randrange(len(RUNS))]
    column = random.choice(_columns(path, table))
    key = "id" if table == "runs" else "run_id"
    value = random.choice(["x'61ff1b5b'", "zeroblob(3000000)", "hex(zeroblob(1000000))"])
    statement = f"UPDATE {table} SET {column} = CAST({value} AS TEXT) WHERE {key} = '{damaged}'"
    return _edit(path, statement, loose=True), _others(damaged)


def beside_it(random: Random, path: Path) -> tuple[str, list[str]]:
    """A damaged file of unrecorded values, or a folder of a run that the database has not."""
    run_id = "20250109-000000-aaaaa9"
    if random.random() < 0.5:
        spill = write_spill(Spill(run_id, "spilled", 3.0, small(), None, []))
        document = json.loads(spill.read_text())
        event = {
            "kind": "StepLogged",
            "step": 1,
            "metrics": {"a": 1.0},
            "rate": 1.0,
            "elapsed": 1.0,
            "replicas": {"b": [1.0] * 4},
        }
        document["events"] = [event]
        part = random.choice([document, event, document["config"]])
        key = random.choice(list(part))
        value = random.choice(HOSTILE)
        part[key] = value.hex() if isinstance(value, bytes) else value
        spill.write_text(json.dumps(document))
        return f"unrecorded, {key} = {value!r}"[:200], RUNS
    folder = path.parent / "runs" / random.choice([run_id, "\x1b[31m", "[red]", "a b", "=1"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.safetensors").write_bytes(random.randbytes(500))
    if random.random() < 0.5:
        path.unlink()
        return f"a folder {folder.name!r}, and no database", []
    return f"a folder {folder.name!r}", RUNS


DAMAGES: dict[str, Callable[[Random, Path], tuple[str, list[str]]]] = {
    "one value": one_value,
    "many values": many_values,
    "other rows": other_rows,
    "other shape": other_shape,
    "other bytes": other_bytes,
    "other file": other_file,
    "no text": no_text,
    "beside it": beside_it,
}
