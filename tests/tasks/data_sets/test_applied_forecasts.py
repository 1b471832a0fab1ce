"""A forecast answers each step of a new file from its past, in the units of the file."""

import numpy as np
import pytest
import torch

from rnn_tui.data.applying.new_file import NewFile
from rnn_tui.data.applying.preparing import Ranges
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.forecast import Transform
from rnn_tui.data.options import Goal
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.tasks.data_sets.applying import Voters
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from tests.data.reading import Read
from tests.tasks.data_sets.conftest import SmallOn
from tests.tasks.data_sets.test_applying import networks

MONTHS = np.arange(144)
SALES = (100 + 2 * MONTHS + 30 * np.sin(MONTHS * 2 * np.pi / 12)).round(2)
PRICES = MONTHS % 5
TABLE = "price,sales\n" + "".join(
    f"{price},{number}\n" for price, number in zip(PRICES, SALES, strict=True)
)
LAGS = {Transform.PLAIN: 0, Transform.DIFFERENCE: 1, Transform.SEASONAL_RATIO: 12}


@pytest.mark.parametrize("transform", LAGS)
def test_each_step_is_answered_from_its_past_in_units_of_the_file(
    read: Read, small_on: SmallOn, transform: Transform
) -> None:
    understanding = read(
        TABLE, goal=Goal.NEXT, label="sales", horizon=2, season=12, context=30, transform=transform
    )
    data_set = understanding.data_set
    description = data_set.description
    problem, network = networks(small_on(data_set, seeds=1, hidden_sizes=(3,)))
    remarks = Remarks(lambda _sentence: None)
    new_file = NewFile(understanding.path, description, remarks, UNWATCHED, Ranges.of(data_set))
    [sequences] = new_file.sequences()
    [answers] = Voters(network, data_set, ReplicaChoice(), UNWATCHED).answers(sequences)
    lag = LAGS[transform]
    # a window reads 30 steps before it is asked, and is asked 5 of them
    for step, begin in ((25, 0), (34, 0), (35, 6), (39, 6), (143, 111)):
        inputs = np.stack([PRICES, SALES], axis=1)[begin : step + 1].astype(np.float64)
        if lag:
            numbers = SALES[begin : step + 1]
            before = numbers[:-lag]
            inputs[:lag, 1] = np.nan
            inputs[lag:, 1] = numbers[lag:] - before
            if transform.is_ratio:
                inputs[lag:, 1] /= before
        inputs = np.nan_to_num((inputs - description.means) / description.deviations)
        with torch.no_grad():
            outputs = problem.model.at_every_step(
                torch.from_numpy(inputs).float()[:, None, :, None]
            )
        relative = outputs[-1, 0, :, 0].numpy() * description.output_deviations
        relative = relative + description.output_means
        base = {0: [0.0, 0.0], 1: [SALES[step]] * 2, 12: SALES[step - 11 : step - 9]}[lag]
        expected = np.array(base) * (1 + relative) if transform.is_ratio else base + relative
        assert answers.outputs[step] == pytest.approx(expected, rel=1e-4), step
    assert np.isnan(answers.outputs[: lag + 8]).all()
    assert not np.isnan(answers.outputs[lag + 8 :]).any()
    assert answers.targets is not None
    assert answers.targets[20] == pytest.approx(SALES[21:23])
    assert np.isnan(answers.targets[143]).all()
    assert any(f"first {lag + 8} steps" in note for note in remarks.notes)
    assert not any("longer" in note for note in remarks.notes)
