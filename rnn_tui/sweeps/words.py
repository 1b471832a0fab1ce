"""How settings and figures of trials are shown, in the app and on the command line."""

from collections.abc import Sequence
from typing import Any

from rnn_tui.engine.errors import printable
from rnn_tui.engine.replicas import Spread
from rnn_tui.runs.words import NOTHING
from rnn_tui.sweeps.plan import SweepPlan


def shown(value: Any) -> str:
    """A setting's value."""
    if value is None:
        return NOTHING
    if isinstance(value, list | tuple):
        return "-".join(map(shown, value))
    return f"{value:.4g}" if isinstance(value, float) else printable(value)


def shown_spread(plan: SweepPlan, values: Sequence[float]) -> str:
    """A sweep's metric over the seeds of a trial."""
    if not values:
        return NOTHING
    metric, spread = plan.of_task.metric(plan.metric), Spread(tuple(values))
    return metric.format(spread.mean) + ("" if spread.sd is None else f" ± {metric.format(spread.sd)}")
