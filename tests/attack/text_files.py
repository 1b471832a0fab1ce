"""Text files that a person may be given: papers, guided experiments, clusters, hosts.

Each begins as one that is right. Bits are flipped, its end is cut off, lines are moved, and parts
of it become something else: another type, a number without measure, lists within lists. What is
read all the same is used as commands and app use it, with figures that no network has.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from markdown_it import MarkdownIt

from rnn_tui.archive.export.page.blocks import MarkdownBlock, markdown_table
from rnn_tui.archive.verdicts import COMPARED
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.columns import columns_of, explanations
from rnn_tui.papers.conclusions import conclusions
from rnn_tui.papers.document import concluded
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.paper_file import paper_from
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.provenance import gather_provenance
from rnn_tui.papers.rows import Results, Row
from rnn_tui.papers.shipped import FOLDER as PAPERS
from rnn_tui.papers.shipped import paper_names
from rnn_tui.sweeps.places import read_place
from rnn_tui.ui.guide.experiments import FOLDER as EXPERIMENTS
from rnn_tui.ui.guide.experiments import experiment_names, read_experiment
from tests.attack.attack import Attack, Attempt
from tests.measured import operations

# Reading a paper that ships takes a tenth of it; each limit of a file's parts is below it.
MOST_OPERATIONS = 3_000_000
CLUSTER = """\
cluster: dask_jobqueue.SLURMCluster
arguments: {queue: gpu, cores: 4, memory: 16GB, walltime: "02:00:00"}
workers: 8
"""
HOSTS = "# ours\nfirst.example\nsecond.example 2  # two cores\n"
FIGURES = (0.0, 100.0, 90.0, 99.99, 1e308, -1e308, 5e-324)
LARGEST = 200_000  # bytes of a line that is there often; no file is read that is larger
COUNTS = (0, 1, 2, 30, 1_200)
LIVE = {"script", "a", "img", "b", "iframe"}


class TextFiles(Attack):
    """Each file is read, or refused in a sentence, and what is read is shown in numbers."""

    name = "text_files"
    unit = "files"
    share = 160
    length = 30_000

    def attempt(self, random: Random) -> Attempt:
        """Read a damaged file of one kind, and use what it has."""
        kind, read = random.choice(KINDS)
        data = kind(random)
        count = random.choice((0, 1, 1, 2, 5))
        if kind is _changed_paper and random.random() < 0.9:
            count = 0
        for damage in random.choices(DAMAGES, k=count):
            data = damage(random, data)
        tried = f"{kind.__name__.strip('_')}, {len(data):,} bytes: {data[:120]!r}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return Attempt(tried, self._fault_of(random, data, read))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            return Attempt(tried, f"{type(error).__name__}: {error}"[:300])

    def _fault_of(self, random: Random, data: bytes, read: Callable[[Path, bytes], Any]) -> str:
        """Read a file and use what it has; returns what was wrong with that."""
        results: list[Any] = []

        def read_once() -> None:
            try:
                results.append(read(self.folder, data))
            except UserError as error:
                results.append(error)

        count = operations(read_once)
        if count > MOST_OPERATIONS:
            return f"took {count:,} operations"
        (result,) = results
        if isinstance(result, UserError):
            sentence = str(result)
            is_one = sentence == printable(sentence, 3000) and sentence.endswith(".")
            return "" if is_one else f"not a sentence: {sentence!r}"[:400]
        return _fault_of_paper(random, result) if isinstance(result, Paper) else ""


def _fault_of_paper(random: Random, paper: Paper) -> str:
    """Plan a paper and show it with made-up figures; returns what was wrong with that."""
    plan = Plan(paper, preset=random.choice(list(paper.presets)))
    take_inventory(plan, None)
    rows = []
    for experiment in plan.experiments[:20]:
        figures = [random.choice(FIGURES) for _ in range(random.choice((0, 1, 6, 8)))]
        seeds = tuple(range(len(figures)))
        row = Row(experiment, seeds, tuple(figures), ("run",) * len(figures), 1.0, len(figures))
        rows.append(row)
    table = Results(plan, tuple(rows))
    judged = conclusions(table)[:5]
    json.dumps([conclusion.to_dict() for conclusion in judged], allow_nan=False)
    gather_provenance(table, None).to_dict()
    columns = columns_of(paper)
    blocks = [markdown_table(columns, [])]
    blocks += [text for conclusion in judged for text in concluded(conclusion)]
    text = "\n\n".join(blocks)
    for row in rows:
        cells_of(row, columns)
    explanations(paper)
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    for page in (MarkdownBlock(text).html, reader.render(text)):
        lower = page.lower()
        for tag in LIVE:
            if f"<{tag}>" in lower or f"<{tag} " in lower:
                return f"a live tag {tag}"
    shown = " ".join(
        cell for each in judged for one in each.comparisons for cell in cells_of(one, COMPARED)[1:]
    )
    return "no number is shown" if "nan" in shown or "inf" in shown else ""


def _read_guided(folder: Path, data: bytes) -> object:
    (folder / "tried.md").write_bytes(data)
    return read_experiment("tried", folder=folder)


def _read_paper(_: Path, data: bytes) -> Paper:
    return paper_from(data, "tried", "tried.toml")


def _read_cluster(folder: Path, data: bytes) -> object:
    (folder / "tried.yaml").write_bytes(data)
    return read_place(str(folder / "tried.yaml"))


def _read_hosts(folder: Path, data: bytes) -> object:
    (folder / "tried.hosts").write_bytes(data)
    return read_place(f"ssh:{folder / 'tried.hosts'}")


def _paper(random: Random) -> bytes:
    return (PAPERS / f"{random.choice(paper_names())}.toml").read_bytes()


def _changed_paper(random: Random) -> bytes:
    """A paper some of whose parts have become something else, as TOML."""
    values = tomllib.loads(_paper(random).decode())
    for _ in range(random.choice((1, 1, 2, 4))):
        places = list(_places(values))
        formulas = [place for place in places if _is_formula(*place)]
        if formulas and random.random() < 0.6:
            holder, key = random.choice(formulas)
            holder[key] = _formula(random, holder[key])
            continue
        holder, key = random.choice(places)
        if random.random() < 0.1:
            del holder[key]
        else:
            holder[key] = random.choice(JUNK)(random, holder[key])
    return "".join(
        f"{_as_key(key)} = {_as_toml(value)}\n" for key, value in values.items()
    ).encode()


def _places(values: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every part of a structure as its holder and the key in there."""
    keys = list(values) if isinstance(values, dict) else range(len(values))
    for key in keys:
        yield values, key
        if isinstance(values[key], dict | list):
            yield from _places(values[key])


