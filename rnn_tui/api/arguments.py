"""Checks the arguments of public functions by their annotations.

A script may pass anything: None, a path in place of text, a number of a thousand digits. Without
this, the first line that can't use it raises what Python raises there, somewhere deep inside.
"""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, wraps
from numbers import Integral, Real
from os import PathLike, fspath
from types import FunctionType, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

import numpy as np

from rnn_tui.engine.errors import ArgumentError, SafeText, UserError, printable
from rnn_tui.engine.options import options_of

MOST = 2**63  # an integer of eight bytes, which files and databases have, is smaller
#: methods with underscores that users call by an operator or by the name of the class.
OPERATORS = ("__init__", "__getitem__")
#: what a value of a type is, in words.
WORDS: dict[Any, str] = {
    NoneType: "None",
    bool: "True or False",
    int: "a whole number of at most 18 digits",
    float: "a number",
    str: "text",
    PathLike: "a path",
    Sequence: "a list",
    Mapping: "a dict",
}

Checked = TypeVar("Checked", bound=Callable[..., Any])


def checked(thing: Checked) -> Checked:
    """Have a function, or all public methods of a class, check their arguments.

    They raise `ArgumentError` for one that is not of the type that its annotation says. `Any`, and
    a type that is annotated as text, is not checked.
    """
    if not inspect.isclass(thing):
        return cast(Checked, _checking(cast(FunctionType, thing)))
    for name, member in list(vars(thing).items()):
        is_public = not name.startswith("_") or name in OPERATORS
        if is_public and inspect.isfunction(member):
            setattr(thing, name, _checking(member))
    return thing


def taking(
    record: type, *, but: Collection[str] = (), more: bool = False
) -> Callable[[Checked], Checked]:
    """Give a function that takes `**options` an argument for each option of a record.

    Its signature has them with their types and defaults, its docstring their meanings, in place of
    a line `options: {options}`.

    Args:
        record: the options.
        but: the names of those that it does not take.
        more: whether `**options` may have others besides.
    """
    options = [option for name, option in options_of(record).items() if name not in but]
    arguments = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=option.default,
            annotation=option.python_type,
        )
        for option in options
    ]
    meanings = "\n    ".join(f"{option.name}: {option.in_python}" for option in options)

    def with_arguments(function: Checked) -> Checked:
        signature = inspect.signature(function)
        parameters = signature.parameters.values()
        others = [each for each in parameters if each.kind is not each.VAR_KEYWORD]
        rest = [each for each in parameters if more and each.kind is each.VAR_KEYWORD]
        described = cast(Any, function)
        described.__signature__ = signature.replace(parameters=[*others, *arguments, *rest])
        text = inspect.cleandoc(function.__doc__ or "")
        described.__doc__ = text.replace("options: {options}", meanings)
        return function

    return with_arguments


def plain(value: Any) -> Any:
    """Return a number or an array of NumPy as Python's numbers; anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def _checking(function: FunctionType) -> Callable[..., Any]:
    """Return a function that checks its arguments first."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            bound = _signature(function).bind(*arguments, **options)
        except TypeError:  # one is missing, or one too many: Python's own sentence says so
            return function(*arguments, **options)
        for name, value in bound.arguments.items():
            parameter = _signature(function).parameters[name]
            values = value if parameter.kind is inspect.Parameter.VAR_POSITIONAL else (value,)
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
                for single in values:
                    _check(name, single, parameter.annotation)
        try:
            return function(*arguments, **options)
        except UserError as error:
            _name_arguments(error, _signature(function).parameters)
            raise

    return call


def _name_arguments(error: UserError, parameters: Collection[str]) -> None:
    """Have the sentence of an error name arguments, where it names options of the shell."""
    from rnn_tui.api.wording import in_arguments  # on use only

    if error.args and isinstance(error.args[0], str):
        error.args = (in_arguments(error.args[0], parameters), *error.args[1:])


@cache
def _signature(function: FunctionType) -> inspect.Signature:
    return inspect.signature(function)


def _check(name: str, value: Any, annotation: Any) -> None:
    """Raise `ArgumentError` unless a value is of a type."""
    kinds = _kinds(annotation)
    if not any(_is(value, kind) for kind in kinds):
        words = " or ".join(dict.fromkeys(map(_in_words, kinds)))
        raise ArgumentError(f"{name} is {words}, not {in_words(value)}.")
    if isinstance(value, str | PathLike):
        _check_text(name, value, is_path=any(_class(kind) is PathLike for kind in kinds))


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the types of which a value may be any."""
    if get_origin(annotation) in (Union, UnionType):
        return get_args(annotation)
    return (annotation,)


def _class(kind: Any) -> Any:
    """Return the class of a type without its parameters: `Sequence` of `Sequence[str]`."""
    return NoneType if kind is None else get_origin(kind) or kind


def _is(value: Any, kind: Any) -> bool:
    """Return whether a value is of a type that is no union."""
    origin = _class(kind)
    if origin in OWN_RULES:
        return OWN_RULES[origin](value)
    if origin is type:
        return isinstance(value, type) and issubclass(value, get_args(kind))
    if origin in UNCHECKED or not isinstance(origin, type):
        return True
    if origin is Sequence and get_args(kind) == (str,):
        return isinstance(value, Sequence) and all(map(_is_text, value))
    return isinstance(value, origin)


def _is_truth_value(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_whole_number(value: Any) -> bool:
    is_number = isinstance(value, Integral) and not isinstance(value, bool)
    return is_number and -MOST < int(value) < MOST


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


#: whether a value is of a type, where `isinstance` does not say it; which of the choices of a
#: literal a text is, is checked where they are listed.
OWN_RULES: dict[Any, Callable[[Any], bool]] = {
    bool: _is_truth_value,
    int: _is_whole_number,
    float: _is_number,
    Literal: _is_text,
}
#: what says nothing of a value.
UNCHECKED = (Any, inspect.Parameter.empty)


def _in_words(kind: Any) -> str:
    """Return what a value of a type is."""
    origin = _class(kind)
    if origin is Literal:
        return WORDS[str]
    if origin is Sequence and get_args(kind) == (str,):
        return "a list of texts"
    if origin is type:
        return f"a class of {get_args(kind)[0].__name__}"
    return WORDS.get(origin) or f"a {origin.__name__}"


def in_words(value: Any) -> SafeText:
    """Return how a value is written, in a few characters."""
    try:
        return printable(repr(value))
    except Exception:  # noqa: BLE001 - it may be of any class, and a number may have many digits
        return printable(f"a {type(value).__name__}")


def _check_text(name: str, value: "str | PathLike[str]", *, is_path: bool) -> None:
    """Raise `ArgumentError` for characters that can be in no file, or in no name of one."""
    text = fspath(value)
    try:
        text.encode(errors="surrogateescape" if is_path else "strict")
    except (UnicodeEncodeError, AttributeError) as error:  # a path may be of bytes
        raise ArgumentError(
            f"{name} is text of Unicode's characters, not {in_words(value)}."
        ) from error
