"""Nobody but a sweep itself gets to its scheduler and workers, and a file runs no program."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from distributed import LocalCluster, Security

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.places import read_place
from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import environment, rnn_tui
from tests.program import start_program
from tests.sweeps.listening import dask_answers, http_status, listening
from tests.sweeps.machines import wait_for
from tests.sweeps.test_places import sshd  # noqa: F401 - a fixture

LONG = (
    *("recall", "--preset", "fast", "--training-size", "2000", "--test-size", "50"),
    *("--batch-size", "20", "--epochs", "30", "--grid", "learning_rate=0.01,0.02"),
)
PAGES = ("/", "/status", "/health", "/metrics", "/info/main/workers.html", "/json/counts.json")


async def who_gets_in(addresses: list[tuple[str, int]]) -> list[str]:
    """Where strangers are answered: without a certificate, with one of their own, by a browser."""
    strangers = {"tcp": Security(), "tls": Security.temporary()}
    found: list[str] = []
    for protocol, security in strangers.items():
        answers = await asyncio.gather(
            *(dask_answers(protocol, address, security) for address in addresses)
        )
        found += [
            f"{protocol} {at}" for at, got_in in zip(addresses, answers, strict=True) if got_in
        ]
    for address in addresses:
        for page in PAGES:
            if await http_status(address, page) not in (0, 404):
                found.append(f"page {page} {address}")
    return found


def check_closed_to_strangers(on: str, processes: int, **variables: str) -> list[tuple[str, int]]:
    """A sweep that trains all of its runs and lets nobody in; returns where it listened."""
    process = start_program(
        "sweep",
        *LONG,
        "--on",
        on,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(**variables),
    )
    try:
        wait_for(lambda: any(run.step for run in _runs()) or process.poll() is not None)
        addresses = listening(process.pid)
        assert len(addresses) >= processes, process.communicate()
        assert asyncio.run(who_gets_in(addresses)) == []
        _, err = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 2, err  # how much there is to do, and what it is called
    assert [run.status for run in _runs()] == [Status.FINISHED] * 2
    return addresses


def _runs() -> list[RunRecord]:
    with SweepStore() as store:
        return store.runs()


@pytest.mark.long
def test_a_local_sweep_is_closed_to_whoever_has_no_key_of_it() -> None:
    # scheduler, and of each worker the process that trains and the one that watches over it
    addresses = check_closed_to_strangers("local:2", 5)
    assert {host for host, _ in addresses} == {"127.0.0.1"}


@pytest.mark.long
def test_a_cluster_of_a_file_is_closed_as_well(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: distributed.LocalCluster\nworkers: 2\narguments: {n_workers: 1}\n")
    addresses = check_closed_to_strangers(str(file), 3)
    assert {host for host, _ in addresses} == {"127.0.0.1"}


def keys_of_sweeps() -> set[Path]:
    """The files with keys of sweeps by SSH, also of those that were killed."""
    return set(Path.home().glob(".rnn-tui-*.pem"))


@pytest.mark.long
def test_machines_by_ssh_are_closed_as_well(tmp_path: Path, sshd: Path) -> None:  # noqa: F811
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("here 2\n")
    keys_before = keys_of_sweeps()
    process = start_program(
        "sweep",
        *LONG,
        "--on",
        f"ssh:{hosts}",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(HOME=str(sshd)),
    )
    server = int((tmp_path / "pid").read_text())
    try:
        wait_for(lambda: any(run.step for run in _runs()) or process.poll() is not None)
        addresses = [one for one in listening(server) if one != _port_of(tmp_path)]
        assert len(addresses) >= 5, process.communicate()
        assert {host for host, _ in addresses} == {"127.0.0.1"}
        assert asyncio.run(who_gets_in(addresses)) == []
        _, err = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 0, err
    # no key of this sweep is left; other tests' sweeps may have theirs until they end
    wait_for(lambda: keys_of_sweeps() <= keys_before)


def _port_of(folder: Path) -> tuple[str, int]:
    """Where the SSH server itself listens."""
    lines = (folder / "sshd_config").read_text().splitlines()
    return "127.0.0.1", int(next(line for line in lines if line.startswith("Port ")).split()[1])


async def test_a_stranger_is_answered_where_a_cluster_is_open() -> None:
    """What the others look for can be found."""
    async with LocalCluster(
        n_workers=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        asynchronous=True,
        port=0,
        protocol="tcp",
        host="127.0.0.1",
    ) as cluster:
        host, _, port = cluster.scheduler_address.rpartition("/")[2].rpartition(":")
        assert await dask_answers("tcp", (host, int(port)), Security())
        page = cluster.scheduler.http_server.port
        assert await http_status(("127.0.0.1", page), "/health") == 200


@pytest.mark.parametrize(
    ("cluster", "arguments", "named"),
    [
        ("subprocess.Popen", "{args: [touch, made]}", "class subprocess.Popen"),
        ("dask_kubernetes.operator.KubeCluster", "{}", "class dask_kubernetes"),
        ("distributed.LocalCluster", "{preload: [made.py]}", "argument preload"),
        ("distributed.LocalCluster", "{worker_class: made.Worker}", "argument worker_class"),
        ("distributed.LocalCluster", "{security: false}", "argument security"),
        ("distributed.LocalCluster", "{dashboard_address: ':8787'}", "argument dashboard_address"),
        ("distributed.LocalCluster", "{name: [a]}", "value of name"),
        ("dask_jobqueue.SLURMCluster", "{python: ./made}", "argument python"),
        ("dask_jobqueue.SLURMCluster", "{job_script_prologue: [made]}", "job_script_prologue"),
        ("dask_jobqueue.SLURMCluster", '{queue: "a\\nmade"}', "value of queue"),
        (
            "dask_jobqueue.SLURMCluster",
            '{interface: "ib0 --preload made.py"}',
            "value of interface",
        ),
        ("dask_jobqueue.SLURMCluster", '{walltime: "$(made)"}', "value of walltime"),
        ("dask_jobqueue.SLURMCluster", "{cores: 99999999999999999999}", "value of cores"),
    ],
)
def test_a_cluster_file_runs_no_program_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str, arguments: str, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("made.py").write_text("open('made', 'w')")
    file = tmp_path / "cluster.yaml"
    file.write_text(f"cluster: {cluster}\narguments: {arguments}\n")
    with pytest.raises(SettingError, match="add --trust") as refused:
        read_place(str(file))
    assert named in str(refused.value)
    assert not Path("made").exists()
    assert read_place(str(file), trust=True).cluster == cluster


def test_files_for_usual_clusters_need_no_trust(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "cluster: dask_jobqueue.SLURMCluster\n"
        'arguments: {cores: 1, processes: 1, memory: 2GB, walltime: "02:00:00"}\nworkers: 40\n'
    )
    assert read_place(str(file)).workers == 40


@pytest.mark.parametrize(
    "text",
    [
        "workers: 99999999999999999999",
        "workers: -1",
        "workers: true",
        "arguments: {n_workers: 99999999999999999999}",
        "arguments: {n_workers: many}",
    ],
)
def test_the_number_of_workers_has_a_bound_whoever_is_trusted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(f"cluster: distributed.LocalCluster\n{text}\n")
    for trust in (False, True):
        with pytest.raises(SettingError, match="Workers"):
            read_place(str(file), trust=trust)


@pytest.mark.long
def test_an_untrusted_file_is_told_and_a_trusted_one_swept(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "cluster: distributed.LocalCluster\narguments: {n_workers: 1, memory_limit: [0]}\n"
    )
    small = (*LONG[:-3], "1", "--grid", "learning_rate=0.01")
    refused = rnn_tui("sweep", *small, "--on", str(file))
    assert refused.returncode == 2
    assert "add --trust" in refused.stderr
    file.write_text(
        "cluster: distributed.LocalCluster\narguments: {n_workers: 1, scheduler_sync_interval: 1}\n"
    )
    trusted = rnn_tui("sweep", *small, "--on", str(file), "--trust")
    assert trusted.returncode == 0, trusted.stderr
