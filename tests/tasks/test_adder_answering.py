"""Numbers as typed, and additions on paper, against Python's own whole numbers."""

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.adder.questions import (
    BASES,
    BINARY,
    DECIMAL,
    HEXADECIMAL,
    MOST_BITS,
    Addition,
    Base,
    number_of,
    read_number,
    vote,
)

LARGEST = 2**MOST_BITS - 1


def parse_number(text: str, base: Base = BINARY) -> int:
    return read_number(text, base)[0]


bases = st.sampled_from(BASES)
numbers = (
    st.integers(0, 2**20)
    | st.integers(0, LARGEST)
    | st.integers(0, MOST_BITS).map(lambda bits: 2**bits - 1)
    | st.integers(0, MOST_BITS - 1).map(lambda bits: 2**bits)
)
between = st.sampled_from(["", " ", "_", "  ", "\t", " _ "])


def assert_sentence(error: QueryError) -> None:
    message = str(error)
    assert not any(unicodedata.category(character)[0] == "C" for character in message)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    assert len(message) < 120


@given(st.text() | st.text("0123456789abcdefxABDX _+-.", max_size=40), bases)
@example("", BINARY)
@example("_", DECIMAL)
@example("0b", BINARY)
@example("0x", HEXADECIMAL)
@example("0x0x1", BINARY)
@example("-1", DECIMAL)
@example("1.5", DECIMAL)
@example("\x1b[31m1", BINARY)
@example("١", DECIMAL)
@example("²", DECIMAL)
@example("１", BINARY)
@example("İ", HEXADECIMAL)
@example("\u00a0", BINARY)
@example("\u2028", BINARY)
@example("\ud800", HEXADECIMAL)
def test_any_text_gives_a_number_or_a_sentence(text: str, base: Base) -> None:
    try:
        value = parse_number(text, base)
    except QueryError as refused:
        error = refused
    else:
        assert 0 <= value <= LARGEST
        assert text.isascii() or not any(c.isdigit() and not c.isascii() for c in text)
        return
    assert_sentence(error)


@given(numbers, bases, st.sampled_from([True, False]), between, st.integers(1, 9))
def test_numbers_come_back_however_they_are_written(
    value: int, base: Base, upper: bool, gap: str, group: int
) -> None:
    digits = base.format(value)
    text = gap.join(digits[at : at + group] for at in range(0, len(digits), group))
    assert parse_number(base.prefix + text, base) == value
    assert parse_number(text.upper() if upper else text, base) == value


@given(numbers, bases, bases)
def test_a_prefix_overrules_the_base_except_where_it_is_a_number_itself(
    value: int, written: Base, expected: Base
) -> None:
    text = written.prefix + written.format(value)
    if expected is HEXADECIMAL and written is not HEXADECIMAL:
        # 0b1 and 0d1 are hexadecimal numbers themselves.
        reading = int(text, 16)
        if reading <= LARGEST:
            assert parse_number(text, expected) == reading
        return
    assert parse_number(text, expected) == value


@given(st.integers(0, 2**70), bases)
def test_the_base_that_a_number_was_written_in_comes_with_it(value: int, base: Base) -> None:
    assert read_number(base.prefix + base.format(value)) == (value, base)
    assert read_number("1", base) == (1, base)


@given(st.text("0123456789abcdef", min_size=1, max_size=30), bases)
def test_python_reads_the_same(text: str, base: Base) -> None:
    # In binary and decimal, 0b… and 0d… are prefixes.
    if base is not HEXADECIMAL and text.startswith(("0b", "0d")):
        return
    try:
        expected = int(text, base.radix)
    except ValueError:
        with pytest.raises(QueryError, match=f"is not a {base.name} digit"):
            parse_number(text, base)
    else:
        assert parse_number(text, base) == expected


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.name)
def test_the_largest_number_is_read_and_the_next_is_not(base: Base) -> None:
    assert parse_number(base.format(LARGEST), base) == LARGEST
    # Zeros before a number do not make it larger.
    assert parse_number("000" + base.format(LARGEST), base) == LARGEST
    for text in (base.format(LARGEST + 1), "1" * 10**6, "0" * 10**6, " " * 10**6):
        with pytest.raises(QueryError, match="at most 4,096 bits"):
            parse_number(text, base)
    # As many spaces as digits are no reason to refuse.
    assert parse_number(" ".join(base.format(LARGEST)), base) == LARGEST


