"""No group lies in two parts; a column, a date or a step says what the test is."""

import csv
import io
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui import read_sequences
from rnn_tui.cli.main import main
from rnn_tui.data.applying.new_file import NewFile
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION, DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.options import Goal, Layout, Split
from rnn_tui.data.sequences import Sequences, starts_of
from rnn_tui.data.splitting import parts_of
from rnn_tui.data.summary import figure_lines
from rnn_tui.data.understanding import Role, understand
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.progress import UNWATCHED
from tests.data.reading import LONG, Read, notes, roles, text_of


def trials(subjects: int = 10, each: int = 6, steps: int = 4, head: str = "subject") -> str:
    """Return trials that are counted anew for each subject, whose classes take turns."""
    rows = [
        f"s{subject:02},{trial},{step},{subject + step / 10},{'walk' if trial % 2 else 'sit'}"
        for subject in range(subjects)
        for trial in range(1, each + 1)
        for step in range(steps)
    ]
    return text_of(f"{head},trial,t,load,activity", rows)


def beats(split: bool = True) -> str:
    """Return a beat a row, several of each patient, with the part that each patient is in."""
    random = np.random.default_rng(0)
    rows = []
    for beat in range(96):
        patient = beat // 8
        cells = [f"{number:.3f}" for number in random.normal(size=16).cumsum()]
        part = ["Test" if patient > 8 else "TRAIN"] if split else []
        rows.append(",".join([f"{100 + patient}", *part, *cells, "NV"[beat % 4 == 0]]))
    head = ["patient", *(["split"] if split else []), *(f"v{step}" for step in range(16))]
    return text_of(",".join([*head, "diagnosis"]), rows)


def parts_of_groups(data_set: DataSet) -> dict[str, set[int]]:
    """Return the parts in which each group has sequences."""
    parts: dict[str, set[int]] = {}
    for index, part in enumerate(data_set.parts.tolist()):
        parts.setdefault(data_set.origin.group(index), set()).add(part)
    return parts


# --- groups ---


def test_trials_of_subjects_are_sequences_and_no_subject_is_in_two_parts(read: Read) -> None:
    understanding = read(trials())
    data_set = understanding.data_set
    assert data_set.count == 60  # not the six that have a number of their own
    assert data_set.origin.ids[:2] == ("s00 trial 1", "s00 trial 2")
    assert roles(understanding)[:2] == [Role.GROUP, Role.SEQUENCE]
    assert data_set.description.features == ("load",)
    parts = parts_of_groups(data_set)
    assert len(parts) == 10
    assert all(len(of_one) == 1 for of_one in parts.values())
    assert Counter(part for [part] in parts.values()) == {TRAINING: 6, VALIDATION: 2, TEST: 2}
    assert "36 training, 12 validation and 12 test sequences of 6, 2 and 2 subjects." in notes(
        understanding
    )
    assert figure_lines(data_set)[-2] == (
        "groups: 10, of which 6 in training, 2 in validation, 2 in test "
        "(s00, s01, s02, s03, s04, s05, s06, s07, s08, s09)"
    )
    again = understand(understanding.path, understanding.chosen)
    assert again.data_set.description.name == data_set.description.name


def test_the_user_names_groups(read: Read) -> None:
    rows = [f"{n},{step},{n * step},{n // 4}" for n in range(24) for step in range(3)]
    table = text_of("id,t,x,farm", rows)
    understanding = read(table, group="farm", goal=Goal.NEXT)
    assert all(len(parts) == 1 for parts in parts_of_groups(understanding.data_set).values())
    assert understanding.data_set.description.features == ("x",)
    assert "each farm in one part" in notes(understanding)
    assert not len(read(table, goal=Goal.NEXT).data_set.origin.members)


