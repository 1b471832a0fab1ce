"""Foot, bar, lean and fall decide between a 1 and a 7, and between them is doubt."""

from dataclasses import replace

import numpy as np
import pytest

from rnn_tui.tasks.mnist.ones_and_sevens import Form, form_of, is_in_doubt, sure_digit


def test_a_form_is_measured_as_it_is_described() -> None:
    form = form_of(np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([1.0, 2.0]))
    assert form.lean == pytest.approx(0)
    assert form.fall == pytest.approx(45)
    assert form.length == pytest.approx(2**0.5 / 2)
    assert form.drop == pytest.approx(0.5)
    assert form.angle == pytest.approx(45)
    ahead = form_of(np.array([0.0, 0.0]), np.array([2.0, 0.0]), np.array([1.0, 1.0]))
    assert ahead.lean == pytest.approx(45)
    assert ahead.fall == pytest.approx(0)


@pytest.mark.parametrize(
    ("form", "digit"),
    [
        (Form(lean=0, fall=40, length=0.4), 1),
        (Form(lean=-15, fall=40, length=0.4), 1),
        (Form(lean=0, fall=60, length=1), 1),
        (Form(lean=25, fall=30, length=0.9), 1),
        (Form(lean=0, fall=15, length=0.4, foot=True), 1),
        (Form(lean=20, fall=0, length=0.5), 7),
        (Form(lean=0, fall=0, length=0.5), 7),
        (Form(lean=10, fall=25, length=0.5, bar=True), 7),
        (Form(lean=5, fall=15, length=0.5, serif=True), 7),
        (Form(lean=0, fall=20, length=0.5), None),
        (Form(lean=-20, fall=20, length=0.5), None),
        (Form(lean=0, fall=30, length=0.8), None),
        (Form(lean=25, fall=0, length=0.5, foot=True), None),
        (Form(lean=0, fall=60, length=0.8, bar=True), None),
        (Form(lean=10, fall=5, length=0.5, foot=True, bar=True), None),
    ],
)
def test_foot_bar_lean_and_fall_decide(form: Form, digit: int | None) -> None:
    assert sure_digit(form) == digit


@pytest.mark.parametrize("turn", [-8.0, 8.0])
def test_no_small_turn_makes_the_other_digit(turn: float) -> None:
    for lean in range(-30, 46, 3):
        for fall in range(-20, 80, 3):
            for length in (0.2, 0.4, 0.6, 0.8, 1.0):
                form = Form(lean, fall, length)
                turned = replace(form, lean=lean + turn, fall=fall - turn)
                assert {sure_digit(form), sure_digit(turned)} != {1, 7}


@pytest.mark.parametrize(
    ("form", "is_doubtful"),
    [
        (Form(lean=0, fall=22, length=0.5), True),
        (Form(lean=-15, fall=30, length=0.5), True),
        (Form(lean=15, fall=24, length=0.5), True),
        (Form(lean=0, fall=22, length=0.5, foot=True), False),
        (Form(lean=0, fall=22, length=0.5, bar=True), False),
        (Form(lean=0, fall=22, length=0.5, serif=True), False),
        (Form(lean=0, fall=0, length=0.5), False),  # a 7
        (Form(lean=0, fall=45, length=0.5), False),  # a 1
        (Form(lean=0, fall=22, length=1.5), False),  # a corner
        (Form(lean=-30, fall=22, length=0.5), False),  # lies rather than stands
    ],
)
def test_what_lies_between_a_one_and_a_seven_is_in_doubt(form: Form, is_doubtful: bool) -> None:
    assert is_in_doubt(form) == is_doubtful
