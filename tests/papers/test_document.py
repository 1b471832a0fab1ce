"""A report written down: whole, valid, and pointing at nothing outside of itself."""

import base64
import json
import platform
import re
import sqlite3
from collections import Counter
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from rnn_tui.archive.export.page.blocks import (
    MarkdownBlock,
    as_html,
    as_markdown,
    markdown_table,
)
from rnn_tui.archive.export.page.charts import ReportChart, svg
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.verdicts import COMPARED, Comparison
from rnn_tui.engine.errors import ExportError, SettingError
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.tables import cells_of, columns_of_cells
from rnn_tui.papers.charts import comparison_chart
from rnn_tui.papers.conclusions import Clause, Conclusion
from rnn_tui.papers.curves import accuracy_by_length, figures
from rnn_tui.papers.document import check_path, write_document
from rnn_tui.papers.expression import ExperimentFigures
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.library import find_paper
from rnn_tui.papers.plan import Plan
from tests.documents.pages import CHECKOUT, files
from tests.papers.small_plans import COURSE, cells, small_plan, table, train_plan

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = "<b>bold</b> | [link](http://x.example) ![image](http://x.example) <script>"


class Page(HTMLParser):
    """What a page is plan of; fails where an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, attribute: str) -> list[str]:
        return [value for name, value in self.attributes if name == attribute]


def assert_self_contained(page: Page, text: str) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for link in [*page.values("href"), *page.values("xlink:href"), *page.values("src")]:
        assert link.startswith("#")
        assert link[1:] in ids
    for reference in re.findall(r"url\(([^)]*)\)", text):
        assert reference.startswith("#")
        assert reference[1:] in ids
    assert not page.tags.keys() & {"script", "link", "iframe", "object", "a", "b"}
    # The name of SVG's namespace is an address that nobody looks up; that of the run is text.
    rest = text.replace("http://www.w3.org/2000/svg", "").replace("http://x.example", "")
    assert "http" not in rest
    assert "@import" not in rest


def test_one_file_that_says_all(home: Path, tmp_path: Path, mnist_slice: Path) -> None:
    pytest.importorskip("matplotlib")
    plan = small_plan(2, only=("recall", "adder"), data=mnist_slice)
    train_plan(plan)
    page_path, text_path = tmp_path / "report.html", tmp_path / "report.md"
    with RunStore() as store:
        store.rename(store.find("last"), EVIL)
        inventory = take_inventory(plan, store)
        drawn = figures(inventory, accuracy_by_length(inventory))
        write_document(page_path, plan, store)
        write_document(text_path, plan, store)
    html, markdown = page_path.read_text(), text_path.read_text()
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert_self_contained(page, html)
    assert "prefers-color-scheme: dark" in html
    words = re.sub(r"\s+", " ", " ".join(page.words))
    assert EVIL in words
    sentences = (
        plan.command,
        "Bit accuracy falls with length",
        "No verdict yet: fewer than 6 seeds in 4 of 4 comparisons.",
        "A comparison in which at least 6 seeds differ counts",
        "in which one more seed of ours would end in 95 of 100 cases",
        "learning rate",
        "torch",
        "Python".lower(),
        platform.machine(),
        "Seeds. MNIST: 0; ",
        "the mean over each epoch; the report plotted its last batch's",
    )
    for sentence in sentences:
        assert sentence in words, sentence
        assert sentence in markdown.replace("\\", ""), sentence
    for row in table(plan).rows:
        assert f"| {' | '.join(cells(row))} |" in markdown
        assert all(cell in words for cell in cells(row))
    # Every plot of the report is a drawing, in both.
    assert [figure.key for figure in drawn] == [
        "mnist-train_loss",
        "mnist-val_loss",
        "mnist-val_accuracy",
        "recall-train_loss",
        "adder-by-length-mse",
        "adder-by-length-ce",
    ]
    pictures = re.findall(r"!\[[^\]]*\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    # Besides, the published figures of each task beside ours; of two seeds, no conclusion has a
    # chart.
    assert page.tags["svg"] == page.tags["figcaption"] == len(pictures) == 3 + 6
    roots = [ElementTree.fromstring(base64.b64decode(picture)) for picture in pictures]
    assert {root.tag for root in roots} == {"{http://www.w3.org/2000/svg}svg"}
    assert {root.get("width") for root in roots} == {"800"}  # as wide as the text
    drawn_words = [" ".join(root.itertext()) for root in roots]
    for row in table(plan).rows:
        _, published, mean, *_ = cells(row)
        # The figures of the table stand in its chart and behind the names in the plots.
        assert sum(f"{mean} · {published} " in words for words in drawn_words) >= 1
        assert sum(f": {mean}, published {published}" in words for words in drawn_words) >= 1
    assert "(http" not in markdown.replace("\\", "").replace("](http://x.example", "")


def test_curves_have_the_published_points_and_the_seeds(home: Path, mnist_slice: Path) -> None:
    plan = small_plan(3, only=("adder",), data=mnist_slice)
    train_plan(plan)
    with RunStore() as store:
        inventory = take_inventory(plan, store)
        by_length = accuracy_by_length(inventory)
        accuracy = next(
            figure for figure in figures(inventory, by_length) if figure.key == "mnist-val_accuracy"
        )
    assert [line.label for line in accuracy.lines] == ["RNN", "LSTM", "biLSTM"]
    assert list(accuracy.published) == ["RNN", "LSTM", "biLSTM"]
    assert accuracy.published["RNN"] == (
        tuple(range(1, 11)),
        COURSE.figures[2].published["mnist-rnn"],
    )
    x, y = accuracy.published["LSTM"]
    assert (x[0], y[0], len(x)) == (2.0, 97.73, 9)  # the first can't be read
    # By length on the sequences of the test: their mean is its figure, seed by seed.
    for row, measured in zip(table(plan).rows[3:], by_length, strict=True):
        assert row.experiment == measured.experiment
        key = row.experiment.key
        means = ExperimentFigures({}, {key: measured.values}).between(key, 1, 20)
        assert [means[seed] for seed in row.seeds] == pytest.approx(row.values, abs=1e-4)
        assert (len(measured.line.x), measured.line.seeds) == (20, 3)


def test_weights_that_are_gone_leave_out_the_plot_alone(home: Path) -> None:
    plan = small_plan(1, only=("adder",))
    train_plan(plan)
    with RunStore() as store:
        store.find("last").weights.unlink()
        assert accuracy_by_length(take_inventory(plan, store)) == ()
    assert all(row.n == 1 for row in table(plan).rows)


def test_comparisons_are_drawn_around_zero_with_their_figures() -> None:
    pytest.importorskip("matplotlib")
    comparisons = tuple(
        Comparison(f"H {size} − H 1", {seed: size + seed / 10 for seed in range(6)})
        for size in (-3, 0, 4)
    )
    clause = Clause("it is", "it is the reverse", "whether it is", comparisons)
    conclusion = Conclusion("It is so.", "Difference: this.", (clause,))
    chart = comparison_chart(conclusion, "conclusion-1")
    assert chart is not None
    root = ElementTree.fromstring(svg(chart))
    words = " ".join(root.itertext())
    for comparison in comparisons:
        subject, mean, interval, agree, against, _, outcome = cells_of(comparison, COMPARED)
        assert subject in words
        assert f"{mean} [{interval}] · {agree} : {against} · {outcome}" in words
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(name.startswith("conclusion-1-") for name in ids if name)


def test_of_nothing_there_is_a_document_too(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    write_document(tmp_path / "empty.html", small_plan(1), None)
    page = Page((tmp_path / "empty.html").read_text())
    assert any(text.startswith("Not complete: seeds are missing for") for text in page.words)
    assert page.tags["svg"] == 0


def test_where_no_document_can_be(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for name in ("report.pdf", "report", ".md"):
        with pytest.raises(SettingError, match=r"ends in \.md or \.html"):
            check_path(tmp_path / name)
    (tmp_path / "folder.md").mkdir()
    for path in (tmp_path / "folder.md", tmp_path / "nowhere" / "report.md"):
        with pytest.raises(ExportError, match="can't be written"):
            write_document(path, small_plan(1), None)


def test_words_from_the_database_stay_text(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plan = small_plan(1)
    train_plan(plan)
    words = {"name": f"name {EVIL}", "device": f"device {EVIL}"}
    versions = json.dumps({"torch": f"torch {EVIL}"})
    with closing(sqlite3.connect(run_database())) as connection, connection:
        connection.execute("UPDATE runs SET name = :name, device = :device", words)
        connection.execute("UPDATE sessions SET versions = ?", [versions])
    page_path, text_path = tmp_path / "report.html", tmp_path / "report.md"
    with RunStore() as store:
        write_document(page_path, plan, store)
        write_document(text_path, plan, store)
    # The Markdown is read by a reader that lets HTML, links and pictures through.
    reader = MarkdownIt("commonmark").enable("table")
    for page in (Page(page_path.read_text()), Page(reader.render(text_path.read_text()))):
        shown = "".join(page.words)
        for source in ("name", "device", "torch"):
            assert f"{source} {EVIL}" in shown
        assert not page.tags.keys() & {"a", "b", "script"}
        assert not any("x.example" in value for _, value in page.attributes)


def test_words_that_nobody_escaped_make_no_elements_of_a_page() -> None:
    page = Page(MarkdownBlock(f"## {EVIL}").html + MarkdownBlock(EVIL).html)
    assert page.tags == {"h2": 1, "p": 1}
    assert "".join(page.words).count(EVIL) == 2


def test_a_page_says_what_the_markdown_says() -> None:
    blocks = [
        MarkdownBlock("# A head"),
        MarkdownBlock("**Strong** words, `code`."),
        MarkdownBlock(markdown_table(columns_of_cells(("a|b", "c")), [("1", "*2*")])),
    ]
    assert as_markdown(blocks) == (
        "# A head\n\n**Strong** words, `code`.\n\n| a\\|b | c |\n| --- | --- |\n| 1 | \\*2\\* |\n"
    )
    text = as_html(blocks)
    assert "<h1>A head</h1>" in text
    assert "<p><strong>Strong</strong> words, <code>code</code>.</p>" in text
    assert '<div class="wide"><table>' in text
    page = Page(text)
    cells_shown = [word for word in page.words if word in {"a|b", "c", "1", "*2*"}]
    assert cells_shown == ["a|b", "c", "1", "*2*"]


def test_a_chart_is_a_picture_in_markdown_and_a_drawing_in_a_page() -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><g id="x"/></svg>'
    title = "<b> | *title* & `code`"
    chart = ReportChart("some-chart", title, f"caption {EVIL}", drawing)
    page = Page(chart.html)
    assert page.tags == {"figure": 1, "svg": 1, "g": 1, "figcaption": 1}
    assert page.values("id") == ["some-chart-x"]
    assert page.values("aria-label") == [title]
    assert f"caption {EVIL}" in page.words
    # markdown-it takes no picture in SVG from data: one that is not there stands in its place.
    picture, caption = chart.markdown.split("\n\n")
    start, data = re.split(r"(?<=\]\()data:image/svg\+xml;base64,", picture.removesuffix(")"))
    assert ElementTree.fromstring(base64.b64decode(data)).get("width") == "800"
    reader = MarkdownIt("commonmark")
    read = Page(reader.render(f"{start}picture.svg)\n\n{caption}"))
    assert read.tags == {"p": 2, "img": 1, "em": 1}
    assert read.values("alt") == [title]
    assert f"caption {EVIL}" in "".join(read.words)


def test_no_word_of_a_stranger_s_paper_is_live(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = files(CHECKOUT / "docs" / "how-to" / "own-paper.md")["gates.toml"]
    words = ("Do gates help to remember?", "A. Teacher", "Accuracy on the test set.", "our notes")
    words += ("Gates help to remember", "Difference in percentage", "LSTM − RNN", "one epoch of")
    for old in words:
        assert old in text
        text = text.replace(old, EVIL[: -len(" <script>")] if len(old) < 20 else EVIL)
    text = text.replace('cell = ["rnn"', f'label = ["{EVIL}", "{EVIL}2", "{EVIL}3"], cell = ["rnn"')
    folder = tmp_path / "`<b>``"
    folder.mkdir()
    (folder / "evil.toml").write_text(text)
    plan = Plan(find_paper(str(folder / "evil.toml")), 2)
    page_path, text_path = tmp_path / "evil.html", tmp_path / "evil.md"
    for path in (page_path, text_path):
        write_document(path, plan, None)
    html = page_path.read_text()
    page = Page(html)
    assert_self_contained(page, html)
    assert "".join(page.words).count(EVIL) > 5
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    live = Page(reader.render(text_path.read_text()))
    assert not live.tags.keys() & {"script", "link", "iframe", "object", "a", "b", "img"}
