"""Files of hosts and clusters by a stranger: read, or refused in a sentence, within bounds."""

from contextlib import suppress
from pathlib import Path

import pytest

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.sweeps.places import MOST_BYTES, read_place
from tests.measured import operations, peak_memory

CLUSTER = "cluster: distributed.LocalCluster\n"
ANCHORS = "a0: &a0 {x: 1}\n"
HEX = "0x" + "f" * 5000


def merges(count: int) -> str:
    """Tables, each of which has all of the one before twice."""
    lines = [f"a{at}: &a{at} {{<<: [*a{at - 1}, *a{at - 1}]}}\n" for at in range(1, count)]
    return ANCHORS + "".join(lines) + CLUSTER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{CLUSTER}workers: {HEX}", "not a value of the kind int"),
        (f"{CLUSTER}arguments: {{n_workers: {HEX}}}", "not a value of the kind int"),
        (f"{CLUSTER}arguments: {{ ? {HEX} : 1}}", "names the argument a value of the kind int"),
        (f"{CLUSTER}arguments: {{n_workers: 1{':1' * 400}.5}}", "describes no cluster"),
        (f"{CLUSTER}arguments: {{n_workers: !!timestamp x}}", "describes no cluster"),
        (f"{CLUSTER}arguments: {{n_workers: !!int ''}}", "describes no cluster"),
        (f"{CLUSTER}arguments: {{n_workers: !!bool x}}", "describes no cluster"),
        (f"{CLUSTER}arguments: &a {{name: *a}}", "has an alias"),
        (merges(40), "has an alias"),
        (f"{CLUSTER}arguments: {'[' * 60_000}", "more than 10 lists or tables in one another"),
        (f"{CLUSTER}arguments:\n {'- ' * 30_000}", "more than 10 lists or tables in one another"),
        ("\0", "describes no cluster"),
        ("#" * (MOST_BYTES + 1), "can't be read"),
    ],
)
def test_a_cluster_that_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    with pytest.raises(SettingError) as error:
        read_place(str(file))
    assert words in str(error.value)
    assert str(error.value) == printable(error.value, 1000)


def test_merges_are_refused_before_they_are_made(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"

    def read(count: int) -> None:
        file.write_text(merges(count))
        with suppress(SettingError):
            read_place(str(file))

    few = operations(lambda: read(15))
    assert operations(lambda: read(30)) < 2.5 * few
    assert peak_memory(lambda: read(30)) < 10_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("host 1024\n" * 6_000, "has more than 10,000 workers"),
        (f"host {'9' * 5000}", "is not a host, and how many"),
        ("host \u0663", "is not a host, and how many"),
    ],
)
def test_hosts_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "hosts"
    file.write_text(text, encoding="utf-8")

    def read() -> None:
        read_place(f"ssh:{file}")

    with pytest.raises(SettingError, match=words):
        read()
    assert peak_memory(read) < 2_000_000
