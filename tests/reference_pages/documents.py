"""The page of all JSON documents, from what the commands print.

Every command that has `--json` is run, small, in an order in which each finds what the one before
has made; names and types of the fields are read off what comes. What a field means is said at the
record that prints it, which `records` finds, or else in `meanings`.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.config import CELL_KEY, Recipe
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.options import options_of
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from tests.cli.command_line import run_inside
from tests.conftest import write_mnist_slice
from tests.data.test_groups import trials
from tests.documents.pages import CHECKOUT, files
from tests.networks.foreign import Tagger, parity, saved, seeded
from tests.reference_pages.markdown import MADE, code, table
from tests.reference_pages.meanings import MEANINGS
from tests.reference_pages.records import meaning_in_record
from tests.reference_pages.settings import attributes

HEAD = f"""\
# JSON documents

{MADE}
With `--json`, a command prints exactly one document on stdout. Accuracies are in percent, times in
seconds, dates in ISO 8601 (UTC). A figure that is missing or not finite is `null`. Fields may be added;
the [changelog](../../CHANGELOG.md) announces any field that is renamed or removed.

`a.b` is the field `b` of the object `a`, `a[]` every item of the list `a`. Names such as `<run>` stand
for data.

"""


OWN_PAPER = CHECKOUT / "docs" / "how-to" / "own-paper.md"
# By document, the types of each field by its path.
Types: TypeAlias = dict[str, dict[str, set[str]]]


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes:
        title: the command, as one would type it.
        commands: what is run for it; `{samples}`, `{mnist}` and `{here}` are folders.
        stdin: what it reads there.
    """

    title: str
    commands: Sequence[str]
    stdin: bytes = b""


