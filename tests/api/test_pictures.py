"""Runs and traces in a notebook: tables in HTML, and charts of matplotlib."""

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import rnn_tui
from tests.api.conftest import SMALL


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Draw without a screen, and close what was drawn."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def parsed(text: str) -> ElementTree.Element:
    """HTML that is also XML: tags that are closed, and text that is escaped."""
    return ElementTree.fromstring(f"<div>{text}</div>")


def words(element: ElementTree.Element) -> str:
    """All text in an element."""
    return " ".join(" ".join(element.itertext()).split())


def drawing(shown: ElementTree.Element) -> ElementTree.Element:
    """The chart that is shown."""
    [image] = shown.findall(".//img")
    _, _, data = (image.get("src") or "").partition("base64,")
    return ElementTree.fromstring(base64.b64decode(data))


def test_a_run_shows_its_figures_and_a_line_for_each_network(run: rnn_tui.Run) -> None:
    shown = parsed(run._repr_html_())
    rows = shown.findall(".//tbody/tr")
    assert [words(row[0]) for row in rows] == ["H 2 bce", "H 3 bce"]
    mean = run.results["test_bit_accuracy"][1].mean()
    assert words(rows[1][1]).startswith(f"{mean:.2f} ± ")
    assert "n = 3" in words(shown.find(".//thead") or shown)
    legend = " ".join(drawing(shown).itertext())
    assert "H 2 bce (mean ± sd, n = 3)" in legend
    assert "H 3 bce (mean ± sd, n = 3)" in legend
    assert words(shown).startswith("small adder, lstm, preset fast · finished · ")


def test_a_run_that_failed_shows_why(tmp_path: object) -> None:
    with pytest.raises(rnn_tui.UserError):
        rnn_tui.train("mnist", data_dir=tmp_path, epochs=1)
    failed = rnn_tui.Run()
    shown = parsed(failed._repr_html_())
    assert failed.message in words(shown)
    assert shown.find(".//img") is None


def test_what_a_database_holds_is_no_markup(run: rnn_tui.Run) -> None:
    run.rename("<script>alert(1)</script>")
    assert "<script" not in run._repr_html_()
    assert "<script>alert(1)</script> adder" in words(parsed(run._repr_html_()))


def test_a_trace_shows_the_answer_and_the_states_of_each_step() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    shown = parsed(trace._repr_html_())
    assert words(shown).startswith(
        "pretrained (H 10 bce, seed 0), 5 steps answers 1 0 0 0 1, right"
    )
    texts = [text.strip() for text in drawing(shown).itertext()]
    assert {"step", "unit", "state", *trace.read} <= set(texts)
    edited = trace.edit("state[*]@1=0")
    assert edited.summary in words(parsed(edited._repr_html_()))
    digit = rnn_tui.load_network("mnist").trace(7)
    sentence = r"pretrained lstm, 28 steps answers \d \(\d+\.\d %\), (right|wrong)"
    assert re.search(sentence, words(parsed(digit._repr_html_())))


def test_a_chart_of_matplotlib_has_the_means(run: rnn_tui.Run) -> None:
    axes = run.plot("val_loss")
    history = run.history("val_loss")
    assert len(axes.get_lines()) == 2
    for number, line in enumerate(axes.get_lines()):
        assert line.get_ydata() == pytest.approx(history.mean[:, number])
        assert line.get_xdata() == pytest.approx(history.epochs)
    assert axes.get_xlabel() == "epoch"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "H 2 bce (mean ± sd, n = 3)",
        "H 3 bce (mean ± sd, n = 3)",
    ]


def test_runs_are_compared_on_the_same_axes(run: rnn_tui.Run) -> None:
    other = rnn_tui.train("adder", cell="gru", name="other", **SMALL)
    axes = run.plot("val_loss", against="step")
    assert other.plot("val_loss", against="step", ax=axes) is axes
    colours = [line.get_color() for line in axes.get_lines()]
    assert len(set(colours)) == 4
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[2].startswith("other H 2 bce")
    with pytest.raises(rnn_tui.UserError, match="Axis must be one of step, epoch, time"):
        run.plot(against="day")  # type: ignore[arg-type]
    with pytest.raises(rnn_tui.UserError, match="no metric"):
        run.plot("x")


def test_an_array_is_drawn_with_its_axes() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    axes = trace.plot()
    [image] = axes.get_images()
    assert np.array_equal(image.get_array(), trace.states.T)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "unit")
    assert [label.get_text() for label in axes.get_xticklabels()] == [*trace.read]
    outputs = rnn_tui.load_network("recall").trace("314").plot("probabilities")
    assert [label.get_text() for label in outputs.get_yticklabels()] == [*map(str, range(10))]


def test_names_that_tex_would_not_understand_are_drawn_as_they_are(tmp_path: Path) -> None:
    rows = [f"{number % 7},{number % 5},{('$^$', 'b')[number % 2]}" for number in range(40)]
    path = tmp_path / "classes.csv"
    path.write_text("\n".join(["first,second,class", *rows]))
    data = rnn_tui.read_sequences(path, layout="wide", label="class")
    run = rnn_tui.train(data, hidden_size=2, seeds=1, epochs=1)
    axes = rnn_tui.load_network(run).trace(data[0]).plot("probabilities")
    axes.figure.canvas.draw()
    labels = [label.get_text().replace("\\", "") for label in axes.get_yticklabels()]
    assert labels == [*data.classes] == ["$^$", "b"]


def test_charts_say_how_to_install_matplotlib(
    run: rnn_tui.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(rnn_tui.UserError, match=r"need matplotlib.*\[notebook\]"):
        run.plot()


def test_a_notebook_without_matplotlib_shows_figures_and_how_to_install_it(
    run: rnn_tui.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    trace = rnn_tui.load_network("adder").trace("1011 110")
    for shown in (run._repr_html_(), trace._repr_html_()):
        assert re.search(r"Charts need matplotlib.*\[notebook\]", words(parsed(shown)))
        assert "<img" not in shown
    assert "H 2 bce" in run._repr_html_()
    assert "answers 1 0 0 0 1, right" in trace._repr_html_()
