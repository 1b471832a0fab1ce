"""`python -m tests.figures`: what was measured comes into the file and onto pages as printed."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.cli.command_line import run_inside
from tests.documents.pages import CHECKOUT, files
from tests.figures import __main__ as entering
from tests.figures import papers, trainings
from tests.figures.book import Entry, read_book, write_book
from tests.figures.pages import filled, known_numbers, named_entries, numbers, renamed, sections
from tests.figures.settings import changes, misread, settings_of
from tests.figures.short import short_table

TRAINING = "rnn-tui train recall --preset fast --seeds 20"
TABLE = [
    r"| experiment | mean ± sd | mean, 95 % | ≥ 90 % | below \| ≥ 90 % |",
    "| --- | --- | --- | --- | --- |",
    "| Parity check, RNN | 20.65 ± 1.14 | 20.12 … 21.58 | 0 of 20 (0 … 16 %) | – |",
    r"| Parity check, GRU | 97.00 ± 0.00 | – | 19 of 20 (76 … 99 %) | 40.12 \| 100.00 |",
]
PAGE = """# Results

<!-- figures: parity -->

Solved by 97.00 ± 0.00 % on words of 41 … 500 symbols; `--lengths 7-9`, a GRU-2, 12,800 of 1-NN.

<!-- from parity: table -->

old

