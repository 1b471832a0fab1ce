"""The rows and lines in which an addition is shown, as functions of a network's answer."""

import numpy as np
import pytest

from rnn_tui.archive.weights import Source, choose
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of
from rnn_tui.ui.calculator_prompt.calculator_answer import Adders, SumAnswer, shorten, sum_lines
from rnn_tui.ui.calculator_prompt.column_addition import addition_rows, eighth
from tests.archive.kept_runs import train
from tests.inside.made import reading_of
from tests.ui.calculator_prompt.conftest import shipped

WIDTH = 78


def texts(answer: SumAnswer) -> dict[str, str]:
    """The characters of each row."""
    rows = addition_rows(answer)
    return {label: "".join(character for character, _ in cells) for label, cells in rows.items()}


def lines(answer: SumAnswer, width: int = WIDTH) -> list[str]:
    return [line.plain for line in sum_lines(answer, width)]


@pytest.mark.parametrize("replica", range(4))
def test_rows_and_lines_are_what_the_network_says(replica: int, untrained: Source) -> None:
    addition = Addition(0b1110011, 0b1011101)
    network = AdderNetwork(read_weights(untrained.path))
    [outputs] = network.only(replica).outputs_of([addition])
    bits, true = outputs[0] >= 0.5, addition.bits(addition.total)
    wrong = [bool(bit != right) for bit, right in zip(bits, true, strict=True)]
    assert any(wrong)
    answer = Adders(untrained).answer(addition, replica)
    rows = texts(answer)
    assert int(rows["network"], 2) == number_of(bits)
    assert int(rows["true sum"], 2) == addition.total
    assert [mark == "✗" for mark in rows[""]] == wrong[::-1]
    assert rows["confidence"] == "".join(eighth(float(max(p, 1 - p))) for p in outputs[0][::-1])
    verdict, binary, decimal, hexadecimal = lines(answer)
    label = f"H {(4, 7)[replica // 2]} mse · seed {5 + replica % 2}"
    assert verdict == f"✗ {sum(wrong)} of 8 bits wrong · run untrained · {label}"
    assert binary.split() == ["binary", f"{number_of(bits):b}", "true", f"{addition.total:b}"]
    assert decimal.split() == ["decimal", f"{number_of(bits)}", "true", f"{addition.total}"]
    assert hexadecimal.split()[-1] == f"{addition.total:x}"


def test_carries_are_those_of_paper() -> None:
    rows = texts(Adders(shipped()).answer(Addition(0b1011, 0b110), 0))
    # 1011 + 110: 1+0 none, 1+1 carries, 0+1+1 carries, 1+1 carries
    assert rows["carry"] == "111··"
    assert rows["a"] == " 1011"
    assert rows["+ b"] == "  110"
    assert rows["true sum"] == "10001"


def test_zero_and_zero_have_a_digit_each() -> None:
    adders = Adders(shipped())
    answer = adders.answer(Addition(0, 0), len(adders.config.variants) * adders.config.seeds - 1)
    assert [texts(answer)[label] for label in ("a", "+ b", "network")] == ["0"] * 3
    assert lines(answer)[0].startswith("✓ right")


def test_wrong_bits_and_wrong_carries_have_a_style_of_their_own(untrained: Source) -> None:
    adders = Adders(untrained)
    answer = adders.with_probed_carries(adders.answer(Addition(0b101101, 0b11011), 2))
    rows = addition_rows(answer)
    styles = {label: [style for _, style in cells] for label, cells in rows.items()}
    assert styles["network"].count("wrong") == answer.wrong.sum() > 0
    probed, carries = texts(answer)["in state"], texts(answer)["carry"]
    differing = sum(probed != true for probed, true in zip(probed, carries, strict=True))
    assert styles["in state"].count("wrong") == differing > 0


