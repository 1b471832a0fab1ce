"""The page of the public Python names, from their docstrings.

Signatures come from the source and not from `inspect.signature`, whose words differ between versions
of Python.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

import rnn_tui
from rnn_tui.api.run import runs
from tests.reference_pages.markdown import MADE, code, table
from tests.reference_pages.settings import attributes

HEAD = f"""\
# Python

{MADE}
All public names of `import rnn_tui`. They are typed; each is imported when it is first used, so that
`import rnn_tui` loads neither PyTorch nor NumPy. [In a notebook](../how-to/notebook.md) shows them in use.

In shapes, T is the number of time steps, F of features, O of outputs, H of hidden units, P of logged points,
N of a run's networks and S of its seeds. Accuracies are in percent.

"""
#: what stands for a value that has no docstring.
VALUES = {
    "ACCURACY": "The share of right answers, a `Measure` that most tasks of classification have.",
    "CELLS": "The recurrent cells by name, those that ship and those that were registered.",
    "TASKS": "The tasks by name, those that ship, those of packages and those that were registered.",
}
SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Examples):$")


def page() -> str:
    """The page."""
    contents = [f"- [{code(name)}](#{name.lower()})" for name in rnn_tui.__all__]
    return HEAD + "\n".join(contents) + "\n" + "".join(map(section, rnn_tui.__all__))


def section(name: str) -> str:
    """The section of a public name."""
    thing = getattr(rnn_tui, name)
    parts = [f"\n## `{name}`\n"]
    if inspect.ismodule(thing):  # a package that passes calls on to a function
        thing = runs
    if name in VALUES:
        parts.append(f"{VALUES[name]}\n")
    elif not isinstance(thing, type):
        parts += [signature(name, thing), described(thing)]
    elif is_dataclass(thing):
        rows = [(code(field), meaning) for field, meaning in attributes(thing).items()]
        parts += [described(thing), table(("field", "meaning"), rows)]
    else:
        parts += of_class(name, thing)
    return "\n".join(parts)


def of_class(name: str, kind: type) -> Iterator[str]:
    """The docstring of a class, its attributes and properties, and its methods."""
    if "__init__" in vars(kind) and not inspect.isabstract(kind) and name != "NetworkTrace":
        yield signature(name, vars(kind)["__init__"])
    yield described(kind)
    members = {key: value for key, value in vars(kind).items() if not key.startswith("_")}
    to_define = meanings_of(kind)
    if to_define:  # a class to derive from: what one defines, and no more
        rows = [(code(key), meaning) for key, meaning in to_define.items()]
        yield table(("attribute", "meaning"), rows)
        members = {key: members[key] for key in sorted(kind.__abstractmethods__)}  # type: ignore[attr-defined]
    properties = [
        (code(key), " ".join((value.__doc__ or "").split()))
        for key, value in members.items()
        if hasattr(value, "fget") or hasattr(value, "attrname")
    ]
    if properties:
        yield table(("property", "meaning"), properties)
    for key, value in members.items():
        if inspect.isfunction(value):
            yield f"### `{name}.{key}`\n"
            yield signature(key, value)
            yield described(value)


def meanings_of(kind: type) -> dict[str, str]:
    """The meaning of each `ClassVar` of a class, from the comments at it."""
    meanings: dict[str, str] = {}
    lines_before: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        statement, _, text = line.partition("#: ")
        if text and not statement.strip():
            lines_before.append(text)
        elif match := re.match(r"    (\w+): ClassVar", statement):
            meanings[match[1]] = (text or " ".join(lines_before)).removesuffix(".")
        if statement.strip():
            lines_before = []
    return meanings


def signature(name: str, function: Callable[..., Any]) -> str:
    """A function with its arguments and what it returns, as its source has them."""
    [node] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    arguments = [*arguments_of(node.args)]
    options = [*options_of_record(node.args, function)]
    if options:  # in place of `**options`
        arguments[-1:] = options
    end = ")"
    if node.name != "__init__" and node.returns is not None:
        end += f" -> {words_of(node.returns)}"
    call = f"{name}({', '.join(arguments)}{end}"
    if len(call) > 90:
        listed = "".join(f"    {argument},\n" for argument in arguments)
        call = f"{name}(\n{listed}{end}"
    return f"```python\n{call}\n```\n"


def arguments_of(arguments: ast.arguments) -> Iterator[str]:
    """Each argument with its type and its default; `self` is left out."""
    places = [argument for argument in arguments.args if argument.arg != "self"]
    missing: list[ast.expr | None] = [None] * (len(places) - len(arguments.defaults))
    for argument, default in zip(places, [*missing, *arguments.defaults], strict=True):
        yield argument_of(argument, default)
    if arguments.vararg is not None:
        yield f"*{argument_of(arguments.vararg, None)}"
    elif arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument_of(argument, default)
    if arguments.kwarg is not None:
        yield f"**{argument_of(arguments.kwarg, None)}"


def options_of_record(arguments: ast.arguments, function: Callable[..., Any]) -> Iterator[str]:
    """Each argument that the rows of a record give a function, which its source does not name."""
    in_source = {argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name not in in_source:
            kind = parameter.annotation
            words = kind.__name__ if isinstance(kind, type) else str(kind)
            yield f"{name}: {words.replace('collections.abc.', '')} = {parameter.default!r}"


def argument_of(argument: ast.arg, default: ast.expr | None) -> str:
    """An argument with its type and its default."""
    text = argument.arg
    if argument.annotation is not None:
        text += f": {words_of(argument.annotation)}"
    return text if default is None else f"{text} = {ast.unparse(default)}"


def words_of(annotation: ast.expr) -> str:
    """A type, without the quotes of one that is not imported."""
    return ast.unparse(annotation).strip("'\"")


def described(thing: Any) -> str:
    """A docstring in the style of Google as Markdown."""
    lines = (inspect.getdoc(thing) or "").splitlines()
    parts: dict[str, list[str]] = {"": []}
    title = ""
    for line in lines:
        match = SECTION.match(line)
        if match:
            title = match[1]
            parts[title] = []
        else:
            parts[title].append(line)
    text = "\n".join(parts.pop("")).strip()
    return "\n".join([f"{text}\n", *(drawn(*part) for part in parts.items())])


def drawn(title: str, lines: list[str]) -> str:
    """A section of a docstring: examples as they are, names with their meanings as a list."""
    body = textwrap.dedent("\n".join(lines)).strip("\n")
    if title == "Examples":
        return f"```pycon\n{body}\n```\n"
    if title == "Returns":
        return f"**Returns** {' '.join(body.split())}\n"
    heads: Mapping[str, str] = {"Args": "Arguments", "Raises": "Raises", "Yields": "Yields"}
    entries = re.split(r"\n(?=\S)", body)
    listed = [entry_of(entry) for entry in entries]
    return f"**{heads[title]}**\n\n" + "\n".join(listed) + "\n"


def entry_of(entry: str) -> str:
    """An argument and what it is."""
    name, _, meaning = entry.partition(":")
    return f"- {code(name)}: {' '.join(meaning.split())}"
