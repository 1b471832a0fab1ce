"""Ids of runs."""

import time
import uuid


def new_run_id() -> str:
    """An id that sorts by time and is unique across processes."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
