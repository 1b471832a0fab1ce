"""A new sweep as a user types it, in the shell or in the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import (
    FlagSetting,
    Option,
    TextSetting,
    TextsSetting,
    check_options,
    option_field,
)
from rnn_tui.engine.settings import ChoiceSetting
from rnn_tui.sweeps.places import PLACE_FORM
from rnn_tui.sweeps.plan import (
    SEARCHES,
    SEEDS,
    TRIALS,
    USUAL_TRIALS,
    SweepPlan,
    read_grid,
    read_range,
    settings_by_name,
)
from rnn_tui.tasks.task import Task

GRID = SEARCHES[0]  # every combination, in place of a search

#: where to train, which both a new sweep and a resumed one are told.
PLACE = Option(
    TextSetting("place", "Train on", f"where to train: {PLACE_FORM}"),
    default="",
    shell="--on",
    in_shell=" (default: local)",
    metavar="WHERE",
    empty="the cores of this machine",
    hint="local:N, tcp://HOST:PORT, ssh:FILE or FILE.yaml",
)


def _searches(options: "SweepOptions") -> bool:
    return options.search != GRID


@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """What a sweep varies, and how it chooses trials; the settings of the task come besides.

    Raises:
        SettingError: for a value that is not allowed.
    """

    grid: tuple[str, ...] = option_field(
        TextsSetting(
            "grid",
            "Vary",
            "a setting and the values to try; given several times, every combination is tried",
        ),
        default=(),
        metavar="NAME=VALUE,…",
    )
    ranges: tuple[str, ...] = option_field(
        TextsSetting(
            "ranges",
            "Range",
            "for a search: a setting and the range to choose from; append :log for a logarithmic "
            "scale",
        ),
        default=(),
        shell="--range",
        metavar="NAME=LOW..HIGH",
    )
    search: str = option_field(
        ChoiceSetting(
            "search", "Search", "how trials are chosen", {name: name for name in SEARCHES}
        ),
        default=GRID,
        in_shell=f" (default: {GRID})",
    )
    trials: int = option_field(
        TRIALS,
        default=0,
        in_shell=f", in a search (default: {USUAL_TRIALS})",
        empty=str(USUAL_TRIALS),
        applies=_searches,
    )
    maximise: str = option_field(
        TextSetting("maximise", "Objective", "the objective: the higher, the better"),
        default="",
        in_shell=" (default: the task's validation accuracy)",
        metavar="METRIC",
    )
    minimise: str = option_field(
        TextSetting("minimise", "Objective", "the objective: the lower, the better"),
        default="",
        metavar="METRIC",
    )
    prune: bool = option_field(
        FlagSetting("prune", "Prune", "in a search, stop trials that fall behind early"),
        default=False,
        applies=_searches,
    )
    seeds: int = option_field(SEEDS, default=1, in_shell=" (default: 1)", empty="1")
    name: str | None = option_field(
        TextSetting("name", "Name", "the name of the sweep"),
        in_shell=" (default: its task and a number)",
        metavar="NAME",
        empty="the task and a number",
    )

    def __post_init__(self) -> None:
        check_options(self)

    def plan(self, task: Task, fixed: Mapping[str, Any]) -> SweepPlan:
        """Return the plan of a sweep of a task; `fixed` are the settings of all of its trials.

        Raises:
            SettingError: if something in it is not allowed, or does not go together.
        """
        if self.maximise and self.minimise:
            raise SettingError("Give one objective: --maximise or --minimise.")
        plan = SweepPlan(
            task=task.name,
            grid=settings_by_name(read_grid(task, text) for text in self.grid),
            ranges=settings_by_name(read_range(task, text) for text in self.ranges),
            fixed=fixed,
            search=self.search,
            trials=self.trials,
            seeds=self.seeds,
            metric=self.maximise or self.minimise,
            maximise=not self.minimise,
            prune=self.prune,
        )
        plan.check_objective()
        return plan
