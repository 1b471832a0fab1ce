"""What a paper's file may ask for at most: products are counted before anything is made of them."""

from functools import partial
from pathlib import Path

import pytest

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.papers.conclusions import conclusions
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.library import own_folder
from rnn_tui.papers.paper_file import paper_from
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.provenance import gather_provenance
from rnn_tui.papers.rows import results
from tests.cli.command_line import run_inside
from tests.measured import operations, peak_memory
from tests.papers.test_paper import SMALL_PAPER, paper_of

ENTRY = SMALL_PAPER[SMALL_PAPER.index("  { task") : SMALL_PAPER.index("]\n[presets")]
CLAUSE = SMALL_PAPER[SMALL_PAPER.index("{ finding") : -2]
MOST_OPERATIONS = 3_000_000
MOST_MEMORY = 60_000_000


def listed(text: str, count: int) -> str:
    return f"[{', '.join([text] * count)}]"


def with_entry(entry: str) -> str:
    return SMALL_PAPER.replace(ENTRY, entry)


def with_claims(*formulas: str) -> str:
    quoted = ", ".join(f'"{formula}"' for formula in formulas)
    return SMALL_PAPER.replace('"recall_lstm - 90"', quoted)


def keyed(count: int, rest: str = "") -> str:
    """Experiments with keys of their own."""
    keys = ", ".join(f'"k{number}"' for number in range(count))
    cells = listed('"rnn"', count)
    text = with_entry(f'{{ task = "recall", cell = {cells}, key = [{keys}]{rest} }},')
    return text.replace("recall_lstm - 90", "k0 - 90")


THOUSAND_TASKS = listed('"recall"', 1000)
THOUSAND_CELLS = listed('"rnn"', 1000)
FIGURE = '{ task = "recall", metric = "val_accuracy" }'
AUTHOR = '"A. Author"'
PRESET = '[presets.p{}]\nsummary = "s"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            with_entry(f"{{ task = {THOUSAND_TASKS}, cell = {THOUSAND_CELLS} }}," * 4),
            "x.toml may have at most 500 experiments, not 4,000,000.",
        ),
        (with_entry('{ task = "recall" },' * 501), "at most 500 experiments, not 501."),
        (
            with_entry('{ task = "recall" },' * 1001),
            "a list of at most 1000 items as “experiments”",
        ),
        (keyed(21).replace("seeds = 5", "seeds = 1000"), "at most 20,000 networks, experiments"),
        (SMALL_PAPER + "".join(PRESET.format(number) for number in range(20)), "most 20 entries"),
        (with_claims(*["recall_lstm"] * 301), "at most 300 comparisons in all claims"),
        (
            SMALL_PAPER.replace(CLAUSE, f"{CLAUSE}, " * 301),
            "at most 300 comparisons in all claims",
        ),
        (f"figures = {listed(FIGURE, 51)}\n{SMALL_PAPER}", "at most 50 items"),
        (f"authors = {listed(AUTHOR, 201)}\n{SMALL_PAPER}", "list of at most 200 items"),
        (
            SMALL_PAPER.replace("Other = 50", ", ".join(f"o{n} = 5" for n in range(21))),
            "others must have at most 20 entries",
        ),
        (
            with_entry(
                "".join(
                    f'{{ task = "recall", key = "k{n}", others = {{ o{n} = 5 }} }},'
                    for n in range(21)
                )
            ),
            "at most 20 names of “others”, not 21",
        ),
        (
            SMALL_PAPER.replace("hidden_sizes = [4]", f"hidden_sizes = {listed('4', 101)}"),
            "a list of at most 100 items as “hidden_sizes”",
        ),
        (
            keyed(9, f", hidden_size = {[*range(1, 10)]}, loss = 'ce'").replace(
                listed('"rnn"', 9), '"rnn"'
            ),
            "k0 with preset fast: Hidden sizes must be 1 to 8 different",
        ),
        (SMALL_PAPER.replace("[90.0, nan]", f"[{'9' * 400}, nan]"), "has a whole number beyond"),
        (SMALL_PAPER.replace("[90.0, nan]", "[1e999, nan]"), "must have a number as “published”"),
        (SMALL_PAPER.replace("1997", "1979-05-27"), "must have a whole number from 1900"),
    ],
)
def test_a_product_is_refused_before_it_is_made(text: str, sentence: str) -> None:
    data = text.encode()
    assert len(data) < 100_000

    def read() -> None:
        paper_from(data, "x", "x.toml")

    with pytest.raises(UserError) as error:
        read()
    assert sentence in str(error.value)
    assert str(error.value) == printable(error.value, 1000)
    assert operations(read) < MOST_OPERATIONS
    assert peak_memory(read) < MOST_MEMORY


def largest(experiments: int) -> str:
    """A paper of so many experiments, with all of a task's presets, and other things alike."""
    own = 'summary = "s"\nsettings.recall = { hidden_sizes = [4], losses = ["ce"] }'
    presets = f"[presets.report]\n{own}\n[presets.best]\n{own}\n"
    figures = listed(FIGURE, experiments // 10)
    claims = ", ".join(f'"k{number} - k0"' for number in range(experiments * 3 // 5))
    text = keyed(experiments).replace("seeds = 5", "seeds = 40").replace('"k0 - 90"', claims)
    return f"figures = {figures}\n{text}{presets}"


def read_and_plan(experiments: int) -> None:
    paper = paper_of(largest(experiments))
    assert len(paper.experiments) == experiments
    plan = Plan(paper)
    assert len(plan.networks) == experiments * 40
    table = results(take_inventory(plan, None))
    assert len(gather_provenance(table, None).settings) == 1
    assert len(conclusions(table)) == 1


def test_time_grows_with_the_size_of_a_paper_and_no_faster() -> None:
    read_and_plan(500)
    few = operations(partial(read_and_plan, 250))
    many = operations(partial(read_and_plan, 500))
    assert many < 2.2 * few
    assert peak_memory(partial(read_and_plan, 500)) < MOST_MEMORY


def test_a_paper_that_asks_for_too_much_hides_no_other(home: Path) -> None:
    own_folder().mkdir(parents=True)
    (own_folder() / "fine.toml").write_text(SMALL_PAPER)
    (own_folder() / "product.toml").write_text(
        with_entry(f"{{ task = {THOUSAND_TASKS}, cell = {THOUSAND_CELLS} }},")
    )
    (own_folder() / "deep.toml").write_text("a = " + "[" * 50_000)
    code, out, err = run_inside(["papers"])
    assert code == 0
    assert "\nfine\t" in out
    assert err.splitlines() == [
        "rnn-tui: deep.toml is no TOML: line 1 has more than 20 lists or tables in one another.",
        "rnn-tui: product.toml may have at most 500 experiments, not 1,000,000.",
    ]


def test_a_plan_of_too_many_networks_is_refused() -> None:
    paper = paper_of(largest(500))
    with pytest.raises(UserError, match="at most 100,000 networks, experiments times seeds"):
        Plan(paper, 1000)
    assert len(Plan(paper, 1000, only=("k0",)).experiments) == 1
