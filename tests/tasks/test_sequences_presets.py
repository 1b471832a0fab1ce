"""Recall and adder as both faces offer them: the report's recipes, and settings that fit."""

from typing import Any

import pytest

from rnn_tui.engine.config import Recipe, config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

SEQUENCES = {
    name: task for name, task in TASKS.items() if task.config_class is SequenceConfig and task.tab
}
PRESETS = ("report", "fast", "best")
CHOICES = [(name, preset) for name, task in SEQUENCES.items() for preset in PRESETS]


def config_of(task: str, preset: str | None = None, **overrides: Any) -> SequenceConfig:
    config = TASKS[task].config("lstm", preset, **overrides)
    assert isinstance(config, SequenceConfig)
    return config


def test_the_tasks_on_sequences() -> None:
    assert list(SEQUENCES) == ["recall", "adder"]
    for task in SEQUENCES.values():
        assert set(CELLS) - set(task.cells) == {
            name for name, cell in CELLS.items() if cell.bidirectional
        }
        assert tuple(preset.name for preset in task.presets) == PRESETS
        assert not task.reads_images
        assert task.unit == "sequences"
    assert TASKS["mnist"].reads_images


def test_report_presets_are_the_reports_recipes() -> None:
    assert config_of("recall") == SequenceConfig(
        task="recall",
        preset="report",
        epochs=20,
        batch_size=1,
        learning_rate=0.002,
        hidden_sizes=(2, 5, 10),
        losses=("ce",),
        lengths=(3, 11),
        training_size=900,
        test_size=100,
        position=3,
        seeds=1,
        seed=0,
        recipe=Recipe(),
    )
    assert config_of("adder") == SequenceConfig(
        task="adder",
        preset="report",
        epochs=10,
        batch_size=1,
        learning_rate=0.002,
        hidden_sizes=(3, 5, 10),
        losses=("mse", "ce"),
        lengths=(1, 20),
        training_size=500,
        test_size=100,
        seeds=1,
        seed=0,
        recipe=Recipe(),
    )


def test_published_figures_are_the_reports_and_belong_to_its_variants() -> None:
    assert TASKS["recall"].published == {
        "test_accuracy": {"H 2 ce": 24.0, "H 5 ce": 31.0, "H 10 ce": 100.0}
    }
    assert TASKS["adder"].published == {
        "test_bit_accuracy": {
            "H 3 mse": 92.10,
            "H 5 mse": 99.99,
            "H 10 mse": 100.0,
            "H 3 ce": 91.88,
            "H 5 ce": 95.64,
            "H 10 ce": 100.0,
        }
    }
    for name, task in SEQUENCES.items():
        labels = {variant.label for variant in config_of(name).variants}
        for published in task.published.values():
            assert published.keys() == labels


@pytest.mark.parametrize("task", SEQUENCES)
def test_only_networks_of_the_published_recipe_are_set_beside_its_figures(task: str) -> None:
    spec = TASKS[task]
    variant = config_of(task).variants[0]

    def published(**settings: Any) -> float | None:
        return spec.published_figure(spec.headline, config_of(task, **settings), variant)

    assert published() == published(seed=7, seeds=5, device="cpu", workers=1)
    assert published() == spec.published[spec.headline][variant.label]
    assert published(preset="fast") is None
    assert published(epochs=1) is None
    assert published(learning_rate=0.5) is None


@pytest.mark.parametrize(("task", "preset"), CHOICES)
def test_every_preset_makes_a_valid_config_that_survives_a_file(task: str, preset: str) -> None:
    config = config_of(task, preset)
    assert (config.task, config.preset, config.seeds, config.seed) == (task, preset, 1, 0)
    assert config_from_dict(config.to_dict()) == config
    assert TASKS[task].preset(preset).summary.endswith(".")
    assert (config.position is None) is (task == "adder")


@pytest.mark.parametrize(("task", "preset"), CHOICES)
def test_every_setting_on_offer_can_be_changed(task: str, preset: str) -> None:
    changes = {
        "hidden_sizes": (4, 7),
        "losses": ("ce",),
        "position": 2,
        "lengths": (5, 6),
        "seeds": 3,
        "seed": 11,
        "epochs": 7,
        "batch_size": 9,
        "learning_rate": 0.5,
        "training_size": 13,
        "test_size": 17,
        "clip": 0.7,
        "weight_decay": 0.02,
        "noise": 0.2,
        "label_smoothing": 0.1,
        "patience": 3,
        "initialisation": "orthogonal",
        "state_activation": "relu",
    }
    usual = {"losses": ("bce",)}  # the loss mse has no label smoothing
    spec, plain = TASKS[task], config_of(task, preset, **usual)
    assert [setting.name for setting in spec.adjustable] == [
        name for name in SETTINGS if name in spec.settings
    ]
    assert set(spec.settings) >= changes.keys() - ({"position"} if task == "adder" else set())
    for name in spec.settings:
        if name == "position":
            continue
        changed = config_of(task, preset, **usual | {name: changes[name]})
        assert changed.setting(name) == changes[name]
        assert changed == plain.replace(**{name: changes[name]})
        assert config_of(task, preset, **{name: None} | usual) == plain
    everything = {name: changes[name] for name in spec.settings}
    assert config_of(task, preset, **everything) == plain.replace(**everything)


@pytest.mark.parametrize(
    ("task", "override", "words"),
    [
        ("recall", {"position": 4}, "shortest training length, 3"),
        ("recall", {"lengths": (2, 9)}, "shortest training length, 2"),
        ("adder", {"losses": ("hinge",)}, "Losses"),
        ("adder", {"hidden_sizes": (0,)}, "Hidden sizes"),
        ("adder", {"seeds": 0}, "Seeds"),
        ("adder", {"label_smoothing": 0.1}, "the loss mse has none"),
        ("recall", {"label_smoothing": 1.0}, "Smoothing must be"),
        ("recall", {"noise": -1.0}, "Input noise must be"),
    ],
)
def test_what_does_not_fit_is_named(task: str, override: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        config_of(task, **override)
