"""Events of a run as JSON: of a file, or from another machine."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from rnn_tui.archive.columns import COLUMNS, sound_values
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Metric

KINDS = {kind.__name__: kind for kind in events.Event.__subclasses__()}
NOT_REPEATED = ("run_id", "config")  # the same in all events of a run
NOT_STORED = ("layer_norms",)  # shown only where the run trains


def _field_names(kind: type[events.Event]) -> list[str]:
    """Return the fields of an event that its document has."""
    left_out = (*NOT_REPEATED, *NOT_STORED)
    return [field.name for field in fields(kind) if field.name not in left_out]


_FIELDS = {kind: _field_names(kind) for kind in KINDS.values()}


def to_document(event: events.Event) -> dict[str, Any]:
    """Return an event as a JSON-ready document, without its run and what is not stored."""
    kind = type(event)
    document: dict[str, Any] = {"kind": kind.__name__}
    for name in _FIELDS[kind]:
        document[name] = getattr(event, name)
    if isinstance(event, events.RunStarted):
        document["metric_definitions"] = [asdict(metric) for metric in event.metric_definitions]
    return document


def event_from(document: Mapping[str, Any], run_id: str, config: RunConfig) -> events.Event:
    """Return an event from its document; the inverse of `to_document`, which trusts nothing.

    Raises:
        KeyError: something is missing.
        TypeError, ValueError, …: one of `INVALID_VALUE`, if a value can't be what it is.
    """
    values = dict(document)
    kind = KINDS[values.pop("kind")]
    if kind is events.RunStarted:
        values["config"] = config
        values["metric_definitions"] = tuple(
            Metric(**definition) for definition in values["metric_definitions"]
        )
    if "metrics" in values:
        values["metrics"] = {
            printable(name): float(value) for name, value in values["metrics"].items()
        }
        values["replicas"] = _replica_values(values["replicas"], len(config.replicas))
    checked = COLUMNS.keys() & values.keys() - {"config"}
    return kind(run_id, **values | sound_values(values, checked))


def _replica_values(by_name: Mapping[str, Any], replicas: int) -> dict[str, tuple[float, ...]]:
    """Return a value for each replica, by metric; a ValueError if there are more or fewer."""
    values: dict[str, tuple[float, ...]] = {
        printable(name): tuple(map(float, numbers)) for name, numbers in by_name.items()
    }
    if any(len(numbers) != replicas for numbers in values.values()):
        raise ValueError("values of other networks")
    return values
