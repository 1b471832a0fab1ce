"""What the Photos view says about its readings, in one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnn_tui.runs.words import duration

if TYPE_CHECKING:
    from rnn_tui.photos.collection import PhotoCollection, ReadingSummary
    from rnn_tui.ui.photos.job import ReadingJob


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
