"""The tasks of the hierarchy once more: one word at a time, on text, in plain Python."""

import re
from collections.abc import Callable, Mapping
from math import ceil, isqrt

SIDE = r"(?:-?[0-4]|\(-?[0-4]\)|e)"  # of an operation; `e` is one in brackets


def value(expression: str) -> int:
    """An expression's value modulo 5, as Python has it."""
    result = eval(expression)
    assert isinstance(result, int)
    return result % 5


def is_in_brackets(expression: str) -> bool:
    """Whether the paper's program may draw an expression: every operation is in brackets."""
    while not re.fullmatch(SIDE, expression):
        shorter = re.sub(rf"\({SIDE}[+*-]{SIDE}\)", "e", expression)
        if shorter == expression:
            return False
        expression = shorter
    return True


def is_equation(word: str) -> bool:
    """Whether the paper's program may draw an equation."""
    if len(word) < 3:
        return set(word) == {"0"}
    match = re.fullmatch(r"([^x=]*x[^x=]*)=[0-4]", word)
    return match is not None and is_in_brackets(match[1].replace("x", "0"))


def solution(equation: str) -> str:
    """The only digit that solves an equation."""
    if len(equation) < 3:
        return "0"
    left, right = equation.split("=")
    fitting = [digit for digit in "01234" if value(left.replace("x", digit)) == int(right)]
    assert len(fitting) == 1
    return fitting[0]


def walk(steps: str) -> str:
    """The end of a walk on a circle."""
    place = 0
    for step in steps:
        place = (place + {"0": 0, "1": 1, "2": -1}[step]) % 5
    return str(place)


def is_stack(word: str) -> bool:
    """Whether the paper's program may draw a stack with actions."""
    return re.fullmatch("[01]|[01]+( pop| push 0| push 1)+", word) is not None


def stack(word: str) -> str:
    """A stack from its top after all actions."""
    content: list[str] = []
    for symbol in re.findall(r"pop|push \d|\d", word):
        if symbol != "pop":
            content.append(symbol[-1])
        elif content:
            content.pop()
    return "".join(reversed(content)) + "."


def is_doubled(word: str) -> bool:
    """Whether a word is a string twice with a symbol hidden, and a dot if its length is odd."""
    if len(word) == 1:
        return word == "1"
    half = len(word) // 2
    pairs = zip(word[:half], word[half : 2 * half], strict=True)
    ends = word[2 * half :] in ("", ".")
    return ends and word.count("?") == 1 and all("?" in pair or len({*pair}) == 1 for pair in pairs)


def hidden(word: str) -> str:
    """The symbol that is hidden."""
    if len(word) == 1:
        return "1"
    half = len(word) // 2
    halves = word[:half], word[half : 2 * half]
    place = "".join(halves).index("?") % half
    return "".join(string[place] for string in halves).replace("?", "")


def odds_first(word: str) -> str:
    """The symbols at odd places from 0 on, and then the others."""
    odd = [symbol for place, symbol in enumerate(word) if place % 2]
    even = [symbol for place, symbol in enumerate(word) if not place % 2]
    return "".join(odd + even)


def little_endian(number: int) -> str:
    """A number's bits, the least significant first."""
    return f"{number:b}"[::-1]


def is_pair(word: str, sign: str) -> bool:
    """Whether the paper's program may draw two binary numbers."""
    if len(word) < 3:
        return re.fullmatch("0|00|10|01", word) is not None
    numbers = word.split(sign)
    return len(numbers) == 2 and all(set(number) <= {*"01"} and "1" in number for number in numbers)


def combined(word: str, sign: str, combine: Callable[[int, int], int]) -> str:
    """Two binary numbers, combined, and the end mark."""
    first, _, second = word.partition(sign)
    bits = combine(int(first[::-1], 2), int(second[::-1] or "0", 2))
    return little_endian(bits)[: len(word) - 1 if sign == "*" else None] + "."


def root(word: str) -> str:
    """The whole part of a binary number's square root."""
    return f"{isqrt(int(word, 2)):b}".zfill(ceil(len(word) / 2))


def has_equal_blocks(word: str, symbols: str) -> bool:
    """Whether a word has as many of each symbol, one block after the other."""
    match = re.fullmatch("".join(f"({symbol}+)" for symbol in symbols), word)
    return match is not None and len({len(block) for block in match.groups()}) == 1


def is_near_equal_blocks(word: str, symbols: str) -> bool:
    """Whether a word has the right order, or the right counts with two symbols out of place."""
    block, rest = divmod(len(word), len(symbols))
    right = "".join(symbol * block for symbol in symbols)
    is_ordered = [*word] == sorted(word)
    is_swapped = sum(a != b for a, b in zip(word, right, strict=True)) == 2
    return rest == 0 and (is_ordered or (is_swapped and sorted(word) == [*right]))


#: by task, what is right for a word.
ANSWERS: Mapping[str, Callable[[str], str]] = {
    "even-pairs": lambda word: "odd" if (word.count("01") + word.count("10")) % 2 else "even",
    "modular-arithmetic": lambda word: str(value(word)),
    "parity-check": lambda word: "odd" if word.count("1") % 2 else "even",
    "cycle-navigation": walk,
    "stack-manipulation": stack,
    "reverse-string": lambda word: "".join(reversed(word)),
    "modular-arithmetic-brackets": lambda word: str(value(word)),
    "solve-equation": solution,
    "duplicate-string": lambda word: word * 2,
    "missing-duplicate": hidden,
    "odds-first": odds_first,
    "binary-addition": lambda word: combined(word, "+", int.__add__),
    "binary-multiplication": lambda word: combined(word, "*", int.__mul__),
    "compute-sqrt": root,
    "bucket-sort": lambda word: "".join(sorted(word)),
    "a-n-b-n": lambda word: "yes" if has_equal_blocks(word, "ab") else "no",
    "a-n-b-n-c-n": lambda word: "yes" if has_equal_blocks(word, "abc") else "no",
}
#: by task, whether a word may be drawn: in tasks of the hierarchy by the paper's program. Those of
#: any symbols are not here.
IS_DRAWN: Mapping[str, Callable[[str], bool]] = {
    "modular-arithmetic": lambda word: re.fullmatch(r"\d([+*-]\d)*", word) is not None,
    "stack-manipulation": is_stack,
    "modular-arithmetic-brackets": is_in_brackets,
    "solve-equation": is_equation,
    "missing-duplicate": is_doubled,
    "binary-addition": lambda word: is_pair(word, "+"),
    "binary-multiplication": lambda word: is_pair(word, "*"),
    "compute-sqrt": lambda word: "1" in word,
    "a-n-b-n": lambda word: is_near_equal_blocks(word, "ab"),
    "a-n-b-n-c-n": lambda word: is_near_equal_blocks(word, "abc"),
}
