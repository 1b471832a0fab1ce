"""Who answers what is typed, in prompts and the calculator."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rnn_tui.archive.weights import Source, choose
from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.engine.files import paths
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.calculator_prompt.asking import ALL, AskedNetworks, Typed
from tests.archive.kept_runs import train
from tests.ui.calculator_prompt.conftest import added, recalled, shipped


def test_the_largest_network_and_the_first_seed_answer_unless_others_are_chosen() -> None:
    usual = added(0b1011, 0b110, None)
    assert (usual.variant, usual.seed) == ("H 10 bce", 0)
    assert usual.answered_by == "pretrained · H 10 bce · seed 0"
    assert usual.answer.correct
    assert usual.seeds_right == ()
    chosen = added(0b1011, 0b110, ("H 3 mse", 3))
    assert chosen.answered_by == "pretrained · H 3 mse · seed 3"
    [replica] = chosen.questions.replicas
    assert (replica.variant.label, replica.seed) == ("H 3 mse", 3)


def test_of_what_weights_lack_their_own_usual_answers(untrained: Source) -> None:
    for whom in (("H 3 mse", 3), ("nothing", -1)):
        answers = added(1, 1, whom, untrained)
        assert answers.answered_by == "run untrained · H 7 mse · seed 5"


def test_a_vote_counts_the_seeds_that_are_right() -> None:
    long_carry = (2**24 - 1, 1)  # which small networks get wrong
    answers = added(*long_carry, (ALL, 0))
    config = answers.config
    count = len(config.variants) * config.seeds
    assert answers.answered_by == f"pretrained · all {count} vote"
    for place in (0, len(config.variants) - 1):
        label = config.variants[place].label
        alone = [added(*long_carry, (label, seed)).answer.correct for seed in range(config.seeds)]
        assert answers.seeds_right[place] == sum(alone)
    assert len({*answers.seeds_right}) > 1


def test_weights_that_were_named_answer_for_their_position_only(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    shutil.copy(choose("recall", 2, only_pretrained=True).path, path)
    mine = Source(path, "mine", position=2)
    assert recalled("31415", 2, mine).source == mine
    assert recalled("31415", 3, mine).source.label == "pretrained"
    answers = AskedNetworks(ADDER, replace(shipped(), label="mine")).ask(Typed("1 + 1"))
    assert answers.answered_by.startswith("mine · ")


@pytest.mark.usefixtures("home")
def test_a_run_that_ended_answers_with_all_its_networks() -> None:
    config = RECALL.config(
        "lstm",
        epochs=1,
        training_size=90,
        test_size=10,
        hidden_sizes=(2, 3),
        losses=("ce", "bce"),
        seeds=2,
        position=7,
        lengths=(7, 9),
    )
    train(config)
    answers = recalled("0123456789", 7)
    assert answers.source.label.startswith("run ")
    assert len(answers.seeds_right) == 4
    assert "7 to 9 digits" in answers.notes
    assert recalled("0123456789", 3).source.label == "pretrained"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["parity-check", "adding"])
def test_a_question_by_chance_is_one_of_a_length_in_training(name: str) -> None:
    task = TASKS[name]
    train(task.config("rnn", epochs=1, training_size=64, test_size=16, hidden_sizes=(2,)))
    networks = AskedNetworks(task)
    drawn = [networks.ask(Typed(None)) for _ in range(4)]
    assert len({answers.typed.text for answers in drawn}) > 1
    for answers in drawn:
        assert answers.notes == ""
        assert answers.answer.document["query"] == answers.typed.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (Typed("31t", 3), "character 3 is “t”"),
        (Typed("31", 3), "Position 3 is beyond the sequence, which has 2 digits."),
        (Typed("", 3), "Type a sequence of digits"),
        (Typed("1" * 1001, 3), "at most 1,000 digits"),
    ],
)
def test_what_is_no_question_is_a_sentence(typed: Typed, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        AskedNetworks(RECALL).ask(typed)


def test_weights_that_cant_be_read_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="can't be read"):
        added(1, 1, None, Source(broken, "run broken"))
    monkeypatch.setattr(paths, "asset_dir", lambda: tmp_path)
    with pytest.raises(CheckpointError, match="There are no weights for adder"):
        AskedNetworks(ADDER).ask(Typed("1 + 1"))
