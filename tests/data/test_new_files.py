"""A new file is read as the file of a data set was, without saying it again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnn_tui.data.applying.new_file import NewFile
from rnn_tui.data.applying.preparing import NewSequences, Ranges
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Fill, Goal, ReadingOptions
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import UNWATCHED


def applied(data_set: DataSet, source: object) -> tuple[NewSequences, Remarks]:
    """Return the sequences of a new file, all of which fit into one part."""
    remarks = Remarks(lambda _sentence: None)
    new_file = NewFile(source, data_set.description, remarks, UNWATCHED, Ranges.of(data_set))
    [sequences] = new_file.sequences()
    return sequences, remarks


def kept(tmp_path: Path, text: str, name: str = "known.csv", **options: object) -> DataSet:
    path = tmp_path / name
    path.write_text(text)
    return understand(path, ReadingOptions(**options)).data_set  # type: ignore[arg-type]


def written(tmp_path: Path, text: str, name: str = "new.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def long_table(count: int = 12, steps: int = 5) -> str:
    rows = ["trial,time,load,mode,label"]
    for trial in range(count):
        for step in range(steps):
            load = "" if (trial, step) == (2, 3) else f"{trial + step / 4}"
            rows.append(f"t{trial},{step},{load},{'ab'[(trial + step) % 2]},{'xy'[trial % 2]}")
    return "\n".join(rows) + "\n"


def wide_table() -> str:
    rows = ["case,t0,t1,t2,t3,kind"]
    for case in range(12):
        cells = ["" if (case, step) == (3, 3) else f"{case * step + 0.5}" for step in range(4)]
        rows.append(",".join([f"c{case}", *cells, "up" if case % 2 else "down"]))
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("table", [long_table(), wide_table()])
def test_the_file_itself_is_read_as_in_training(tmp_path: Path, table: str) -> None:
    data_set = kept(tmp_path, table)
    sequences, remarks = applied(data_set, tmp_path / "known.csv")
    assert np.array_equal(sequences.values, data_set.values)
    assert np.array_equal(sequences.starts, data_set.starts)
    assert sequences.targets is not None
    assert np.array_equal(sequences.targets, data_set.targets)
    assert sequences.ids == data_set.origin.ids
    assert all("outside those of training" in note for note in remarks.notes)


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table())
    new = "note;mode;Load;time;trial\n" + "hello;b;1,5;1;s 9\n;a;0,25;0;s 9\n;a;2;0;s 10\n"
    sequences, remarks = applied(data_set, written(tmp_path, "\ufeff" + new))
    assert sequences.ids == ("s 9", "s 10")
    assert sequences.steps == ("0", "1", "0")
    assert sequences.targets is None
    assert sequences.values.tolist() == [[0.25, 1, 0], [1.5, 0, 1], [2, 1, 0]]
    assert "note is not used." in remarks.notes
    assert "Rows are put in the order of their steps." in remarks.notes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("trial,time,mode\nt1,0,a\n", "new.csv has no column load; it has trial, time, mode."),
        ("t1,0,1.5,a\nt1,1,2.5,a\n", "new.csv has no column load, mode, trial, time; it has t1, 0"),
        ("", "new.csv is empty."),
        ("trial,time,load,mode\n", "has no rows below its header"),
        ("trial,time,load,mode\nt1,0,one,a\n", "Left out: 1 row"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    data_set = kept(tmp_path, long_table())
    with pytest.raises(DataError, match=sentence[:40].replace(".", r"\.")):
        applied(data_set, written(tmp_path, text))


def test_a_damaged_row_is_left_out_with_its_line(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table())
    rows = [
        "u,0,1,a",
        "u,1,one,a",
        "u,2,3,c",
        "u,3,4",
        "u,x,1,a",
        ",5,1,a",
        "u,6,inf,b",
        'u,"7,1,a',
    ]
    rows.append("u,8,2,b")
    new = written(tmp_path, "\n".join(["trial,time,load,mode", *rows]))
    sequences, remarks = applied(data_set, new)
    assert sequences.steps == ("0", "6", "8")
    assert sequences.values[:, 0].tolist() == [1, 1.5, 2]  # by a line between its neighbours
    assert remarks.rows == 6
    assert sorted(fault.split(":")[0][:6] for fault in remarks.faults) == [
        "Line 3",
        "Line 4",
        "Line 5",
        "Line 6",
        "Line 7",
        "Line 9",
    ]


def test_json_lines_are_read_as_a_table(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table(), sequence="trial", step="time", label="label")
    lines = [
        '{"load": 1.5, "mode": "a", "time": 0, "trial": "n"}',
        '{"mode": "b", "trial": "n", "time": 1}',
        "",
        '{"load": [1, 2], "mode": "a", "time": 2, "trial": "n"}',
        "{load: 1}",
        "7",
        '{"load": 2.5, "mode": "a", "time": 3, "trial": "n"}',
    ]
    as_json = written(tmp_path, "\n".join(lines), "new.jsonl")
    as_table = written(tmp_path, "trial,time,load,mode\nn,0,1.5,a\nn,1,,b\nn,3,2.5,a\n")
    sequences, remarks = applied(data_set, as_json)
    expected, _ = applied(data_set, as_table)
    assert sequences.ids == expected.ids
    assert sequences.steps == expected.steps
    assert np.array_equal(sequences.values, expected.values)
    assert remarks.rows == 3
    for line, fault in zip((4, 5, 6), remarks.faults, strict=True):
        assert f"Line {line} of new.jsonl" in fault
    with pytest.raises(DataError, match="no line with a JSON object"):
        applied(data_set, written(tmp_path, "[1]\n" + "[" * 100_000, "none.jsonl"))


def test_rows_of_a_sequence_may_stand_apart(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table())
    new = "trial,time,load,mode\nu,0,1,a\nv,0,2,a\nu,1,3,a\n"
    sequences, remarks = applied(data_set, written(tmp_path, new))
    assert sequences.ids == ("u", "v")
    assert sequences.values[:, 0].tolist() == [1, 3, 2]
    assert any("held in memory" in note for note in remarks.notes)


def test_what_lies_outside_training_is_said(tmp_path: Path) -> None:
    data_set = kept(tmp_path, wide_table())
    new = "kind,t3,t2,t1,t0\nsideways,1,1,1,9000\n"
    sequences, remarks = applied(data_set, written(tmp_path, new))
    assert sequences.values[0] == 9000
    assert sequences.targets is not None
    assert sequences.targets.tolist() == [-1]
    assert any("sideways" in note for note in remarks.notes)
    assert any("1 of 4 numbers is outside" in note for note in remarks.notes)


def test_gaps_of_a_forecast_are_filled_from_the_past(tmp_path: Path) -> None:
    table = "\n".join(["load", *(f"{step % 7}" for step in range(200))])
    data_set = kept(tmp_path, table, goal=Goal.NEXT, window=16)
    sequences, remarks = applied(data_set, written(tmp_path, "load\n1\nNA\n5\n"))
    assert sequences.values[:, 0].tolist() == [1, 1, 5]
    assert sequences.targets is not None
    assert np.isnan(sequences.targets[1, 0])
    long = written(tmp_path, table + "\n")
    whole, remarks = applied(data_set, long)
    assert len(whole.ids) == 1  # and not cut into pieces
    assert any("longer than those of training" in note for note in remarks.notes)


def test_a_table_without_header_may_lack_its_label(tmp_path: Path) -> None:
    rows = [f"{case % 2},{case},{case + 1},{case * 2},0.5" for case in range(12)]
    data_set = kept(tmp_path, "\n".join(rows), layout="wide", header=False, label="1")
    sequences, _ = applied(data_set, written(tmp_path, "1,2,3,4\n5,6,7,8"))
    assert sequences.values[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert sequences.ids == ("1", "2")
    sequences, _ = applied(data_set, written(tmp_path, '1,2,"3,4\n5,6,7,8\n1,2,x,3\n9,9,9,9\n'))
    assert sequences.ids == ("2", "4")  # the numbers of the rows in the file


def test_unknown_symbols_are_refused_for_their_sequence(tmp_path: Path) -> None:
    rows = [f"{case:b},{case % 2}".replace("1", "b").replace("0", "a") for case in range(20)]
    data_set = kept(tmp_path, "\n".join(["text,label", *rows]), layout="wide", inputs=("text",))
    sequences, remarks = applied(data_set, written(tmp_path, "text\nabba\nabc\nb\n"))
    assert sequences.ids == ("1", "3")
    assert remarks.faults == [
        "Line 3 of new.csv: “c” in text is no symbol of training; the sequence is left out."
    ]


def test_arrays_and_their_files_are_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(12, 6, 2))
    np.savez(tmp_path / "known.npz", x=values, y=np.arange(12) % 2)
    data_set = understand(tmp_path / "known.npz").data_set
    of_file, _ = applied(data_set, tmp_path / "known.npz")
    assert np.array_equal(of_file.values, data_set.values)
    assert of_file.targets is not None
    of_array, _ = applied(data_set, values)
    assert np.array_equal(of_array.values, data_set.values)
    of_list, _ = applied(data_set, [values[0], values[1, :4]])
    assert np.diff(of_list.starts).tolist() == [6, 4]
    one, _ = applied(data_set, values[3])
    assert len(one.ids) == 1
    with pytest.raises(DataError, match="shape"):
        applied(data_set, values[:, :, :1])


def test_gaps_are_filled_by_the_means_of_training(tmp_path: Path) -> None:
    data_set = kept(tmp_path, wide_table(), fill=Fill.MEAN)
    sequences, _ = applied(data_set, written(tmp_path, "t0,t1,t2,t3\n1,NA,2,3\n"))
    assert sequences.values[1, 0] == np.float32(data_set.description.means[0])


def test_dates_are_read_however_the_new_file_writes_them(tmp_path: Path) -> None:
    rows = [f"s{n},2020-01-{day:02},{n + day}" for n in range(6) for day in range(1, 9)]
    data_set = kept(tmp_path, "\n".join(["who,day,load", *rows]), goal=Goal.NEXT)
    new = "day;who;load\n" + "\n".join(f"{day}.02.2021;x;{day},5" for day in (21, 3, 14))
    sequences, _ = applied(data_set, written(tmp_path, new))
    assert sequences.steps == ("3.02.2021", "14.02.2021", "21.02.2021")
    assert sequences.values[:, 0].tolist() == [3.5, 14.5, 21.5]
    with pytest.raises(DataError, match="can't order the steps"):
        applied(data_set, written(tmp_path, "day,who,load\nmonday,x,1\ntuesday,x,2\n"))


def test_sequences_without_names_begin_as_in_training(tmp_path: Path) -> None:
    rows = [f"{step},{step + n}" for n in range(6) for step in range(5)]
    restarting = kept(tmp_path, "\n".join(["step,load", *rows]), step="step", goal=Goal.NEXT)
    sequences, _ = applied(restarting, written(tmp_path, "step,load\n0,1\n1,2\n2,3\n0,4\n1,5\n"))
    assert np.diff(sequences.starts).tolist() == [3, 2]
    one, _ = applied(restarting, written(tmp_path, "step,load\n0,1\n1,2\n2,3\n"))
    assert np.diff(one.starts).tolist() == [3]
    blocks = "\n\n".join("\n".join(f"{n + step}" for step in range(5)) for n in range(6))
    parted = kept(tmp_path, f"load\n{blocks}", layout="long", goal=Goal.NEXT)
    assert parted.description.blocks
    sequences, _ = applied(parted, written(tmp_path, "load\n1\n2\n\n\n3\n4\n5\n\n"))
    assert np.diff(sequences.starts).tolist() == [2, 3]


def test_long_sequences_are_thinned_only_as_in_training(tmp_path: Path) -> None:
    rows = [f"s{n},{n + step % 2},{'xy'[n % 2]}" for n in range(6) for step in range(1500)]
    data_set = kept(tmp_path, "\n".join(["who,load,label", *rows]), sequence="who", label="label")
    assert data_set.description.thinned == 2
    whole, _ = applied(data_set, tmp_path / "known.csv")
    assert np.array_equal(whole.values, data_set.values)
    new = written(tmp_path, "who,load\na,1\na,3\na,10\n")
    sequences, remarks = applied(data_set, new)
    assert sequences.values[:, 0].tolist() == [2, 10]
    assert "The means of 2 steps each are read, as in training." in remarks.notes


def test_a_data_set_of_an_earlier_version_says_what_to_do(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table())
    earlier = replace(data_set, description=replace(data_set.description, reading=None))
    with pytest.raises(DataError, match=r"read that file again by rnn_tui\.read_sequences"):
        applied(earlier, tmp_path / "known.csv")


def test_a_frame_is_read_as_its_file(tmp_path: Path) -> None:
    data_set = kept(tmp_path, long_table())
    frame = pd.read_csv(tmp_path / "known.csv")
    of_frame, _ = applied(data_set, frame[["label", "mode", "load", "trial", "time"]])
    of_file, _ = applied(data_set, tmp_path / "known.csv")
    assert np.array_equal(of_frame.values, of_file.values)
    assert of_frame.ids == of_file.ids


def test_a_file_with_its_twin_is_read_alone(tmp_path: Path) -> None:
    data_set = kept(tmp_path, wide_table(), "known_TRAIN.csv")
    new = written(tmp_path, "t0,t1,t2,t3\n1,2,3,4\n", "known_TEST.csv")
    sequences, _ = applied(data_set, new)
    assert sequences.ids == ("1",)


@pytest.mark.parametrize("ending", ["ts", "arff"])
def test_formats_of_archives_are_read_with_and_without_labels(tmp_path: Path, ending: str) -> None:
    rows = [f"{case},{case + 1},{case / 2}" for case in range(12)]
    between = ":" if ending == "ts" else ","
    labelled = [f"{row}{between}{'ab'[case % 2]}" for case, row in enumerate(rows)]
    numbers = [f"@attribute att{step} numeric" for step in range(3)]
    heads = {
        "ts": (["@classLabel true a b", "@data"], ["@classLabel false", "@data"]),
        "arff": ([*numbers, "@attribute target {a,b}", "@data"], [*numbers, "@data"]),
    }
    with_label, without = heads[ending]
    data_set = kept(tmp_path, "\n".join([*with_label, *labelled]), f"known.{ending}")
    new = "\n".join([*without, rows[0], "1,two,3", rows[1]])
    sequences, remarks = applied(data_set, written(tmp_path, new, f"new.{ending}"))
    assert sequences.ids == ("1", "3")
    assert sequences.targets is None
    assert remarks.sequences == 1
    assert f"new.{ending}" in remarks.faults[0]
    same, _ = applied(data_set, tmp_path / f"known.{ending}")
    assert np.array_equal(same.values, data_set.values)
    assert same.targets is not None
    assert np.array_equal(same.targets, data_set.targets)


def test_a_text_is_read_by_the_symbols_of_training(tmp_path: Path) -> None:
    data_set = kept(tmp_path, "abc abd " * 60, "known.txt", layout="text")
    sequences, _ = applied(data_set, written(tmp_path, "abd", "new.txt"))
    alphabet = data_set.description.alphabet
    assert [alphabet[int(place)] for place in sequences.values[:, 0]] == ["a", "b", "d"]
    with pytest.raises(DataError, match="symbols that training does not have: “X”"):
        applied(data_set, written(tmp_path, "abX", "new.txt"))