def test_trials_in_a_new_file_are_told_apart_by_their_subjects_too(read: Read) -> None:
    understanding = read(trials())
    remarks = Remarks(lambda _sentence: None)
    [again] = NewFile(
        understanding.path, understanding.data_set.description, remarks, UNWATCHED
    ).sequences()
    assert again.ids == understanding.data_set.origin.ids
    assert "subject" not in " ".join(remarks.notes)


def test_a_row_of_many_counted_columns_is_a_sequence_of_its_patient(read: Read) -> None:
    understanding = read(beats(split=False))
    assert understanding.layout is Layout.WIDE
    assert understanding.data_set.count == 96
    assert roles(understanding)[0] is Role.GROUP
    assert "say --layout long if a row is a step" in notes(understanding)


def test_the_groups_of_arrays(read: Read) -> None:
    def arrays(**more: object) -> bytes:
        content = io.BytesIO()
        x = np.arange(120.0).reshape(30, 4)
        np.savez(content, x=x, y=np.arange(30) % 2, **more)  # type: ignore[arg-type]
        return content.getvalue()

    owners = np.repeat([f"s{n}" for n in range(10)], 3)
    data_set = read(arrays(subjects=owners), "a.npz").data_set
    assert [data_set.origin.group(index) for index in range(30)] == owners.tolist()
    assert all(len(parts) == 1 for parts in parts_of_groups(data_set).values())
    assert read(arrays(farm=owners), "b.npz", group="farm").data_set.origin.groups
    with pytest.raises(DataError, match=r"has the shape \(29,\)"):
        read(arrays(subject=owners[1:]), "c.npz")
    with pytest.raises(DataError, match="has no array barn"):
        read(arrays(), "d.npz", group="barn")


def test_the_names_and_times_of_arrays(read: Read) -> None:
    def arrays(**more: object) -> bytes:
        content = io.BytesIO()
        x = np.arange(120.0).reshape(30, 4)
        np.savez(content, x=x, y=np.arange(30) % 2, **more)  # type: ignore[arg-type]
        return content.getvalue()

    ids = np.array([f"beat {n}\x1b[31m" for n in range(30)])
    months = [f"2020-0{month}-01" for month in (1, 2, 3, 4)]
    data_set = read(arrays(ids=ids, times=np.array(months)), "a.npz").data_set
    assert data_set.sequence_name(17) == "beat 17\N{REPLACEMENT CHARACTER}[31m"
    assert [data_set.origin.time_text(step) for step in range(4)] == months
    seconds = np.arange(120.0).reshape(30, 4) / 4
    origin = read(arrays(time=seconds), "b.npz").data_set.origin
    assert [origin.time_text(step) for step in (0, 1, 119)] == ["0", "0.25", "29.75"]
    refused = {
        r"names of sequences in .* the shape \(29,\)": {"ids": ids[1:]},
        "lacks the name of sequence 3": {"ids": np.where(np.arange(30) == 2, "", ids)},
        "is pickled": {"ids": ids.astype(object)},
        r"times in .* the shape \(5,\)": {"times": np.arange(5)},
        "numbers, or dates of one form": {"times": np.array(["2020-01-01", "soon", "x", "y"])},
    }
    for number, (sentence, more) in enumerate(refused.items()):
        with pytest.raises(DataError, match=sentence):
            read(arrays(**more), f"refused{number}.npz")


def test_validation_is_made_of_whole_groups_where_the_file_shares_some(read: Read) -> None:
    head, *rows = beats(split=False).splitlines()
    parts = ["test" if beat % 8 == 7 and beat < 48 else "train" for beat in range(len(rows))]
    table = text_of(
        f"part,{head}", [f"{part},{row}" for part, row in zip(parts, rows, strict=True)]
    )
    data_set = read(table, split_column="part").data_set
    assert (data_set.parts == TEST).tolist() == [part == "test" for part in parts]
    members = data_set.origin.members
    made = set(members[data_set.parts == VALIDATION].tolist())
    assert made
    assert made.isdisjoint(members[data_set.parts == TRAINING].tolist())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=3, max_size=120))
