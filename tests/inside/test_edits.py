"""What follows from an edit is what the cell's equations say, written out once more; and what is no
edit is refused.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.errors import QueryError
from rnn_tui.inside.edits import LONGEST, Edit, Edited, ablated, editable, read_edit
from rnn_tui.inside.image_network import trace_digit
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.images.inference import RowReaderNetwork
from tests.cli.command_line import is_harmless
from tests.inside.made import Setting, held, reader, reading_of, sequences

STEPS, SIZE = 8, 4
EVERY = range(STEPS)
ALL = range(SIZE)
DIGIT = np.random.default_rng(0).random((28, 28)).astype(np.float32)


def small_reading(task: str, cell: str) -> NetworkReading:
    """A small network that has read something by chance; of recall, whose steps are counted from 1,
    or adder, from 0.
    """
    network = sequences(task, cell)
    inputs = np.random.default_rng(1).integers(0, 2, (STEPS, network.features)).astype(np.float32)
    return reading_of(network, inputs=inputs)


# Of recall, whose first step is called 1.
CASES: dict[str, tuple[str, list[str], list[Setting]]] = {
    "an ablated unit": ("rnn", ["state[2]=0"], [Setting("state", [2], EVERY, 0.0)]),
    "a state at a step": ("rnn", ["state[0,3]@4=-0.75"], [Setting("state", [0, 3], [3], -0.75)]),
    "the state kept": ("rnn", ["state[*]@3-5=keep"], [Setting("state", ALL, range(2, 5), None)]),
    "kept before there is anything": (
        "gru",
        ["state[*]@1-2=keep"],
        [Setting("state", ALL, [0, 1], None)],
    ),
    "a forget gate frozen open": ("lstm", ["forget[*]=1"], [Setting("forget", ALL, EVERY, 1.0)]),
    "a gate by its full name": (
        "lstm",
        ["input gate[1]@2- = 0"],
        [Setting("input", [1], range(1, STEPS), 0.0)],
    ),
    "a cell set": ("lstm", ["cell[1]@3=2.5"], [Setting("cell", [1], [2], 2.5)]),
    "a cell kept": (
        "lstm",
        ["cell[0, 2]@3-=keep"],
        [Setting("cell", [0, 2], range(2, STEPS), None)],
    ),
    "a candidate and a gate": (
        "lstm",
        ["candidate[*]@2-6=0.5", "output[3]=1"],
        [Setting("candidate", ALL, range(1, 6), 0.5), Setting("output", [3], EVERY, 1.0)],
    ),
    "of two edits of one value the last": (
        "lstm",
        ["cell[*]@2-=1", "layer 1: cell[2]@4=-1", "cell[2]@5-=keep", "state[0]@8=0"],
        [
            Setting("cell", ALL, range(1, STEPS), 1.0),
            Setting("cell", [2], [3], -1.0),
            Setting("cell", [2], range(4, STEPS), None),
            Setting("state", [0], [7], 0.0),
        ],
    ),
    "an update gate frozen": (
        "gru",
        ["update[*]@2-=1"],
        [Setting("update", ALL, range(1, STEPS), 1.0)],
    ),
    "a reset gate and a candidate": (
        "gru",
        ["reset[1]=0", "candidate[3]@2=keep"],
        [Setting("reset", [1], EVERY, 0.0), Setting("candidate", [3], [1], None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_follows_from_edits_is_what_the_equations_say(case: str) -> None:
    cell, texts, put = CASES[case]
    reading = small_reading("recall", cell)
    edited = reading.traced([read_edit(text, reading.trace) for text in texts])
    expected = held(reading.network.source.cell(0), reading.trace.inputs, put)
    assert_held(edited, expected)
    weight, bias = reading.network.source.readout(0)
    assert edited.logits == pytest.approx(expected["state"] @ weight.T + bias, abs=1e-5)
    # It is not what happens without them.
    assert np.abs(edited.layers[0].states - reading.trace.layers[0].states).max() > 1e-3
    assert_held(reading.trace, held(reading.network.source.cell(0), reading.trace.inputs))


def assert_held(trace: Trace, expected: dict[str, np.ndarray], layer: int = 0) -> None:
    quantities = trace.layers[layer].quantities
    assert {name.removesuffix(" gate") for name in quantities} == set(expected)
    for name, values in quantities.items():
        assert values == pytest.approx(expected[name.removesuffix(" gate")], abs=2e-5), name


@pytest.mark.parametrize("cell", TASKS["adder"].cells)
def test_steps_of_an_adder_are_counted_from_0_as_they_are_shown(cell: str) -> None:
    reading = small_reading("adder", cell)
    edit = read_edit("state[1]@3=0.5", reading.trace)
    assert (edit.first, edit.last) == (3, 3)
    assert_held(
        reading.traced([edit]),
        held(
            reading.network.source.cell(0), reading.trace.inputs, [Setting("state", [1], [3], 0.5)]
        ),
    )


@pytest.mark.parametrize("cell", TASKS["adder"].cells)
@pytest.mark.parametrize("step", [0, 3, STEPS - 1])
def test_an_edit_changes_nothing_that_came_before_it(cell: str, step: int) -> None:
    reading = small_reading("adder", cell)
    for quantity in editable(reading.trace.layers[0]):
        edited = reading.traced([Edit("layer 1", quantity, None, step, step, 0.9)])
        [untouched_layer], [edited_layer] = reading.trace.layers, edited.layers
        for name, values in untouched_layer.quantities.items():
            assert edited_layer.quantities[name][:step] == pytest.approx(values[:step], abs=1e-6)
        assert edited.logits[:step] == pytest.approx(reading.trace.logits[:step], abs=1e-6)
        if (quantity, step) != ("forget", 0):  # there is nothing yet to forget
            change = edited_layer.states[step:] - untouched_layer.states[step:]
            assert np.abs(change).max() > 1e-3


def test_the_summary_tells_answers_that_change() -> None:
    reading = small_reading("adder", "lstm")
    nothing = Edited((), reading.trace, reading.trace)
    assert "no answer changes" in nothing.summary
    edits = (Edit("layer 1", "state", None, 2, None, 5.0),)
    edited = Edited(edits, reading.trace, reading.traced(edits))
    changed = np.flatnonzero(edited.trace.answers != reading.trace.answers)
    assert len(changed)
    assert edited.summary == (
        f"With state[*]@2-=5, {len(changed)} of {STEPS} answers change, first at {changed[0]}."
    )


# --- readers of images ----------------------------------------------------------------------


def by_parts(
    network: RowReaderNetwork, rows: Any, put: dict[str, list[Setting]]
) -> tuple[dict[str, Any], Any]:
    """What each layer holds, by its name in a trace, but for the top one backward; the logits (10,)
    after `rows` (T, 28).
    """
    found: dict[str, Any] = {}
    both, last = network.cell.bidirectional, len(network.layers) - 1
    for at, layer in enumerate(network.layers):
        name = f"layer {at + 1}{' forward' * both}"
        found[name] = held(layer.forward, rows, put.get(name, []))
        if layer.backward is None:
            rows = found[name]["state"]
            continue
        name = f"layer {at + 1} backward"
        turned = [
            setting._replace(steps=[len(rows) - 1 - step for step in setting.steps])
            for setting in put.get(name, [])
        ]
        if at < last:
            backward = held(layer.backward, rows[::-1], turned)
            found[name] = {quantity: values[::-1] for quantity, values in backward.items()}
            rows = np.concatenate(
                [found[f"layer {at + 1} forward"]["state"], found[name]["state"]], axis=1
            )
        else:
            first = held(layer.backward, rows[-1:], turned)["state"][0]
            read = np.concatenate([found[f"layer {at + 1} forward"]["state"][-1], first])
    weight, bias = network.readout
    return found, weight @ (read if both else rows.ravel()) + bias


READERS: dict[str, tuple[str, int, list[str], dict[str, list[Setting]]]] = {
    "lstm": (
        "lstm",
        1,
        ["forget[*]@5-=1"],
        {"layer 1": [Setting("forget", range(6), range(4, 28), 1.0)]},
    ),
    "gru of two": (
        "gru",
        2,
        ["layer 1: state[2]=0", "layer 2: update[0,1]@28=1"],
        {
            "layer 1": [Setting("state", [2], range(28), 0.0)],
            "layer 2": [Setting("update", [0, 1], [27], 1.0)],
        },
    ),
    "rnn of two, kept": (
        "rnn",
        2,
        ["layer 2: state[*]@10-=keep"],
        {"layer 2": [Setting("state", range(6), range(9, 28), None)]},
    ),
    "backward": (
        "bilstm",
        1,
        ["layer 1 backward: state[1]@28=0.9"],
        {"layer 1 backward": [Setting("state", [1], [27], 0.9)]},
    ),
    "backward kept": (
        "bilstm",
        1,
        ["layer 1 backward: cell[*]=keep"],
        {"layer 1 backward": [Setting("cell", range(6), range(28), None)]},
    ),
    "backward below": (
        "bilstm",
        2,
        ["layer 1 backward: cell[3]@9-20=0", "layer 1 backward: forget[*]@2-4=keep"],
        {
            "layer 1 backward": [
                Setting("cell", [3], range(8, 20), 0.0),
                Setting("forget", range(6), range(1, 4), None),
            ]
        },
    ),
    "forward below and above": (
        "bilstm",
        2,
        [
            "layer 1 forward: input[*]@7=0",
            "layer 2 forward: state[5]=0",
            "layer 2 backward: output[2]@28=1",
        ],
        {
            "layer 1 forward": [Setting("input", range(6), [6], 0.0)],
            "layer 2 forward": [Setting("state", [5], range(28), 0.0)],
            "layer 2 backward": [Setting("output", [2], [27], 1.0)],
        },
    ),
}


@pytest.mark.parametrize("case", READERS)
def test_an_edit_of_one_layer_or_direction_goes_on_through_the_others(case: str) -> None:
    model, layers, texts, put = READERS[case]
    _, network = reader(model, layers)
    untouched = trace_digit(network, DIGIT)
    edits = [read_edit(text, untouched) for text in texts]
    edited = reading_of(network, inputs=DIGIT).traced(edits)
    expected, logits = by_parts(network, DIGIT, put)
    for at, layer in enumerate(edited.layers):
        if layer.name in expected:
            assert_held(edited, expected[layer.name], at)
    assert edited.logits[-1] == pytest.approx(logits, abs=5e-5)
    assert np.abs(edited.logits[-1] - untouched.logits[-1]).max() > 1e-4
    if model == "bilstm":  # an answer before the end is what it would say of the rows up to there
        for rows in (1, 8, 13):
            cut = {
                name: [until(rows, setting) for setting in layer_settings]
                for name, layer_settings in put.items()
            }
            _, logits = by_parts(network, DIGIT[:rows], cut)
            assert edited.logits[rows - 1] == pytest.approx(logits, abs=5e-5)


def until(rows: int, setting: Setting) -> Setting:
    """The same at the first rows only."""
    return setting._replace(steps=[step for step in setting.steps if step < rows])


@pytest.mark.parametrize(
    ("model", "layers", "at"),
    [("lstm", 1, 0), ("rnn", 2, 0), ("gru", 2, 1), ("bilstm", 2, 0), ("bilstm", 1, 0)],
)
def test_an_ablated_unit_is_one_whose_weights_are_zero_where_they_are_read(
    model: str, layers: int, at: int
) -> None:
    _, network = reader(model, layers)
    unit, size = 3, network.config.hidden_size
    layer = network.layers[at]
    layer.forward.of_state[:, unit] = 0
    if at + 1 < layers:
        above = network.layers[at + 1]
        for direction in filter(None, (above.forward, above.backward)):
            direction.of_input[:, unit] = 0
    else:
        network.readout[0][:, unit :: size if model != "bilstm" else 2 * size] = 0
    expected = trace_digit(network, DIGIT).logits
    _, whole = reader(model, layers)
    name = f"layer {at + 1}{' forward' if model == 'bilstm' else ''}"
    logits = trace_digit(whole, DIGIT, [ablated(name, unit)]).logits
    assert logits == pytest.approx(expected, abs=2e-5)
    assert np.abs(logits - trace_digit(whole, DIGIT).logits).max() > 1e-4


# --- as typed -------------------------------------------------------------------------------

TRACES = {
    "adder": small_reading("adder", "lstm").trace,
    "recall": small_reading("recall", "gru").trace,
    "mnist": trace_digit(reader("bilstm", 2)[1], DIGIT),
}


@st.composite
def edits(draw: Any, trace: Trace) -> Edit:
    layer = draw(st.sampled_from(trace.layers))
    units = draw(
        st.none()
        | st.sets(st.integers(0, layer.states.shape[1] - 1), min_size=1).map(
            lambda units: tuple(sorted(units))
        )
    )
    first = draw(st.none() | st.integers(0, trace.steps - 1))
    last = None if first is None else draw(st.none() | st.integers(first, trace.steps - 1))
    # As many digits as are written.
    value = draw(st.none() | st.integers(-999_999, 999_999).map(lambda number: number / 1000))
    return Edit(layer.name, draw(st.sampled_from(editable(layer))), units, first, last, value)


@settings(max_examples=200)
@given(st.data())
def test_an_edit_is_read_as_it_is_written(data: st.DataObject) -> None:
    trace = TRACES[data.draw(st.sampled_from([*TRACES]))]
    edit = data.draw(edits(trace))
    written = edit.written(trace.first_step, with_layer=True)
    assert read_edit(written, trace) == edit
    assert read_edit(f"  {written} ", trace) == edit
    if len(trace.layers) == 1:
        assert read_edit(edit.written(trace.first_step, with_layer=False), trace) == edit


TOKENS = [
    "cell",
    "state",
    "forget",
    "update gate",
    "layer 1",
    "layer 1 forward",
    ":",
    "[",
    "]",
    "*",
    "0",
    "3",
    "99",
    ",",
    "@",
    "-",
    "=",
    "keep",
    "nan",
    "-inf",
    "1e99",
    "0.5",
    " ",
    "٣",
    "²",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\n",
    "_",
    "9" * 30,
]
NONSENSE = st.text() | st.lists(st.sampled_from(TOKENS)).map("".join)
# Nearly right: one part of it is something else.
NEARLY = st.builds(
    "{}{}[{}]{}={}".format,
    st.sampled_from(["", "layer 1:", "layer 1 forward: ", "layer 9: "]),
    st.sampled_from(["state", "cell", "forget", "", "gate"]),
    st.sampled_from(["0", "*", "0,1", "99", "", ",", "-1", "0 1"]),
    st.sampled_from(["", "@1", "@0", "@2-", "@3-2", "@99", "@-", "@1-999999999"]),
    st.sampled_from(["0", "keep", "nan", "inf", "1e7", "-1e6", "", "x", "0 0", "0x1"])
    | st.text(max_size=5),
)


@settings(max_examples=400)
@given(st.sampled_from([*TRACES]), NONSENSE | NEARLY)
def test_what_is_no_edit_is_refused_in_a_sentence(name: str, text: str) -> None:
    trace = TRACES[name]
    try:
        edit = read_edit(text, trace)
    except QueryError as error:
        message = str(error)
        assert is_harmless(message)
        assert message.endswith(".")
        assert len(message) < 500
        return
    written = edit.written(trace.first_step, with_layer=True)
    again = read_edit(written, trace)
    assert replace(again, value=None) == replace(edit, value=None)
    assert (again.value is None) == (edit.value is None)
    layer = next(layer for layer in trace.layers if layer.name == edit.layer)
    assert edit.quantity in editable(layer)
    assert edit.units is None or max(edit.units) < layer.states.shape[1]
    assert edit.value is None or abs(edit.value) <= 1e6


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("adder", "nothing", "write one such as cell[5]@3=0, state[*]@2-4=keep or output[0,7]"),
        (
            "recall",
            "nothing",
            "write one such as reset[5]@3=0, state[*]@2-4=keep or candidate[0,7]",
        ),
        (
            "adder",
            "reset[0]=0",
            "there is no reset in this network; it has state, cell, input, forget, candidate, "
            "output",
        ),
        ("recall", "cell[0]=0", "there is no cell in this network"),
        ("adder", "state[4]=0", "units are numbered 0 to 3"),
        ("adder", "state[0]@8=0", "steps are counted from 0 to 7"),
        ("recall", "state[0]@0=0", "steps are counted from 1 to 8"),
        ("recall", "state[0]@5-4=0", "the first one first"),
        ("adder", "state[0]=nan", "a number of at most 1,000,000, or keep"),
        ("adder", "state[0]=much", "a number of at most"),
        ("mnist", "state[0]=0", "say in which layer"),
        ("mnist", "layer 3: state[0]=0", "there is no such layer; there is layer 1 forward"),
        ("adder", f"state[0]={'0' * LONGEST}1", f"at most {LONGEST} characters"),
    ],
)
def test_a_refusal_says_what_would_do(name: str, text: str, expected: str) -> None:
    with pytest.raises(QueryError, match="“") as refused:
        read_edit(text, TRACES[name])
    assert expected in str(refused.value)
