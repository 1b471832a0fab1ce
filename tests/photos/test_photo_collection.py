"""The order in which photos are shown once they are read, and which are."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.photos.collection import FILTERS, SORTS, PhotoCollection
from rnn_tui.photos.reading import Reading

INK = np.ones((28, 28), np.float32)


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """Answers of any confidence, among them photos that could not be read."""
    names = draw(st.lists(st.integers(0, 30), unique=True, max_size=12))
    made = []
    for name in names:
        path = Path("photos", f"IMG{name}.png")
        confidence = draw(st.none() | st.floats(0, 1))
        if confidence is None:
            made.append(Reading(path, error="damaged"))
            continue
        digit = draw(st.integers(0, 9))
        probabilities = np.full(10, (1 - confidence) / 20)
        probabilities[digit] = 1
        label = draw(st.none() | st.integers(0, 9))
        reading = Reading(path, INK, probabilities, confidence=confidence, label=label)
        made.append(reading)
    return made


def number_of(reading: Reading) -> int:
    return int(reading.path.stem.removeprefix("IMG"))


@given(readings(), st.sampled_from(SORTS), st.sampled_from(FILTERS), st.floats(0, 1))
def test_readings_are_shown_as_asked(
    read: list[Reading], sort: str, shown: str, threshold: float
) -> None:
    collection = PhotoCollection()
    collection.sort, collection.filter = sort, shown
    for reading in read:
        collection.add([reading])
    collection.judge(threshold)
    some = [collection[at] for at in range(len(collection))]
    if shown == "unsure":
        some = [one for one in some if one.error or (one.confidence or 0.0) < threshold]
    elif shown == "wrong":
        some = [one for one in some if one.correct is False]
    orders = {
        "name": number_of,
        # those that could not be read come last
        "confidence": lambda one: (one.confidence is None, one.confidence or 0.0),
        # of one digit the surest first
        "prediction": lambda one: (one.best is None, one.best or 0, -(one.confidence or 0.0)),
    }
    assert collection.shown_readings == sorted(some, key=orders[sort])
