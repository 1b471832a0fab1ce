"""The settings of the trainings that a command starts, by the program's own parsers."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from rnn_tui.cli.commands import parse
from rnn_tui.cli.sequence_files import any_data_set
from rnn_tui.cli.task_settings import read_task_settings
from rnn_tui.engine.config import RunConfig
from rnn_tui.papers.plan import Plan
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from tests.figures.book import CHECKOUT, Entry

PROGRAM = "rnn-tui"
EVERY = "every"  # the label of settings that all networks of a command share
#: where a training runs, which is no part of its recipe.
PLACES = frozenset({"device", "workers", "data_dir", "extra_data"})

Settings = dict[str, dict[str, Any]]


def trainings_of(entry: Entry) -> list[str]:
    """Return the commands of an entry whose settings say how its networks were trained."""
    return [each for each in (*entry.commands, *entry.trains) if _trains(each)]


def _trains(command: str) -> bool:
    """Return whether the settings of a command can be known: not those of a paper in a file."""
    program, verb, *words = shlex.split(command)
    of_a_file = verb == "rerun" and words[0].endswith(".toml")
    return program == PROGRAM and verb in ("train", "rerun", "report") and not of_a_file


@cache
def _configs(command: str) -> Mapping[str, RunConfig]:
    """Return the settings by network of a command of `rnn-tui` that trains."""
    options = parse(shlex.split(command)[1:])
    if options.command == "train":
        task = any_data_set() if options.task == SEQUENCES else TASKS[options.task]
        return {EVERY: task.config(**read_task_settings(options, task))}
    return configs_of(options.plan_of(options))


def configs_of(plan: Plan) -> dict[str, RunConfig]:
    """Return the settings of each experiment of a plan."""
    return {
        experiment.key: plan.config(
            experiment, plan.first_seed, seeds=len(plan.seeds_of(experiment.task))
        )
        for experiment in plan.experiments
    }


def settings_of(command: str) -> Settings:
    """Return what the networks of a command share below `EVERY`, and what else each one has."""
    by_network = {name: dict(_flat(config.to_dict())) for name, config in _configs(command).items()}
    first, *others = by_network.values()
    shared = {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }
    own = {
        name: {key: value for key, value in values.items() if key not in shared}
        for name, values in by_network.items()
        if name != EVERY
    }
    return {EVERY: shared, **own}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings as JSON has them, those of the recipe by names such as `recipe.clip`."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif key not in PLACES:
            yield prefix + key, json.loads(json.dumps(value))


def _defaults(command: str) -> dict[str, Any]:
    """Return what settings are where neither preset nor command says anything."""
    defaults = {}
    for config in _configs(command).values():
        for prefix, owner in (("", config), ("recipe.", config.recipe)):
            for each in fields(owner):
                if each.default is not MISSING:
                    defaults[prefix + each.name] = json.loads(json.dumps(each.default, default=str))
    return defaults


def changes(command: str, stored: Settings) -> list[str]:
    """Return what differs between the settings of a measurement and those of today.

    A setting that is new since then does not count where it has its default.
    """
    today = settings_of(command)
    defaults = _defaults(command)
    found = []
    for name in dict.fromkeys([*stored, *today]):
        if name not in stored or name not in today:
            found.append(f"{name} is {'new' if name in today else 'gone'}")
            continue
        was = stored[EVERY] | stored[name]
        now = today[EVERY] | today[name]
        for key in dict.fromkeys([*was, *now]):
            is_new_default = key not in was and key in defaults and now[key] == defaults[key]
            if not is_new_default and was.get(key) != now.get(key):
                found.append(f"{name}: {key} is {now.get(key)}, and was {was.get(key)}")
    return list(dict.fromkeys(found))


def staleness(entry: Entry) -> list[str]:
    """Return a sentence for each training of an entry whose settings are others today."""
    sentences = []
    for command in trainings_of(entry):
        if command not in entry.settings:
            sentences.append(f"`{command}` has no settings in the file")
            continue
        found = changes(command, entry.settings[command])
        if found:
            sentences.append(f"`{command}` has other settings today: {'; '.join(found[:5])}")
    return sentences


def misread(command: str) -> str:
    """Return why a command can't be run as it stands; empty if it can."""
    words = shlex.split(command)
    if words[0] == PROGRAM:
        try:
            parse(words[1:])
        except SystemExit:
            return f"rnn-tui does not read `{command}`"
        return ""
    scripts = [word for word in words if word.endswith(".py")]
    if words[0] != "python" or not scripts or not (CHECKOUT / scripts[0]).is_file():
        return f"`{command}` is neither a command of rnn-tui nor a script of this checkout"
    script = CHECKOUT / scripts[0]
    sources = [script, *script.parent.glob("_*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    unknown = [word for word in words if word.startswith("--") and f'"{word}"' not in text]
    return f"{scripts[0]} has no {', '.join(unknown)}" if unknown else ""
