"""What is known of a task without loading torch: its presets, settings, published figures."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from rnn_tui.engine.config import ImageConfig, RunConfig, SequenceConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.imports import heavy_imports
from rnn_tui.engine.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from torch import Tensor

    from rnn_tui.engine.problem import Task


@dataclass(frozen=True)
class Preset:
    """A named way to train.

    Attributes:
        name: as typed, such as `fast`.
        summary: the recipe in a sentence.
        values: its settings, the recipe among them, by model.
    """

    name: str
    summary: str
    values: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line and the app know it before it runs.

    Attributes:
        name: as typed, such as `mnist`.
        label: as shown.
        models: the names of its models, in order of display.
        default_model: the one to start with.
        settings: the names of the settings that a user may change, in order of display.
        presets: by name, the default first.
        published: the report's figures: by metric name, then by model or `Variant.label`.
        implementation: `module:class` of the `engine.problem.Task`, imported on use.
        examiner: `module:function` that measures trained weights in more detail.
        config_class: the kind of its configuration.
        unit: what its samples are, in the plural.
        augmentations: the kinds of `Recipe.augmentation` that a user may choose from.
    """

    name: str
    label: str
    models: tuple[str, ...]
    default_model: str
    settings: tuple[str, ...]
    presets: Mapping[str, Preset]
    published: Mapping[str, Mapping[str, float]]
    implementation: str
    examiner: str
    config_class: type[ImageConfig] | type[SequenceConfig]
    unit: str = "sequences"
    augmentations: tuple[str, ...] = ()

    @property
    def adjustable(self) -> tuple[Setting, ...]:
        """The settings that a user may change, in order of display."""
        return tuple(SETTINGS[name] for name in self.settings)

    @property
    def reads_data(self) -> bool:
        """Whether it trains on files, in place of what is drawn by chance."""
        return self.config_class is ImageConfig

    def config(
        self,
        model: str,
        preset: str | None = None,
        *,
        augmentation: str | None = None,
        **overrides: Any,
    ) -> RunConfig:
        """The settings of a run: the preset's, except where `overrides` has a value.

        `augmentation` replaces that of the preset's recipe.

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
        settings: dict[str, Any] = dict(self.presets[name].values[model])
        settings |= {key: value for key, value in overrides.items() if value is not None}
        if augmentation is not None:
            settings["recipe"] = replace(settings["recipe"], augmentation=augmentation)
        if self.config_class is ImageConfig:
            settings["model"] = model
        return self.config_class(task=self.name, preset=name, **settings)

    def load(self) -> Task:
        """Import the implementation (torch with it) and make the task."""
        with heavy_imports():
            implementation = _imported(self.implementation)
        return cast("Task", implementation())

    def examine(self, config: RunConfig, weights: Mapping[str, Tensor]) -> Any:
        """What the task's examiner makes of trained weights, such as an `Examination`."""
        return _imported(self.examiner)(config, weights)


def _imported(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)
