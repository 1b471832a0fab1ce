"""Networks on tasks of the hierarchy: trained, asked and looked into."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.engine.errors import QueryError, UserError
from rnn_tui.engine.files.paths import WEIGHTS_NAME, run_dir
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.ablation import analyse_ablations
from rnn_tui.inside.automaton import analyse_automaton, true_machine
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.hierarchy.questions import HierarchyQuestions
from rnn_tui.tasks.hierarchy.table import DEFINITIONS, REGULAR, Definition
from rnn_tui.tasks.hierarchy.words import answers_so_far, right_answers
from rnn_tui.tasks.sequences.inference import ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.words import NO_ANSWER, words_for
from tests.inside.made import reading_of
from tests.tasks.conftest import small_config, small_run
from tests.tasks.hierarchy.brute_force import ANSWERS
from tests.tasks.test_sequences_network import file_of

#: a test of such networks has one length, so that they are trained in a moment.
LENGTHS = (1, 499)
K = 40.0  # weights so large that tanh is −1 or 1


def asked(network: SequenceNetwork) -> HierarchyQuestions:
    return HierarchyQuestions(network, "these", Path("weights"), ReplicaChoice())


def knows_parity() -> SequenceNetwork:
    """An RNN of two units that answers parity check without error.

    One is 1 where the bit and the parity before add up to 1 at least, the other where they add up
    to 2, else they are −1; half of their difference is the parity.
    """
    config = TASKS["parity-check"].config("rnn", hidden_sizes=(2,), lengths=(1, 12))
    at_least_one, at_least_two = [0.5, -0.5, 0, 1, 0, -0.5, 0], [0.5, -0.5, 0, 1, 0, -1.5, 0]
    gates = K * np.array([[at_least_one, at_least_two]])
    readout = np.array([[[0, 0, 0], [1, -1, -1]]])  # of even, of odd
    file = WeightsFile(config, {"gates": gates, "readout": readout}, 1, {})
    return SequenceNetwork(file, TASKS["parity-check"])


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_every_task_trains_and_is_asked(definition: Definition) -> None:
    name = definition.name
    config = small_config(name, "fast", lengths=LENGTHS, training_size=4, batch_size=2, test_size=2)
    run = small_run(config)
    assert "test_accuracy" in run.metrics
    assert all(math.isfinite(value) for values in run.metrics.values() for value in values)
    arrays = {key: weight.numpy() for key, weight in run.weights.items()}
    questions = asked(TASKS[name].network(WeightsFile(config, arrays, 1, run.metrics)))
    texts = [definition.example, questions.random(np.random.default_rng(0))]
    read = [questions.read(text) for text in texts]
    answers = [*questions.answers(read)]
    for text, question, answer in zip(texts, read, answers, strict=True):
        expected = answer.document["expected"]
        assert "".join(expected) == ANSWERS[name](text)
        assert answer.correct == (answer.document["answer"] == expected)
        assert answer.document["read"] == [*question.symbols, *["_"] * question.blanks]
        [alone] = questions.answers([question])
        assert alone.document["answer"] == answer.document["answer"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("parity-check", "012", "“2”, character 3 of the word, is none of 0 1."),
        ("parity-check", "  ", "There is no sequence to answer; it needs a step at least."),
        (
            "modular-arithmetic",
            "1+2*",
            "“1+2*” is no word of modular arithmetic; type one like 1+2*3.",
        ),
        (
            "modular-arithmetic-brackets",
            "((1+2)",
            "“((1+2)” is no word of modular arithmetic with brackets; type one like ((1+2)*(3-4)).",
        ),
        (
            "solve-equation",
            "x+x=1",
            "“x+x=1” is no word of solve equation; type one like ((1+x)-3)=0.",
        ),
        (
            "stack-manipulation",
            "pop 0",
            "“pop 0” is no word of stack manipulation; type one like 0110 push 1 pop pop.",
        ),
        (
            "missing-duplicate",
            "0111?0",
            "“0111?0” is no word of missing duplicate; type one like 01100?10.",
        ),
        (
            "binary-addition",
            "101",
            "“101” is no word of binary addition; type one like 01001+011.",
        ),
    ],
)
def test_what_is_no_word_is_refused_in_a_sentence(name: str, text: str, sentence: str) -> None:
    questions = asked(TASKS[name].network(file_of(name, losses=("ce",), seeds=1)))
    with pytest.raises(QueryError) as refused:
        questions.read(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("text", ["0", "1", "0110", "1" * 99, "10" * 300])
def test_a_network_that_knows_parity_is_right(text: str) -> None:
    questions = asked(knows_parity())
    [answer] = questions.answers([questions.read(text)])
    assert answer.correct
    assert answer.document["answer"] == ANSWERS["parity-check"](text)
    assert answer.text.endswith(f" → {answer.document['answer']}")
    assert [*questions.notices(questions.read(text))] == (
        []
        if len(text) <= 12
        else [
            "These weights were trained on words of 1 to 12 symbols; with fewer or more, their "
            "answers may be worse."
        ]
    )


def test_its_parity_so_far_is_found_in_its_states() -> None:
    analysis = analyse_hidden(reading_of(knows_parity()), sequences=40)
    assert analysis.probe.accuracy == 1.0
    assert "predicts the parity" in analysis.summary


def test_its_automaton_is_the_true_one() -> None:
    analysis = analyse_automaton(reading_of(knows_parity()), length=6)
    assert analysis is not None
    assert analysis.equivalent
    assert analysis.machine is not None
    assert analysis.machine.states == ("start", "even", "odd")
    assert "All 62 words of up to 5 symbols are right." in analysis.summary


@pytest.mark.parametrize(
    ("name", "states"), [("even-pairs", 6), ("cycle-navigation", 6), ("parity-check", 3)]
)
def test_true_automata_are_as_small_as_they_can_be(name: str, states: int) -> None:
    config = TASKS[name].config("lstm")
    assert isinstance(config, SequenceConfig)
    machine = true_machine(words_for(TASKS[name], config), 6)
    assert machine is not None
    assert len(machine.states) == states


@pytest.mark.parametrize(
    "definition",
    [definition for definition in DEFINITIONS if definition.level != REGULAR],
    ids=lambda definition: definition.name,
)
def test_tasks_beyond_the_regular_ones_have_no_automaton(definition: Definition) -> None:
    network = TASKS[definition.name].network(file_of(definition.name, losses=("ce",), seeds=1))
    with pytest.raises(UserError, match="no finite automaton is right"):
        analyse_automaton(reading_of(network))


def test_answers_are_known_at_blanks_and_nowhere_else() -> None:
    config = TASKS["stack-manipulation"].config("lstm")
    words = words_for(TASKS["stack-manipulation"], config)
    blank = len(words.names) - 1
    # `10 pop` with five blanks, one that goes on after a blank, and no word
    columns = [[1, 0, 2, *[blank] * 5], [1, 0, 2, blank, 0, *[blank] * 3], [2, *[blank] * 7]]
    right = right_answers(words.inputs(np.array(columns).T), config).T
    assert right.tolist() == [
        [-1, -1, -1, 1, 2, -1, -1, -1],
        [-1, -1, -1, 1, -1, -1, -1, -1],
        [-1] * 8,
    ]


def test_the_value_so_far_waits_for_the_second_side() -> None:
    config = TASKS["modular-arithmetic"].config("lstm")
    words = words_for(TASKS["modular-arithmetic"], config)
    word = np.array([[1, 5, 2, 7, 3, 8]]).T  # 1+2*3_
    assert answers_so_far(words.inputs(word), config)[:, 0].tolist() == [1, 1, 3, 3, 2, 2]


def test_words_that_studies_ask_are_words_of_the_task() -> None:
    config = TASKS["modular-arithmetic"].config("lstm")
    words = words_for(TASKS["modular-arithmetic"], config)
    short = words.short(4)
    right = words.right(short)
    assert right is not None
    assert short.shape == (4, 5 + 5 * 3 * 5)
    assert ((right != NO_ANSWER).sum(axis=0) == 1).all()
    assert words.drawn(12, 3, np.random.default_rng(0)).shape == (11, 3)


def test_accuracy_counts_what_is_asked_and_no_other_step() -> None:
    analysis = analyse_ablations(reading_of(knows_parity()), inputs=60)
    assert analysis is not None
    assert analysis.accuracy == 1.0
    assert analysis.together[-1] < 0.8


def test_a_network_is_exported_for_other_programs() -> None:
    config = small_config(
        "modular-arithmetic",
        "fast",
        lengths=LENGTHS,
        training_size=4,
        batch_size=2,
        test_size=2,
        hidden_sizes=(3,),
    )
    small_run(config, name="calculator")
    # checked against our own answers; a word and its blank are longer than the word
    [model] = models_of(run_dir() / "calculator" / WEIGHTS_NAME)
    assert b"symbols" in model.data