<!-- end -->
"""


@pytest.fixture
def paper(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The paper that docs/how-to/own-paper.md writes; a tenth of its training."""
    text = files(CHECKOUT / "docs" / "how-to" / "own-paper.md")["gates.toml"]
    (tmp_path / "gates.toml").write_text(text.replace("12800", "640"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return "./gates.toml"


def test_a_rerun_stands_on_pages_as_it_was_printed(paper: str) -> None:
    words = ["rerun", paper, "--seeds", "6", "--quiet"]
    code, out, err = run_inside([*words, "--json"])
    assert code == 0, err
    entry = Entry(commands=[f"rnn-tui {' '.join(words)}"])
    entry.rows = papers.kept_rows(json.loads(out))
    blocks = papers.blocks_of(entry)
    assert set(blocks) == {"table", "claims"}
    _, printed, _ = run_inside([*words, "--no-training"])
    for lines in blocks.values():
        # heads stand a level lower on a page
        assert "\n".join(lines).replace("#### ", "### ") in printed


def test_a_short_table_rounds_once_and_needs_no_interval() -> None:
    rounded = short_table("by cell", TABLE, {})
    assert rounded[0] == "| task | RNN | GRU |"
    assert rounded[2] == "| Parity check | 20.7 [20, 22] · 0 | 97.0 · 19 |"
    exact = short_table("by cell", TABLE, {"Parity check, RNN": 20.6458})
    assert exact[2] == "| Parity check | 20.6 [20, 22] · 0 | 97.0 · 19 |"


def test_a_page_is_filled_and_its_entry_renamed() -> None:
    book = {"parity": Entry(blocks={"table": TABLE})}
    page = filled(PAGE, book)
    assert "\nold\n" not in page
    assert "\n".join(TABLE) in page
    assert filled(page, book) == page
    assert renamed(page, "parity", "even").replace("even", "parity") == page


def test_numbers_of_a_section_are_those_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.figures.pages.CHECKOUT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    assert named_entries(path) == {"parity"}
    [section] = sections(path)
    assert numbers(section.text) == ["97.00 ± 0.00", "41 … 500", "12,800"]
    known = known_numbers(Entry(blocks={"table": TABLE}))
    assert {"97.00 ± 0.00", "97.00", "20.12 … 21.58"} <= known
    assert "97.00 ± 1.14" not in known


def test_a_changed_setting_makes_a_measurement_stale() -> None:
    stored = settings_of(TRAINING)
    assert changes(TRAINING, stored) == []
    every = stored["every"]
    assert changes(TRAINING, {"every": every | {"recipe.clip": 17.0}}) == [
        f"every: recipe.clip is {every['recipe.clip']}, and was 17.0"
    ]
    # A setting that came later has not changed anything where it has its default.
    without = {key: value for key, value in every.items() if key != "recipe.average"}
    assert changes(TRAINING, {"every": without}) == []
    without = {key: value for key, value in every.items() if key != "epochs"}
    assert changes(TRAINING, {"every": without}) != []


def test_a_paper_with_another_experiment_is_stale() -> None:
    command = "rnn-tui rerun parity-signs"
    stored = settings_of(command)
    first = next(name for name in stored if name != "every")
    assert changes(command, stored) == []
    fewer = {name: settings for name, settings in stored.items() if name != first}
    assert changes(command, fewer) == [f"{first} is new"]


@pytest.mark.parametrize(
    "command",
    [
        "rnn-tui train recall --sedes 20",
        "rnn-tui trian recall",
        "python tests/benchmarks/bench_none.py",
        "python tests/benchmarks/bench_keys.py --sedes 3",
        "make figures",
    ],
)
def test_a_command_that_nobody_could_run_is_found(command: str) -> None:
    assert misread(command)


def test_the_figures_of_a_training_are_shown_by_network(home: Path) -> None:
    words = "train recall --preset fast --hidden-size 2 --seeds 2 --epochs 1 --training-size 192"
    code, out, err = run_inside([*words.split(), "--json", "--quiet"])
    assert code == 0, err
    document = json.loads(out)
    other = f"rnn-tui {words.replace('192', '96')}"
    entry = Entry(commands=[other, f"rnn-tui {words}"])
    command = trainings.command_of(entry, document)
    assert command == entry.commands[1]
    entry.networks[command] = trainings.kept_networks(document)
    *_, row = trainings.blocks_of(entry)["networks"]
    [variant] = document["variants"]
    spread = variant["test_accuracy"]
    assert row.startswith(
        f"| Recall, LSTM, H 2 ce | {spread['mean']:.2f} ± {spread['sd']:.2f} | 2 |"
    )
    entry.commands = [other]
    with pytest.raises(ValueError, match="No command"):
        trainings.command_of(entry, document)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page and a file of figures of its own, in place of those of this checkout."""
    path = tmp_path / "results.md"
    path.write_text(PAGE, encoding="utf-8")
    book = tmp_path / "figures.json"
    entry = Entry(says={"mean": "97.00 ± 0.00"}, blocks={"table": TABLE}, commands=[TRAINING])
    entry.settings = {TRAINING: settings_of(TRAINING)}
    write_book({"parity": entry}, book)
    monkeypatch.setattr(entering, "read_book", partial(read_book, book))
    monkeypatch.setattr(entering, "write_book", partial(write_book, path=book))
    monkeypatch.setattr(entering, "quoting_pages", lambda: [path])
    return path


def test_a_document_is_entered_and_pages_written_by_one_command(
    paper: str, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["rerun", paper, "--seeds", "6"]
    documents = []
    for part in ("recall-rnn", "recall-gru"):
        code, out, err = run_inside([*words, "--only", part, "--json", "--quiet"])
        assert code == 0, err
        documents.append(page.with_name(f"{part}.json"))
        documents[-1].write_text(out, encoding="utf-8")
    asked = ["parity", "--command", f"rnn-tui {' '.join(words)}", "--machine", "two cores"]
    assert entering.main([*asked, "--from", *map(str, documents)]) == 0
    # What a sentence said of the earlier measurement is gone, so that its number is found.
    assert "was: mean 97.00 ± 0.00" in capsys.readouterr().out
    [entry] = read_book(page.with_name("figures.json")).values()
    assert (entry.machine, entry.seeds, entry.says) == ("two cores", "6", {})
    assert entry.measured == json.loads(out)["date"][:10]
    table = page.read_text(encoding="utf-8")
    assert "| Recall, RNN | 21.57 |" in table
    assert "| Recall, LSTM | 99.70 | – |" in table  # is in none of the documents

    assert entering.main(["parity", "--rename", "recall"]) == 0
    assert "<!-- from recall: table -->" in page.read_text(encoding="utf-8")
    assert list(read_book(page.with_name("figures.json"))) == ["recall"]


def test_stale_entries_are_listed_until_accepted(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = page.with_name("figures.json")
    entries = read_book(book)
    entries["parity"].settings[TRAINING]["every"]["epochs"] = 7
    write_book(entries, book)
    assert entering.main([]) == 0
    assert "every: epochs is" in capsys.readouterr().out
    assert entering.main(["parity", "--accept"]) == 0
    assert entering.main(["--list"]) == 0
    assert "stale:" not in capsys.readouterr().out
    assert entering.main(["other"]) == 2
    assert "There is no entry other" in capsys.readouterr().err