SMALL = "--preset fast --epochs 1 --training-size 640 --test-size 50 --hidden-size 3 --seeds 2"
SMALL_ON_DATA = "--preset fast --epochs 1 --hidden-size 3 --seeds 2"
DOCUMENTS = (
    Document("train mnist", ("train mnist --preset fast --data-dir {mnist} --hidden-size 16",)),
    Document(
        "train recall",
        (
            f"train recall {SMALL}",
            f"train a-n-b-n {SMALL}",
            f"train recall {SMALL} --cell rnn --name small-rnn",
            f"train recall {SMALL} --hidden-sizes 3,4 --seeds 6 --name two",
            f"train recall {SMALL} --hidden-sizes 3,4 --seeds 6 --cell rnn --name two-rnn",
        ),
    ),
    Document("train adder", (f"train adder {SMALL}",)),
    Document(
        "train sequences",
        (
            f"train sequences {{swings}} {SMALL_ON_DATA}",
            f"train sequences {{here}}/trials.csv --name grouped {SMALL_ON_DATA}",
            f"train sequences {{here}}/trials.csv --goal next --split chance {SMALL_ON_DATA}",
            f"train sequences {{swings}} --goal next --window 20 {SMALL_ON_DATA}",
        ),
    ),
    Document(
        "train recall --find-learning-rate",
        ("train recall --preset fast --hidden-size 5 --find-learning-rate",),
    ),
    Document("recall", ("recall --pretrained", "recall --pretrained --vote"), b"31415\n31x\n"),
    Document("add", ("add --pretrained", "add --pretrained --vote"), b"1011 110\n1011\n"),
    Document(
        "predict",
        (
            "predict --labels {samples}/7-ruled.jpg {samples}/2-night.jpg {here}/5-broken.jpg",
            "predict {samples}/3-blackboard.jpg --threshold 100",
            "predict {samples}/numbers/1984.jpg",
        ),
    ),
    Document(
        "inspect adder",
        (
            "inspect adder 1011 110 --pretrained --probes --silence --gradients --sensitivity "
            "--state-space --automaton --edit state[6]@2-=0",
            "inspect adder 1011 110 --pretrained --hidden-size 3 --automaton",
            "inspect adder 1011 110 --run last --learning --clicks",
        ),
    ),
    Document("inspect recall", ("inspect recall 31415 --pretrained --probes",)),
    Document("inspect a-n-b-n", ("inspect a-n-b-n aaabbb --counters",)),
    Document(
        "inspect mnist",
        ("inspect mnist --test-image 7 --probes", "inspect mnist {samples}/7-ruled.jpg"),
    ),
    Document(
        "inspect",
        (
            "inspect --network {here}/parity.safetensors --nonlinearity relu --answers last-step "
            "--alphabet 01 0110 --silence --gradients --sensitivity --attribution --state-space "
            "--automaton --edit state[0]@2=0",
            "inspect --network {here}/tagger.safetensors --answers every-step '1 2 3; 4 5 6'",
        ),
    ),
    Document(
        "predict sequences",
        (
            "predict --run last {swings}",
            "predict --run last {swings} -o {here}/answers.csv",
            "predict --run swings-94cff4-fast-h3-2seeds-1ep {swings}",
        ),
    ),
    Document("inspect sequences", ("inspect sequences {swings} '0.1 0.4 0.2'",)),
    Document("runs", ("runs",)),
    Document("runs show", ("runs show mnist-lstm-fast-h16-data", "runs show last")),
    Document("runs watch", ("runs watch last",)),
    Document(
        "runs compare",
        (
            "runs compare recall-fast-h3-2seeds-1ep-train640-test50 small-rnn",
            "runs compare two two-rnn",
        ),
    ),
    Document(
        "runs export --to json",
        ("runs export last --to json", "runs export grouped --to json"),
    ),
    Document(
        "sweep task",
        (
            f"sweep recall {SMALL} --search random --trials 4 --range learning_rate=1e-3..1e-1:log "
            "--grid batch_size=32,64 --name some --on local:1 --quiet",
        ),
    ),
    Document("sweep task --dry-run", ("sweep adder --grid epochs=1,2 --dry-run",)),
    Document("sweep list", ("sweep list",)),
    Document("ask sequences", ("ask sequences {swings}",), b"0.1 0.4 0.2\n"),
    Document("data show", ("data show {swings}",)),
    Document("data parts", ("data parts {swings}",)),
    Document("data list", ("data list",)),
    Document("sweep show", ("sweep show some",)),
    Document("papers", ("papers", "papers {here}/gates.toml")),
    Document(
        "rerun",
        (
            "report --preset fast --only adder --seeds 2 --quiet",
            "report --no-training",
            "rerun {here}/gates.toml --seeds 2 --quiet",
        ),
    ),
    Document("rerun --estimate", ("rerun {here}/gates.toml --seeds 3 --estimate",)),
    Document("config", ("config",)),
)
# Objects that stand in several documents have a section of their own: title, and fields that tell them.
COMMON = {
    "Settings of a run": {"recipe"},
    "Spread over seeds": {"mean", "sd", "min", "max", "n", "values"},
    "Run": {"id", "total_steps"},
    "Trace": {"layers", "prefix_note"},
    "Sweep plan": {"grid", "ranges", "search"},
    "Weights": {"source", "path"},
}
WORDS = {
    "Settings of a run": "settings",
    "Spread over seeds": "spread",
    "Run": "run",
    "Trace": "trace",
    "Weights": "weights",
    "Sweep plan": "plan",
}
# Sections that are made from code in place of what was printed.
FROM_CODE = ("Settings of a run", "Spread over seeds")
# These have no other fields.
EXACTLY = ("Spread over seeds",)
# What is in these depends on the machine.
UNSEEN = ("load",)
# Fields whose name is data, and what stands for it; by document and path.
NAMES_ARE_DATA = (
    (r"[. ]versions\.[\w.-]+$", "<package>"),
    (r"^runs compare: differences\[\]\.(?!setting$)[\w-]+$", "<run>"),
    (r"^rerun: seeds\.\w+$", "<task>"),
    (r"^rerun: settings\..+$", "<experiment>"),
    (r"^config: settings\.\w+$", "<entry>"),
    (r"^sweep[^:]*: .*(settings|importance|grid|ranges|fixed)\.\w+$", "<setting>"),
    (r"^Sweep plan: (grid|ranges|fixed)\.\w+$", "<setting>"),
    (r"[. ]by_length\.\w+$", "<metric>"),
    (r"^data show: data_set\.classes\..+$", "<class>"),
    (r"[. ]gates\.\w+$", "<gate>"),
    (r"^predict sequences: results\[\]\.probabilities\..+$", "<class>"),
    (r"^predict sequences: results\[\]\.(answer|sd|low|high|right)\..+$", "<number>"),
)
# Types that small examples do not show whole.
TYPES = {
    "Run: message": "text or null",
    "Run: metric": "text or null",
    "Run: best": "number or null",
    "Run: last": "number or null",
    "Run: final_metric": "text or null",
    "Run: final": "number or null",
    "Run: device": "text or null",
    "Run: parameters": "whole number or null",
    "Run: tags": "list of texts",
    "Run: weights": "text or null",
    "Run: sequences": "list of objects or null",
    "Trace: settled": "whole number or null",
    "train mnist: weights": "text or null",
    "train recall: weights": "text or null",
    "train adder: weights": "text or null",
    "train recall --find-learning-rate: suggestion": "number or null",
    "train recall --find-learning-rate: lowest": "number or null",
    "train mnist: headline_reason": "text or null",
    "train recall: headline_reason": "text or null",
    "train adder: headline_reason": "text or null",
    "train sequences: headline_reason": "text or null",
    "train mnist: test_accuracy": "number or null",
    "train mnist: test_loss": "number or null",
    "train sequences: weights": "text or null",
    "train sequences: baselines[].note": "text or null",
    "data show: layout": "text or null",
    "data show: data_set.alphabet": "list of texts",
    "data list: data_sets[].alphabet": "list of texts",
    "config: problems": "list of texts",
    "papers: problems": "list of texts",
    "papers: papers[].address": "text or null",
    "papers: papers[].authors": "list of texts",
    "papers: papers[].experiments[].published": "number or null",
    "rerun: rows[].mean_95": "list of numbers or null",
    "rerun: rows[].best": "number or null",
    "rerun: rows[].solved": "whole number or null",
    "rerun: rows[].expected_95": "list of numbers or null",
    "rerun --estimate: seconds": "number or null",
    "rerun --estimate: runs[].seconds": "number or null",
    "rerun: runs[].device": "text or null",
    "rerun: runs[].workers": "whole number or null",
    "inspect adder: automaton.machine": "object or null",
    "inspect adder: automaton.smallest": "object or null",
    "inspect adder: automaton.counterexamples": "list of objects",
    "inspect: automaton.machine": "object or null",
    "inspect: state_space.fixed_points[].memory": "list of numbers or null",
    "inspect adder: clicks.first": "list of numbers or nulls",
    "inspect adder: state_space.fixed_points[].memory": "list of numbers or null",
    "sweep task: best": "whole number or null",
    "sweep show: best": "whole number or null",
    "sweep task: importance": "object or null",
    "sweep show: importance": "object or null",
    "sweep task --dry-run: seconds": "number or null",
    "rerun: conclusions[].comparisons[].interval_95": "list of numbers or null",
    "rerun: conclusions[].comparisons[].mean_difference": "number or null",
}
MOST_ITEMS = 40
HEADS = ("field", "type", "meaning")


