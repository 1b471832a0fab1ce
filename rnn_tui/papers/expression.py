"""Expressions over the figures of experiments, as a paper's claims compare them.

An expression is a formula in Python's notation, of which a part is allowed: keys of experiments
with `_` for `-`, numbers, `+ − * /`, the mean over lengths `x[1:5]`, `mean(x, y)`, and `size(x)`,
which has the other sign if the mean of x over seeds is below zero. It is read to a tree and worked
out here; nothing of it is ever run as Python.

A figure is a number for each seed. Two figures are combined seed by seed, over the seeds that both
have. One form alone is not by seed: `best(x, 10) - x`, by how much the expected best of ten seeds
exceeds the mean, perhaps less a number.

What is divided by zero, or beyond `LARGEST`, is NaN, and so is all that is made of it. Such a seed
is left out and counted, so that no sum, square or resample of the others is beyond a float.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from rnn_tui.archive.verdicts import LARGEST
from rnn_tui.engine.averages import mean_of
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.suggestions import did_you_mean

LONGEST = 300  # characters of an expression
DEEPEST = 100  # parts within parts of one
MOST = 1e9  # the largest number in one
MOST_SEEDS = 1000  # of which the best may be compared
# Of these signs, words and numbers Python's parser makes a tree or a `SyntaxError`. Of others it
# makes a warning on stderr: an unknown escape in a text, a number that a word follows.
TOKENS = re.compile(
    r"(?: |[-+*/()\[\]:,]|[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_.])"
    r"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![A-Za-z0-9_.]))+"
)


def _divide(first: float, second: float) -> float:
    return first / second if second else math.nan


def _mean_of_all(*numbers: float) -> float:
    return mean_of(numbers)


OPERATORS: dict[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("−", operator.sub),
    ast.Mult: ("·", operator.mul),
    ast.Div: ("/", _divide),
}
FORM = (
    "keys of experiments with _ for -, numbers, + - * /, lengths as x[1:5], mean(x, y), size(x); "
    "or be best(x, 10) - x, perhaps less a number"
)
Points = Mapping[int, float]  # a figure by seed
Value = Points | float  # a figure, or a number that is the same for all seeds


@dataclass(frozen=True)
class ExperimentFigures:
    """The figures that an expression is worked out from."""

    by_experiment: Mapping[str, Points]  #: by key of the experiment.
    #: by key, seed and length, where accuracy by length was measured.
    by_length: Mapping[str, Mapping[int, Mapping[int, float]]]

    def of(self, key: str) -> Points:
        """Return the figures of an experiment by seed; none where none is trained."""
        points = self.by_experiment.get(key, {})
        return {seed: _bounded(number) for seed, number in points.items()}

    def between(self, key: str, first: int, last: int) -> Points:
        """Return by seed the mean over the lengths `first` … `last`; none where none is."""
        means: dict[int, float] = {}
        for seed, by_length in self.by_length.get(key, {}).items():
            values = [value for length, value in by_length.items() if first <= length <= last]
            if values:
                means[seed] = _bounded(mean_of(values))
        return means


@dataclass(frozen=True)
class FormulaValue:
    """What an expression is worth."""

    points: Points  #: its value by seed, over the seeds that all its figures have.
    undefined: int  #: how many of these seeds are left out, since they have no number.


@dataclass(frozen=True)
class BestOf:
    """A comparison of the best of several seeds with the mean."""

    key: str  #: of the experiment.
    count: int  #: of how many seeds the best is.
    less: float  #: what is taken from the difference.


@dataclass(frozen=True)
class Expression:
    """An expression that was read and may be worked out."""

    tree: ast.expr = field(compare=False)
    keys: Mapping[str, str]  #: the experiments that it names: their keys by name.
    best: BestOf | None = None  #: what it says of the best of several seeds, if it does.
    text: str = ""  #: as it is written; two with the same text are equal.

    @property
    def by_length(self) -> frozenset[str]:
        """The keys of experiments whose accuracy by length it needs."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Subscript)]
        return frozenset(self.keys[_name(node.value)] for node in nodes)

    def evaluate(self, figures: ExperimentFigures) -> FormulaValue:
        """Return its value by seed.

        Of the comparison with the best these are the figures themselves.
        """
        value = self._value(self.tree, figures) if self.best is None else figures.of(self.best.key)
        assert not isinstance(value, float)
        points = {seed: number for seed, number in value.items() if math.isfinite(number)}
        return FormulaValue(points, len(value) - len(points))

    def _value(self, node: ast.expr, figures: ExperimentFigures) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return figures.of(self.keys[name])
            case ast.UnaryOp(operand=operand):
                return _seed_by_seed(operator.neg, self._value(operand, figures))
            case ast.BinOp(left=left, op=sign, right=right):
                _, operate = OPERATORS[type(sign)]
                return _seed_by_seed(
                    operate, self._value(left, figures), self._value(right, figures)
                )
            case ast.Subscript(value=ast.Name(id=name)):
                return figures.between(self.keys[name], *lengths_of(node))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                values = [self._value(argument, figures) for argument in arguments]
                return _seed_by_seed(_mean_of_all, *values) if name == "mean" else _size(values[0])
        raise AssertionError(f"no part of an expression that was read: {node}")


