"""What pages and screens say of intervals is what a simulation of thousands of reruns gives."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.intervals import mean_interval
from rnn_tui.engine.seed_means import ASSUMED, SeedMean
from rnn_tui.papers.best import best_less_mean_intervals, chance_above
from rnn_tui.papers.columns import EXPECTED, MEAN, MEAN_OF
from rnn_tui.papers.conclusions import BASIS, RULE
from tests.papers.coverage import (
    ALL,
    DRAWN,
    FEWEST_CASES,
    PEAK,
    SEEDS,
    SOLVED,
    TOP,
    TWO_PEAKS,
    Figures,
    coverage,
    has,
    next_ends,
    percent,
    table,
)

DOCS = Path(__file__).parents[2] / "docs"
ENOUGH = tuple(seeds for seeds in SEEDS if seeds >= 6)
LEAST = 87  # of 100 cases in which any interval that is given has to be right


def figures_right(figures: Iterable[Figures]) -> list[float]:
    """In how many of 100 cases intervals that are given have the true mean."""
    found = [coverage(kind, seeds).right for kind in figures for seeds in ENOUGH]
    return [right for right in found if right is not None]


def agree(said: Sequence[str], measured: Sequence[str]) -> bool:
    """Whether texts are the same, and numbers within 1: another machine rounds other cases."""
    return len(said) == len(measured) and all(
        text == figure
        or (text.isdigit() and figure.isdigit() and abs(int(text) - int(figure)) <= 1)
        for text, figure in zip(said, measured, strict=True)
    )


def says(sentence: str, words: str, shares: Iterable[float]) -> bool:
    """Whether a sentence has words with the range of shares in the place of `{}`."""
    rounded = [round(share) for share in shares]
    found = re.search(words.replace("{}", r"(\d+)(?: to (\d+))?"), sentence)
    assert found is not None, words
    low, high = found[1], found[2] or found[1]
    return agree((low, high), (str(min(rounded)), str(max(rounded))))


def test_intervals_that_are_given_have_the_true_mean() -> None:
    assert min(figures_right(ALL)) >= LEAST
    assert says(ASSUMED, "in {} of 100 cases around one peak", figures_right([PEAK]))
    assert says(ASSUMED, "in {} where figures pile up", figures_right([TOP]))
    assert says(ASSUMED, "in {} around two", figures_right(TWO_PEAKS))
    assert ASSUMED in MEAN
    assert ASSUMED in " ".join(BASIS)


def test_an_interval_from_any_seeds_would_not() -> None:
    """That of a bootstrap alone, given in all cases, is why some means have none."""
    rare = (TWO_PEAKS[0], TWO_PEAKS[-1])
    always = [coverage(figures, seeds).always for figures in rare for seeds in ENOUGH]
    assert max(always) < LEAST - 15


@pytest.mark.parametrize("figures", TWO_PEAKS, ids=lambda figures: figures.name)
@pytest.mark.parametrize("seeds", ENOUGH)
def test_the_simulation_gives_intervals_as_the_program_does(figures: Figures, seeds: int) -> None:
    reruns = figures.draw(np.random.default_rng(seeds), (20, seeds))
    for rerun in map(tuple, reruns.tolist()):
        solved = sum(value >= SOLVED for value in rerun)
        over_seeds = SeedMean(rerun, SOLVED)
        given = 3 <= solved <= seeds - 3
        assert over_seeds.interval == (mean_interval(rerun) if given else None)


def test_shares_with_wilson_s_interval() -> None:
    shares = [coverage(figures, seeds).share for figures in TWO_PEAKS for seeds in ENOUGH]
    assert min(share for share in shares if share is not None) >= LEAST


def test_one_more_seed() -> None:
    around_one = [coverage(PEAK, seeds).next_seed for seeds in SEEDS]
    assert {round(share) for share in around_one} == {95}
    others = [coverage(kind, seeds).next_seed for kind in (TOP, *TWO_PEAKS) for seeds in SEEDS]
    assert says(EXPECTED, "more seed in {} of 100 cases", others)


@pytest.mark.parametrize("figures", ALL, ids=lambda figures: figures.name)
@pytest.mark.parametrize(("seeds", "said"), [(20, "in 90 % with 20"), (3, "in 50 % with 3")])
def test_one_more_seed_is_between_the_others_in_as_many_cases(
    figures: Figures, seeds: int, said: str
) -> None:
    reruns = figures.draw(np.random.default_rng(seeds), (DRAWN, seeds + 1))
    others = reruns[:, :-1]
    ends = np.stack((others.min(axis=1), others.max(axis=1)), axis=1)
    assert percent(has(ends, reruns[:, -1])) == pytest.approx(
        100 * (seeds - 1) / (seeds + 1), abs=2
    )
    assert said in " ".join(EXPECTED.split())


def test_the_mean_of_ten_more_seeds() -> None:
    found = []
    for figures in ALL:
        for seeds in ENOUGH:
            random = np.random.default_rng([seeds, 7])
            reruns = figures.draw(random, (DRAWN, seeds))
            means = figures.draw(random, (DRAWN, 10)).mean(axis=1)
            if figures.solving is not None:
                solved = (reruns >= SOLVED).sum(axis=1)
                given = (solved >= 3) & (seeds - solved >= 3)
                reruns, means = reruns[given], means[given]
            if len(means) >= FEWEST_CASES:
                found.append(percent(has(next_ends(reruns, 10), means)))
    assert says(MEAN_OF, "it holds in {} of 100 cases", found)


def test_the_best_of_ten_is_above_our_best_in_a_third_of_the_cases() -> None:
    ours, theirs = np.split(np.random.default_rng(0).normal(size=(DRAWN, 30)), [20], axis=1)
    above = percent(theirs.max(axis=1) > ours.max(axis=1))
    assert above == pytest.approx(100 * chance_above(20, 10), abs=2)


def test_by_how_much_the_best_of_ten_exceeds_the_mean() -> None:
    """Below the interval it hardly ever is; above it often, as `best_less_mean` says."""
    for figures in (PEAK, TOP, TWO_PEAKS[0]):
        random = np.random.default_rng(0)
        true = figures.draw(random, (20_000, 10)).max(axis=1).mean() - figures.mean
        ends = best_less_mean_intervals(np.sort(figures.draw(random, (300, 20)), axis=1), 10)
        assert percent(true < ends[:, 0]) <= 1
        if figures is not TOP:  # whose best is near 100 always
            assert 22 <= percent(true > ends[:, 1]) <= 46


def test_the_page_on_intervals_prints_what_the_simulation_gives() -> None:
    page = (DOCS / "explanation" / "intervals.md").read_text(encoding="utf-8")
    printed = [line.split() for line in page.splitlines() if line.startswith("|")]
    measured = [line.split() for line in table()]
    assert len(printed) == len(measured)
    assert all(map(agree, printed, measured)), "python -m tests.papers.coverage prints the table"
    always = [coverage(kind, n).always for kind in (TWO_PEAKS[0], TWO_PEAKS[-1]) for n in ENOUGH]
    assert says(page, "above: {} % where nearly all seeds agree", always)


def test_results_have_the_sentences_of_the_program() -> None:
    results = (DOCS / "results.md").read_text(encoding="utf-8")
    text = " ".join(results.split())
    for sentences in (RULE, *BASIS):
        assert sentences in text


def test_no_page_says_what_is_false_of_few_solving_seeds() -> None:
    for page in DOCS.rglob("*.md"):
        assert not re.search(r"about 94 of\s+100 cases", page.read_text(encoding="utf-8")), page
