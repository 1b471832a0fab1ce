"""Runs and traces in a notebook: drawings of ours in HTML, and charts of matplotlib."""

import re
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import pytest

import rnn_tui
from rnn_tui.api import html
from rnn_tui.archive.curves import Line
from rnn_tui.engine.metrics import Metric, Spread
from tests.api.conftest import SMALL
from tests.extension.toy_task import MAJORITY

SVG = "{http://www.w3.org/2000/svg}"


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
    return ElementTree.fromstring(f"<div>{text.replace('&nbsp;', '')}</div>")


def words(element: ElementTree.Element) -> str:
    """All text in an element."""
    return " ".join(" ".join(element.itertext()).split())


def test_a_run_shows_its_figures_and_a_line_for_each_network(run: rnn_tui.Run) -> None:
    shown = parsed(run._repr_html_())
    rows = shown.findall(".//tbody/tr")
    assert [words(row[0]) for row in rows] == ["H 2 bce", "H 3 bce"]
    mean = run.results["test_bit_accuracy"][1].mean()
    assert words(rows[1][1]).startswith(f"{mean:.2f} ± ")
    assert "n = 3" in words(shown.find(".//thead") or shown)
    lines = shown.findall(f".//{SVG}polyline")
    assert [len((line.get("points") or "").split()) for line in lines] == [2, 2]
    assert len(shown.findall(f".//{SVG}polygon")) == 2  # three seeds make a band
    assert words(shown).startswith("small adder, lstm, preset fast · finished · ")


def test_a_run_that_failed_shows_why(tmp_path: object) -> None:
    with pytest.raises(rnn_tui.UserError):
        rnn_tui.train("mnist", data_dir=tmp_path, epochs=1)
    failed = rnn_tui.Run()
    shown = parsed(failed._repr_html_())
    assert failed.message in words(shown)
    assert shown.find(f".//{SVG}svg") is None


def test_what_a_database_holds_is_no_markup(run: rnn_tui.Run) -> None:
    run.rename("<script>alert(1)</script>")
    assert "<script" not in run._repr_html_()
    assert "<script>alert(1)</script> adder" in words(parsed(run._repr_html_()))


def test_a_chart_reaches_from_the_lowest_to_the_highest_seed() -> None:
    spreads = (Spread((0.0, 4.0)), Spread((1.0, 3.0)), Spread((2.0, 2.0)))
    line = Line("a & b", ("r",), (0.0, 5.0, 10.0), spreads)
    drawing = parsed(html.line_chart([line], Metric("val_loss", "loss"), "epoch"))
    polyline = drawing.find(f".//{SVG}polyline")
    assert polyline is not None
    points = polyline.get("points") or ""
    pixels = [tuple(map(float, point.split(","))) for point in points.split()]
    left, middle, right = html.LEFT, (html.LEFT + html.WIDTH - html.RIGHT) / 2, 412.0
    assert [x for x, _ in pixels] == pytest.approx([left, middle, right], abs=0.1)
    assert len({y for _, y in pixels}) == 1  # their means are the same
    band = drawing.find(f".//{SVG}polygon")
    assert band is not None
    heights = [float(point.split(",")[1]) for point in (band.get("points") or "").split()]
    assert min(heights) == html.TOP
    assert max(heights) == html.HEIGHT - html.BOTTOM
    assert "0.0000" in words(drawing)
    assert "4.0000" in words(drawing)


def test_a_chart_of_many_points_and_lines_stays_small() -> None:
    x = tuple(map(float, range(10_000)))
    lines = [Line(f"line {n}", ("r",), x, tuple(Spread((v,)) for v in x)) for n in range(12)]
    drawing = html.line_chart(lines, Metric("val_loss", "loss"), "epoch")
    assert len(drawing) < 40_000
    assert "and 4 more" in drawing
    assert html.line_chart([], Metric("val_loss", "loss"), "epoch") == ""
    flat = html.line_chart([Line("l", (), (1.0,), (Spread((2.0,)),))], Metric("x", "x"), "epoch")
    assert "nan" not in flat


def test_a_trace_shows_the_answer_and_a_cell_for_each_state() -> None:
    trace = rnn_tui.load_network("adder").trace("1011 110")
    shown = parsed(trace._repr_html_())
    assert words(shown).startswith(
        "pretrained (H 10 bce, seed 0), 5 steps answers 1 0 0 0 1, right"
    )
    cells = shown.findall(f".//{SVG}rect")
    assert len(cells) == 5 * 10
    titles = [words(cell) for cell in cells]
    assert f"unit 8, step 1 (1 + 1): {trace.states[1, 8]:.3f}" in titles
    edited = trace.edit("state[*]@1=0")
    assert edited.summary in words(parsed(edited._repr_html_()))
    digit = rnn_tui.load_network("mnist").trace(7)
    sentence = r"pretrained lstm, 28 steps answers \d \(\d+\.\d %\), (right|wrong)"
    assert re.search(sentence, words(parsed(digit._repr_html_())))
    assert "104 more units are not shown" in digit._repr_html_()


def test_a_trace_of_words_has_no_room_for_answers_below_its_columns() -> None:
    trace = rnn_tui.load_network(rnn_tui.train(MAJORITY, hidden_size=3)).trace([1, 0, 1])
    shown = parsed(trace._repr_html_())
    assert words(shown).count(trace.answers[-1]) == 1  # in the sentence alone


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


def test_charts_say_how_to_install_matplotlib(
    run: rnn_tui.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(rnn_tui.UserError, match=r"need matplotlib.*\[notebook\]"):
        run.plot()
    assert "<svg" in run._repr_html_()  # which needs no library
