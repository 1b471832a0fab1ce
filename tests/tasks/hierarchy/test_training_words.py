"""How words and lengths are drawn in training, and that nothing else changes by it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.hierarchy.problem import HierarchyProblem
from rnn_tui.tasks.hierarchy.rule import Rule, rule_of
from rnn_tui.tasks.hierarchy.table import CHOMSKY, DEFINITIONS, Definition
from rnn_tui.tasks.hierarchy.typed import written_word
from tests.tasks.conftest import small_config
from tests.tasks.hierarchy.brute_force import ANSWERS

FREE = [definition for definition in DEFINITIONS if definition.free]
STEPS = 200  # of training, in two epochs


def problem_of(task: str = "parity-check", **changes: object) -> HierarchyProblem:
    settings_ = {
        "hidden_sizes": (1,),
        "epochs": 2,
        "batch_size": 4,
        "training_size": 4 * STEPS // 2,
    }
    config = small_config(task, "even", **{**settings_, **changes})
    return HierarchyProblem(config, torch.device("cpu"), lambda _: None)


def drawn(problem: HierarchyProblem, epoch: int) -> list[Tensor]:
    """What is read in each step of an epoch, (T, S, F, B) each."""
    problem.begin_epoch(epoch)
    return [batch.inputs for batch in problem._batches]


def lengths_of(problem: HierarchyProblem) -> list[int]:
    """The symbols of the words of each step of two epochs, without their blanks."""
    return [len(inputs) - 1 for epoch in (1, 2) for inputs in drawn(problem, epoch)]


def test_words_can_be_drawn_unevenly_where_any_symbol_may_follow_any_other() -> None:
    for definition in DEFINITIONS:
        rule = type(rule_of(definition.name))
        is_free = rule.draw is Rule.draw and rule.draw_answered is Rule.draw_answered
        assert definition.free == is_free
        assert ("training_words" in TASKS[definition.name].settings) == is_free


@pytest.mark.parametrize("definition", FREE, ids=lambda definition: definition.name)
@settings(max_examples=25)
@given(length=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_answers_to_uneven_words_are_right(definition: Definition, length: int, seed: int) -> None:
    rule = rule_of(definition.name)
    words, answers = rule.draw_uneven(20, length, np.random.default_rng(seed))
    assert words.shape == (20, rule.word_length(length))
    names = definition.symbols
    texts = [written_word([names[symbol] for symbol in word]) for word in words]
    given_ = [
        "".join(definition.answers[answer] for answer in row if answer >= 0) for row in answers
    ]
    assert given_ == [ANSWERS[definition.name](text) for text in texts]


@pytest.mark.parametrize("definition", FREE, ids=lambda definition: definition.name)
def test_some_uneven_words_hold_nearly_one_symbol(definition: Definition) -> None:
    rule = rule_of(definition.name)
    random = np.random.default_rng(0)
    for draw, nearly_one in ((rule.draw_uneven, True), (rule.draw_answered, False)):
        words = draw(1000, 40, random)[0]
        counts = np.stack([(words == symbol).sum(axis=1) for symbol in range(rule.symbols)])
        assert ((counts.max(axis=0) >= 36).mean() > 0.02) == nearly_one
        # no symbol is preferred to another over all words
        assert counts.mean(axis=1) == pytest.approx(40 / rule.symbols, rel=0.15)


def test_uneven_words_are_trained_on_and_even_ones_tested_on() -> None:
    even, uneven = problem_of(), problem_of(training_words="dirichlet")
    zeros = [inputs[:-1, :, 0].mean(dim=0, dtype=torch.double) for inputs in drawn(uneven, 1)]
    assert float((torch.stack([share.amax() for share in zeros]) > 0.95).double().mean()) > 0.3
    assert all(
        not torch.equal(one, other)
        for one, other in zip(drawn(even, 1), drawn(uneven, 1), strict=True)
        if len(one) > 20
    )
    assert [len(one) for one in drawn(even, 1)] == [len(one) for one in drawn(uneven, 1)]
    assert even.data_digests() == uneven.data_digests()  # of the words in validation
    assert torch.equal(even.draw_at(41, 40).inputs, uneven.draw_at(41, 40).inputs)


def test_growing_lengths_are_short_at_first_and_all_of_them_from_three_fifths_on() -> None:
    lengths = lengths_of(problem_of(training_lengths="growing"))
    assert len(lengths) == STEPS
    for step, length in enumerate(lengths):
        assert 1 <= length <= 5 + 35 * min(step / (0.6 * STEPS), 1)
    assert max(lengths[:10]) <= 7
    last = lengths[120:]
    assert min(last) <= 4
    assert max(last) >= 37
    assert np.mean(last) == pytest.approx(20.5, abs=4)


@pytest.mark.parametrize("limits", [(1, 1), (3, 4), (7, 11), (1, 40), (40, 40)])
def test_growing_lengths_keep_the_limits(limits: tuple[int, int]) -> None:
    lengths = lengths_of(problem_of(training_lengths="growing", lengths=limits))
    shortest, longest = limits
    assert min(lengths) == shortest
    assert longest - (longest - shortest) // 20 <= max(lengths) <= longest
    assert set(lengths) <= set(range(shortest, longest + 1))
    assert max(lengths[:3]) <= shortest + 5


@pytest.mark.parametrize(
    "changes", [{"training_words": "dirichlet"}, {"training_lengths": "growing"}]
)
def test_a_seed_reads_the_same_alone_and_in_a_run_that_is_resumed(changes: dict[str, str]) -> None:
    several, alone = problem_of(seeds=3, **changes), problem_of(seeds=1, seed=1, **changes)
    drawn(several, 1)
    for together, single in zip(drawn(several, 2), drawn(alone, 2), strict=True):
        assert torch.equal(together[:, 1:2], single)


@pytest.mark.parametrize(
    "task", [definition.name for definition in DEFINITIONS if definition.source == CHOMSKY]
)
def test_presets_say_how_they_draw_and_the_even_one_draws_as_the_paper_does(task: str) -> None:
    for preset in ("even", "paper"):
        recipe = TASKS[task].config("lstm", preset).recipe
        assert (recipe.training_words, recipe.training_lengths) == ("even", "even")
    config = TASKS[task].config("lstm", "fast")
    assert isinstance(config, SequenceConfig)
    [training] = [
        text for part, text in HierarchyProblem.parts_in_words(config) if part == "training"
    ]
    assert ("some of nearly one symbol" in training) == (config.recipe.training_words != "even")
    assert ("short ones first" in training) == (config.recipe.training_lengths != "even")


def test_what_can_not_be_drawn_so_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingError, match=r"^Modular arithmetic has words in which not every"):
        problem_of("modular-arithmetic", training_words="dirichlet")
    with pytest.raises(SettingError, match=r"^Lengths grow only where sequences are drawn anew"):
        problem_of(training_lengths="growing", fresh=False)
    with pytest.raises(SettingError, match=r"^Training words must be one of even, dirichlet"):
        problem_of(training_words="odd")
    with pytest.raises(SettingError, match=r"^Train lengths must be one of even, growing"):
        problem_of(training_lengths="shrinking")
