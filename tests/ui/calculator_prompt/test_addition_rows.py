"""The rows and lines in which an addition is shown, as functions of a network's answer."""

import numpy as np
import pytest

from rnn_tui.archive.weights import Source, choose
from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of
from rnn_tui.ui.calculator_prompt.asking import ALL
from rnn_tui.ui.calculator_prompt.calculator_answer import (
    CarryProbes,
    SumAnswer,
    shorten,
    sum_answer,
    sum_lines,
)
from rnn_tui.ui.calculator_prompt.column_addition import (
    LABEL_WIDTH,
    addition_rows,
    eighth,
    lay_out,
)
from tests.archive.kept_runs import train
from tests.inside.made import reading_of
from tests.ui.calculator_prompt.conftest import added, shipped

EVERYBODY = (ALL, -1)

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
    whom = (("H 4 mse", "H 7 mse")[replica // 2], 5 + replica % 2)
    answer = sum_answer(added(addition.a, addition.b, whom, untrained))
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
    rows = texts(sum_answer(added(0b1011, 0b110)))
    # 1011 + 110: 1+0 none, 1+1 carries, 0+1+1 carries, 1+1 carries
    assert rows["carry"] == "111··"
    assert rows["a"] == " 1011"
    assert rows["+ b"] == "  110"
    assert rows["true sum"] == "10001"


def test_zero_and_zero_have_a_digit_each() -> None:
    answer = sum_answer(added(0, 0))
    assert [texts(answer)[label] for label in ("a", "+ b", "network")] == ["0"] * 3
    assert lines(answer)[0].startswith("✓ right")


def test_wrong_bits_and_wrong_carries_have_a_style_of_their_own(untrained: Source) -> None:
    answer = CarryProbes().read(added(0b101101, 0b11011, ("H 7 mse", 5), untrained))
    rows = addition_rows(answer)
    styles = {label: [style for _, style in cells] for label, cells in rows.items()}
    assert styles["network"].count("wrong") == answer.wrong.sum() > 0
    probed, carries = texts(answer)["in state"], texts(answer)["carry"]
    differing = sum(probed != true for probed, true in zip(probed, carries, strict=True))
    assert styles["in state"].count("wrong") == differing > 0


def test_the_carries_that_the_state_tells_stand_below_the_true_ones() -> None:
    answer = CarryProbes().read(added(0b1011, 0b110))
    # The network that ships adds without a mistake: it has to know every carry.
    assert texts(answer)["in state"] == texts(answer)["carry"] == "111··"
    assert not texts(sum_answer(added(0b1011, 0b110, EVERYBODY)))["in state"].strip()


def test_all_vote_for_each_bit(untrained: Source) -> None:
    addition = Addition(0b1011, 0b1)
    [outputs] = AdderNetwork(read_weights(untrained.path)).outputs_of([addition])
    votes = (outputs >= 0.5).sum(axis=0)
    bits = np.where(votes == 2, outputs.mean(axis=0) >= 0.5, votes > 2)
    answer = sum_answer(added(addition.a, addition.b, EVERYBODY, untrained))
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
    answer = sum_answer(added(addition.a, addition.b, EVERYBODY))
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
    answer = CarryProbes().read(added(addition.a, addition.b, None, source))
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


def test_the_verdict_counts_the_wrong_bits_and_says_who_added() -> None:
    assert lines(sum_answer(added(0b101101, 0b11011))) == [
        "✓ right · pretrained · H 10 bce · seed 0",
        "binary       1001000",
        "decimal      72",
        "hexadecimal  48",
    ]


def test_weights_that_give_no_numbers_are_refused(untrained: Source) -> None:
    network = added(1, 1, None, untrained).questions.networks[0]
    network._gates["l0"][:] = np.finfo(np.float32).max
    network._gates["l0"][:, ::2] *= -1
    questions = added(1, 1, None, untrained).questions
    questions.networks = [network]
    with pytest.raises(CheckpointError):
        questions.all_outputs([questions.read("101 + 11")])


@pytest.mark.parametrize(
    ("bits", "size", "tall", "pitch"),
    [
        (7, (78, 10), 1, 2),
        (7, (118, 20), 3, 4),
        (7, (198, 32), 6, 7),
        (40, (78, 10), 1, 1),
        (40, (118, 20), 1, 2),
        (201, (198, 32), 1, 1),
    ],
)
def test_digits_are_as_large_as_there_is_room(
    bits: int, size: tuple[int, int], tall: int, pitch: int
) -> None:
    layout = lay_out(bits, *size)
    assert (layout.tall, layout.pitch) == (tall, pitch)
    assert len([line for line in layout.lines if line is not None]) <= size[1]
    if LABEL_WIDTH + layout.cells <= size[0]:
        assert layout.left + LABEL_WIDTH + layout.cells <= size[0]
        # in the middle, but by whole columns
        assert abs(size[0] - LABEL_WIDTH - layout.cells - 2 * layout.left) < 2 * pitch


def test_the_lowest_bit_stays_where_it_is_while_one_types() -> None:
    ends = {layout.left + layout.cells for layout in (lay_out(bits, 118, 20) for bits in (6, 7))}
    assert max(ends) - min(ends) <= lay_out(6, 118, 20).pitch


def test_the_probe_is_left_out_before_part_of_the_addition_is() -> None:
    rows = len(addition_rows(sum_answer(added(1, 1))))
    assert lay_out(7, 78, rows + 1).shows_probe
    without = lay_out(7, 78, rows)
    assert not without.shows_probe
    assert len(without.lines) == rows