def test_the_carries_that_the_state_tells_stand_below_the_true_ones() -> None:
    adders = Adders(shipped())
    last = len(adders.config.variants) * adders.config.seeds - 1
    answer = adders.with_probed_carries(adders.answer(Addition(0b1011, 0b110), last))
    # The network that ships adds without a mistake: it has to know every carry.
    assert texts(answer)["in state"] == texts(answer)["carry"] == "111··"
    assert not texts(adders.answer(Addition(0b1011, 0b110), None))["in state"].strip()


def test_all_vote_for_each_bit(untrained: Source) -> None:
    addition = Addition(0b1011, 0b1)
    [outputs] = AdderNetwork(read_weights(untrained.path)).outputs_of([addition])
    votes = (outputs >= 0.5).sum(axis=0)
    bits = np.where(votes == 2, outputs.mean(axis=0) >= 0.5, votes > 2)
    answer = Adders(untrained).answer(addition, None)
    assert int(texts(answer)["network"], 2) == number_of(bits)
    shares = np.maximum(votes, 4 - votes) / 4
    assert texts(answer)["votes"] == "".join(eighth(share) for share in shares[::-1])
    assert lines(answer)[0].endswith("run untrained · all 4 vote")


def test_votes_are_tallied_by_variant_in_as_many_rows_as_they_need() -> None:
    network = AdderNetwork(read_weights(shipped().path))
    config = network.config
    addition = Addition(int("1011" * 40, 2), 0b11011)
    [outputs] = network.outputs_of([addition])
    right = ((outputs >= 0.5) == addition.bits(addition.total)).all(axis=1)
    answer = Adders(shipped()).answer(addition, None)
    text = " ".join(" ".join(lines(answer)).split())
    for at, variant in enumerate(config.variants):
        count = right[at * config.seeds : (at + 1) * config.seeds].sum()
        assert f"{variant.label} {count} of {config.seeds}" in text
    assert f"all {len(network.replicas)} vote" in text
    for width, rows in ((78, 3), (40, 5), (20, 9)):
        # Below the answer, its three bases, an empty line and a heading.
        assert len(lines(answer, width)) == 6 + rows


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("cell", ["rnn", pytest.param("gru", marks=pytest.mark.long)])
def test_networks_of_other_cells_add_and_tell_the_carry(cell: str) -> None:
    train(TASKS["adder"].config(cell, epochs=1, hidden_sizes=(4,), losses=("bce",)))
    source = choose("adder")
    network = AdderNetwork(read_weights(source.path))
    assert network.config.cell == cell
    addition = Addition(0b1110011, 0b1011101)
    [outputs] = network.outputs_of([addition])
    adders = Adders(source)
    answer = adders.with_probed_carries(adders.answer(addition, 0))
    assert int(texts(answer)["network"], 2) == number_of(outputs[0] >= 0.5)
    analysis = analyse_hidden(reading_of(network))
    assert analysis.sources == ("state",)
    probed = analysis.probe_row(trace_inputs(network, addition.pairs.astype(np.float32)))
    assert texts(answer)["in state"].replace("·", "0") == "".join(map(str, probed[::-1]))


def test_digits_are_cut_in_the_middle() -> None:
    assert shorten("12345", 5) == "12345"
    digits = "".join(str(at % 10) for at in range(1234))
    for width in (20, 30, 50, 200):
        short = shorten(digits, width)
        head, _, tail = short.removesuffix(" (1,234 digits)").partition("…")
        assert len(short) <= width
        assert digits.startswith(head)
        assert digits.endswith(tail)


def test_confidence_in_eighths() -> None:
    levels = [eighth(0.5 + at / 16) for at in range(9)]
    assert "".join(levels) == "▁▂▃▄▅▆▇██"


def test_weights_that_give_no_numbers_are_not_sure(untrained: Source) -> None:
    adders = Adders(untrained)
    adders._network._gates[:] = np.finfo(np.float32).max
    adders._network._gates[:, ::2] *= -1
    for replica in (None, 0):
        answer = adders.answer(Addition(5, 3), replica)
        assert np.isfinite(answer.confidence).all()
        assert ((answer.confidence >= 0.5) & (answer.confidence <= 1)).all()