def _is_formula(holder: Any, key: Any) -> bool:
    return isinstance(holder, list) and isinstance(holder[key], str) and " - " in holder[key]


def _as_key(key: str) -> str:
    return json.dumps(key)


def _as_toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_as_key(key)} = {_as_toml(part)}" for key, part in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    return str(value)


def _scalar(random: Random, _: Any) -> Any:
    numbers = (0, -1, 5, 2**63 - 1, 2**63, 10**400, 1e308, -1e308, math.nan, math.inf, 5e-324)
    words = (
        "",
        "recall",
        "adder",
        "lstm",
        "ce",
        "fast",
        "<script>",
        "\x1b[31m",
        "\u202e",
        "[a](b)",
    )
    return random.choice((*numbers, *words, True, "x" * 3000))


def _formula(random: Random, value: Any) -> Any:
    """A formula over the names in another one, or in whatever else is a text."""
    names = re.findall("[a-z_]+[a-z0-9_]+", value) if isinstance(value, str) else []
    names = [name for name in names if name not in ("mean", "size", "best")] or ["recall_lstm"]
    formula = random.choice(names)
    for _ in range(random.choice((1, 3, 10))):
        part = random.choice((*names, "1e9", "0", "1e-300", "90", f"{names[0]}[1:5]"))
        form = random.choice(FORMS)
        formula = form.format(formula, part)
    return formula[:310]


def _repeated(random: Random, value: Any) -> Any:
    return [value] * random.choice(COUNTS)


def _nested(random: Random, value: Any) -> Any:
    for _ in range(random.choice((1, 3, 50))):
        value = random.choice(([value], {"a": value}))
    return value


def _merged(random: Random, value: Any) -> Any:
    """The same part, with more in it than it had."""
    if isinstance(value, dict):
        return value | {f"k{number}": 1 for number in range(random.choice(COUNTS))}
    if isinstance(value, list):
        return value * random.choice((2, 20))
    return value * 2 if isinstance(value, str) else value


FORMS = (
    *("{0} - {1}", "{1} / ({0})", "({0}) * {1}", "{0}{1}", "mean({0}, {1})", "size({0})", "-{0}"),
    *("{0}*1e9*1e9*1e9*1e9", "{1} is {0}", "{0}.{1}", "best({1}, 10) - {1} - {0}", "({0}"),
)
JUNK: tuple[Callable[[Random, Any], Any], ...] = (_scalar, _formula, _repeated, _nested, _merged)


def _guided(random: Random) -> bytes:
    return (EXPERIMENTS / f"{random.choice(experiment_names())}.md").read_bytes()


def _cluster(_: Random) -> bytes:
    return CLUSTER.encode()


def _hosts(_: Random) -> bytes:
    return HOSTS.encode()


def _noise(random: Random) -> bytes:
    return random.randbytes(random.choice((0, 3, 200, 120_000)))


def _flipped(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 3, 20))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _moved(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(random.choice((1, 5))):
        if lines:
            line = lines.pop(random.randrange(len(lines)))
            place = random.randrange(len(lines) + 1)
            lines[place:place] = [line] * min(random.choice((0, 1, 2, 500)), LARGEST // len(line))
    return b"".join(lines)


def _put_in(random: Random, data: bytes) -> bytes:
    """The same with a piece of a language in it, maybe very often."""
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(PIECES) * random.choice((1, 1, 10, 3_000)) + data[place:]


PIECES = tuple(
    piece.encode()
    for piece in (
        *(
            "[",
            "{a=",
            "[[a]]\n",
            "a.",
            '"',
            '"""',
            "'''",
            "= 1\n",
            "9",
            "0x9",
            "1:",
            "- ",
            "? ",
            "{",
        ),
        *(
            "&a [*a]",
            "<<: ",
            "!!int ",
            "```",
            "```a\n",
            "# ",
            "## a\n",
            "{a.b}",
            "> ",
            "|a",
            "*a **",
            "`",
        ),
        *(
            "\\",
            "\r",
            "\0",
            "\x1b[2J",
            "\u2028",
            "\u0663",
            "\ufeff",
            "h 1024\n",
            "train adder fast\n",
        ),
    )
)
KINDS: tuple[tuple[Callable[[Random], bytes], Callable[[Path, bytes], Any]], ...] = (
    (_paper, _read_paper),
    (_changed_paper, _read_paper),
    (_changed_paper, _read_paper),
    (_guided, _read_guided),
    (_guided, _read_guided),
    (_cluster, _read_cluster),
    (_hosts, _read_hosts),
    (_noise, _read_paper),
    (_noise, _read_guided),
)
DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (_flipped, _cut, _moved, _put_in, _put_in)
