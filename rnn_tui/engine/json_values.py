"""Values as JSON documents have them."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def date(seconds: float) -> str:
    """Return a time since 1970, in seconds, in ISO 8601 and UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def finite(value: Any) -> Any:
    """Return a value with None in place of NaN and infinity, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