def test_no_group_is_in_two_parts_and_no_part_is_empty(pairs: list[tuple[int, int]]) -> None:
    names, members = np.unique([group for group, _ in pairs], return_inverse=True)
    classes = np.array([name for _, name in pairs])
    count = len(pairs)
    sequences = Sequences(
        ("x",),
        (),
        np.zeros((count, 1)),
        starts_of(np.ones(count, np.int64)),
        groups=tuple(map(str, names.tolist())),
        members=members.astype(np.int64),
    )
    if len(names) < 3:
        with pytest.raises(DataError, match="each part needs one"):
            parts_of(Split.CHANCE, sequences, classes, by_group=True)
        return
    parts = parts_of(Split.CHANCE, sequences, classes, by_group=True)
    assert set(parts.tolist()) == {TRAINING, VALIDATION, TEST}
    for group in range(len(names)):
        assert len(set(parts[members == group].tolist())) == 1
    assert (parts == parts_of(Split.CHANCE, sequences, classes, by_group=True)).all()


def test_shares_of_classes_are_nearly_equal(read: Read) -> None:
    random = np.random.default_rng(1)
    rows = [
        f"{n},{step},{random.normal():.3f},u{n // 10},{'ab'[n // 10 % 3 == 0 and n % 10 > 2]}"
        for n in range(300)
        for step in range(2)
    ]
    data_set = read(text_of("id,t,x,user,label", rows)).data_set
    rare = data_set.targets == list(data_set.description.outputs).index("b")
    for part, share in ((TRAINING, 0.6), (VALIDATION, 0.2), (TEST, 0.2)):
        assert (data_set.parts == part).mean() == pytest.approx(share, abs=0.02)
        assert rare[data_set.parts == part].sum() / rare.sum() == pytest.approx(share, abs=0.02)


# --- a column of parts ---


def test_a_column_of_parts_is_followed_and_no_input(read: Read) -> None:
    understanding = read(beats())
    description = understanding.data_set.description
    assert description.split is Split.COLUMN
    assert description.features == ("value",)
    parts = parts_of_groups(understanding.data_set)
    assert {group for group, of_one in parts.items() if of_one == {TEST}} == {"109", "110", "111"}
    assert all(len(of_one) == 1 for of_one in parts.values())
    assert "The file says nothing of validation: made of its training part." in notes(understanding)
    otherwise = read(beats(), split=Split.CHANCE)
    assert otherwise.data_set.description.split is Split.CHANCE
    assert "Not used: split." in notes(otherwise)


def test_flags_say_the_test_where_the_column_does(read: Read) -> None:
    rows = [f"{n},{step},{n},{int(n > 8)}" for n in range(12) for step in range(3)]
    data_set = read(text_of("id,t,x,is_test", rows), goal=Goal.NEXT).data_set
    assert np.flatnonzero(data_set.parts == TEST).tolist() == [9, 10, 11]
    with pytest.raises(DataError, match="does not say which is the test"):
        read(text_of("id,t,x,chosen", rows), split_column="chosen", goal=Goal.NEXT)


# --- from a date or step on ---


def test_the_test_is_what_comes_from_a_date_on(read: Read) -> None:
    rows = [
        f"20{year}-{month:02}-01,{shop},{shop + month}"
        for year in range(15, 20)
        for month in range(1, 13)
        for shop in range(3)
    ]
    understanding = read(
        text_of("month,store,sales", rows), test_from="2019-01-01", window=12, goal=Goal.NEXT
    )
    data_set = understanding.data_set
    assert data_set.description.split is Split.FROM
    border = np.datetime64("2019-01-01").astype("datetime64[s]").astype(np.int64)
    times = [data_set.origin.times[begin:end] for begin, end in pairwise(data_set.starts.tolist())]
    for part, steps in zip(data_set.parts.tolist(), times, strict=True):
        assert (steps >= border).all() if part == TEST else (steps < border).all()
    for place in range(3):  # in each store, the validation is what comes last before it
        latest = []
        for part in (TRAINING, VALIDATION, TEST):
            chosen = np.flatnonzero((data_set.parts == part) & (data_set.origin.places == place))
            latest.append(max(times[index].max() for index in chosen.tolist()))
        assert latest == sorted(latest)


