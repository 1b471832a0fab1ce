"""`read_sequences`: files of one's own, trained on and looked into from Python."""

from pathlib import Path

import numpy as np
import pytest

import rnn_tui
from rnn_tui.data import store
from rnn_tui.engine.files.paths import asset_dir

SWINGS = asset_dir() / "sequences" / "swings.csv"
FAST = {"hidden_size": 4, "seeds": 2, "epochs": 1}


@pytest.fixture(scope="module")
def swings() -> rnn_tui.SequenceData:
    return rnn_tui.read_sequences(SWINGS, sequence="swing", step="time", label="pendulum")


def test_what_was_understood_is_shown_and_nothing_is_kept(swings: rnn_tui.SequenceData) -> None:
    assert len(swings) == 240
    assert swings.classes == ("long", "medium", "short")
    assert swings[0].shape[1] == 1
    assert swings[0][:3, 0].tolist() == pytest.approx([29.8, 28.6, 33.5])
    assert np.array_equal(swings[-1], swings[239])
    with pytest.raises(IndexError):
        swings[240]
    assert len(swings.parts) == len(swings.targets) == 240
    assert set(swings.parts) == {"training", "validation", "test"}
    assert str(swings).startswith("swings.csv: CSV, UTF-8")
    assert swings._repr_html_().startswith("<pre>swings.csv")
    assert not store.is_kept(swings.name)


def test_networks_train_on_them_and_read_them_in_their_units(
    swings: rnn_tui.SequenceData,
) -> None:
    run = rnn_tui.train(swings, **FAST)
    assert run.task == swings.name
    assert run.results["test_accuracy"].shape == (1, 2)
    network = rnn_tui.load_network(run)
    trace = network.trace(swings[0])
    assert trace.steps == len(swings[0])
    assert trace.read[0] == "29.8"
    trained = swings[swings.parts.index("training")]
    assert abs(network.trace(trained).inputs.mean()) < 2  # standardised
    assert trace.answers[-1] in swings.classes
    again = rnn_tui.train(swings.name, **FAST)  # once it is kept, by its name
    assert again.settings == run.settings
    assert rnn_tui.runs(swings.name) == [again, run]


def test_numbers_are_answered_in_the_units_of_the_file() -> None:
    ahead = rnn_tui.read_sequences(
        SWINGS, sequence="swing", step="time", inputs=["angle"], ignored=["pendulum"], goal="next"
    )
    run = rnn_tui.train(ahead, hidden_size=8, epochs=20)
    trace = rnn_tui.load_network(run).trace(ahead[0])
    assert trace.numbers.shape == (len(ahead[0]), 1)
    errors = trace.numbers[5:-1, 0] - ahead[0][6:, 0]
    assert np.abs(errors).mean() < np.abs(ahead[0]).mean()  # better than zero
    assert trace.answers[3] == f"{trace.numbers[3, 0]:.4g}"
    assert np.isnan(trace.confidence).all()
    assert "…" in repr(trace)
    with pytest.raises(rnn_tui.UserError, match="answers classes"):
        _ = rnn_tui.load_network("adder").trace("1 1").numbers


def test_symbols_are_read_as_they_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("abcabc" * 200)
    text = rnn_tui.read_sequences(path, layout="text", window=12)
    network = rnn_tui.load_network(rnn_tui.train(text, **FAST))
    trace = network.trace("abca")
    assert trace.read == ("a", "b", "c", "a")
    assert np.array_equal(trace.states, network.trace([*"abca"]).states)
    for unknown in ("abx", ""):
        with pytest.raises(rnn_tui.UserError):
            network.trace(unknown)
    with pytest.raises(rnn_tui.UserError, match="read symbols, such as a b c"):
        network.trace(["a", "x"])


def test_texts_are_answered_from_memory(tmp_path: Path) -> None:
    rows = [f"A {'fine' if at % 2 else 'dull'} film,{'np'[at % 2]}" for at in range(60)]
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(["text,label", *rows, ""]))
    run = rnn_tui.train(rnn_tui.read_sequences(path, layout="wide", tokens="words"), **FAST)
    network = rnn_tui.load_network(run)
    trace = network.trace("a FINE zzz")
    assert trace.read == ("a", "fine", "<unknown>")
    assert np.array_equal(trace.logits, network.trace(["A", "fine", "zzz"]).logits)
    with pytest.raises(rnn_tui.UserError, match="read symbols, such as"):
        network.trace([1, 2])
    answers = run.predict(["a FINE zzz", "", "dull film"])
    assert answers.ids == ("1", "3")
    assert any("Text 2 has nothing to read" in note for note in answers.notes)
    assert "1 of 5 words is unknown, read as <unknown>." in answers.notes
    new = tmp_path / "new.csv"
    new.write_text("text\na FINE zzz\ndull film\n")
    assert np.allclose(answers.outputs, run.predict(new).outputs)
    with pytest.raises(rnn_tui.UserError, match="give a list of texts"):
        run.predict([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"label": "pendulun"}, "pendulun"),
        ({"goal": "clas"}, "Goal must be one of .*did you mean “class”"),
        ({"split": "x"}, "Split must be one of"),
        ({"inputs": "angle"}, "Inputs must be a list of columns"),
        ({"lable": "angle"}, "no option “lable” .did you mean “label”"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(rnn_tui.UserError, match=sentence):
        rnn_tui.read_sequences(SWINGS, **options)
    with pytest.raises(rnn_tui.UserError, match="can't be read"):
        rnn_tui.read_sequences("nothing.csv")


def test_a_file_is_read_as_that_of_a_run_was(tmp_path: Path) -> None:
    rows = [
        f"{walk};{step};{step * (1 + walk % 2)},5;{walk};{'ab'[walk % 2]}"
        for walk in range(12)
        for step in range(6)
    ]
    path = tmp_path / "walks.csv"
    path.write_text("\n".join(["who;when;where;height;kind", *rows]))
    options = {"sequence": "who", "inputs": ["where"], "goal": "step-class", "window": 6}
    run = rnn_tui.train(rnn_tui.read_sequences(path, label="kind", **options), **FAST)
    (tmp_path / "more.csv").write_text("\n".join(["who;when;where;height;kind", *rows[:36]]))
    more = rnn_tui.read_sequences(tmp_path / "more.csv", like=run)
    assert len(more) == 6
    assert more[1].ravel().tolist() == [0.5, 2.5, 4.5, 6.5, 8.5, 10.5]
    assert len(more.targets) == 36
    (tmp_path / "more.tsv").write_text(path.read_text().replace(";", "\t"))
    tabs = rnn_tui.read_sequences(tmp_path / "more.tsv", like=run.task)
    assert np.array_equal(tabs[1], more[1])
    other = rnn_tui.read_sequences(tmp_path / "more.csv", like=run, goal="class")
    assert len(other.targets) == 6
    (tmp_path / "less.csv").write_text("who;when;height;kind\n1;2;3;a\n1;3;3;a")
    with pytest.raises(rnn_tui.UserError, match="no column where"):
        rnn_tui.read_sequences(tmp_path / "less.csv", like=run)
    with pytest.raises(rnn_tui.UserError, match="There is no data set walks"):
        rnn_tui.read_sequences(path, like="walks")
    adder = rnn_tui.train("adder", preset="fast", hidden_size=2, epochs=1, training_size=64)
    with pytest.raises(rnn_tui.UserError, match="of adder, and not on sequences of your own"):
        rnn_tui.read_sequences(path, like=adder)
