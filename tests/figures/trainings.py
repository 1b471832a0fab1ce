"""A block of pages on trained networks: what `rnn-tui train --json` says of them, by network."""

from collections.abc import Mapping
from typing import Any

from rnn_tui.engine.metrics import Spread
from rnn_tui.networks import CELLS
from rnn_tui.papers.columns import mean_and_sd, percent
from rnn_tui.tasks import TASKS
from tests.figures.book import Entry
from tests.figures.settings import settings_of
from tests.figures.short import lines_of

HEADS = ["network", "mean ± sd", "n", "smallest … largest", "all right"]


def kept_networks(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the file keeps of a training: the headline's values, by network."""
    headline = document["headline"]
    task = TASKS[document["task"]].label if document["task"] in TASKS else document["task"]
    cell = CELLS[document["model"]].label
    if "variants" not in document:
        return [{"network": f"{task}, {cell}", "values": [document[headline]]}]
    return [
        {
            "network": f"{task}, {cell}, H {variant['hidden_size']} {variant['loss']}",
            "values": variant[headline]["values"],
        }
        for variant in document["variants"]
    ]


def command_of(entry: Entry, document: Mapping[str, Any]) -> str:
    """Return the command of an entry that printed a document.

    Raises:
        ValueError: none of them has these settings.
    """
    settings = document["settings"]
    for command in entry.commands:
        if command.startswith("rnn-tui train ") and _fits(settings_of(command)["every"], settings):
            return command
    raise ValueError("No command of this entry has the settings of the document.")


def _fits(expected: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    flat = {**settings, **{f"recipe.{key}": value for key, value in settings["recipe"].items()}}
    return all(flat.get(key) == value for key, value in expected.items())


def blocks_of(entry: Entry) -> dict[str, list[str]]:
    """Return the block `networks`: a row for each network of each training."""
    rows = [
        _row(network["network"], network["values"])
        for networks in entry.networks.values()
        for network in networks
    ]
    return {"networks": lines_of([HEADS, *rows])} if rows else {}


def _row(name: str, values: list[float]) -> list[str]:
    spread = Spread(values)
    ends = f"{percent(spread.low)} … {percent(spread.high)}"
    right = f"{sum(value == 100 for value in values)} of {len(values)}"
    return [name, mean_and_sd(spread), str(len(values)), ends, right]
