"""Pictures of what is no digit: the same for the same seed, of every kind, in the form that MNIST
has.
"""

import importlib
import subprocess
import sys

import numpy as np
import pytest

from rnn_tui.tasks.mnist import no_digits as module
from rnn_tui.tasks.mnist.hands import all_hands, drawing, hands_in
from rnn_tui.tasks.mnist.no_digits import KINDS, NoDigitKind, no_digit, no_digits

BY_NAME = {kind.name: kind for kind in KINDS}


def pictures(kind: str, count: int = 40, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.array([no_digit(BY_NAME[kind], random) for _ in range(count)])


def forget() -> None:
    """What was found to be installed is looked for again."""
    module._fonts.cache_clear()
    module._photographs.cache_clear()


def test_pictures_are_as_mnist_has_them() -> None:
    drawn = no_digits(200, np.random.default_rng(0))
    assert drawn.shape == (200, 28, 28)
    assert drawn.dtype == np.uint8
    assert (drawn.max((1, 2)) > 50).all(), "a picture without ink"
    # Ink is light on a ground of 0, and mostly there is more ground.
    assert np.median(drawn) == 0
    assert np.median(drawn.max((1, 2))) == 255


def test_no_pictures_are_asked_for() -> None:
    assert no_digits(0, np.random.default_rng(0)).shape == (0, 28, 28)


def test_a_seed_gives_the_same_pictures_and_another_gives_others() -> None:
    first, again, other = (no_digits(60, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_was_drawn_before_changes_no_picture() -> None:
    first = no_digits(60, np.random.default_rng(3))
    module._glyph.cache_clear()
    forget()
    assert np.array_equal(no_digits(60, np.random.default_rng(3)), first)


def test_shares_are_of_a_whole() -> None:
    assert sum(kind.share for kind in KINDS) == pytest.approx(1)
    assert all(kind.share > 0 for kind in KINDS)


@pytest.mark.parametrize("kind", BY_NAME)
def test_every_kind_varies_and_most_of_it_is_centred(kind: str) -> None:
    drawn = pictures(kind).astype(float)
    assert len(np.unique(drawn, axis=0)) == len(drawn)
    mass = drawn.sum((1, 2))
    middles = np.stack([(drawn.sum(axis) * (np.arange(28) + 0.5)).sum(1) / mass for axis in (1, 2)])
    centred = (np.abs(middles - 14) < 0.6).all(0)
    assert centred.mean() >= 0.4


def test_some_are_left_as_they_come() -> None:
    """Off centre, or with ink at the border of the frame, where centred digits have none."""
    drawn = no_digits(300, np.random.default_rng(1))
    border = (
        np.concatenate([drawn[:, 0], drawn[:, -1], drawn[:, :, 0], drawn[:, :, -1]], axis=1).max(1)
        > 100
    )
    assert 0.05 < border.mean() < 0.4


def test_no_line_stands_or_leans_as_a_one_does() -> None:
    """The main direction of what is as thin as a stroke is never nearer to upright than to
    level.
    """
    for kind in ("patterns", "filled shapes", "textures", "photographs"):
        for picture in pictures(kind, 150):
            rows, columns = np.nonzero(picture > 60)
            if len(rows) < 8:
                continue
            values, vectors = np.linalg.eigh(np.cov(np.stack([columns, rows])))
            if values[0] < 0.05 * values[1]:
                across, down = np.abs(vectors[:, 1])
                assert across > down, kind


LIKE_DIGITS = set('0123456789OoQθIl|i!/\\"ΛЛΓ⊥λ^?SsZzBbGgqδσβОо')


def test_what_is_a_digit_in_some_hand_is_among_no_letters() -> None:
    """A ring, a stem, a stem with a flag or a foot, a 2, a 5, a 6, a 7, an 8, a 9."""
    for font, signs in module._fonts():
        assert not set(signs) & LIKE_DIGITS, font
    assert not {hand.sign for hand in hands_in("letters.txt")} & LIKE_DIGITS


@pytest.mark.parametrize("digit", range(10))
def test_drawn_digits_are_thrown_away(digit: int) -> None:
    """Whatever kind draws them: what comes of it is the letter that is drawn now and then."""
    random = np.random.default_rng(digit)
    hands = [hand for hand in all_hands() if hand.digit == digit]
    letter = next(hand for hand in hands_in("letters.txt") if hand.sign == "H")
    drawn: list[bool] = []

    def draw(random: np.random.Generator) -> np.ndarray:
        is_digit = random.random() < 0.8
        drawn.append(is_digit)
        hand = hands[random.integers(len(hands))] if is_digit else letter
        return np.rint(drawing(hand, random) * 255).astype(np.uint8)

    kind = NoDigitKind("mixed", draw, share=1, left_alone=0, is_centred=True)
    digits_kept = 0
    for _ in range(40):
        no_digit(kind, random)
        digits_kept += drawn[-1]
    assert sum(drawn) > 60
    assert digits_kept <= 0.15 * sum(drawn)


def test_letters_by_hand_are_drawn_stroke_by_stroke_in_several_ways() -> None:
    hands = hands_in("letters.txt")
    assert len({hand.sign for hand in hands} & set("ADEFHKLMNPRTVWXY")) == 16
    assert all(len(hand.ways) >= 2 for hand in hands)


def test_without_matplotlib_there_are_fewer_fonts_but_all_kinds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything = len(module._fonts())
    forget()
    try:
        monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
        with pytest.raises(ImportError):
            importlib.import_module("matplotlib")
        assert 0 < len(module._fonts()) < everything
        assert len(module._photographs()) == 1
        for kind in BY_NAME:
            assert (pictures(kind, 10).max((1, 2)) > 50).all(), kind
    finally:
        monkeypatch.undo()
        forget()


@pytest.mark.process
def test_drawing_does_not_load_torch() -> None:
    program = "import sys, numpy; from rnn_tui.tasks.mnist.no_digits import no_digits;"
    program += "no_digits(30, numpy.random.default_rng(0)); print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