def page() -> str:
    """The page."""
    return page_of(fields_of_all())


def page_of(types_of_fields: Mapping[str, Mapping[str, str]]) -> str:
    """The page of these fields."""
    parts = [
        HEAD,
        *(f"- [`rnn-tui {document.title}`](#{anchor(document.title)})\n" for document in DOCUMENTS),
    ]
    parts += [
        f"- [{title}](#{title.lower().replace(' ', '-')}), in several of them\n" for title in COMMON
    ]
    parts += [section(title, types) for title, types in types_of_fields.items()]
    parts += ["\n## Settings of a run\n\n", table(HEADS, rows_of_settings())]
    parts += ["\n## Spread over seeds\n\n", table(HEADS, rows_of_spread())]
    return "".join(parts)


def anchor(title: str) -> str:
    """What a link to a heading says."""
    return "rnn-tui-" + title.replace(" ", "-")


def fields_of_all() -> dict[str, dict[str, str]]:
    """By document, the types of its fields by their paths."""
    types_found: Types = {}
    with TemporaryDirectory() as made:
        here = Path(made)
        (here / "5-broken.jpg").write_bytes(b"no picture")
        parity(here / "parity.safetensors")
        saved(seeded(Tagger), here / "tagger.safetensors")
        (here / "trials.csv").write_text(trials(), encoding="utf-8")
        for name, text in files(OWN_PAPER).items():
            (here / name).write_text(text, encoding="utf-8")
        mnist = write_mnist_slice(here / "mnist", 600, 100)
        folders = {"samples": asset_dir() / "samples", "mnist": mnist, "here": here}
        folders["swings"] = asset_dir() / "sequences" / "swings.csv"
        for document in DOCUMENTS:
            for command in document.commands:
                words = [word.format_map(folders) for word in shlex.split(command)]
                json_option = () if "export" in words else ("--json",)
                code_, out, err = run_inside([*words, *json_option], document.stdin)
                assert out, (command, code_, err)
                collect(document.title, "", json.loads(out), types_found)
    common = {
        title: types_found.pop(title)
        for title in COMMON
        if title in types_found and title not in FROM_CODE
    }
    return {
        title: {path: in_words(title, path, kinds) for path, kinds in types.items()}
        for title, types in (types_found | common).items()
    }


