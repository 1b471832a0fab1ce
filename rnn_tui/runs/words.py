"""How runs are put into words, in the app and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_tui.runs.records import RunRecord

NOTHING = "–"


def figure(run: RunRecord, metric: str, value: float | None, form: str = ".4g") -> str:
    """A figure with its unit.

    Args:
        run: whose it is.
        metric: of what; empty where there is none.
        value: None where it is not known.
        form: how to write what is no percentage.
    """
    if value is None or not metric:
        return NOTHING
    # Runs from before there was a database have no specs of their metrics.
    percent = run.spec(metric).unit == "%" or metric.endswith("accuracy")
    return f"{value:.2f} %" if percent else f"{value:{form}}"


def duration(seconds: float) -> str:
    """A time span as a clock has it, `m:ss` or `h:mm:ss`: wherever people read one."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def age(seconds: float) -> str:
    """A time ago, in its largest unit."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    return f"{max(0, int(seconds))} s"
