"""Events of a run as JSON: of a file, or from another machine."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import (
    printable,
)
from rnn_tui.engine.metrics import Metric
from rnn_tui.runs.columns import COLUMNS, sound_values

# events in JSON: of a file, or from another machine
KINDS = {kind.__name__: kind for kind in events.Event.__subclasses__()}


# Neither is said again with each event of a run.
_NAMES = {
    kind: [one.name for one in fields(kind) if one.name not in ("run_id", "config")]
    for kind in KINDS.values()
}


def to_document(event: events.Event) -> dict[str, Any]:
    """What JSON has of an event: all but its run and the settings."""
    kind = type(event)
    document = {"kind": kind.__name__, **{name: getattr(event, name) for name in _NAMES[kind]}}
    if isinstance(event, events.RunStarted):
        document["metric_definitions"] = [asdict(spec) for spec in event.metric_definitions]
    return document


def event_from(document: Mapping[str, Any], run_id: str, config: RunConfig) -> events.Event:
    """An event from its document; the inverse of `to_document`, which trusts nothing.

    Raises:
        KeyError: something is missing.
        TypeError, ValueError, …: one of `INVALID_VALUE`, where a value can't be what it is.
    """
    known = dict(document)
    kind = KINDS[known.pop("kind")]
    if kind is events.RunStarted:
        known["config"] = config
        known["metric_definitions"] = tuple(Metric(**spec) for spec in known["metric_definitions"])
    if "metrics" in known:
        known["metrics"] = {printable(n): float(v) for n, v in known["metrics"].items()}
        replicas = {printable(n): tuple(map(float, v)) for n, v in known["replicas"].items()}
        if any(len(values) != len(config.replicas) for values in replicas.values()):
            raise ValueError("values of other networks")
        known["replicas"] = replicas
    return kind(run_id, **known | sound_values(known, COLUMNS.keys() & known.keys() - {"config"}))
