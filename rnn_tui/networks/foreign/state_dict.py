"""Reads a network from the tensors of a state_dict, which say names and shapes.

What these leave open is asked for, or found by a comparison with answers of the real network.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

import numpy as np

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import ACTIVATIONS, NONE
from rnn_tui.networks.foreign.comparing import AnswerTrial, Candidate, equal_to
from rnn_tui.networks.foreign.hints import (
    BY_BLOCKS,
    NONLINEARITIES,
    RELU,
    TANH,
    AnswerComparison,
    ForeignNetwork,
    NetworkHints,
    require,
    which_states,
)
from rnn_tui.networks.foreign.linear_modules import linears_in
from rnn_tui.networks.foreign.plans import ModulePlan, PlanChoice, only_plan, plans_of, with_table
from rnn_tui.networks.foreign.recurrent_modules import CHECK, blocks_of, chains_of, modules_in
from rnn_tui.networks.stack import ALL_STATES, EVERY_STEP, FINAL_STATES, LAST_STEP
from rnn_tui.networks.stepwise import Array

MOST_CANDIDATES = 2000  # that are compared with answers
UNCHECKED = (
    "A state_dict does not say what is computed between its modules, such as a pooling, a sum or a "
    f"first state: compare with the network's own answers, {CHECK}."
)


def network_of_tensors(
    tensors: Mapping[str, Array],
    hints: NetworkHints,
    file_name: str,
    trial: AnswerTrial | None = None,
) -> ForeignNetwork:
    """Return the network that the tensors of a state_dict are the weights of.

    Args:
        tensors: by name.
        hints: what a user says of it.
        file_name: what errors call the file.
        trial: answers of the network itself, with which those that are computed here are compared.

    Raises:
        NetworkError: if it is none of recurrent and linear layers in a row, or asks for what the
            shapes don't say, or answers otherwise.
    """
    tensors = _without(tensors, hints.unused, file_name)
    compared = trial is not None
    chains = chains_of(modules_in(tensors, file_name), hints, file_name, compared=compared)
    plans = plans_of(chains, linears_in(tensors, file_name), hints, file_name)
    _check_hints(plans[0], hints, file_name)
    if trial is None:
        plan = only_plan(plans, file_name)
        return _network(plan, _stated(plan, hints, file_name), None)
    choices = _choices(plans, hints, file_name)
    candidates = [
        Candidate(
            plan.stack(choice), plan.table(choice), _in_words(plan, choice), numbers=hints.numbers
        )
        for plan, choice in choices
    ]
    place, comparison = equal_to(trial, candidates, file_name)
    plan, choice = choices[place]
    return _network(plan, choice, comparison)


def _network(
    plan: ModulePlan, choice: PlanChoice, comparison: AnswerComparison | None
) -> ForeignNetwork:
    """Return the network of a plan in single precision."""
    stack = with_table(plan.stack(choice), plan.table(choice))
    notices = [] if comparison is not None else [UNCHECKED]
    if plan.embedding is not None:
        notices.insert(
            0,
            f"A symbol is read through the embedding {plan.embedding.shown} of "
            f"{plan.embedding.outputs:,} symbols.",
        )
    return ForeignNetwork(
        stack.mapped(lambda array: np.asarray(array, np.float32)),
        printable(", ".join(module.shown for module in plan.recurrent), 200),
        printable(", ".join(linear.shown for linear in plan.head), 200),
        printable(plan.order(choice.activations), 300),
        tuple(notices),
        embedded=plan.embedding is not None,
        comparison=comparison,
    )


def _without(
    tensors: Mapping[str, Array], unused: Sequence[str], file_name: str
) -> Mapping[str, Array]:
    """Return the tensors that are of no module that a user calls unused."""
    kept = dict(tensors)
    for module in unused:
        names = [name for name in kept if name == module or name.startswith(f"{module}.")]
        if not names:
            raise NetworkError(
                f"{file_name} has no module {printable(module)}, which --unused names."
            )
        for name in names:
            del kept[name]
    return kept


def _check_hints(plan: ModulePlan, hints: NetworkHints, file_name: str) -> None:
    """Raise `NetworkError` for hints that do not fit the modules."""
    blocks = blocks_of(plan.recurrent[0])
    if blocks > 1 and hints.nonlinearity is not None:
        raise NetworkError(
            f"{file_name} is a network of {BY_BLOCKS[blocks].label}, whose gates are fixed; "
            "--nonlinearity is for a simple RNN."
        )
    last = plan.modules[-1]
    for name in hints.activations:
        known = [module.name for module in plan.modules if module is not last]
        if name and name not in known:
            raise NetworkError(
                f"{file_name} has no module {printable(name)} with an activation behind it, before "
                f"the next one; its modules are {plan.in_words}."
            )


def _cells(plan: ModulePlan, hints: NetworkHints) -> list[Cell]:
    """Return the kinds that the layers may be of."""
    blocks = blocks_of(plan.recurrent[0])
    if blocks > 1:
        return [BY_BLOCKS[blocks]]
    names = (TANH, RELU) if hints.nonlinearity is None else (hints.nonlinearity,)
    return [NONLINEARITIES[name] for name in names]


def _takes(plan: ModulePlan, hints: NetworkHints) -> list[str]:
    """Return which states the readout may take."""
    both = plan.recurrent[-1].directions > 1
    if plan.steps > 1:
        possible = [ALL_STATES]
    elif hints.takes == FINAL_STATES and not both:
        return [LAST_STEP]
    else:
        possible = [EVERY_STEP, LAST_STEP, *([FINAL_STATES] if both else [])]
    return [hints.takes] if hints.takes in possible else possible


def _stated(plan: ModulePlan, hints: NetworkHints, file_name: str) -> PlanChoice:
    """Return what is to be chosen of a plan, as the user says it.

    Raises:
        NetworkError: a sentence with all that is not said.
    """
    questions = []
    cells, takes = _cells(plan, hints), _takes(plan, hints)
    if len(cells) > 1:
        questions.append(
            f"which nonlinearity its RNN has (give --nonlinearity {TANH} or --nonlinearity {RELU})"
        )
    if plan.steps > 1 and hints.takes != ALL_STATES:
        questions.append(
            f"what the {plan.head[0].inputs:,} numbers are that {plan.head[0].shown} reads (give "
            f"--answers {ALL_STATES} if they are the states of exactly {plan.steps} steps, side by "
            "side; other states side by side are not read)"
        )
    elif len(takes) > 1:
        questions.append(which_states(bidirectional=FINAL_STATES in takes))
    embedding = plan.embedding
    if embedding is not None and not embedding.is_called_embedding and hints.embedding is None:
        questions.append(
            f"whether symbols are read through {embedding.shown} (give --embedding "
            f"{embedding.shown}, if so)"
        )
    activations = {}
    asked = []
    for gap in plan.gaps:
        usual = hints.activations.get("") if gap.is_linear else None
        activation = hints.activations.get(gap.module, usual)
        activations[gap.module] = activation or NONE
        if activation is None and gap.is_asked:
            asked.append(gap)
    if asked:
        names = [str(printable(gap.module)) for gap in asked]
        each = ",".join(f"{name}:{RELU}" for name in names)
        words = f"{', '.join(ACTIVATIONS[:-1])} or {ACTIVATIONS[-1]}"
        one_word = all(gap.is_linear for gap in asked)
        example = f"--activations {RELU}, or of each its own, " if one_word else ""
        questions.append(
            f"which activation is behind {', '.join(names)}: {words} (give {example}"
            f"--activations {each})"
        )
    require(file_name, questions)
    return PlanChoice(cells[0], takes[0], activations)


def _choices(
    plans: Sequence[ModulePlan], hints: NetworkHints, file_name: str
) -> list[tuple[ModulePlan, PlanChoice]]:
    """Return all that may be, as far as the user does not say it.

    Raises:
        NetworkError: if that is too much.
    """
    choices = list(islice(_possible(plans, hints), MOST_CANDIDATES + 1))
    if len(choices) > MOST_CANDIDATES:
        raise NetworkError(
            f"{file_name} may be computed in more than {MOST_CANDIDATES:,} ways, too many to "
            "compare; say more of it, such as --activations relu or --readout NAMES."
        )
    return choices


def _possible(
    plans: Sequence[ModulePlan], hints: NetworkHints
) -> Iterator[tuple[ModulePlan, PlanChoice]]:
    for plan in plans:
        gaps = plan.gaps
        options: list[Sequence[str]] = []
        for gap in gaps:
            usual = hints.activations.get("") if gap.is_linear else None
            activation = hints.activations.get(gap.module, usual)
            options.append(ACTIVATIONS if activation is None else [activation])
        kinds = product(_cells(plan, hints), _takes(plan, hints))
        for (cell, takes), words in product(kinds, product(*options)):
            activations = dict(zip([gap.module for gap in gaps], words, strict=True))
            yield plan, PlanChoice(cell, takes, activations)


def _in_words(plan: ModulePlan, choice: PlanChoice) -> str:
    """Return a plan and what is chosen of it in words."""
    return f"{choice.cell.label}, {plan.order(choice.activations)}, {choice.takes}"
