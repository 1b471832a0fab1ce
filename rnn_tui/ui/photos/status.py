"""What the Photos view says of its readings: how far it is, what came of them, what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from rnn_tui.runs.words import duration

if TYPE_CHECKING:
    from rnn_tui.photos.collection import PhotoCollection, ReadingSummary
    from rnn_tui.ui.photos.job import ReadingJob


class PhotosStatus(Vertical):
    """A line on the readings, above it what is wrong."""

    def compose(self) -> ComposeResult:
        """Lay out what is wrong, what was read, what is shown."""
        yield Static("", id="photos-message", markup=False)
        with Horizontal(id="photos-status"):
            yield Static("", id="photos-count", markup=False)
            yield Static("", id="photos-shown", markup=False)

    def show(self, job: ReadingJob | None, photos: PhotoCollection, complaint: str) -> None:
        """Say how far reading is, or what came of it; and what is wrong."""
        self.query_one("#photos-message").display = bool(complaint)
        self._say("message", complaint)
        words = progress(job) if job is not None else ""
        if not words and len(photos):
            words = counted(photos.summary)
        self._say("count", words)

    def show_place(self, photos: PhotoCollection, in_view: range) -> None:
        """Say which photos are in view."""
        self._say("shown", shown(photos, in_view) if len(photos) else "")

    def _say(self, place: str, text: str) -> None:
        """Put a line of text where it belongs; the same text costs no new layout."""
        line = self.query_one(f"#photos-{place}", Static)
        if line.content != text:
            line.update(text)


def progress(job: ReadingJob) -> str:
    """How far reading is."""
    if not job.count:
        return "Reading …"
    of = f" of {job.total:,}" if job.total is not None else ""
    parts = [f"Reading: {job.count:,}{of}"]
    if job.rate:
        parts.append(f"{job.rate:,.0f}/s")
    if job.seconds_left is not None:
        parts.append(f"{duration(job.seconds_left)} left")
    return " · ".join([*parts, "Esc stops"])


def counted(summary: ReadingSummary) -> str:
    """What came of all photos."""
    parts = [f"{summary.photos:,} photo{'s' * (summary.photos != 1)}"]
    if summary.doubtful:
        parts.append(f"{summary.doubtful:,} doubtful")
    if summary.errors:
        parts.append(f"{summary.errors:,} unreadable")
    if summary.accuracy is not None:
        parts.append(f"{summary.right:,} of {summary.labelled:,} right ({summary.accuracy:.1f} %)")
    return " · ".join(parts)


def shown(photos: PhotoCollection, in_view: range) -> str:
    """Which photos are shown, and in what order."""
    count = len(photos.order)
    which = "" if photos.filter == "all" else f"{photos.filter} · "
    if not count:
        return f"none {photos.filter}"
    place = f"{in_view.start + 1:,}–{in_view.stop:,} of {count:,}"
    return f"{which}by {photos.sort} · {place}"
