"""Files of sequences that are no delimited tables are read as what they say."""

import io
from typing import Any

import numpy as np
import pytest

from rnn_tui.data.options import Goal, Layout, Split
from rnn_tui.engine.errors import DataError
from tests.data.reading import Read, notes

TS = """# Two gestures.
@problemName Gestures
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true wave point
@data
"""
ARFF = """% Two gestures.
@relation Gestures
@attribute att0 numeric
@attribute att1 numeric
@attribute 'att 2' REAL
@attribute target {wave,point}

@data
"""
RELATIONAL = """@relation 'Gestures'
@attribute bag relational
@attribute att0 numeric
@end bag
@attribute activity {Wave,'Point it'}
@data
'1,2,3\\n4,5,6',Wave
"""


def npy(array: Any, *, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=pickled)
    return buffer.getvalue()


def npz(**arrays: Any) -> bytes:
    import zipfile  # noqa: PLC0415

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array if isinstance(array, bytes) else npy(array))
    return buffer.getvalue()


# --- .ts ---


def test_ts_of_unequal_lengths_and_several_dimensions(read: Read) -> None:
    lines = []
    for index in range(12):
        steps = range(3 + index % 3)
        first = ",".join(f"{index}.{step}" for step in steps)
        second = ",".join("?" if step == 1 else f"{step}" for step in steps)
        lines.append(f"{first}:{second}:{'point' if index % 2 else 'wave'}")
    data_set = read(TS + "\n".join(lines), name="gestures.ts").data_set
    assert data_set.description.outputs == ("wave", "point")  # in the order of the head
    assert data_set.description.features == ("dimension 1", "dimension 2")
    assert data_set.lengths.tolist() == [3, 4, 5] * 4
    assert data_set.sequence(3)[:, 0].tolist() == pytest.approx([3.0, 3.1, 3.2])
    assert data_set.sequence(3)[:, 1].tolist() == [0, 1, 2]  # filled by a line
    assert data_set.description.filled == 12
    assert data_set.targets.tolist() == [0, 1] * 6


def test_ts_with_a_number_to_predict(read: Read) -> None:
    head = "@univariate true\n@targetlabel true\n@data\n"
    lines = [f"{index},{index + 1}:{index / 4}" for index in range(10)]
    data_set = read(head + "\n".join(lines), name="x.ts").data_set
    assert data_set.description.goal is Goal.NUMBER
    assert data_set.targets[:, 0].tolist() == [index / 4 for index in range(10)]


def test_ts_with_time_stamps_in_any_order(read: Read) -> None:
    head = "@timeStamps True\n@classLabel true 1 2\n@data\n"
    line = "(2024-01-01 00:02:00,{0}.5),(2024-01-01 00:01:00,{0}):{1}"
    lines = [line.format(index, 1 + index % 2) for index in range(8)]
    data_set = read(head + "\n".join(lines), name="x.ts").data_set
    assert data_set.sequence(3)[:, 0].tolist() == [3, 3.5]


def test_ts_in_another_encoding_has_each_sequence_once(read: Read) -> None:
    # so many that the first ones are read before a letter tells the encoding
    labels = ["a"] * 300 + ["é"] * 20
    lines = [f"{index}.5,{'1.5,' * 40}2:{label}" for index, label in enumerate(labels)]
    content = "@classLabel true a e\n@data\n" + "\n".join(lines)
    data_set = read(content.encode("cp1252"), name="x.ts").data_set
    assert data_set.count == 320
    assert data_set.description.outputs == ("a", "é")


def test_ts_without_labels(read: Read) -> None:
    lines = [f"{index},{index + 1},{index + 2}" for index in range(10)]
    data_set = read("@classLabel false\n@data\n" + "\n".join(lines), name="x.ts").data_set
    assert data_set.description.goal is Goal.NEXT


