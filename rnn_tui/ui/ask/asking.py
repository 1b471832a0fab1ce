"""Questions answered in a thread, one at a time; of those that come in meanwhile the last wins."""

import logging
from collections.abc import Awaitable, Callable

from textual.widget import Widget

from rnn_tui.engine.errors import UserError
from rnn_tui.ui.ask.recall_answers import Answers
from rnn_tui.ui.shell.threads import in_thread

Question = Callable[[], Answers]
Outcome = Answers | str

logger = logging.getLogger(__name__)


class Asking:
    """Keeps one question running and one of each kind waiting, so that typing never queues up.

    Args:
        widget: whose worker waits for the thread; the answers are not wanted once it is gone.
        take: gets the kind of each question answered last, and the answer, or the sentence to
            show in its place.
    """

    def __init__(self, widget: Widget, take: Callable[[str, Outcome], Awaitable[None]]) -> None:
        self._widget, self._take = widget, take
        self._waiting: dict[str, Question] = {}
        self._busy = False

    def ask(self, kind: str, question: Question) -> None:
        """Answer `question` in place of any of its kind that is still to be answered."""
        self._waiting[kind] = question
        if not self._busy:
            self._busy = True
            self._widget.run_worker(self._answer_all(), group="asking")

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                kind = next(iter(self._waiting))
                outcome = await in_thread(self._widget, _outcome, self._waiting.pop(kind))
                if kind not in self._waiting:
                    await self._take(kind, outcome)
        finally:
            self._busy = False


def _outcome(question: Question) -> Outcome:
    """In a thread: the answer, or the sentence to show in its place."""
    try:
        return question()
    except UserError as error:
        return str(error)
    except Exception:
        logger.exception("a question failed")
        return "The networks could not answer; the log file has the details."
