"""Blocks of pages on reruns of papers, as the program prints them."""

import re
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from rnn_tui.archive.export.page.blocks import markdown_table
from rnn_tui.cli.commands import parse
from rnn_tui.papers.columns import columns_of
from rnn_tui.papers.conclusions import RULE, conclusions
from rnn_tui.papers.document import concluded
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.rows import Results, Row
from tests.figures.book import Entry
from tests.program import COMMAND

#: of a row in the document of `rnn-tui rerun --json`, what its figures follow from.
KEPT = ("experiment", "seeds", "values", "seconds")
VALIDATIONS = "validations"  # kept of papers whose table has them
UNTRAINED: Mapping[str, Any] = {"seeds": (), "values": (), "seconds": 0.0}


def plan_of(command: str) -> Plan:
    """Return what `rnn-tui rerun` or `report` would train."""
    options = parse(shlex.split(command)[1:])
    plan: Plan = options.plan_of(options)
    return plan


def kept_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the file keeps of the rows of a document: those that have figures."""
    rows = [row for row in document["rows"] if row["values"]]
    keys = (*KEPT, VALIDATIONS) if any(row.get(VALIDATIONS) for row in rows) else KEPT
    return [{key: row[key] for key in keys} for row in rows]


def results_of(entry: Entry) -> Results:
    """Return the table of a rerun as the program has it."""
    plan = plan_of(entry.commands[0])
    by_key = {row["experiment"]: row for row in entry.rows}
    rows = (_row(plan, by_key.get(each.key, UNTRAINED), each.key) for each in plan.experiments)
    return Results(plan, tuple(rows))


def _row(plan: Plan, kept: Mapping[str, Any], key: str) -> Row:
    experiment = next(each for each in plan.experiments if each.key == key)
    return Row(
        experiment,
        seeds=tuple(kept["seeds"]),
        values=tuple(kept["values"]),
        validations=tuple(kept.get(VALIDATIONS, ())),
        run_ids=(),
        seconds=kept["seconds"],
        wanted=len(plan.seeds_of(experiment.task)),
        comparable=plan.recipe.compared,
        kind=plan.paper.published,
        threshold=plan.paper.solved,
    )


def blocks_of(entry: Entry) -> dict[str, list[str]]:
    """Return the blocks of a rerun: `table`, and `claims` if they need no figures by length."""
    results = results_of(entry)
    paper = results.plan.paper
    blocks = {"table": markdown_table(columns_of(paper), results.rows).splitlines()}
    if not paper.by_length:
        parts = [part for each in conclusions(results) for part in concluded(each)]
        # the sections that they stand in have heads of the level above
        blocks["claims"] = re.sub("^### ", "#### ", "\n\n".join(parts), flags=re.M).splitlines()
    return blocks


def means_of(entry: Entry) -> dict[str, float]:
    """Return the mean over seeds by experiment, in words."""
    return {
        row.experiment.label: row.spread.mean
        for row in results_of(entry).rows
        if row.spread is not None
    }


def printed_claims(command: str) -> list[str]:
    """Return the claims of a rerun as the program prints them, of networks that are trained."""
    words = shlex.split(command)[1:]
    printed = subprocess.run(
        [*COMMAND, *words, "--no-training", "--quiet"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    claims = printed.stdout.partition("\n### ")[2].partition(f"\n\n{RULE}")[0]
    return f"### {claims}".replace("### ", "#### ").splitlines()
