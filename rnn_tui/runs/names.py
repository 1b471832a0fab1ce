"""Names for runs, from what distinguishes them: easy to tell apart, and to type."""

from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError
from rnn_tui.tasks import TASKS

LONGEST = 60
# How settings are called in a name; those not here are left out.
WORDS = {
    "hidden_size": "h{}", "hidden_sizes": "h{}", "layers": "{}layers", "losses": "{}",
    "position": "pos{}", "lengths": "len{}", "seeds": "{}seeds", "seed": "seed{}",
    "epochs": "{}ep", "batch_size": "batch{}", "learning_rate": "lr{}",
    "training_size": "train{}", "test_size": "test{}",
}  # fmt: skip


def automatic_name(config: RunConfig) -> str:
    """Task, model and preset, and the settings that differ from the preset's.

    Such as `mnist-lstm-fast`, `recall-fast-h2,5-100seeds` or `mnist-rnn-report-lr0.01-photo`.
    """
    task = TASKS[config.task]
    # Of a set of replicas the usual cell goes without saying.
    usual_cell = bool(config.variants) and config.cell == task.default_cell
    parts = [task.name, *([] if usual_cell else [config.cell]), config.preset]
    try:
        usual: RunConfig | None = task.config(config.cell, config.preset)
    except SettingError:  # a preset of another version
        usual = None
    if usual is not None:
        for name, word in WORDS.items():
            value = getattr(config, name, None)
            if value != getattr(usual, name, None):
                parts.append(word.format(_typed(value)))
        if config.recipe.augmentation != usual.recipe.augmentation:
            parts.append(config.recipe.augmentation)
    for name, word in (("data_dir", "data"), ("extra_data", "extra"), ("start_from", "tuned")):
        if getattr(config, name, None) is not None:
            parts.append(word)
    return "-".join(parts)[:LONGEST].rstrip("-,")


def _typed(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_typed, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