def test_what_is_no_digit_is_named_with_a_way_out() -> None:
    with pytest.raises(QueryError) as refused:
        parse_number("102")
    assert str(refused.value) == (
        "“2” is not a binary digit; write 0d… for decimal, 0x… for hexadecimal."
    )
    for text, letter in (("10x1", "x"), ("tsq", "t"), ("-1", "-")):
        with pytest.raises(QueryError, match=f"“{letter}” is not a binary digit"):
            parse_number(text)
    with pytest.raises(QueryError, match="“g” is not a hexadecimal digit"):
        parse_number("0xg")
    with pytest.raises(QueryError, match="Type a binary number"):
        parse_number("   ")
    with pytest.raises(QueryError, match="“f” is not a decimal digit"):
        parse_number("f", DECIMAL)
    with pytest.raises(QueryError, match="Type a hexadecimal number"):
        parse_number("", HEXADECIMAL)


def carries_by_hand(a: int, b: int, length: int) -> list[int]:
    carries, carry = [], 0
    for place in range(length):
        carries.append(carry)
        carry = ((a >> place & 1) + (b >> place & 1) + carry) >> 1
    return carries


@settings(max_examples=60)
@given(numbers, numbers)
@example(0, 0)
@example(LARGEST, LARGEST)
@example(LARGEST, 1)
@example(1, 0)
def test_addition_on_paper(a: int, b: int) -> None:
    addition = Addition(a, b)
    length = addition.length
    assert length == max(a.bit_length(), b.bit_length()) + 1
    assert addition.total == a + b
    # The sum fits, as it does in training.
    assert addition.total < 2**length
    for value in (a, b, a + b):
        bits = addition.bits(value)
        assert bits.shape == (length,)
        assert bits.dtype == np.uint8
        assert bits.tolist() == [value >> place & 1 for place in range(length)]
        assert number_of(bits) == value
        assert number_of(bits.astype(bool)) == value
        assert number_of(bits.tolist()) == value
    assert addition.carries.tolist() == carries_by_hand(a, b, length)


def test_six_and_three() -> None:
    addition = Addition(6, 3)
    assert addition.length == 4
    assert addition.bits(6).tolist() == [0, 1, 1, 0]
    assert addition.carries.tolist() == [0, 0, 1, 1]
    assert number_of([1, 0, 0, 1]) == 9
    assert Addition(0, 0).bits(0).tolist() == [0]
    assert number_of([]) == 0


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]), min_size=3, max_size=3), min_size=1
    )
)
@example([[0.7], [0.1]])
@example([[0.5], [0.0]])
@example([[0.9], [0.9], [0.0]])
def test_networks_vote_on_every_bit(outputs: list[list[float]]) -> None:
    bits, share = vote(np.array(outputs, np.float32))
    for column, said in enumerate(zip(*outputs, strict=True)):
        ones = sum(output >= 0.5 for output in said)
        assert share[column] == pytest.approx(ones / len(said))
        if 2 * ones != len(said):
            assert bool(bits[column]) is (2 * ones > len(said))
        elif abs(np.mean(said) - 0.5) > 1e-6:
            # As many for 0 as for 1: those that are surer decide.
            assert bool(bits[column]) is bool(np.mean(said) > 0.5)


def test_one_network_decides_alone() -> None:
    bits, share = vote(np.array([[0.5, 0.49, 1.0]], np.float32))
    assert bits.tolist() == [True, False, True]
    assert share.tolist() == [1.0, 0.0, 1.0]
