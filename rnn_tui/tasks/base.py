"""What is known of a task without loading torch: its presets, its models, its published figures."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.errors import SettingError, printable

if TYPE_CHECKING:
    from torch import Tensor

    from rnn_tui.engine.problem import Task


@dataclass(frozen=True)
class PresetValues:
    """A preset's settings for one model."""

    epochs: int
    batch_size: int
    learning_rate: float
    recipe: Recipe


@dataclass(frozen=True)
class Preset:
    """A named way to train.

    Attributes:
        name: as typed, such as `fast`.
        summary: the recipe in a sentence.
        values: its settings by model.
    """

    name: str
    summary: str
    values: Mapping[str, PresetValues]


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line and the app know it before it runs.

    Attributes:
        name: as typed, such as `mnist`.
        label: as shown.
        models: the names of its models, in order of display.
        default_model: the one to start with.
        presets: by name, the default first.
        published: the report's figures: by metric name, then by model.
        implementation: `module:class` of the `engine.problem.Task`, imported on use.
        examiner: `module:function` that reads the test data with trained weights.
    """

    name: str
    label: str
    models: tuple[str, ...]
    default_model: str
    presets: Mapping[str, Preset]
    published: Mapping[str, Mapping[str, float]]
    implementation: str
    examiner: str

    def config(self, model: str, preset: str | None = None, **overrides: Any) -> RunConfig:
        """The settings of a run: the preset's, except where `overrides` has a value.

        Raises:
            SettingError: for an unknown model or preset, or a value out of range.
        """
        name = preset or next(iter(self.presets))
        if name not in self.presets:
            raise SettingError(
                f"Preset must be one of {', '.join(self.presets)}, not “{printable(name)}”."
            )
        if model not in self.models:
            raise SettingError(
                f"Model must be one of {', '.join(self.models)}, not “{printable(model)}”."
            )
        values = self.presets[name].values[model]
        settings: dict[str, Any] = {
            "epochs": values.epochs,
            "batch_size": values.batch_size,
            "learning_rate": values.learning_rate,
            "recipe": values.recipe,
        }
        settings |= {key: value for key, value in overrides.items() if value is not None}
        return RunConfig(task=self.name, model=model, preset=name, **settings)

    def load(self) -> Task:
        """Import the implementation (torch with it) and make the task."""
        return cast("Task", _imported(self.implementation)())

    def examine(self, config: RunConfig, weights: Mapping[str, Tensor]) -> Any:
        """What the task's examiner makes of trained weights, such as an `Examination`."""
        return _imported(self.examiner)(config, weights)


def _imported(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)
