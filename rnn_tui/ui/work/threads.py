"""Work in a thread for a widget, which may be gone by then, or want to know something else."""

import asyncio
import contextvars
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from textual.message_pump import MessagePump
from textual.widget import Widget

from rnn_tui.engine import awaits, waits
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import StoreGoneError, UserError

if TYPE_CHECKING:
    from rnn_tui.sweeps.store import SweepStore

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)
FAILURE = "The networks could not answer; the log file has the details."
# As many as the event loop has of its own, which are left to Textual: it reads a text of the help
# in one, and where the help closes first, the whole app waits until that has been read.
_THREADS = ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4), "answers")
_AT_WORK: set[object] = set()  # a token for each call of `in_thread` that runs now
_AWAITED: set[object] = set()  # a token for each of them whose answer a widget has yet to take


async def to_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in one of the app's threads; in place of `asyncio.to_thread`."""
    call = partial(contextvars.copy_context().run, function, *args, **kwargs)
    with awaiting(f"an answer of {_name_of(function)}"):
        return await asyncio.get_running_loop().run_in_executor(_THREADS, call)


def _name_of(function: Callable[..., object]) -> str:
    """Return the name of a function, or of what a partial one calls."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__name__))


async def in_thread(
    widget: Widget, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `function` in a thread, and return what it returns, for `widget` to show.

    Raises:
        asyncio.CancelledError: if the widget is being removed by then. Textual cancels its worker
            only after its children are gone, for which the worker would look.
    """

    def call() -> T:
        job = object()
        _AT_WORK.add(job)
        try:
            return function(*args, **kwargs)
        finally:
            _AT_WORK.discard(job)

    call.__qualname__ = _name_of(function)
    awaited = object()
    _AWAITED.add(awaited)
    try:
        return await to_thread(call)
    finally:
        _AWAITED.discard(awaited)
        if not (widget.is_attached and widget.display):  # also one that is being removed
            raise asyncio.CancelledError


@contextmanager
def telling(widget: MessagePump, **options: Any) -> Iterator[None]:
    """Notify of a `UserError` in place of raising it; the `options` are of `notify`."""
    try:
        yield
    except UserError as error:
        widget.app.notify(str(error), **{"severity": "error", **options})


def threads_at_work() -> bool:
    """Return whether an answer from `in_thread` is still to come."""
    return bool(_AT_WORK or _AWAITED)


def wait_for_threads(until: float) -> None:
    """Wait for what `in_thread` has called and may be writing a file, `until` a monotonic time."""
    waits.poll(lambda: not _AT_WORK, "answers of threads", until - time.monotonic())


class LatestQuestion(Generic[T]):
    """Answers questions in a thread, one at a time.

    Of those that come meanwhile only the last one is answered: typing never queues up.
    """

    def __init__(
        self,
        widget: Widget,
        receive: Callable[[T | str], Awaitable[None]],
        failure: str = FAILURE,
        *,
        overtaken: bool = False,
    ) -> None:
        """Create it without a question.

        Args:
            widget: what asks, and shows the answers.
            receive: gets each answer, or a sentence in its place if there is none.
            failure: that sentence for an exception that is no `UserError`.
            overtaken: whether an answer is also received if another question has been asked since.
        """
        self._widget = widget
        self._receive = receive
        self._failure = failure
        self._with_overtaken = overtaken
        self._waiting: Callable[[], T] | None = None  #: the question that is asked next.
        self._number = 0  #: the number of the last question, or of the last call of `forget`.
        self.busy = False  #: whether an answer is to come.

    def ask(self, question: Callable[[], T]) -> None:
        """Answer `question` in place of the one that still waits."""
        self._waiting = question
        self._number += 1
        if not self.busy:
            self.busy = True
            self._widget.run_worker(self._answer_all(), group="answers")

    def forget(self) -> None:
        """Forget all questions: their answers are no longer needed."""
        self._waiting = None
        self._number += 1

    async def _answer_all(self) -> None:
        try:
            while self._waiting is not None:
                question = self._waiting
                number = self._number
                self._waiting = None
                answer = await in_thread(self._widget, self._answer, question)
                if self._with_overtaken or number == self._number:
                    await self._receive(answer)
        finally:
            self.busy = False

    def _answer(self, question: Callable[[], T]) -> T | str:
        """Return the answer, or a sentence to show in its place; runs in a thread."""
        try:
            return question()
        except UserError as error:
            return str(error)
        except Exception:
            logger.exception("a question failed")
            return self._failure


class StoreAccess:
    """The one place from which the app asks the database, one question at a time."""

    def __init__(self) -> None:
        self._store: SweepStore | None = None
        self._turn = awaits.OneAtATime("the database")  #: held while a question is awaited.
        #: held in the thread: a question whose widget is gone is still being answered there.
        self._answering = waits.Lock("the database of the app")

    async def ask(self, widget: Widget, question: "Callable[[SweepStore], T]") -> T:
        """Return the result of `question`, called in a thread with the database.

        If that was removed or replaced, a notice says so, and the one that is there now is asked.

        Raises:
            StoreError: if the database can't be used now.
            asyncio.CancelledError: as `in_thread`.
        """
        async with self._turn:
            try:
                return await in_thread(widget, self._answer, question)
            except StoreGoneError as error:
                widget.app.notify(str(error), severity="warning")
                return await in_thread(widget, self._answer, question)

    def _answer(self, question: "Callable[[SweepStore], T]") -> T:
        from rnn_tui.sweeps.store import SweepStore  # after the first frame

        with self._answering:
            if self._store is None:
                self._store = SweepStore()
            try:
                return question(self._store)
            except StoreGoneError as error:
                logger.warning("%s", error)
                self._store.close()
                self._store = None  # what is there now is opened by the next question
                raise
