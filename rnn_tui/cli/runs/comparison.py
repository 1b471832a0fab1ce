"""`rnn-tui runs compare`: runs side by side, and which of them are better."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.run_columns import run_document
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.run_verdicts import RunVerdicts, verdicts_of
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import compared_figures, differing
from rnn_tui.cli import output
from rnn_tui.cli.runs.action import Action, add_json, add_runs
from rnn_tui.engine.pace import duration
from rnn_tui.engine.tables import columns_of_cells


@dataclass(frozen=True)
class CompareRequest:
    """Compare runs."""

    runs: tuple[str, ...]  #: as typed.
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the action takes."""
    add_runs(parser)
    add_json(parser, "print one JSON document")


def read_request(options: argparse.Namespace) -> CompareRequest:
    """Read the options into a request."""
    return CompareRequest(tuple(options.runs), options.json)


def compare(request: CompareRequest) -> int:
    """Print runs side by side; returns the exit code."""
    with RunStore() as store:
        runs = [store.find(text).undamaged for text in request.runs]
    verdicts = verdicts_of(runs)
    if request.as_json:
        output.print_json(_document(runs, verdicts))
    else:
        output.print_table(columns_of_cells(["", *(run.name for run in runs)]), _rows(runs))
        output.Lines(sys.stdout).print(*_verdict_lines(verdicts))
    return output.OK


def _verdict_lines(verdicts: RunVerdicts) -> Iterator[list[tuple[str, str]]]:
    """Yield each claim with its verdict and what is behind it, then the notes: texts and styles."""
    for comparison in verdicts.comparisons:
        yield [("", "")]
        yield [(f"{comparison.claim}: ", ""), (comparison.verdict, "bold")]
        yield from ([(f"  {sentence}", "")] for sentence in comparison.sentences)
    if verdicts.explanations:
        yield [("", "")]
    yield from ([(sentence, "")] for sentence in verdicts.explanations)


def _document(runs: Sequence[RunRecord], verdicts: RunVerdicts) -> dict[str, Any]:
    run_ids = [run.run_id for run in runs]
    differences = [
        {
            "setting": name,  #: its name.
            **dict(zip(run_ids, values, strict=True)),
        }
        for name, values in differing(runs)
    ]
    return {
        "runs": [run_document(run) for run in runs],  #: in the order in which they were named.
        "differences": differences,  #: the settings in which they differ.
        **verdicts.to_dict(),
    }


def _rows(runs: Sequence[RunRecord]) -> list[list[str]]:
    """Return rows of progress and figures, then one of each setting in which runs differ."""
    return [
        ["status", *(str(run.status) for run in runs)],
        ["progress", *(f"{run.progress:.0%}" for run in runs)],
        ["trained", *(duration(run.elapsed) for run in runs)],
        *([name, *values] for name, values in compared_figures(runs)),
        *([name, *values] for name, values in differing(runs)),
    ]


COMPARE = Action(
    name="compare",
    help="compare runs side by side, and judge which are better",
    description=(
        "Compare runs: their figures, the settings in which they differ, and which of them are "
        "better, judged over their seeds by the rule for the claims of papers."
    ),
    examples=("last recall-fast", "last recall-fast --json"),
    add_arguments=add_arguments,
    read=read_request,
    perform=compare,
)