def _bounded(number: float) -> float:
    """Return a number; NaN in place of one beyond `LARGEST`."""
    return number if abs(number) <= LARGEST else math.nan


def _seed_by_seed(operate: Callable[..., float], *values: Value) -> Value:
    """Apply an operation to values: over the seeds that all have, or to numbers alone."""
    by_seed = [value for value in values if not isinstance(value, float)]
    if not by_seed:
        return _bounded(operate(*values))
    return {
        seed: _bounded(
            operate(*[value if isinstance(value, float) else value[seed] for value in values])
        )
        for seed in by_seed[0]
        if all(seed in points for points in by_seed)
    }


def _size(value: Value) -> Value:
    """Return a value with the other sign if its mean over seeds is below zero."""
    numbers = [value] if isinstance(value, float) else list(value.values())
    finite = [number for number in numbers if math.isfinite(number)]
    if finite and mean_of(finite) < 0:
        return _seed_by_seed(operator.neg, value)
    return value


def read_expression(text: str, keys: Mapping[str, str]) -> Expression:
    """Read an expression.

    Args:
        text: as typed.
        keys: the keys of experiments by the names that it may use.

    Raises:
        SettingError: it is none, or names no experiment, or another than these.
    """
    if len(text) > LONGEST:
        raise SettingError(f"A comparison must have at most {LONGEST} characters.")
    try:
        tree = _parsed(text.strip())
        best = _best_in(tree)
        named = dict.fromkeys(_names_in(tree) if best is None else [best.key])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SettingError(
            f"The comparison “{printable(text, LONGEST)}” can't be read: it may have {FORM}."
        ) from error
    for name in named:
        if name not in keys:
            raise SettingError(
                f"The comparison “{printable(text, LONGEST)}” names “{printable(name)}”, which is "
                f"no experiment{did_you_mean(name, keys)}."
            )
    if not named:
        raise SettingError(f"The comparison “{printable(text, LONGEST)}” names no experiment.")
    if best is not None:
        best = replace(best, key=keys[best.key])
    return Expression(tree, {name: keys[name] for name in named}, best, text.strip())


def _parsed(text: str) -> ast.expr:
    """Return the tree of a text; a `SyntaxError` or a `ValueError` for what has none."""
    if not TOKENS.fullmatch(text):
        raise ValueError("no signs of an expression")
    tree = ast.parse(text, mode="eval").body
    deepest = 0
    nodes: list[tuple[ast.AST, int]] = [(tree, 1)]
    while nodes:
        node, depth = nodes.pop()
        deepest = max(deepest, depth)
        nodes += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    if deepest > DEEPEST:
        raise ValueError("too deep")
    return tree


