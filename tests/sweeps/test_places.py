"""Where a sweep may train: this machine, machines by SSH, any cluster of Dask's, with and without
TLS.
"""

import datetime
import getpass
import ipaddress
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rnn_tui.engine.errors import ClusterError, SettingError
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.page import DRIVER_VARIABLE, WEB_DRIVER
from rnn_tui.engine.state import Status
from rnn_tui.sweeps.places import read_place, require_package
from rnn_tui.sweeps.store import SweepStore
from tests.cli.command_line import rnn_tui
from tests.sweeps.machines import machines, wait_for

SMALL = (
    "recall",
    "--preset",
    "fast",
    "--training-size",
    "100",
    "--test-size",
    "20",
    "--epochs",
    "1",
    "--grid",
    "learning_rate=0.01,0.02",
)


def check_swept(place: str, **variables: str) -> None:
    done = rnn_tui("sweep", *SMALL, "--on", place, **variables)
    assert done.returncode == 0, done.stderr
    with SweepStore() as store:
        assert [run.status for run in store.runs()] == [Status.FINISHED] * 2


def test_places_are_read(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("# ours\nfirst.example\nsecond.example 2  # two cores\n")
    assert read_place("local:3").workers == 3
    assert read_place("").workers >= 1
    assert read_place("tcp://scheduler:8786").kind == "address"
    assert read_place(f"ssh:{hosts}").hosts == ("first.example", "second.example", "second.example")
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: distributed.LocalCluster\narguments: {n_workers: 2}\nworkers: 4\n")
    place = read_place(str(file))
    assert (place.cluster, place.arguments, place.workers) == (
        "distributed.LocalCluster",
        {"n_workers": 2},
        4,
    )


@pytest.mark.parametrize(
    "text",
    [
        "nowhere",
        "local:0",
        "local:many",
        "ssh:/nowhere/hosts",
        "/nowhere/cluster.yaml",
        "http://there",
    ],
)
def test_what_is_no_place_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(SettingError) as raised:
        read_place(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "- a list",
        "cluster: 3",
        "cluster: a\nothers: 1",
        "{",
        "arguments: {}",
        "cluster: !!python/object:a.b {}",
        "a: &a [*a]",
    ],
)
def test_a_file_that_describes_no_cluster_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(SettingError, match="describes no cluster"):
        read_place(str(file))


@pytest.mark.long
def test_what_is_no_cluster_class_is_not_called(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: subprocess.Popen\narguments: {args: [touch, made]}\n")
    done = rnn_tui("sweep", *SMALL, "--on", str(file), "--trust")
    assert done.returncode == 1
    assert "subprocess.Popen is no cluster of Dask's" in done.stderr
    assert not Path("made").exists()


def test_a_page_in_the_browser_has_no_place_to_sweep_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DRIVER_VARIABLE, WEB_DRIVER)
    for text in ("", "local:2", "/etc/passwd.yaml", "ssh:/etc/passwd"):
        with pytest.raises(SettingError, match="A page in the browser"):
            read_place(text)


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(ClusterError, match=re.escape(install_command("cluster"))):
        require_package("no_such_package", "cluster")


@pytest.mark.long
def test_nobody_at_an_address_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = rnn_tui("sweep", *SMALL, "--on", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert "There are no workers to be had at tcp://127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
    with SweepStore() as store:
        assert store.sweep_names() == []  # what did not begin is not kept


@pytest.mark.long
def test_a_cluster_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("cluster: distributed.LocalCluster\narguments: {n_workers: 1}\n")
    check_swept(str(file))


@pytest.mark.long
def test_a_shared_folder_for_checkpoints(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    with machines(tmp_path, 1) as some:
        done = rnn_tui("sweep", *SMALL, "--on", some.address, "--shared", str(shared))
        assert done.returncode == 0, done.stderr
    with SweepStore() as store:
        assert all(run.status is Status.FINISHED and run.weights.is_file() for run in store.runs())
    assert not list(shared.rglob("*.safetensors"))  # home has them


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rnn-tui test")])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    )
    builder = builder.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1)).add_extension(
        alternative, critical=False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    paths = {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    paths["cert"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    paths["key"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
    return paths


@pytest.mark.long
def test_tls_by_dasks_own_configuration(tmp_path: Path, certificates: dict[str, Path]) -> None:
    cert, key = str(certificates["cert"]), str(certificates["key"])
    with machines(
        tmp_path,
        1,
        "--protocol",
        "tls",
        "--tls-ca-file",
        cert,
        "--tls-cert",
        cert,
        "--tls-key",
        key,
    ) as some:
        assert some.address.startswith("tls://")
        plain = rnn_tui("sweep", *SMALL, "--on", some.address)
        assert plain.returncode == 1
        assert "There are no workers to be had" in plain.stderr
        tls = "DASK_DISTRIBUTED__COMM__TLS__"
        check_swept(
            some.address,
            **{f"{tls}CA_FILE": cert, f"{tls}CLIENT__CERT": cert, f"{tls}CLIENT__KEY": key},
        )


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Path]:
    """A server of the test's own on the loopback interface, and a home whose configuration calls it
    `here`.
    """
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
    if program is None or sys.platform != "linux":
        pytest.skip("there is no sshd")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = tmp_path / "sshd_config"
    settings.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile "
        f"{tmp_path}/user.pub\n"
        "Subsystem sftp internal-sftp\n"
        f"PidFile {tmp_path}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication "
        "no\nPermitRootLogin yes\n"
    )
    home = tmp_path / "home-of-ssh"
    (home / ".ssh").mkdir(parents=True)
    known = home / ".ssh/known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
    (home / ".ssh/config").write_text(
        f"Host here\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  "
        f"IdentityFile {tmp_path}/user\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # where sshd wants to be alone, as root
    with (tmp_path / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", settings], stderr=log)
    try:
        wait_for((tmp_path / "pid").exists)  # it listens then
        yield home
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
def test_machines_by_ssh(tmp_path: Path, sshd: Path) -> None:
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("here\n")
    # a worker tells its address whatever a user has Dask log
    check_swept(f"ssh:{hosts}", HOME=str(sshd), DASK_LOGGING="{'distributed': 'error'}")


def test_a_list_of_hosts_that_is_too_long_is_refused_and_not_read_in_part(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.txt"
    hosts.write_text("here\n" * 20_000)
    with pytest.raises(SettingError, match="more than 65,536 bytes"):
        read_place(f"ssh:{hosts}")
