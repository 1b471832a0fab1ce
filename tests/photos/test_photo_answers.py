"""What a network makes of a photo, and when that is doubted."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.files.paths import asset_dir, shipped_weights
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.networks.stepwise import softmax
from rnn_tui.photos.digit.picture import PreparedDigit
from rnn_tui.photos.reader import ask, best_answer
from rnn_tui.photos.reading import NO_DIGIT, UNSURE, WEAK, PhotoAnswer, Reading
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.data import load_mnist


def network_with(augmentation: str) -> RowReaderNetwork:
    """The LSTM that ships, as if it had been trained with that augmentation."""
    file = read_weights(asset_dir() / "pretrained" / "mnist-lstm.safetensors")
    config = file.config.replace(recipe=replace(file.config.recipe, augmentation=augmentation))
    return RowReaderNetwork(replace(file, config=config))


@pytest.fixture(scope="module")
def digits() -> list[PreparedDigit]:
    return [
        PreparedDigit(one.numpy().astype(np.float32) / 255) for one in load_mnist().test_images[:20]
    ]


def test_no_digit_is_an_eleventh_class_whose_logit_is_zero(digits: list[PreparedDigit]) -> None:
    network = network_with("open-set")
    inputs = np.stack([one.digit for one in digits])
    logits = network.logits(inputs).astype(np.float64)
    total = 1 + np.exp(logits).sum(axis=1, keepdims=True)
    smoothed = np.concatenate([np.exp(logits), np.ones((len(digits), 1))], axis=1) / total
    # It was trained to tell 95 % of the label and 5 % of chance.
    assert network.config.recipe.label_smoothing == 0.05
    expected = np.maximum(smoothed - 0.05 / 11, 0)
    # No digit was 2 of 9 pictures then, odds of 2 : 7, and is one of 100 now, odds of 1 : 99.
    expected[:, -1] *= (1 / 99) / (2 / 7)
    assert network.chances(inputs) == pytest.approx(
        expected / expected.sum(axis=1, keepdims=True), abs=1e-5
    )


def test_a_network_that_has_not_learned_what_is_no_digit_never_says_so(
    digits: list[PreparedDigit],
) -> None:
    network = network_with("photo")
    for one, way in zip(ask(network, digits), digits, strict=True):
        assert one.no_digit == 0
        smoothed = softmax(network.logits(way.digit[None]))[0]
        assert one.probabilities.argmax() == smoothed.argmax()
        # What smoothed labels took from the likeliest is given back.
        assert one.probabilities.max() >= smoothed.max()


def test_no_probability_exceeds_one() -> None:
    images = load_mnist().test_images[:1000].numpy().astype(np.float32) / 255
    ways = [PreparedDigit(image) for image in images]
    for path in shipped_weights("mnist"):
        network = RowReaderNetwork(read_weights(path))
        for answer in ask(network, ways):
            assert answer.probabilities.min() >= 0
            assert answer.probabilities.max() <= 1
            assert 0 <= answer.no_digit <= 1
            assert 0 <= answer.confidence <= 1


def test_probabilities_of_the_digits_sum_to_one_whatever_the_chance_that_it_is_none(
    digits: list[PreparedDigit],
) -> None:
    noise = np.random.default_rng(0).random((28, 28), np.float32)
    for one in ask(network_with("open-set"), [*digits, PreparedDigit(noise)]):
        assert one.probabilities.sum() == pytest.approx(1, abs=1e-4)
        assert 0 <= one.no_digit <= 1


@pytest.mark.parametrize("lower", [5, 15, 40, 80])
def test_no_probability_is_above_one_however_surely_it_is_no_digit(
    digits: list[PreparedDigit], lower: float
) -> None:
    network = network_with("open-set")
    network.arrays["readout.bias"] -= np.float32(lower)
    for answer in ask(network, digits):
        assert answer.probabilities.min() > 0
        assert answer.probabilities.max() <= 1
        assert answer.probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert answer.confidence <= 1


def test_a_sure_answer_needs_no_second_look(digits: list[PreparedDigit]) -> None:
    network = network_with("photo")
    sure = max(ask(network, digits), key=lambda one: one.confidence)

    def others() -> Iterator[PreparedDigit]:
        pytest.fail("looked at")
        yield digits[0]

    assert best_answer(network, sure, others()) is sure


def test_of_an_unsure_photo_the_surest_way_to_see_it_counts(digits: list[PreparedDigit]) -> None:
    network = network_with("photo")
    blank, *others = ask(network, [PreparedDigit(np.zeros((28, 28), np.float32)), *digits])
    best = best_answer(
        network,
        replace(blank, probabilities=np.full(10, 0.1, np.float32)),
        [one.prepared for one in others],
    )
    assert best.confidence == pytest.approx(WEAK * max(one.confidence for one in others), abs=1e-5)


def reading(confidence: float, none: float, digit: float = 1.0, nine: float = 0.42) -> Reading:
    """A photo in which 4 is more probable than 9."""
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[[4, 9]] = 0.92 - nine, nine
    way = PreparedDigit(np.full((28, 28), digit, np.float32))
    answer = PhotoAnswer(way, probabilities, none)
    return replace(Reading(Path("a.png")).with_answer(answer), confidence=confidence)


def test_what_is_doubted_says_why_in_a_word() -> None:
    assert (reading(0.9, 0.0).judged(0.5).doubt, reading(0.9, 0.0).judged(0.5).reason) == ("", "")
    unsure = reading(0.45, 0.1).judged(0.5)
    assert unsure.doubt == f"{UNSURE}: 4 (45 %) or 9 (38 %)"
    assert unsure.reason == "4 or 9"
    letter = reading(0.35, 0.3).judged(0.5)
    assert letter.doubt == f"{UNSURE}: 4 (35 %) or no digit (30 %)"
    assert letter.reason == "4 or no digit"
    second_look = reading(0.6, 0.0, nine=0.02).judged(0.8)
    assert second_look.doubt == f"{UNSURE}: 4 (60 %), found by a second look"
    assert second_look.reason == "second look"
    none = reading(0.1, 0.8).judged(0.5)
    assert none.doubt.startswith(NO_DIGIT)
    assert none.reason == "no digit"
    assert (none.best, none.prediction) == (4, None)


def test_paper_without_ink_is_no_digit_whatever_the_threshold() -> None:
    assert reading(0.9, 0.0, digit=0.0).judged(0.0).doubt.startswith(NO_DIGIT)
