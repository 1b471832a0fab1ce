"""Preset `paper` of the Chomsky hierarchy is the recipe of the published program, in settings."""

import pytest

from rnn_tui.engine.config import Recipe
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.shipped import paper_named
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

RATES = {"paper-low": 1e-4, "paper": 3e-4, "paper-high": 5e-4}
CELLS = {"rnn": "rnn-relu", "lstm": "lstm", "gru": "gru"}


@pytest.mark.parametrize("preset", RATES)
def test_the_plan_has_the_programs_settings(preset: str) -> None:
    plan = Plan(paper_named("chomsky-hierarchy"), preset=preset)
    assert len(plan.experiments) == 15 * 3
    for experiment in plan.experiments:
        config = plan.config(experiment, 0, seeds=10)
        assert config == SequenceConfig(
            task=experiment.task,
            preset="paper",
            cell=CELLS[experiment.cell],
            hidden_sizes=(256,),
            losses=("ce",),
            state_activation="relu",
            lengths=(1, 40),
            epochs=10_000,
            training_size=12_800,
            batch_size=128,
            learning_rate=RATES[preset],
            test_lengths="all",
            test_size=512,
            seeds=10,
            recipe=Recipe(initialisation="haiku", clip=1.0, fresh=True),
        )
        steps = config.epochs * config.training_size // config.batch_size
        assert steps == 1_000_000


def test_the_tasks_preset_is_the_same_recipe() -> None:
    plan = Plan(paper_named("chomsky-hierarchy"), preset="paper")
    for experiment in plan.experiments:
        ours = TASKS[experiment.task].config(CELLS[experiment.cell], "paper")
        assert ours == plan.config(experiment, 0)


def test_what_differs_is_listed_for_each_rate() -> None:
    paper = paper_named("chomsky-hierarchy")
    for preset in RATES:
        assert paper.presets[preset].own
        notes = Plan(paper, preset=preset).notes
        assert any("has no GRU" in note for note in notes)
        assert any("operators are used up by the first length" in note for note in notes)
