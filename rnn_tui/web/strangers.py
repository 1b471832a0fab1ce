"""What strangers send to a server, in the log: a short line, and no traceback.

The server's library logs each request that it can't read with a traceback, and quotes it. That is
no fault of the program. `engine.logs` folds such lines, so that they fill a bounded share.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_websocket import WebSocketError

from rnn_tui.engine.errors import printable

# the loggers of the library that a request can reach
LOGGERS = ("aiohttp.server", "aiohttp.web", "aiohttp.websocket", "aiohttp.internal")
# what a request that can't be read or answered raises
THEIR_FAULTS = (HttpProcessingError, WebSocketError, ConnectionError, TimeoutError, EOFError)
LONGEST = 100  # characters of the library's words


@contextmanager
def strangers_in_short() -> Iterator[None]:
    """Have the log say in a short line what strangers send, inside a `with` statement."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(_shorten)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    """Shorten a record about a request; one about a fault of the program stays as it is."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        record.msg = str(printable(record.getMessage(), LONGEST))
    elif isinstance(error, THEIR_FAULTS):
        record.msg = f"a request makes no sense: {type(error).__name__}"
    else:
        return True
    record.args = ()
    record.exc_info = None
    return True
