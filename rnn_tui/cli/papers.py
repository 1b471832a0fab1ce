"""`rnn-tui papers`: the papers that can be trained again, and what is in one of them."""

import argparse
from dataclasses import dataclass

from rnn_tui.archive.store import RunStore, existing_store
from rnn_tui.archive.words import NOTHING
from rnn_tui.cli import output
from rnn_tui.cli.commands import add_examples
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.tables import chosen, document_of
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.library import find_paper, read_library
from rnn_tui.papers.listing import EXPERIMENT_FIELDS, PAPER_COLUMNS, PaperProgress
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.plan import Plan

SHOWN = chosen(
    PAPER_COLUMNS,
    ("name", "title", "authors", "year", "networks", "trained"),
    spare=("authors", "year"),
)


@dataclass(frozen=True)
class PapersRequest:
    """List the papers, or show one."""

    paper: str | None  #: its name or its path; None for all.
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "List the papers whose experiments can be trained again, with how many of their networks "
        "are trained here; or show what one of them has. rnn-tui rerun PAPER trains one."
    )
    add_examples(parser, "rnn-tui papers", "rnn-tui papers course-report --json")
    parser.add_argument(
        "paper",
        metavar="PAPER",
        nargs="?",
        help="show this one, by its name or the path of its file",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(options: argparse.Namespace) -> int:
    """List the papers, or show one; returns the exit code.

    Raises:
        UserError: if there is no such paper, or its file can't be used.
    """
    request = read_request(options)
    return list_papers(request) if request.paper is None else show_paper(request, request.paper)


def read_request(options: argparse.Namespace) -> PapersRequest:
    """Read the options into a request."""
    return PapersRequest(options.paper, options.json)


def list_papers(request: PapersRequest) -> int:
    """Print a table of all papers; what is wrong with others goes to stderr."""
    library = read_library()
    problems = list(library.problems)
    papers = []
    with existing_store() as store:
        for paper in library.papers.values():
            try:
                papers.append(_listed(paper, store))
            except SettingError as error:  # a plan that can't be, of a package's paper
                problems.append(f"{paper.name}: {error}")
    if request.as_json:
        documents = [document_of(paper, PAPER_COLUMNS) for paper in papers]
        document = {
            "papers": documents,  #: those that ship, the user's own, and those of packages.
            "problems": problems,  #: a sentence for each paper that can't be used.
        }
        output.print_json(document)
        return output.OK
    output.print_table(SHOWN, papers)
    for problem in problems:
        output.say(problem)
    return output.OK


def _listed(paper: Paper, store: RunStore | None) -> PaperProgress:
    """Look up how much of a paper is trained."""
    plan = Plan(paper)
    inventory = take_inventory(plan, store)
    return PaperProgress(paper, len(plan.networks), len(inventory.done))


def show_paper(request: PapersRequest, text: str) -> int:
    """Print what a paper has; returns the exit code."""
    paper = find_paper(text)
    with existing_store() as store:
        listed = _listed(paper, store)
    if request.as_json:
        output.print_json({"papers": [document_of(listed, PAPER_COLUMNS)], "problems": []})
        return output.OK
    presets = [f"{name} ({preset.summary})" for name, preset in paper.presets.items()]
    output.print_pairs(
        [
            ("title", paper.title),
            ("authors", ", ".join(paper.authors) or NOTHING),
            ("year", str(paper.year)),
            ("address", paper.address or NOTHING),
            ("summary", paper.summary),
            ("presets", "; ".join(presets)),
            ("published", _published(paper)),
            ("trained", f"{listed.trained:,} of {count_of(listed.networks, 'network')}"),
        ]
    )
    print()
    output.print_table(EXPERIMENT_FIELDS, paper.experiments)
    presets_by_sentence: dict[str, list[str]] = {}
    for preset in paper.presets.values():
        for sentence in preset.differs:
            presets_by_sentence.setdefault(sentence, []).append(preset.name)
    if presets_by_sentence:
        print()
        output.print_pairs(
            [
                (f"differs ({', '.join(names)})", sentence)
                for sentence, names in presets_by_sentence.items()
            ]
        )
    return output.OK


def _published(paper: Paper) -> str:
    """Return what the published figures are, and where they stand."""
    published = paper.published
    return f"{published.words}, {published.place}" if published.place else published.words
