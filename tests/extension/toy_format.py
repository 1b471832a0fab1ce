"""An export format: names, figures and nothing else."""

from pathlib import Path

from rnn_tui.archive.export.formats import Export


def write_names(export: Export) -> list[Path]:
    """A line a run."""
    lines = (f"{run.name}\t{run.final}\n" for run in export.each())
    return export.write_text("".join(lines))
