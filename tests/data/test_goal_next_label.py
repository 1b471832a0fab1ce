"""With a label, it is the label that is predicted ahead."""

import numpy as np
import pytest

from rnn_tui.data import store
from rnn_tui.data.options import Goal, Layout
from rnn_tui.data.understanding import understand
from rnn_tui.engine.errors import DataError
from rnn_tui.tasks.data_sets.task import stored_task
from tests.data.reading import Read, notes
from tests.tasks.data_sets.test_problem import trained

ROWS = "".join(
    f"{day},{day % 9},{20 + day % 7},{'wet' if day % 3 else 'dry'}\n" for day in range(200)
)
SALES = "day,wind,sales,weather\n" + ROWS


def test_the_label_is_what_is_predicted(read: Read) -> None:
    understanding = read(SALES, goal=Goal.NEXT, label="sales", horizon=2, window=20)
    data_set = understanding.data_set
    assert data_set.description.outputs == ("sales +1", "sales +2")
    assert {"wind", "sales", "weather=wet"} <= set(data_set.description.features)
    sales = 20 + np.arange(200) % 7
    for step in (0, 30, 150):
        assert data_set.targets[step].tolist() == [sales[step + 1], sales[step + 2]]
    assert np.isnan(data_set.targets[19]).all()  # the end of a piece
    assert np.isnan(data_set.targets[18]).tolist() == [False, True]
    assert "Predicted is sales, up to 2 steps ahead" in notes(understanding)


def test_read_again_as_chosen_it_is_the_same(read: Read) -> None:
    understanding = read(SALES, goal=Goal.NEXT, label="sales")
    assert understanding.chosen.goal is Goal.NEXT
    again = understand(understanding.path, understanding.chosen)
    assert again.data_set.description.name == understanding.data_set.description.name


def test_it_is_learned(read: Read) -> None:
    data_set = read(SALES, goal=Goal.NEXT, label="sales", ignored=("day",)).data_set
    store.keep(data_set)
    task = stored_task(data_set.description.name)
    config = task.config("lstm", "fast", epochs=120, seeds=1).replace(workers=1)
    figures = trained(task.load(), config).metrics
    assert float(np.array(figures["test_r2"])[0]) > 0.4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"label": "weather"}, "holds words, and numbers are predicted ahead"),
        ({"label": "sales", "layout": Layout.WIDE}, "so no label comes next"),
    ],
)
def test_what_can_not_be_predicted_ahead_is_refused(
    read: Read, options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(SALES, goal=Goal.NEXT, **options)
