"""`sequences`: arrays, lists and frames, read as the same numbers in a file are."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import rnn_tui

FAST = {"hidden_size": 3, "epochs": 1, "progress": False}
KINDS = np.where(np.arange(40) % 3 == 0, "flat", "steep")


@pytest.fixture
def cube() -> Any:
    """Forty sequences of seven steps of two numbers."""
    return np.random.default_rng(0).normal(size=(40, 7, 2))


def alike(first: rnn_tui.SequenceData, second: rnn_tui.SequenceData) -> bool:
    """Return whether two hold the same sequences with the same answers in the same parts."""
    same_numbers = all(map(np.array_equal, first, second))
    same_targets = np.array_equal(first.targets, second.targets)
    same_words = first.classes == second.classes and first.ids == second.ids
    return same_numbers and same_targets and same_words and first.parts == second.parts


def test_groups_are_shared_out_whole(cube: Any) -> None:
    subjects = [f"subject {number % 8}" for number in range(40)]
    data = rnn_tui.sequences(cube, KINDS, groups=subjects)
    assert list(data.groups) == subjects
    parts_of_group = {group: set() for group in subjects}
    for group, part in zip(subjects, data.parts, strict=True):
        parts_of_group[group].add(part)
    assert {len(parts) for parts in parts_of_group.values()} == {1}
    assert set(data.parts) == {"training", "validation", "test"}
    with pytest.raises(rnn_tui.UserError, match="groups has the shape"):
        rnn_tui.sequences(cube, KINDS, groups=subjects[:-1])
    with pytest.raises(rnn_tui.UserError, match="2 groups: training, validation and test need one"):
        rnn_tui.sequences(cube, KINDS, groups=np.arange(40) % 2)
    with pytest.raises(rnn_tui.UserError, match="leave out split, or groups"):
        rnn_tui.sequences(cube, KINDS, groups=subjects, split="time")


def test_arrays_are_read_as_their_file_is(cube: Any, tmp_path: Path) -> None:
    cube[3, 5:] = np.nan  # the end of a sequence
    cube[4, 2, 1] = np.inf  # a gap
    before = cube.copy()
    np.savez(tmp_path / "cube.npz", x=cube, y=KINDS)
    data = rnn_tui.sequences(cube, KINDS)
    assert alike(data, rnn_tui.read_sequences(tmp_path / "cube.npz", progress=False))
    assert np.array_equal(cube, before, equal_nan=True)
    assert data[3].shape == (5, 2)
    assert "Missing: 1 number" in str(data)
    whole = rnn_tui.sequences(cube.astype(np.float32)[:, :, 0].tolist(), [*KINDS])
    assert whole[0].shape == (7, 1)


def test_a_list_of_arrays_has_lengths_names_and_answers_of_its_own(cube: Any) -> None:
    parts = [numbers[: 3 + place % 5] for place, numbers in enumerate(cube)]
    names = [f"patient {place}" for place in range(40)]
    data = rnn_tui.sequences(parts, KINDS, ids=names, names=["rate", "pressure"])
    assert [len(numbers) for numbers in data] == [3 + place % 5 for place in range(40)]
    assert data.ids == tuple(names)
    assert "(rate, pressure)" in str(data)
    run = rnn_tui.train(data, **FAST)
    assert run.predict(parts[:5]).outputs.shape == (5, 2)
    steps = rnn_tui.sequences(parts, [[*map(str, numbers[:, 0] > 0)] for numbers in parts])
    assert steps.classes == ("False", "True")
    assert len(steps.targets) == sum(map(len, parts))
    numbers = rnn_tui.sequences(parts, np.arange(40), goal="number")
    assert numbers.targets[:, 0].tolist() == [*range(40)]
    assert "value" in str(rnn_tui.sequences([part[:, 0] for part in parts]))


def test_frames_are_read_as_their_file_is(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "walk": np.repeat([f"w{place}" for place in range(30)], 6),
            "day": np.tile(pd.date_range("2024-01-31", periods=6), 30),
            "speed": random.normal(size=180),
            "kind": np.repeat(KINDS[:30], 6),
        }
    )
    frame.loc[7, "speed"] = np.nan
    frame["surface"] = pd.Categorical(np.tile(["grass", "sand"], 90))
    frame.to_csv(tmp_path / "walks.csv", index=False)
    options: dict[str, Any] = {"sequence": "walk", "step": "day", "label": "kind"}
    data = rnn_tui.sequences(frame, **options)
    assert alike(data, rnn_tui.read_sequences(tmp_path / "walks.csv", progress=False, **options))
    assert data.ids[:2] == ("w0", "w1")
    assert alike(data, rnn_tui.sequences(frame.set_index(["walk", "day"]), **options))
    beside = rnn_tui.sequences(
        frame.drop(columns="kind"), frame["kind"], sequence="walk", step="day"
    )
    assert alike(data, beside)
    answers = rnn_tui.train(data, **FAST).predict(frame.sample(frac=1, random_state=0))
    assert answers.figures["measured"] == 30


def test_an_index_names_sequences_or_steps_and_levels_of_columns_are_joined() -> None:
    random = np.random.default_rng(2)
    wide = pd.DataFrame(random.normal(size=(40, 5))).assign(kind=KINDS)
    named = rnn_tui.sequences(wide.set_index(pd.Index([f"p{place}" for place in range(40)])))
    assert named.ids[:2] == ("p0", "p1")
    assert all(map(np.array_equal, named, rnn_tui.sequences(wide)))
    levels = wide.set_axis(pd.MultiIndex.from_product([["left"], wide.columns]), axis=1)
    assert alike(rnn_tui.sequences(levels, label="left kind"), rnn_tui.sequences(wide))
    days = pd.date_range("2024-01-31", periods=200)
    series = pd.Series(np.sin(np.arange(200.0)), days, name="height")
    dated = rnn_tui.sequences(series)
    assert dated.name == rnn_tui.sequences(series.to_frame()).name  # a digest of its content
    assert dated.ids[0].endswith("2024-01-31")
    lasting = wide.assign(took=pd.to_timedelta(wide[0], unit="s"))[["took", 1, "kind"]]
    seconds = rnn_tui.sequences(lasting, label="kind", layout="wide")
    assert seconds[3][0, 0] == pytest.approx(wide[0][3], abs=1e-6)


def test_frames_of_polars_are_read_as_those_of_pandas() -> None:
    polars = pytest.importorskip("polars")  # 180 MB, so that the tests do without
    days = pd.date_range("2024-01-31", periods=6)
    frame = pd.DataFrame(
        {
            "walk": np.repeat([f"w{place}" for place in range(30)], 6),
            "day": np.tile(days, 30),
            "speed": np.random.default_rng(1).normal(size=180),
            "count": pd.array([None, *range(1, 180)], "Int64"),
            "kind": pd.Categorical(np.repeat(KINDS[:30], 6)),
        }
    )
    other = polars.DataFrame(
        {
            "walk": frame["walk"].to_list(),
            "day": [day.date() for day in frame["day"]],
            "speed": frame["speed"].to_numpy(),
            "count": [None, *range(1, 180)],
            "kind": polars.Series(frame["kind"].to_list(), dtype=polars.Categorical),
        }
    )
    options: dict[str, Any] = {"sequence": "walk", "step": "day", "label": "kind"}
    data = rnn_tui.sequences(frame, **options)
    assert alike(data, rnn_tui.sequences(other, **options))
    at_noon = other.with_columns(polars.col("day").cast(polars.Datetime).dt.offset_by("12h"))
    assert alike(data, rnn_tui.sequences(at_noon, **options))
    with pytest.raises(rnn_tui.UserError, match=r"give frame\.collect\(\)"):
        rnn_tui.sequences(other.lazy(), **options)


def test_missing_answers_are_left_out(cube: Any) -> None:
    kinds = [None if place == 2 else kind for place, kind in enumerate(KINDS)]
    frame = pd.DataFrame({"kind": pd.array(kinds, "string"), "number": pd.array(range(40))})
    frame.loc[3, "number"] = pd.NA
    assert len(rnn_tui.sequences(cube, kinds)) == 39
    masked = np.ma.masked_array(KINDS, mask=np.arange(40) < 2)
    assert len(rnn_tui.sequences(cube, masked)) == 38
    assert "Missing: 5 numbers" in str(
        rnn_tui.sequences(np.ma.masked_less(cube, np.sort(cube, None)[5]))
    )
    assert len(rnn_tui.sequences(cube, frame["kind"])) == 39
    assert len(rnn_tui.sequences([*cube], frame["number"], goal="number")) == 39


@pytest.mark.parametrize(
    ("X", "y", "options", "sentence"),
    [
        ([], None, {}, "The values in X are empty"),
        ("ab", None, {}, "X holds no numbers"),
        (np.zeros((2, 2, 2, 2)), None, {}, "X has 4 dimensions"),
        ([[1.0, 2.0], [[1.0, 2.0]]], None, {}, "have 1 and 2 numbers at a step"),
        ([[1.0], [[1.0], [1.0, 2.0]]], None, {}, r"X\[1\] can't be read as an array"),
        (np.zeros((4, 3)), ["a", "b"], {}, r"it must be \(4,\)"),
        ([[1.0, 2.0]] * 4, ["a", "b"], {}, "y has 2 labels for the 4 sequences"),
        ([[1.0, 2.0]] * 2, [["a"] * 3, ["b"] * 2], {}, r"y\[0\] has 3 labels for the 2 steps"),
        ([[1.0, 2.0]] * 2, "ab", {}, "y is a list, an array or a column of labels, not str"),
        (np.zeros((4, 3)), None, {"ids": ["a"]}, "ids has 1 name for 4 sequences"),
        (np.zeros((4, 3)), None, {"names": ["a", "b"]}, "names has 2 names for 1 number"),
        (np.zeros((4, 3)), None, {"sequence": "id"}, "Arrays have no columns"),
        (np.zeros((4, 3)), None, {"delimiter": ","}, "delimiter says how a file is written"),
        (pd.DataFrame({"v": [1.0]}), None, {"ids": ["a"]}, "A frame has ids in its columns"),
        (pd.DataFrame([[1.0, 2.0]], columns=["v", "v"]), None, {}, "several columns called v"),
        (pd.DataFrame({"v": [1.0]}), ["a", "b"], {}, "2 labels for the 1 rows"),
        (pd.DataFrame({"v": [[1.0]]}), None, {}, "A cell holds several values"),
        (pd.DataFrame({"v": [1.0]}), None, {"label": "w"}, "no column w"),
        (
            pd.DataFrame({"t": [*range(9), "x"], "v": 1.0}),
            None,
            {"step": "t"},
            "Row 10: “x” in the column",
        ),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    X: Any, y: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(rnn_tui.UserError, match=sentence):
        rnn_tui.sequences(X, y, **options)
