"""The examples in the docstrings of public names run, and print what they say."""

import doctest
import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rnn_tui
from rnn_tui.api.run import runs
from rnn_tui.engine.files.paths import asset_dir

#: descriptions and registries, which guide and reference show in use.
WITHOUT_EXAMPLES = {
    "ACCURACY",
    "CELLS",
    "Cell",
    "Measure",
    "Metric",
    "Preset",
    "Recipe",
    "RunConfig",
    "SequenceShape",
    "TASKS",
    "Task",
    "UserError",
}


def examples() -> Iterator[doctest.DocTest]:
    """Those of each function and class, and of its methods."""
    for name in rnn_tui.__all__:
        thing = getattr(rnn_tui, name)
        if inspect.ismodule(thing):  # a package that passes calls on to a function
            thing = runs
        if name not in WITHOUT_EXAMPLES:
            # of any module: a method that checks its arguments is made in another than its class
            found = doctest.DocTestFinder().find(thing, name, module=False)
            yield from (example for example in found if example.examples)


EXAMPLES = {example.name: example for example in examples()}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the run that examples call the last one."""
    home = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN_TUI_HOME", str(home))
        rnn_tui.train("adder", preset="fast", hidden_size=5, seeds=2, epochs=1)
    return home


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_says(
    name: str, kept: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(kept, home, dirs_exist_ok=True)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(asset_dir() / "sequences")  # where examples find a file
    example = EXAMPLES[name]
    example.globs = {"rnn_tui": rnn_tui}
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=printed.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)


def test_every_function_has_an_example() -> None:
    with_examples = {name.partition(".")[0] for name in EXAMPLES}
    assert with_examples | WITHOUT_EXAMPLES == {*rnn_tui.__all__}


def test_the_first_lines_of_the_package_run(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line[4:] for line in (rnn_tui.__doc__ or "").splitlines() if line.startswith("    ")]
    assert len(lines) == 5
    text = "\n".join(lines).replace("seeds=20", "seeds=2, epochs=1")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, Any] = {}
    exec(compile(text, "__init__", "exec"), names)
    assert names["run"].status == "finished"