def collect(title: str, path: str, value: Any, types: Types) -> None:
    """Add the types of a value and of all below it, by document and path."""
    common = common_of(value)
    if path:
        types.setdefault(title, {}).setdefault(path, set()).add(kind_of(value))
    elif common:  # the document is one
        types.setdefault(title, {})
    if common:
        title, path = common, ""
    if isinstance(value, Mapping) and common not in FROM_CODE and last_of(path) not in UNSEEN:
        for name, member in value.items():
            collect(title, generic(title, f"{path}.{name}".lstrip(".")), member, types)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for item in value[:MOST_ITEMS]:
            collect(title, f"{path}[]", item, types)


def in_words(title: str, path: str, kinds: set[str]) -> str:
    """The types of a field."""
    if "number" in kinds:
        kinds = kinds - {"whole number"}
    if any(kind.startswith("list of") for kind in kinds):
        kinds = kinds - {"list"}
    if path.startswith(("options.", "data_sets[].reading.")) and title.startswith("data "):
        return type_of(options_of(ReadingOptions)[last_of(path)].python_type)
    return TYPES.get(f"{title}: {path}", " or ".join(sorted(kinds, key=order)))


def generic(title: str, path: str) -> str:
    """The path, with a name that is data replaced by a placeholder such as `<run>`."""
    for pattern, name in NAMES_ARE_DATA:
        if re.search(pattern, f"{title}: {path}"):
            return f"{path[: len(path) - len(last_of(path))]}{name}"
    return path


def last_of(path: str) -> str:
    """The last name of a path; names that are data may have dots."""
    return re.sub(r"^(.*?(versions|settings|seeds|load|by_length|gates)\.|.*\.)", "", path, count=1)


def common_of(value: Any) -> str:
    """The section of an object that stands in several documents; or nothing."""
    if isinstance(value, Mapping):
        for title, names in COMMON.items():
            if names <= value.keys() and (title not in EXACTLY or names == value.keys()):
                return title
    return ""


def kind_of(value: Any) -> str:
    """The type of a value, in words."""
    if common := common_of(value):
        return f"[{WORDS[common]}](#{common.lower().replace(' ', '-')})"
    if isinstance(value, Mapping):
        return "object"
    if isinstance(value, list):
        return list_of(value)
    kinds = {
        type(None): "null",
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "text",
    }
    return kinds[type(value)]


def list_of(value: Sequence[Any], what: str = "list of ") -> str:
    """The type of a list, by its first items."""
    if not value:
        return "list"
    kinds = sorted({kind_of(item) for item in value[:MOST_ITEMS]} - {"null"}, key=order)
    if len(kinds) > 1:
        kinds = ["number"] if set(kinds) <= {"number", "whole number"} else kinds
    plural = {
        "whole number": "whole numbers",
        "number": "numbers",
        "text": "texts",
        "object": "objects",
    }
    return what + " or ".join(
        plural.get(kind, kind.replace("list of", "lists of", 1)) for kind in kinds or ["null"]
    )


