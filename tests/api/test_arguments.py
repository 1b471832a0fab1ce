"""Public names called with what they do not take: a sentence each, and nothing from deep inside."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import rnn_tui
from rnn_tui.api.run import runs
from rnn_tui.engine.config import Recipe
from rnn_tui.engine.errors import ArgumentError, UserError
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.tasks import TASKS
from tests.api.conftest import SMALL
from tests.extension.toy_task import MAJORITY
from tests.networks.foreign import parity

HOSTILE: dict[str, Any] = {
    "None": None,
    "-1": -1,
    "10^400": 10**400,
    "10^5000": -(10**5000),
    "nan": float("nan"),
    "1e308": 1e308,
    "empty": "",
    "long": "x" * 5000,
    "null": "\0",
    "surrogate": "\ud800",
    "byte": "\udcff",
    "escape": "\x1b[31m",
    "bytes": b"adder",
    "folder": Path("/"),
    "list": [None],
    "table": {"a": 1},
    "array": np.zeros(3),
    "class": int,
}
#: what is called, with arguments that it takes.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "compare": (rnn_tui.compare, {"runs": []}),
    "load_network": (rnn_tui.load_network, {"source": "adder"}),
    "read_sequences": (
        rnn_tui.read_sequences,
        {"path": asset_dir() / "sequences" / "swings.csv", "sequence": "swing"},
    ),
    "register": (rnn_tui.register, {"thing": MAJORITY}),
    "runs": (runs, {}),
    "sequences": (
        rnn_tui.sequences,
        {"X": np.eye(12, 3), "y": [*"ab"] * 6, "ids": range(12), "names": ["height"]},
    ),
    "sweep": (rnn_tui.sweep, {"resume": "none"}),  # no such, so that nothing starts
    "train": (
        rnn_tui.train,
        {"task": "adder", **SMALL, "seeds": 1, "epochs": 1, "hidden_size": 2, "progress": False},
    ),
}
#: methods that the program calls with tensors, weights or figures of its own.
FOR_THE_PROGRAM = {
    "Cell.run_faster",
    "Cell.step",
    "Cell.step_of_sums",
    "Measure.mean",
    "Metric.format",
    "Metric.format_spread",
    "Metric.in_words",
    "Task.network",
}


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Instances of each public class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(tmp_path_factory.mktemp("home")))
        run = rnn_tui.train("adder", name="small", progress=False, **SMALL)
    network = rnn_tui.load_network("adder")
    path = parity(tmp_path_factory.mktemp("parity") / "net.safetensors")
    own = rnn_tui.load_network(path, nonlinearity="relu", answers="last-step")
    swings = CALLS["read_sequences"][1]
    return {
        "Cell": [*rnn_tui.CELLS.values()],
        "Measure": [rnn_tui.ACCURACY],
        "Metric": [*rnn_tui.ACCURACY.metrics],
        "Network": [network, own, rnn_tui.load_network("mnist")],
        "NetworkTrace": [network.trace("11 1"), own.trace("1 0")],
        "Preset": [*TASKS["adder"].presets],
        "Recipe": [Recipe()],
        "Run": [run],
        "RunConfig": [run.settings],
        "SequenceData": [rnn_tui.read_sequences(**swings, label="pendulum")],
        "SequenceShape": [TASKS["adder"].shape],
        "Task": [TASKS["adder"], MAJORITY],
    }


def public_methods(thing: Any) -> Iterator[str]:
    """The public methods of an object that take arguments, its item among them."""
    for name, _ in inspect.getmembers(type(thing), inspect.isfunction):
        method = getattr(thing, name, None)
        is_public = not name.startswith("_") or name == "__getitem__"
        if is_public and inspect.ismethod(method) and inspect.signature(method).parameters:
            yield name


def fault_of(call: Callable[[], object], *, of_api: bool) -> str:
    """What is wrong with how a call ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what NumPy and matplotlib say of a value
        try:
            call()
        except UserError as error:
            sentence = str(error)
            right = sentence.endswith(".") and "\n" not in sentence and "\x1b" not in sentence
            return "" if right else f"no sentence: {sentence!a}"
        except IndexError:
            return ""
        except (TypeError, ValueError, KeyError) as error:
            return f"{error!r}" if of_api else ""
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            return f"{error!r}"
    return ""


def faults_of(label: str, function: Any, right: dict[str, Any], *, of_api: bool) -> Iterator[str]:
    """What goes wrong where one of the arguments is none that a function takes."""
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        for name, value in HOSTILE.items():
            needed = {
                other.name: value
                for other in parameters
                if other.default is inspect.Parameter.empty
                and other.kind in (other.POSITIONAL_OR_KEYWORD, other.KEYWORD_ONLY)
            }
            arguments = {**needed, **right, parameter.name: value}
            some = ()
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                some = (arguments.pop(parameter.name),)
            fault = fault_of(lambda: function(*some, **arguments), of_api=of_api)  # noqa: B023
            if fault:
                yield f"{label}({parameter.name}: {name}): {fault[:200]}"


def is_of_api(thing: Any) -> bool:
    return thing.__module__.startswith("rnn_tui.api")


def test_every_public_function_refuses_in_a_sentence() -> None:
    functions = {
        name
        for name in rnn_tui.__all__
        if isinstance(getattr(rnn_tui, name), ModuleType)
        or inspect.isfunction(getattr(rnn_tui, name))
    }
    assert functions == {*CALLS}, "say here with which arguments a new function can be called"
    for name, (function, arguments) in CALLS.items():
        assert list(faults_of(name, function, arguments, of_api=True)) == []


def test_every_public_class_refuses_in_a_sentence(instances: dict[str, list[Any]]) -> None:
    classes = {name for name in rnn_tui.__all__ if inspect.isclass(getattr(rnn_tui, name))}
    assert classes - {"UserError"} == {*instances}, "give here an instance of a new class"
    faults = []
    for name, things in instances.items():
        kind = getattr(rnn_tui, name)
        faults += faults_of(name, kind, {}, of_api=is_of_api(kind))
        for thing in things:
            for method in public_methods(thing):
                label = f"{name}.{method}"
                if label not in FOR_THE_PROGRAM:
                    bound = getattr(thing, method)
                    faults += faults_of(label, bound, {}, of_api=is_of_api(kind))
    assert faults == []


def test_registries_have_nothing_of_other_kinds() -> None:
    for registry in (rnn_tui.TASKS, rnn_tui.CELLS):
        for value in HOSTILE.values():
            assert fault_of(lambda: registry[value], of_api=False) == ""  # noqa: B023
            assert fault_of(lambda: value in registry, of_api=False) == ""  # noqa: B023


def test_the_sentence_says_what_is_wrong_and_what_is_right() -> None:
    with pytest.raises(
        ArgumentError, match=r"^source is text or a path or a Run or an nn.Module, not None\.$"
    ):
        rnn_tui.load_network(None)
    with pytest.raises(TypeError, match=r"^task is text or None, not 10000"):
        rnn_tui.runs(10**400)
    with pytest.raises(ArgumentError, match=r"^most is a whole number .* or None, not 10000"):
        rnn_tui.runs(most=10**400)
    with pytest.raises(ArgumentError, match=r"^inputs is a list of texts or None, not \[1\]\.$"):
        rnn_tui.read_sequences("x.csv", inputs=[1])
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        rnn_tui.load_network()  # type: ignore[call-arg]


def test_numbers_of_numpy_are_numbers() -> None:
    network = rnn_tui.load_network("adder", seed=np.int64(0), hidden_size=np.int32(10))
    assert network.seed == 0
    assert rnn_tui.runs(most=np.uint8(3)) == []