def test_ts_beside_its_test(read: Read, tmp_path: Any) -> None:
    lines = "\n".join(f"{index},1:2,3:{'point' if index % 2 else 'wave'}" for index in range(10))
    (tmp_path / "g_TEST.ts").write_text(TS + "7,8,9:7,8,9:point\n")
    data_set = read(TS + lines, name="g_TRAIN.ts").data_set
    assert data_set.description.split is Split.FILES
    assert data_set.parts.tolist().count(2) == 1
    assert data_set.sequence(10).tolist() == [[7, 7], [8, 8], [9, 9]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("@problemName x\n1,2,3:1\n", "no line @data"),
        (TS, "no sequences after @data"),
        (TS + "1,2:3:wave\n", "Line 10 of x.ts has dimensions of 1 and 2 steps"),
        (TS + "1,2:3,4:wave\n1,2:wave\n", "Line 11 of x.ts has 1 dimensions and the first"),
        (TS + "1,x:3,4:wave\n", "Line 10 of x.ts can't be read"),
        ("@timestamps true\n@data\n1,2,3\n", "no pairs of a time stamp and a number"),
        ("@targetlabel true\n@data\n1,2:high\n", "a label that is no number"),
    ],
)
def test_ts_that_is_wrong_is_refused(read: Read, content: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(content, name="x.ts")


# --- ARFF ---


def test_arff_of_one_dimension(read: Read) -> None:
    lines = [f"{index},?,{index + 2},{'point' if index % 2 else 'wave'}" for index in range(10)]
    understanding = read(ARFF + "\n".join(lines), name="g.arff")
    data_set = understanding.data_set
    assert understanding.layout is Layout.WIDE
    assert data_set.description.outputs == ("wave", "point")
    assert data_set.sequence(3)[:, 0].tolist() == [3, 4, 5]
    assert data_set.description.filled == 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (ARFF + "1,2,wave\n", "Line 9 of x.arff has 3 values for 4 attributes"),
        (ARFF + "{0 1, 3 wave}\n", "sparse"),
        (ARFF, "no rows after @data"),
        ("@relation x\n@attribute y numeric\n", "no line @data"),
        (RELATIONAL, "Line 2 of x.arff begins a relational attribute, .* the archive's .ts file"),
    ],
)
def test_arff_that_is_wrong_is_refused(read: Read, content: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(content, name="x.arff")


# --- NumPy ---


def test_npy_of_sequences(read: Read) -> None:
    values = np.arange(60, dtype=np.int16).reshape(12, 5)
    understanding = read(npy(values), name="x.npy")
    assert understanding.data_set.lengths.tolist() == [5] * 12
    assert understanding.data_set.sequence(2)[:, 0].tolist() == [10, 11, 12, 13, 14]
    assert "12 × 5 is read as 12 sequences of 5 steps of 1 number" in notes(understanding)


def test_npy_of_three_dimensions_in_the_order_of_fortran(read: Read) -> None:
    values = np.arange(120, dtype=np.float32).reshape(12, 5, 2)
    data_set = read(npy(np.asfortranarray(values)), name="x.npy").data_set
    assert data_set.description.features == ("x1", "x2")
    assert np.array_equal(data_set.values, values.reshape(60, 2))


def test_npy_of_one_sequence(read: Read) -> None:
    values = np.arange(400.0).reshape(200, 2)
    data_set = read(npy(values), name="x.npy", layout=Layout.LONG, window=20).data_set
    assert data_set.description.split is Split.TIME
    assert np.array_equal(data_set.values, values)


def test_npz_with_labels_and_lengths(read: Read) -> None:
    values = np.arange(60.0).reshape(12, 5)
    lengths = np.arange(12) % 4 + 2
    words = np.array(["up", "down"] * 6)
    data_set = read(npz(X=values, y=words, lengths=lengths), name="x.npz").data_set
    assert data_set.lengths.tolist() == lengths.tolist()
    assert data_set.sequence(1)[:, 0].tolist() == [5, 6, 7]
    assert data_set.description.outputs == ("down", "up")


def test_npz_with_nan_behind_and_labels_of_steps(read: Read) -> None:
    values = np.arange(60.0).reshape(12, 5)
    values[::2, 3:] = np.nan
    labels = np.tile([0, 0, 1, 1, 0], (12, 1))
    data_set = read(npz(x=values, labels=labels), name="x.npz").data_set
    assert data_set.lengths.tolist() == [3, 5] * 6
    assert data_set.description.goal is Goal.STEP_CLASS
    assert data_set.targets[:8].tolist() == [0, 0, 1, 0, 0, 1, 1, 0]


def test_npz_with_a_test(read: Read) -> None:
    values = np.arange(60.0).reshape(12, 5)
    labels = np.arange(12) % 2
    arrays = {"x_train": values, "y_train": labels, "x_test": values[:4], "y_test": labels[:4]}
    data_set = read(npz(**arrays), name="x.npz").data_set
    assert data_set.parts[12:].tolist() == [2] * 4
    assert data_set.description.training == 10


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npy(np.array([[1], None], object), pickled=True), "pickled, which is never read"),
        (npz(x=npy(np.array([{}], object), pickled=True)), "pickled, which is never read"),
        (npy(np.zeros((4, 5)))[:-8], "cut off"),
        (npy(np.zeros((2, 2, 2, 2))), "more than 3 dimensions"),
        (npy(np.zeros((4, 5), complex)), "numbers or text are read"),
        (npy(np.zeros((0, 5))), "are empty"),
        (npy(np.array(["a", "b"])), "are no numbers"),
        (npy(np.zeros((4, 5)))[:20], "can't be read"),
        (npz(a=np.zeros((4, 5)), b=np.zeros(4)), "no array of values"),
        (npz(x=np.zeros((4, 5)), y=np.zeros(3)), r"labels .* have the shape \(3,\)"),
        (npz(x=np.zeros((4, 5)), lengths=np.full(4, 6)), "lengths .* must be 4 whole numbers"),
        (npz(readme=b"hello"), "can't be read"),
        (b"PK\x03\x04 nothing behind", "can't be read"),
    ],
)
def test_arrays_that_are_wrong_are_refused(read: Read, content: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(content, name="x.npz")


# --- text ---


def test_text_is_read_by_characters(read: Read) -> None:
    text = "Call me Ishmael.\r\nSome years ago\tI went.\n" * 20
    understanding = read(text, name="moby.txt", layout=Layout.TEXT)
    description = understanding.data_set.description
    places = understanding.data_set.values[:, 0].astype(int)
    again = "".join(description.alphabet[place] for place in places)
    assert again == text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\t", "⇥")
    assert description.goal is Goal.NEXT
    assert description.outputs == description.alphabet
    assert understanding.chosen.window == 16
    assert description.split is Split.TIME
    assert understanding.layout is Layout.TEXT


def test_rare_characters_share_a_symbol(read: Read) -> None:
    text = "ab" * 3000 + "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    understanding = read(text, name="long.txt", layout=Layout.TEXT)
    alphabet = understanding.data_set.description.alphabet
    assert len(alphabet) == 256
    assert alphabet[-1] == "other"
    assert "Joined to one symbol called other: 47 rare symbols" in notes(understanding)
    assert understanding.chosen.window == 64


def test_control_characters_are_no_symbols(read: Read) -> None:
    text = ("abcdefgh" * 20 + "\x1b") * 4
    alphabet = read(text, name="x.txt", layout=Layout.TEXT).data_set.description.alphabet
    assert alphabet == (*"abcdefgh", "other")
