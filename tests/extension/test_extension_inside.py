"""Whoever adds a task or a cell can look inside its networks."""

from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from rnn_tui.engine.files.paths import run_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.inside.bands import WordBand
from rnn_tui.ui.inside.sequences import SequenceInside
from tests.archive.kept_runs import train
from tests.ui.helpers import busy, press, running, screen_text, settled, wait_until


async def looked(pilot: Pilot[Any], view: SequenceInside) -> None:
    """Until everything is looked at and shown."""
    await settled(pilot, lambda: not busy(view))


def words(view: SequenceInside, label: str) -> tuple[str, ...]:
    """What stands under a label."""
    [found] = [one for one in view.grid.bands if isinstance(one, WordBand) and one.label == label]
    return tuple(found.words)


@pytest.mark.usefixtures("registered", "home")
@pytest.mark.parametrize(
    "cell",
    [
        "mgu",
        *(pytest.param(cell, marks=pytest.mark.long) for cell in ("lstm", "gru", "rnn")),
    ],
)
async def test_a_task_that_nobody_knows_has_a_look_inside_with_any_cell(cell: str) -> None:
    task = TASKS["majority"]
    app = RnnTuiApp()
    async with running(app, size=(120, 50)) as pilot:
        app.action_tab(task.name)
        await wait_until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        assert app.tabs.active == task.name
        app.pane.show_tab("inside")
        await wait_until(pilot, lambda: app.pane.query(SequenceInside))
        view: Any = app.pane.query_one(SequenceInside)
        await looked(pilot, view)
        assert "There are no weights for majority" in screen_text(app)
        train(task.config(cell, epochs=1))
        view.refresh_weights()
        await looked(pilot, view)
        subject = view.subject
        network = task.network(read_weights(next(run_dir().rglob("*.safetensors"))))
        # It is a string of bits, and what is said of it is what the network says of it.
        bits = [int(word) for word in words(view, "bits")]
        assert set(bits) <= {0, 1}
        assert 3 <= len(bits) <= 9
        majority = "more ones" if 2 * sum(bits) > len(bits) else "more zeros"
        assert subject.truth[-1] == majority
        replica = 2  # the first seed of the larger variant
        inputs = np.array(bits, np.uint8)[:, None, None]
        *_, logits = network.steps(inputs, [len(bits)])
        assert subject.trace.logits[-1] == pytest.approx(logits[replica, :, 0], abs=1e-5)
        predicted = subject.trace.answer_word(len(bits) - 1)
        assert f"predicts {predicted}" in screen_text(app)
        assert ("✓" if predicted == majority else f"✗ it is {majority}") in screen_text(app)
        # State, memory and gates are those of the cell.
        kind = CELLS[cell]
        seen = [view.look.quantity]
        for _ in range(len(kind.gates) + kind.has_memory):
            await press(pilot, "w")
            seen.append(view.look.quantity)
        names = [name if name in kind.candidates else f"{name} gate" for name in kind.gates]
        assert seen == ["state", *["cell"] * kind.has_memory, *names]
        # Another one; another network, and what its units are for.
        before = subject.trace.read
        while view.subject.trace.read == before:
            await press(pilot, "i")
            await looked(pilot, view)
        await press(pilot, "n", "a")
        await looked(pilot, view)
        assert len(view.subject.trace.layers[0].importance) == 3
        analysis = view.analysis
        assert (analysis.name, sorted(analysis.units)) == ("silence", [0, 1, 2])
        assert 0 < analysis.accuracy <= 1
    assert app.runs.close(10)
