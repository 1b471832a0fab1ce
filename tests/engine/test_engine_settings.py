"""Settings as typed: whatever the text, a value that is allowed or one harmless sentence."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import (
    SETTINGS,
    ChoicesSetting,
    ListSetting,
    NumberSetting,
    RangeSetting,
    Setting,
    check_choice,
)
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import task_of
from rnn_tui.tasks.task import Task
from tests.data.examples import every_goal, rising_or_falling

SIZES = ListSetting("sizes", "Sizes", "", 1, 256, 8)
LENGTHS = RangeSetting("lengths", "Lengths", "", 1, 1000)
LOSSES = ChoicesSetting("losses", "Losses", "", {"mse": "MSE", "ce": "CE", "bce": "BCE"})
RATE = NumberSetting("rate", "Rate", "", 0.0, 1e38, whole=False, above=True)
SHARE = NumberSetting("share", "Share", "", 0.0, 0.5, whole=False)
COUNT = NumberSetting("count", "Count", "", 0, 2**32 - 1)
KINDS: dict[str, Setting] = {
    "list": SIZES,
    "range": LENGTHS,
    "choices": LOSSES,
    "rate": RATE,
    "share": SHARE,
    "count": COUNT,
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "list": st.lists(st.integers(1, 256), min_size=1, max_size=8, unique=True),
    "range": st.lists(st.integers(1, 1000), min_size=2, max_size=2).map(sorted),
    "choices": st.lists(st.sampled_from(["mse", "ce", "bce"]), min_size=1, unique=True),
    "rate": st.floats(0.0, 1e38, exclude_min=True),
    "share": st.floats(0.0, 0.5),
    "count": st.integers(0, 2**32 - 1),
}
# beside a field of the form there is room for so many characters, and a blank
LONGEST_LABEL = 14
typed = (
    st.text()
    | st.text("0123456789-–… ,.e+_\t", max_size=30)
    | st.lists(st.sampled_from(["mse", "ce", "bce", ",", " ", "1", "-", "9" * 30])).map("".join)
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def assert_sentence(error: SettingError, label: str) -> None:
    message = str(error)
    assert message.startswith(f"{label} must be ")
    assert message.endswith(".")
    assert not any(unicodedata.category(character)[0] == "C" for character in message)
    assert len(message.splitlines()) == 1
    assert len(message) < 160


@pytest.mark.parametrize("kind", KINDS)
@given(text=typed)
@example(text="")
@example(text=",")
@example(text="9" * 5000)
@example(text="9" * 5000 + ",1")
@example(text="3-" + "9" * 5000)
@example(text="\x1b[2J")
@example(text="٣")
@example(text="3\u00a0-\u00a05")
@example(text="\ud800")
def test_any_text_gives_an_allowed_value_or_a_sentence(kind: str, text: str) -> None:
    setting = KINDS[kind]
    try:
        value = setting.parse(text)
    except SettingError as refused:
        assert_sentence(refused, setting.label)
    else:
        assert setting.check(value) == value
        assert setting.parse(setting.format(value)) == value


@pytest.mark.parametrize("kind", KINDS)
@given(value=anything)
def test_any_value_is_allowed_or_refused_in_a_sentence(kind: str, value: Any) -> None:
    setting = KINDS[kind]
    try:
        checked = setting.check(value)
    except SettingError as refused:
        assert_sentence(refused, setting.label)
    else:
        assert setting.check(checked) == checked


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_value_survives_being_shown_and_typed(kind: str, data: st.DataObject) -> None:
    setting = KINDS[kind]
    value = setting.check(data.draw(VALUES[kind]))
    assert setting.parse(setting.format(value)) == value


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_shown_can_be_typed(kind: str, data: st.DataObject) -> None:
    setting = KINDS[kind]
    value = setting.check(data.draw(VALUES[kind]))
    assert set(setting.format(value)) <= set(setting.characters)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", (5,)),
        ("10,2,5", (2, 5, 10)),
        (" 2 5  10 ", (2, 5, 10)),
        ("2, 5, 10,", (2, 5, 10)),
        ("1,2,3,4,5,6,7,256", (1, 2, 3, 4, 5, 6, 7, 256)),
        ("", None),
        (" , ", None),
        ("5,5", None),
        ("0", None),
        ("257", None),
        ("-5", None),
        ("2.5", None),
        ("2;5", None),
        ("1,2,3,4,5,6,7,8,9", None),
        ("two", None),
    ],
)
def test_lists_of_numbers(text: str, expected: tuple[int, ...] | None) -> None:
    assert_parsed(SIZES, text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3-11", (3, 11)),
        ("3 – 11", (3, 11)),
        (" 3…11 ", (3, 11)),
        ("7", (7, 7)),
        ("7-7", (7, 7)),
        ("1-1000", (1, 1000)),
        ("003-011", (3, 11)),
        ("", None),
        ("-", None),
        ("3-", None),
        ("-11", None),
        ("11-3", None),
        ("0-5", None),
        ("0", None),
        ("1-1001", None),
        ("3-4-5", None),
        ("3.5-4", None),
        ("3,4", None),
        ("3-0", None),
        ("1" * 10, None),
    ],
)
def test_ranges(text: str, expected: tuple[int, int] | None) -> None:
    assert_parsed(LENGTHS, text, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ce", ("ce",)),
        ("bce,mse", ("mse", "bce")),
        (" ce  mse ", ("mse", "ce")),
        ("bce, ce, mse", ("mse", "ce", "bce")),
        ("ce,ce", None),
        ("bce,ce,bce", None),
        ("", None),
        (",", None),
        ("CE", None),
        ("ce,hinge", None),
        ("cemse", None),
    ],
)
def test_choices(text: str, expected: tuple[str, ...] | None) -> None:
    assert_parsed(LOSSES, text, expected)


def assert_parsed(setting: Setting, text: str, expected: object) -> None:
    if expected is None:
        with pytest.raises(SettingError) as refused:
            setting.parse(text)
        assert_sentence(refused.value, setting.label)
        assert setting.range_text in str(refused.value)
    else:
        assert setting.parse(text) == expected


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (SIZES, "5"),
        (SIZES, 5),
        (SIZES, [True]),
        (SIZES, [2.0]),
        (SIZES, {2: 5}),
        (SIZES, [[2]]),
        (LENGTHS, 3),
        (LENGTHS, "3-11"),
        (LENGTHS, [3]),
        (LENGTHS, [3, 4, 5]),
        (LENGTHS, [False, True]),
        (LENGTHS, [3.0, 4.0]),
        (LENGTHS, [4, 3]),
        (LOSSES, "ce"),
        (LOSSES, ["ce", 3]),
        (LOSSES, [["ce"]]),
        (LOSSES, {"ce": 1}),
        (LOSSES, ["ce", "ce"]),
    ],
)
def test_values_of_another_kind_are_refused(setting: Setting, value: Any) -> None:
    with pytest.raises(SettingError) as refused:
        setting.check(value)
    assert_sentence(refused.value, setting.label)


def test_lists_from_a_file_compare_equal_to_those_that_were_typed() -> None:
    assert SIZES.check([10, 2]) == SIZES.parse("2,10") == (2, 10)
    assert LENGTHS.check([3, 11]) == LENGTHS.parse("3-11") == (3, 11)
    assert LOSSES.check(["bce", "ce"]) == LOSSES.parse("ce,bce") == ("ce", "bce")


def test_messages_say_what_is_allowed_and_what_was_typed() -> None:
    sizes = "1 to 8 different whole numbers from 1 to 256, with commas between them"
    for setting, text, message in (
        (SIZES, "0", f"Sizes must be {sizes}, not “0”."),
        (LENGTHS, "9-3", "Lengths must be a range such as 3-11, from 1 to 1000, not “9-3”."),
        (LOSSES, "\x1b[2Jl2", f"Losses must be {LOSSES.range_text}, not “�[2Jl2”."),
    ):
        with pytest.raises(SettingError) as refused:
            setting.parse(text)
        assert str(refused.value) == message
    assert LOSSES.range_text.startswith("one or more of mse, ce, bce")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), ("0.0", 0.0), ("0.25", 0.25), ("0.5", 0.5), ("-0.1", None), ("0.51", None)],
)
def test_a_share_may_be_nothing(text: str, expected: float | None) -> None:
    assert SHARE.range_text == "a number from 0 to 0.5"
    assert_parsed(SHARE, text, expected)


def test_what_must_be_above_a_bound_may_not_be_at_it() -> None:
    assert_parsed(RATE, "0", None)
    assert_parsed(RATE, "1e-300", 1e-300)


def lacking(name: str) -> Iterator[str]:
    """What the row of a setting lacks of all that form, command line, names and pages show."""
    setting = SETTINGS[name]
    if setting.name != name:
        yield "its own name as its key"
    if not setting.label[:1].isupper() or len(setting.label) > LONGEST_LABEL:
        yield f"a label with a capital, of at most {LONGEST_LABEL} characters"
    if not setting.help or setting.help.endswith("."):
        yield "a help without a full stop"
    if not setting.placeholder or not setting.characters or not setting.range_text:
        yield "a placeholder, the characters that are typed, or its range in words"
    if setting.in_names.count("{}") != 1:
        yield "a word for names of runs, with {} for the value"
    if isinstance(setting, ListSetting | ChoicesSetting) and not setting.singular:
        yield "what one of its values is called"
    kinds = [*RunConfig.kinds, Recipe]
    if not any(name in kind.__dataclass_fields__ for kind in kinds):
        yield "a field in Recipe or a kind of RunConfig, with its meaning behind #:"
    of_own_data = [
        task_of(data_set.description)
        for data_set in (rising_or_falling(), every_goal()["next-symbol"])
    ]
    if not any(setting in task.adjustable for task in (*TASKS.values(), *of_own_data)):
        yield "a task that offers it in `settings`"


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_all_that_is_shown_of_it(name: str) -> None:
    assert [*lacking(name)] == []


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_settings_of_a_task_are_told_apart_everywhere(task: Task) -> None:
    for words in (
        [setting.label for setting in task.adjustable],
        [setting.in_names for setting in task.adjustable],
        [option for setting in task.adjustable for option in setting.option_names],
    ):
        assert len(set(words)) == len(words)


def test_a_choice_must_be_one_of_those_offered() -> None:
    check_choice("Device", "cpu", ("auto", "cpu"))
    with pytest.raises(SettingError) as refused:
        check_choice("Device", "tpu\n", ("auto", "cpu"))
    assert str(refused.value) == "Device must be one of auto, cpu, not “tpu�”."


@given(st.lists(st.integers(1, 256), min_size=9, unique=True))
def test_a_list_that_is_too_long_is_not_shown_as_one_that_is_allowed(sizes: list[int]) -> None:
    with pytest.raises(SettingError) as refused:
        SIZES.check(sizes)
    shown = str(refused.value).partition("not “")[2].removesuffix("”.")
    assert shown.endswith("…")
    assert ", ".join(map(str, sizes)).startswith(shown[:-1])