def test_without_times_steps_are_counted_from_one(read: Read) -> None:
    table = text_of("load", [f"{step % 7}" for step in range(100)])
    data_set = read(table, test_from="81", goal=Goal.NEXT, window=10).data_set
    lengths = np.diff(data_set.starts)
    assert lengths[data_set.parts == TEST].sum() == 20
    assert lengths[data_set.parts == VALIDATION].sum() == 16


# --- which is where ---


def test_ids_groups_and_parts_are_listed_in_shell_and_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "steps.csv"
    path.write_text(trials())
    data = read_sequences(path)
    assert data.ids[7] == "s01 trial 2"
    assert data.groups[7] == "s01"
    assert main(["data", "parts", str(path), "--quiet"]) == 0
    head, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert head == ["sequence", "group", "part"]
    assert rows == [list(row) for row in zip(data.ids, data.groups, data.parts, strict=True)]
    data.keep()
    assert main(["data", "parts", data.name, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["sequences"]
    assert [list(row.values()) for row in listed] == rows


# --- refusals ---


@pytest.mark.parametrize(
    ("table", "options", "sentence"),
    [
        (trials(subjects=2), {"group": "subject"}, "There are 2 groups, and each part needs one"),
        (LONG.replace("label", "farm"), {"group": "t"}, "has rows of two groups in t, 0 and 1"),
        (trials(), {"group": "barn"}, "barn"),
        (trials(), {"group": "subject", "split": Split.TIME}, "steps of each group in all parts"),
        (trials(), {"group": "subject", "test_from": "3"}, "steps of each group in all parts"),
        (beats(), {"split_column": "split", "test_from": "3"}, "not by both"),
        (beats(), {"split_column": "split", "split": Split.TIME}, "says how to split"),
        (LONG, {"split": Split.COLUMN}, "needs --split-column"),
        (LONG, {"split": Split.FROM}, "needs --test-from"),
        (LONG, {"split_column": "label"}, "has “even”, and parts are called train, val or test"),
        (LONG, {"test_from": "2020-01-01"}, "is no step"),
        (LONG, {"test_from": "9", "goal": Goal.NEXT}, "No step comes from 9 on"),
        (LONG, {"test_from": "0", "goal": Goal.NEXT}, "none is left to train on"),
        (LONG, {"test_from": "2"}, "of one answer reach over 2"),
        (text_of("x", ["1", "2"] * 20), {"group": "x"}, "this file is one sequence"),
    ],
)
def test_what_can_not_be_is_refused(
    read: Read, table: str, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(table, **options)


def test_a_group_that_the_file_has_in_two_parts_is_refused_or_told(read: Read) -> None:
    table = beats().replace("100,TRAIN", "100,Test", 1)
    with pytest.raises(DataError, match="The group 100 is in training and test"):
        read(table, group="patient")
    assert "of 12 groups (patient) lie in several parts" in notes(read(table))


def test_a_row_without_a_group_is_refused(read: Read) -> None:
    table = beats(split=False).replace("\n101,", "\n,", 1)
    with pytest.raises(DataError, match=r"Line 10 .*has no group in the column patient"):
        read(table, group="patient")


def test_old_descriptions_say_nothing_of_groups(read: Read) -> None:
    description = read(LONG).data_set.description
    kept = description.to_dict()
    del kept["counted_in"]
    for option in ("group", "split_column", "test_from"):
        del kept["reading"][option]
    assert Description.from_dict(kept) == description
