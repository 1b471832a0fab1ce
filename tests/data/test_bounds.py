"""What a file of sequences may cost to read: memory and operations, whatever it says of itself."""

import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data import bounds
from rnn_tui.data.description import LONGEST_NAME, unique_names
from rnn_tui.data.files import arrays, delimited, text
from rnn_tui.data.files.names import simple
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.tasks.data_sets.naive import naive_answers
from tests.data.examples import data_set_of, words
from tests.data.reading import Read
from tests.measured import operations, peak_memory

MB = 1 << 20
NUMBERS = 60_000  # in files whose memory is measured
#: bytes for each number while a file is read, cut and shared out: docs/reliability.md
BYTES_OF_A_NUMBER = 64
TS_HEAD = "@classLabel false\n@data\n"
ARFF_HEAD = "@relation r\n@attribute a numeric\n@attribute b {u,v}\n@data\n"


def npy(descr: str, shape: object, data: bytes = b"", version: int = 1) -> bytes:
    """Return a file that says of itself what its data need not be."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def npz(members: list[tuple[str, bytes]], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packed) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def header(inside: bytes) -> bytes:
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(inside)) + inside


# --- one place says how much a file may hold, and every reader asks it ----------------------------

MANY: dict[str, tuple[str, str | bytes]] = {
    "a table": ("x.csv", "a,b\n" + "1,2\n" * 600),
    "a table of one long row": ("x.csv", ",".join(f"c{n}" for n in range(900)) + "\n1\n1\n"),
    "rows that grow": ("x.csv", "1\n" * 600 + "1,2\n" * 3),
    "lines": ("x.csv", "a,b\n1,2\n" + "\n" * 1200),
    "words one-hot": ("x.csv", "w,x\n" + "".join(f"w{n % 50},{n % 7}\n" for n in range(100))),
    "an array": ("x.npy", npy("|u1", (40, 30), bytes(1200))),
    "arrays": ("x.npz", npz([("x.npy", npy("<f8", (9, 80), bytes(5760)))] * 1 + [
        ("z.npy", npy("<f8", (9, 80), bytes(5760)))])),
    "words of an array": ("x.npz", npz([("y.npy", npy("<U400", (3,), bytes(4800)))])),
    "a .ts": ("x.ts", TS_HEAD + "1,2,3:4,5,6\n" * 200),
    "empty dimensions of a .ts": ("x.ts", TS_HEAD + "1,2,3,4,5,6,7,8,9,10" + ":" * 200 + "\n"),
    "an ARFF": ("x.arff", ARFF_HEAD + "1,u\n" * 600),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), MANY.values(), ids=list(MANY))
def test_every_reader_counts_numbers(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes
) -> None:
    for module in (bounds, arrays, text):
        monkeypatch.setattr(module, "MOST_NUMBERS", 1000)
    with pytest.raises(DataError, match=r"1,000 (numbers|lines)"):
        read(content, name)


def test_characters_are_counted(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bounds, text):
        monkeypatch.setattr(module, "MOST_NUMBERS", 1000)
    with pytest.raises(DataError, match="1,000 numbers"):
        read("a bc\n" * 300, "x.txt", layout=Layout.TEXT)
    with pytest.raises(DataError, match="1,000 numbers"):
        read("word,label\n" + "".join(f"{'ab' * 30}{n},u\n" for n in range(20)))


SEQUENCES: dict[str, tuple[str, str | bytes]] = {
    "a table": ("x.csv", "t0,t1,t2,label\n" + "1,2,3,u\n" * 200),
    "a column of sequences": ("x.csv", "id,x\n" + "".join(f"{n // 2},1\n" for n in range(400))),
    "an array": ("x.npy", npy("|u1", (200, 3), bytes(600))),
    "a .ts": ("x.ts", TS_HEAD + "1,2,3\n" * 200),
    "an ARFF": ("x.arff", ARFF_HEAD.replace("b {", "b{") + "1,u\n" * 200),
}


@pytest.mark.parametrize(("name", "content"), SEQUENCES.values(), ids=list(SEQUENCES))
def test_every_reader_counts_sequences(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes
) -> None:
    monkeypatch.setattr(bounds, "MOST_SEQUENCES", 100)
    content = content.replace("b{", "b {") if isinstance(content, str) else content
    with pytest.raises(DataError, match="100 sequences"):
        read(content, name)


WORDS: dict[str, tuple[str, str | bytes]] = {
    "a table": ("x.csv", "x,w\n" + "".join(f"1,w{n}\n" for n in range(200))),
    "classes of a .ts": ("x.ts", f"@classLabel true {'c ' * 200}\n@data\n1,2:c\n"),
    "values of an ARFF": ("x.arff", ARFF_HEAD.replace("u,v", "u," * 200) + "1,u\n"),
    "labels of an array": (
        "x.npz",
        npz([("x.npy", npy("|u1", (200, 2), bytes(400))),
             ("y.npy", npy("|S3", (200,), b"".join(b"%03d" % n for n in range(200))))]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), WORDS.values(), ids=list(WORDS))
def test_every_reader_counts_words(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes
) -> None:
    monkeypatch.setattr(bounds, "MOST_WORDS", 100)
    with pytest.raises(DataError, match="100 different words"):
        read(content, name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "a,b\n" + '"1\n",' * 300),  # one row of many lines
        ("x.csv", "a,b\n" + "1" * 2000),
        ("x.ts", TS_HEAD + "1," * 1000),
        ("x.arff", ARFF_HEAD + "1" * 2000),
    ],
)
def test_every_reader_bounds_lines(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    for module in (bounds, delimited):
        monkeypatch.setattr(module, "LONGEST_LINE", 1000)
    with pytest.raises(DataError, match="more than 1,000 characters"):
        read(content, name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "a," * 5000 + "\n"),
        ("x.arff", "@relation r\n" + "@attribute a numeric\n" * 5000 + "@data\n1\n"),
    ],
)
def test_every_table_bounds_columns(read: Read, name: str, content: str) -> None:
    with pytest.raises(DataError, match="more than 4,096 columns"):
        read(content, name)


# --- memory ---------------------------------------------------------------------------------------

SOUND: dict[str, tuple[str, str | bytes]] = {
    "CSV": ("x.csv", "a,b,c\n" + "1.5,2,3\n" * (NUMBERS // 3)),
    "CSV of dates": (
        "x.csv",
        "time,x\n"
        + "".join(f"2024-01-01 {n // 3600}:{n // 60 % 60:02}:{n % 60:02},1\n"
                  for n in range(NUMBERS // 8)),
    ),
    "bytes of an NPZ": ("x.npz", npz([("x.npy", npy("|u1", (600, 100), bytes(NUMBERS)))])),
    "steps of one number": ("x.npy", npy("|i1", (NUMBERS // 4, 4), bytes(NUMBERS))),
    ".ts": ("x.ts", TS_HEAD + (",".join(["1.5"] * 100) + "\n") * (NUMBERS // 100)),
    "ARFF": ("x.arff", ARFF_HEAD + "1,u\n1,v\n" * (NUMBERS // 4)),
    "text": ("x.txt", "hello, all.\n" * (NUMBERS // 12)),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOUND)
def test_reading_takes_so_much_memory_for_each_number(tmp_path: Path, kind: str) -> None:
    name, content = SOUND[kind]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    options = ReadingOptions(layout=Layout.TEXT if kind == "text" else None)
    if kind == "CSV":  # windows that overlap hold numbers several times, of short series only
        options = ReadingOptions(window=100)
    understand(path, options)  # imports are no memory of this file
    # buffers and chunks take some megabytes, however small the file
    most = BYTES_OF_A_NUMBER * NUMBERS + 6 * MB
    assert peak_memory(lambda: understand(path, options)) < most


COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zeros in an archive": ("x.npz", lambda: npz([("x.npy", npy("|u1", (1000, 60_000)))])),
    "a long header": ("x.npy", lambda: npy("|u1", " " * 4_000_000 + "(1,)", version=2)),
    "a header that is said to be long": (
        "x.npy",
        lambda: b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31),
    ),
    "an archive of many members": (
        "x.npz",
        lambda: npz([(f"{n}.npy", b"") for n in range(20_000)], zipfile.ZIP_STORED),
    ),
    "a packing without bounds": (
        "x.npz",
        lambda: npz([("x.npy", npy("|u1", (200, 100), bytes(40 * MB)))], zipfile.ZIP_BZIP2),
    ),
    "dimensions of a .ts": ("x.ts", lambda: TS_HEAD.encode() + b":" * 1_000_000),
    "a wide header over short rows": (
        "x.csv",
        lambda: b",".join(b"c%d" % n for n in range(4096)) + b"\n" + b"1\n" * 20_000,
    ),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_what_is_refused_takes_little_memory(tmp_path: Path, kind: str) -> None:
    name, content = COSTLY[kind]
    path = tmp_path / name
    path.write_bytes(content())
    with pytest.raises(DataError):
        understand(path)
    assert peak_memory(lambda: understand(path)) < 60 * MB


def test_symbols_are_not_kept_one_by_one_for_naive_answers() -> None:
    alphabet = tuple(map(chr, range(0x4E00, 0x4E00 + 200)))
    data_set = data_set_of(
        "many", Goal.NEXT, words(4000, letters=200), alphabet=alphabet, horizon=1
    )
    answers = naive_answers(data_set)
    peak = peak_memory(lambda: next(answers))
    assert peak < 100 * len(data_set.values)  # one-hot they would be 200 bytes each


# --- operations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x", "x" * LONGEST_NAME])
def test_names_are_told_apart_in_linear_time(name: str) -> None:
    once = operations(lambda: unique_names([name] * 1000))
    twice = operations(lambda: unique_names([name] * 2000))
    assert twice < 2.5 * once
    names = unique_names([name] * 2000)
    assert len(set(names)) == 2000
    assert names[1] == f"{name[: LONGEST_NAME - 4]} (2)"
    assert max(map(len, names)) <= LONGEST_NAME


def test_columns_of_one_name_are_read_in_linear_time(tmp_path: Path) -> None:
    counts = []
    for columns in (300, 600):
        path = tmp_path / "x.csv"
        path.write_text("\n".join([",".join(["a"] * columns), *[",".join(["1"] * columns)] * 9]))
        counts.append(operations(lambda: understand(path)))  # noqa: B023 - called at once
    assert counts[1] < 2.4 * counts[0]


def test_brackets_in_a_name_are_looked_at_once() -> None:
    assert simple("(" * 2_000_000) == ""
    assert simple("speed (km/h)") == "speed"


# --- damage ---------------------------------------------------------------------------------------

DAMAGED: dict[str, bytes] = {
    "brackets without end": header(b"[" * 9000),
    "minus without end": header(b"-" * 9000),
    "a shape of truths": npy("<f8", "(True, True)", bytes(8)),
    "no shape": npy("<f8", "None"),
    "a size below zero": npy("<f8", "(-1, 3)"),
    "a huge size beside none": npy("<f8", f"(0, {2**63})"),
    "a size of many digits": npy("<f8", "(" + "9" * 4000 + ",)"),
    "a text of no width": npy("<U0", "(3, 2)"),
    "what are no characters": npy("<U2", "(2,)", b"\xff" * 16),
    "a text of great width": npy("<U2147483647", "(0,)"),
    "records": npy("[('a', '<f8')]", "(3,)"),
    "a version of later": b"\x93NUMPY\x09\0" + bytes(100),
    "keys of other types": header(b"{1: 2, 'shape': ()}"),
    "no end": b"\x93NUMPY\1\0",
    "nothing": b"\x93NUMPY",
}


@pytest.mark.parametrize("kind", DAMAGED)
@pytest.mark.parametrize("packed", [False, True])
def test_damaged_arrays_are_refused_in_a_sentence(read: Read, kind: str, packed: bool) -> None:
    content = npz([("x.npy", DAMAGED[kind])]) if packed else DAMAGED[kind]
    with pytest.raises(DataError) as refusal:
        read(content, "x.npz" if packed else "x.npy")
    sentence = str(refusal.value)
    assert sentence == printable(sentence, 300)
    assert sentence.endswith(".")


def test_any_flipped_bit_of_an_archive_is_read_or_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(40, 6)).round(1)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=values, y=np.arange(40) % 2)
    whole = buffer.getvalue()
    path = tmp_path / "x.npz"
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with suppress(DataError):  # anything else fails
            understand(path)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("kind", "bits", "signalling"),
    [("<f8", "<u8", 0x7FF0_0000_0000_0001), ("<f4", "<u4", 0x7F80_0001)],
)
def test_odd_nan_are_missing_numbers(read: Read, kind: str, bits: str, signalling: int) -> None:
    values = np.arange(60).astype(kind).reshape(20, 3)
    values.view(bits)[3, 1] = signalling
    buffer = io.BytesIO()
    np.save(buffer, values)
    assert read(buffer.getvalue(), "x.npy").data_set.description.filled == 1


def test_two_arrays_of_one_name_are_refused(read: Read) -> None:
    array = npy("|u1", (20, 3), bytes(60))
    with pytest.raises(DataError, match="two arrays called x"):
        read(npz([("x.npy", array), ("X.npy", array)]), "x.npz")


def test_arrays_by_columns_and_of_other_byte_orders_are_read(read: Read) -> None:
    values = np.arange(60.0).reshape(20, 3)
    for array in (np.asfortranarray(values), values.astype(">f4"), values.astype(">i2")):
        buffer = io.BytesIO()
        np.save(buffer, array)
        data_set = read(buffer.getvalue(), "x.npy").data_set
        assert np.array_equal(data_set.values.ravel(), values.ravel())


def test_a_member_of_the_wrong_checksum_is_refused(read: Read) -> None:
    whole = npz([("x.npy", npy("|u1", (20, 3), bytes(range(60))))], zipfile.ZIP_STORED)
    damaged = whole.replace(bytes(range(60)), bytes(range(1, 61)))
    with pytest.raises(DataError, match="can't be read"):
        read(damaged, "x.npz")
