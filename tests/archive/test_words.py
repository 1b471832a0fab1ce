"""Runs in words, as all places tell of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.archive.words import age, automatic_name, settings_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.settings import (
    ChoiceSetting,
    ChoicesSetting,
    ListSetting,
    NumberSetting,
    RangeSetting,
    Setting,
)
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task


def another(setting: Setting, value: Any) -> Any:
    """An allowed value of a setting that is not `value`, near it."""
    match setting:
        case ChoicesSetting():
            return tuple(name for name in setting.choices if (name,) != value)
        case ChoiceSetting():
            return next(name for name in setting.choices if name != value)
        case ListSetting():
            return tuple(size + 1 for size in value)
        case RangeSetting():
            return value[0], value[1] + 1
        case NumberSetting() if setting.whole:
            return value - 1 if value > setting.low else value + 1
        case _:
            return value / 2 or 0.25


@pytest.mark.parametrize(
    ("task", "setting"),
    [(task, setting) for task in TASKS.values() for setting in task.adjustable],
    ids=lambda member: member.name,
)
def test_a_run_is_named_after_each_setting_that_is_not_the_presets(
    task: Task, setting: Setting
) -> None:
    smooths = setting.name == "label_smoothing" and "losses" in task.settings
    losses = {"losses": ("ce",)} if smooths else {}  # the loss mse has none
    usual = task.config(task.default_cell, **losses)
    changed = usual.replace(**{setting.name: another(setting, usual.setting(setting.name))})
    before, _, after = setting.in_names.partition("{}")
    addition = automatic_name(changed).removeprefix(f"{automatic_name(usual)}-")
    assert addition.startswith(before)
    assert addition.endswith(after)
    assert len(addition) > len(before + after)


@given(st.integers(0, 10**7))
def test_a_count_has_its_noun_in_one_or_many(count: int) -> None:
    number, noun = count_of(count, "run").split(" ")
    assert int(number.replace(",", "")) == count
    assert noun == ("run" if count == 1 else "runs")


@given(st.integers(0, 10**8))
def test_a_time_ago_is_told_in_its_largest_unit(seconds: int) -> None:
    number, unit = age(seconds).split(" ")
    length = {"s": 1, "min": 60, "h": 3600, "d": 86_400}[unit]
    longest = {"s": 60, "min": 60, "h": 24, "d": 10**5}[unit]
    assert 0 <= seconds - int(number) * length < length
    assert int(number) < longest
    assert int(number) > 0 or unit == "s"


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_no_two_settings_of_a_run_have_one_label(task: Task) -> None:
    labels = [label for label, _ in settings_of(task.config(task.default_cell))]
    assert len(set(labels)) == len(labels)


def test_settings_tell_of_what_networks_read() -> None:
    of_images = dict(settings_of(TASKS["mnist"].config("lstm")))
    of_sequences = dict(settings_of(TASKS["recall"].config("lstm")))
    assert "standardise" in of_images
    assert "share of steps on inner rows" in of_images
    assert "noise on inputs" not in of_images
    assert "standardise" not in of_sequences
    assert {"label smoothing", "noise on inputs", "resample every step", "input gain"} <= set(
        of_sequences
    )
