"""How a network learned, inside: snapshot by snapshot, on the run of a user."""

from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from rnn_tui.archive.weights import run_weights
from rnn_tui.inside.history import history_of, snapshot
from rnn_tui.inside.image_network import read_test_image
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import HISTORY_IMAGE
from rnn_tui.ui.inside.step_grid import Scrubber
from tests.archive.kept_runs import small, train
from tests.ui.helpers import busy, press, wait_until
from tests.ui.inside.test_inside import inside, settled


async def moved(pilot: Pilot[Any], view: Any, key: str) -> None:
    await press(pilot, key)
    await settled(pilot, view)


async def test_snapshots_of_training_are_scrubbed_and_left() -> None:
    train(small("recall", epochs=4))
    async with inside("recall") as (_, view, pilot):
        whole = view.subject
        history = history_of(whole.reading)
        await moved(pilot, view, "less_than_sign")
        assert view.has_class("-history")
        at = len(history) - 2
        shown = view.query_one("#inside-history", Scrubber).render().plain
        assert f"epoch {history.epochs[at]:.3g}" in shown
        wanted = snapshot(whole.reading, history, at).trace
        assert np.array_equal(view.subject.trace.logits, wanted.logits)
        assert not np.array_equal(wanted.logits, whole.trace.logits)
        await moved(pilot, view, "greater_than_sign")
        assert np.array_equal(view.subject.trace.logits, whole.trace.logits)
        await moved(pilot, view, "greater_than_sign")  # there is nothing after the last one
        assert np.array_equal(view.subject.trace.logits, whole.trace.logits)
        await moved(pilot, view, "escape")
        assert not view.has_class("-history")
        assert view.subject is whole


@pytest.mark.long
async def test_a_snapshot_is_edited_and_stays_for_another_input() -> None:
    train(small("recall", epochs=4))
    async with inside("recall") as (_, view, pilot):
        for _ in range(2):
            await moved(pilot, view, "less_than_sign")
        untouched = view.subject.trace
        await moved(pilot, view, "x")
        assert view.subject.edited is not None
        assert view.subject.edited.untouched is untouched
        await moved(pilot, view, "u")
        network = view.subject.reading.network.source
        await moved(pilot, view, "i")
        await wait_until(
            pilot, lambda: not busy(view) and view.subject.trace.read != untouched.read
        )
        assert view.has_class("-history")
        assert np.array_equal(
            view.subject.reading.network.source.cell(0).of_state, network.cell(0).of_state
        )


@pytest.mark.long
async def test_a_history_is_played_to_its_end_from_its_beginning() -> None:
    train(small("adder", epochs=1))
    async with inside("adder") as (_, view, pilot):
        seen: list[str] = []
        await press(pilot, "palette:film")
        await wait_until(pilot, lambda: view.has_class("-history"))

        def ended() -> bool:
            seen.append(view.query_one("#inside-history", Scrubber).render().plain)
            return "epoch 1 " in seen[-1] and "▶" not in seen[-1]

        await wait_until(pilot, ended, 30)
        assert any("epoch 0." in text for text in seen)
        assert len({text.split("━")[0] for text in seen}) >= 3


@pytest.mark.long
async def test_who_has_no_history_is_told_so() -> None:
    async with inside("recall") as (app, view, pilot):
        before = view.subject
        await moved(pilot, view, "less_than_sign")
        await wait_until(
            pilot,
            lambda: any("no training history" in str(note.message) for note in app._notifications),
        )
        assert view.subject is before
        assert not view.has_class("-history")


@pytest.mark.long
async def test_who_plays_where_there_is_no_history_is_told_so_once() -> None:
    async with inside("recall") as (app, view, pilot):
        told: list[str] = []
        # a widget's notifications go by way of the app
        app.notify = lambda text, **_: told.append(text)
        await moved(pilot, view, "palette:film")
        await wait_until(pilot, lambda: len(told) == 1)
        read = view.subject.trace.read
        await moved(pilot, view, "i")
        await wait_until(pilot, lambda: not busy(view) and view.subject.trace.read != read)
        await settled(pilot, view)
        assert len(told) == 1
        assert not view.has_class("-history")


@pytest.mark.long
async def test_a_reader_of_images_shows_what_was_kept_of_one_image() -> None:
    train(TASKS["mnist"].config("lstm", "report", epochs=1, batch_size=5000, hidden_size=8))
    async with inside("mnist") as (app, view, pilot):
        view.use(run_weights("mnist", "last"))
        await wait_until(pilot, lambda: view.subject.reading.network.source.config.hidden_size == 8)
        whole = view.subject
        await moved(pilot, view, "less_than_sign")
        assert view.has_class("-history")
        history = history_of(whole.reading)
        assert np.array_equal(
            view.subject.trace.logits,
            history.snapshots["logits"][len(history) - 2].astype(np.float32),
        )
        assert np.array_equal(
            view.subject.reading.digit,
            read_test_image(HISTORY_IMAGE, TASKS["mnist"].config("lstm"))[0],
        )
        await moved(pilot, view, "x")  # there are no weights to read the image with once more
        assert view.subject.edited is None
        assert any(
            "no weights that could be edited" in str(note.message) for note in app._notifications
        )
        await moved(pilot, view, "escape")
        assert view.subject is whole