def order(kind: str) -> tuple[bool, str]:
    """Sorts `null` behind all other types."""
    return kind == "null", kind


def section(title: str, types: Mapping[str, str]) -> str:
    """Heading and table of a document, or of an object that stands in several."""
    shown = [
        (code(path), kind, meaning(title, path))
        for path, kind in types.items()
        if not path.endswith("[]")
    ]
    head = f"\n## {title}\n\n"
    if title not in COMMON:
        head = f"\n## `rnn-tui {title}`\n\n" + ("" if "--to" in title else "With `--json`.\n\n")
    if not shown:
        return head + "One [run](#run).\n"
    return head + table(HEADS, shown)


def meaning(title: str, path: str) -> str:
    """What a field is: as the record says that prints it, or by document and path, or last name."""
    if text := meaning_in_record(title, path):
        return text
    if key := key_of(title, path):
        return MEANINGS[key]
    for task in TASKS.values():
        for metric in task.metric_definitions:
            if metric.name == path.rpartition(".")[2]:
                return metric.title
    return ""


def key_of(title: str, path: str) -> str:
    """Where `MEANINGS` says what a field is; empty if it does not."""
    last = path.rpartition(".")[2]
    whole = path if "." in path else ""  # or it would come before what is said of the command
    keys = (f"{title}: {path}", whole, f"{title.split(maxsplit=1)[0]}: {last}", last)
    return next((key for key in keys if key in MEANINGS), "")


def unused(types_of_fields: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The meanings that are of no field, or said at its record as well."""
    fields_there = ((title, path) for title, types in types_of_fields.items() for path in types)
    used = {key_of(*field) for field in fields_there if not meaning_in_record(*field)}
    return MEANINGS.keys() - used


def unexplained(types_of_fields: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The fields without a meaning."""
    for title, types in types_of_fields.items():
        for path in types:
            if not path.endswith("[]") and not meaning(title, path):
                yield f"{title}: {path}"


def rows_of_settings() -> Iterator[tuple[str, str, str]]:
    """The fields of a run's settings."""
    meanings = (
        attributes(ImageConfig) | attributes(SequenceConfig) | attributes(SequenceConfig.__mro__[1])
    )
    both = set(names_of(ImageConfig)) & set(names_of(SequenceConfig))
    kinds = {ImageConfig: "MNIST", SequenceConfig: "recall, adder"}
    seen: set[str] = set()
    for kind, tasks in kinds.items():
        for field in fields(kind):
            if field.name in seen or field.name == "recipe":
                continue
            seen.add(field.name)
            name = CELL_KEY if field.name == "cell" else field.name
            text = meanings.get(field.name) or SETTINGS[field.name].help
            text = text.replace("None", "`null`")
            if field.name not in both:
                text = f"{tasks}: {text}"
            yield code(name), type_of(field.type), text
    for field in fields(Recipe):
        yield code(f"recipe.{field.name}"), type_of(field.type), attributes(Recipe)[field.name]


def names_of(kind: type) -> list[str]:
    """The names of the fields of a dataclass."""
    return [field.name for field in fields(kind)]


def type_of(annotation: Any) -> str:
    """A field's type as JSON has it."""
    words = {
        "collections.abc.Sequence[str]": "list of texts",
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "None": "null",
        "tuple[int, ...]": "list of whole numbers",
        "tuple[int, int]": "list of whole numbers",
        "tuple[str, ...]": "list of texts",
    }
    text = (
        annotation.__name__
        if isinstance(annotation, type) and not hasattr(annotation, "__args__")
        else str(annotation)
    )
    if text.startswith("typing.Literal"):
        return "text"
    return " or ".join(words[part] for part in text.split(" | "))


def rows_of_spread() -> Iterator[tuple[str, str, str]]:
    """The fields of a spread."""
    types = {
        "mean": "number",
        "sd": "number or null",
        "min": "number",
        "max": "number",
        "n": "whole number",
        "values": "list of numbers",
    }
    for name, kind in types.items():
        yield code(name), kind, meaning("Spread over seeds", name)
