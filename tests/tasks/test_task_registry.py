"""Tasks and presets as both faces offer them, before torch is loaded."""

import subprocess
import sys

import pytest

from rnn_tui.engine.config import Recipe, config_from_dict
from rnn_tui.engine.errors import DataError, SettingError
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig

MNIST = TASKS["mnist"]
CHOICES = [(preset.name, model) for preset in MNIST.presets for model in MNIST.cells]


def test_every_task_is_registered_by_its_name() -> None:
    assert all(name == task.name for name, task in TASKS.items())
    assert MNIST.cells == tuple(CELLS)
    assert MNIST.default_cell in MNIST.cells
    assert [preset.name for preset in MNIST.presets] == ["report", "fast", "best", "photos"]


@pytest.mark.parametrize("error", [DataError, KeyError])
def test_a_task_that_is_not_there_is_refused_in_a_sentence(error: type[Exception]) -> None:
    with pytest.raises(error) as of_data_set:
        TASKS["lines-0a1b2c"]
    assert str(of_data_set.value) == (
        "The data set lines-0a1b2c is no longer on this machine; read its file again."
    )
    with pytest.raises(error) as of_name:
        TASKS["chess"]
    assert str(of_name.value) == "There is no task called chess."
    assert TASKS.get("lines-0a1b2c") is None


@pytest.mark.parametrize("model", MNIST.cells)
def test_report_preset_is_the_reports_recipe(model: str) -> None:
    expected = ImageConfig(
        task="mnist",
        cell=model,
        preset="report",
        epochs=10,
        batch_size=100,
        learning_rate=0.001,
        hidden_size=128,
        layers=1,
        seed=0,
        device="auto",
        workers=0,
        data_dir=None,
        recipe=Recipe(
            initialisation="pytorch",
            standardise=False,
            augmentation="none",
            beta1=0.9,
            beta2=0.999,
            schedule="constant",
            bfloat16=False,
            label_smoothing=0.0,
            average=0.0,
        ),
    )
    assert MNIST.config(model, "report") == expected
    # It is the default, too.
    assert MNIST.config(model) == expected


def test_published_figures_are_the_reports() -> None:
    assert MNIST.published["test_accuracy"] == {"rnn": 98.11, "lstm": 98.73, "bilstm": 98.48}
    assert MNIST.published_figure("test_accuracy", MNIST.config("lstm", seed=3)) == 98.73
    other_recipes = (MNIST.config("lstm", "fast"), MNIST.config("lstm", hidden_size=64))
    for config in other_recipes:
        assert MNIST.published_figure("test_accuracy", config) is None


@pytest.mark.parametrize(("preset", "model"), CHOICES)
def test_every_choice_makes_a_valid_config_that_survives_a_file(preset: str, model: str) -> None:
    config = MNIST.config(model, preset)
    assert (config.task, config.cell, config.preset) == ("mnist", model, preset)
    assert config_from_dict(config.to_dict()) == config
    assert MNIST.preset(preset).summary.endswith(".")


@pytest.mark.parametrize(("preset", "model"), CHOICES)
def test_overrides_win_and_none_leaves_the_preset(preset: str, model: str) -> None:
    plain = MNIST.config(model, preset)
    changed = MNIST.config(model, preset, epochs=7, seed=9, learning_rate=None, workers=None)
    assert (changed.epochs, changed.seed) == (7, 9)
    assert changed == plain.replace(epochs=7, seed=9)
    assert MNIST.config(model, preset, seed=0, workers=0) == plain


@pytest.mark.parametrize(
    ("model", "preset", "override", "word"),
    [
        ("transformer", "report", {}, "transformer"),
        ("lstm", "slow", {}, "slow"),
        ("lstm", "report", {"epochs": 0}, "Epochs"),
        ("lstm", "report", {"hidden_size": 5000}, "Hidden size"),
    ],
)
def test_wrong_choices_are_named(
    model: str, preset: str, override: dict[str, int], word: str
) -> None:
    with pytest.raises(SettingError, match=word):
        MNIST.config(model, preset, **override)


@pytest.mark.parametrize(("model", "preset"), [("\x1b[2J", "report"), ("lstm", "\x1b[2J\n")])
def test_escape_sequences_in_a_wrong_choice_stay_out_of_the_message(
    model: str, preset: str
) -> None:
    with pytest.raises(SettingError) as refused:
        MNIST.config(model, preset)
    assert str(refused.value).isprintable()


@pytest.mark.process
def test_knowing_the_tasks_loads_no_heavy_library() -> None:
    code = (
        "import sys; from rnn_tui.tasks import TASKS; TASKS['mnist'].config('lstm', 'best'); "
        "heavy = {'torch', 'torchvision', 'sklearn', 'cv2', 'numpy'}; "
        "print(sorted(heavy & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