def _constant(number: float) -> float:
    """Return a number in an expression; a `ValueError` for one that it may not have."""
    if isinstance(number, bool) or not abs(number) <= MOST:
        raise ValueError("no number, or too large")
    return number


def _best_in(node: ast.expr) -> BestOf | None:
    """Return what `best(x, 10) - x`, perhaps less a number, says; None for any other."""
    match node:
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=int() | float() as less)):
            best = _best_in(left)
            return best and replace(best, less=best.less + _constant(less))
        case ast.BinOp(
            left=ast.Call(
                func=ast.Name(id="best"),
                args=[ast.Name(id=name), ast.Constant(value=int() as count)],
                keywords=[],
            ),
            op=ast.Sub(),
            right=ast.Name(id=mean_of),
        ) if name == mean_of and 2 <= count <= MOST_SEEDS:
            return BestOf(name, count, 0.0)
    return None


def _names_in(node: ast.expr) -> Iterator[str]:
    """Yield the names in an expression; a `ValueError` for what none may have."""
    match node:
        case ast.Constant(value=int() | float() as number):
            _constant(number)
        case ast.Name(id=name):
            yield name
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _names_in(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            yield from _names_in(left)
            yield from _names_in(right)
        case ast.Subscript(value=ast.Name(id=name)):
            lengths_of(node)
            yield name
        case ast.Call(func=ast.Name(id="mean"), args=[_, *_] as arguments, keywords=[]):
            for argument in arguments:
                yield from _names_in(argument)
        case ast.Call(func=ast.Name(id="size"), args=[argument], keywords=[]):
            yield from _names_in(argument)
        case _:
            raise ValueError("no part of an expression")


def lengths_of(node: ast.Subscript) -> tuple[int, int]:
    """Return the first and the last length of `x[1:5]`; a `ValueError` if it is none such."""
    match node.slice:
        case ast.Slice(
            lower=ast.Constant(value=int() as first),
            upper=ast.Constant(value=int() as last),
            step=None,
        ) if 1 <= _constant(first) <= _constant(last):
            return first, last
    raise ValueError("no lengths")


def _name(node: ast.expr) -> str:
    assert isinstance(node, ast.Name)
    return node.id


def in_words(expression: Expression, labels: Mapping[str, str]) -> str:
    """Return an expression as it is shown.

    Args:
        expression: what is compared.
        labels: of experiments, by their keys.
    """
    if expression.best is not None:
        best = expression.best
        less = f" − {best.less:g}" if best.less else ""
        return f"{labels[best.key]}, best of {best.count} − mean{less}"
    return _words(expression.tree, {name: labels[key] for name, key in expression.keys.items()})


def _words(node: ast.expr, labels: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return labels[name]
        case ast.Constant(value=int() | float() as number):
            return f"{number:g}"
        case ast.UnaryOp(operand=operand):
            return f"−{_within(operand, labels)}"
        case ast.BinOp(left=left, op=node_sign, right=right):
            sign, _ = OPERATORS[type(node_sign)]
            return f"{_within(left, labels, sign)} {sign} {_within(right, labels)}"
        case ast.Subscript(value=ast.Name(id=name)):
            first_length, last_length = lengths_of(node)
            return f"{labels[name]} at {first_length}–{last_length}"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return f"{name}({', '.join(_words(argument, labels) for argument in arguments)})"
    raise AssertionError(f"no part of an expression that was read: {node}")


def _within(node: ast.expr, labels: Mapping[str, str], sign: str = "") -> str:
    """Return a part of an expression, in brackets if it needs them.

    Args:
        node: the part.
        labels: of experiments, by their names.
        sign: what follows it; empty if it is the last part.
    """
    words = _words(node, labels)
    if not isinstance(node, ast.BinOp) or sign in ("+", "−"):
        return words
    is_sum = isinstance(node.op, ast.Add | ast.Sub)
    return f"({words})" if is_sum or not sign else words
