"""The table of the tasks of the hierarchy: a line says what each asks."""

from collections.abc import Sequence
from dataclasses import dataclass

REGULAR = "regular"
CONTEXT_FREE = "deterministic context-free"
CONTEXT_SENSITIVE = "context-sensitive"
CHOMSKY, COUNTING = "chomsky-hierarchy", "counting"  # papers by the names of their files
DIGITS = "01234"  # of arithmetic modulo 5


@dataclass(frozen=True)
class Definition:
    """A task of the hierarchy."""

    name: str  #: as typed.
    label: str  #: as shown.
    level: str  #: the class of languages in which the paper has it.
    rule: str  #: `module:class` of its `rule.Rule`, imported on use.
    symbols: Sequence[str]  #: the names of the symbols of its words, in the order of their numbers.
    answers: Sequence[str]  #: the names of its answers, in the order of their numbers.
    example: str  #: a word, as typed.
    help_text: str  #: what it asks, in a sentence or two.
    #: whether any symbol may follow any other in its words, so that these can be drawn unevenly.
    free: bool = True
    #: the name of what networks have to keep, if that is the answer to what they have read so far.
    hidden: str = ""
    source: str = CHOMSKY  #: the paper that has it, which its presets are made for.
    counts: bool = False  #: whether the numbers of its symbols decide, so that networks may count.


DEFINITIONS = (
    Definition(
        "even-pairs",
        "Even pairs",
        REGULAR,
        "rnn_tui.tasks.hierarchy.even_pairs:EvenPairs",
        symbols="01",
        answers=("even", "odd"),
        example="0101001",
        help_text="Is the number of neighbours that differ, 01 and 10, even or odd? The first and"
        " the last symbol tell.",
        hidden="pairs so far",
    ),
    Definition(
        "modular-arithmetic",
        "Modular arithmetic",
        REGULAR,
        "rnn_tui.tasks.hierarchy.modular_arithmetic:ModularArithmetic",
        symbols=[*DIGITS, *"+-*"],
        answers=DIGITS,
        example="1+2*3",
        help_text="What is the value modulo 5? Products come before sums and differences.",
        hidden="value so far",
        free=False,
    ),
    Definition(
        "parity-check",
        "Parity check",
        REGULAR,
        "rnn_tui.tasks.hierarchy.parity_check:ParityCheck",
        symbols="01",
        answers=("even", "odd"),
        example="1010100",
        help_text="Is the number of ones even or odd?",
        hidden="parity",
    ),
    Definition(
        "cycle-navigation",
        "Cycle navigation",
        REGULAR,
        "rnn_tui.tasks.hierarchy.cycle_navigation:CycleNavigation",
        symbols="012",
        answers=DIGITS,
        example="010211",
        help_text="Where does a walk on a circle of five places, 0 to 4, end? It begins at 0; the"
        " symbol 0 stays, 1 steps on, 2 steps back.",
        hidden="place",
    ),
    Definition(
        "stack-manipulation",
        "Stack manipulation",
        CONTEXT_FREE,
        "rnn_tui.tasks.hierarchy.stack_manipulation:StackManipulation",
        symbols=("0", "1", "pop", "push 0", "push 1"),
        answers=("0", "1", "."),
        example="0110 push 1 pop pop",
        help_text="What is on the stack in the end, from its top? The word is the stack, bottom "
        "first, and then what is done to it. A dot ends the answer.",
        free=False,
    ),
    Definition(
        "reverse-string",
        "Reverse string",
        CONTEXT_FREE,
        "rnn_tui.tasks.hierarchy.reverse_string:ReverseString",
        symbols="01",
        answers="01",
        example="011010",
        help_text="What is the word from its last symbol to its first?",
    ),
    Definition(
        "modular-arithmetic-brackets",
        "Modular arithmetic with brackets",
        CONTEXT_FREE,
        "rnn_tui.tasks.hierarchy.modular_arithmetic_brackets:ModularArithmeticBrackets",
        symbols=[*DIGITS, *"+-*()"],
        answers=DIGITS,
        example="((1+2)*(3-4))",
        help_text="What is the value modulo 5? In training, every operation is in brackets.",
        free=False,
    ),
    Definition(
        "solve-equation",
        "Solve equation",
        CONTEXT_FREE,
        "rnn_tui.tasks.hierarchy.solve_equation:SolveEquation",
        symbols=[*DIGITS, *"+-()x="],
        answers=DIGITS,
        example="((1+x)-3)=0",
        help_text="Which digit is x, modulo 5? In training, every operation is in brackets.",
        free=False,
    ),
    Definition(
        "duplicate-string",
        "Duplicate string",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.duplicate_string:DuplicateString",
        symbols="01",
        answers="01",
        example="101",
        help_text="What is the word, twice?",
    ),
    Definition(
        "missing-duplicate",
        "Missing duplicate",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.missing_duplicate:MissingDuplicate",
        symbols="01?.",
        answers="01",
        example="01100?10",
        help_text="Which symbol does ? hide? The word is a string twice; one of an odd length "
        "ends in a dot.",
        free=False,
    ),
    Definition(
        "odds-first",
        "Odds first",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.odds_first:OddsFirst",
        symbols="01",
        answers="01",
        example="00110101",
        help_text="What are the symbols at the odd places, and then those at the even ones? "
        "Places count from 0.",
    ),
    Definition(
        "binary-addition",
        "Binary addition",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.binary_addition:BinaryAddition",
        symbols="01+",
        answers="01.",
        example="01001+011",
        help_text="What is the sum of two binary numbers, the least significant bit first? A dot "
        "ends the answer.",
        free=False,
    ),
    Definition(
        "binary-multiplication",
        "Binary multiplication",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.binary_multiplication:BinaryMultiplication",
        symbols="01*",
        answers="01.",
        example="01001*011",
        help_text="What is the product of two binary numbers, the least significant bit first? A "
        "dot ends the answer.",
        free=False,
    ),
    Definition(
        "compute-sqrt",
        "Compute square root",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.compute_sqrt:ComputeSqrt",
        symbols="01",
        answers="01",
        example="100101",
        help_text="What is the square root of a binary number, without its fraction? The most "
        "significant bit comes first.",
        free=False,
    ),
    Definition(
        "bucket-sort",
        "Bucket sort",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.bucket_sort:BucketSort",
        symbols=DIGITS,
        answers=DIGITS,
        example="10204112",
        help_text="What are the symbols in ascending order?",
    ),
    Definition(
        "a-n-b-n",
        "aⁿbⁿ",
        CONTEXT_FREE,
        "rnn_tui.tasks.hierarchy.equal_counts:EqualCounts",
        symbols="ab",
        answers=("no", "yes"),
        example="aaabbb",
        help_text="Is the word some a and then as many b? Of the words half are; the others have "
        "a few too many or too few, or two symbols that have changed places.",
        source=COUNTING,
        counts=True,
        free=False,
    ),
    Definition(
        "a-n-b-n-c-n",
        "aⁿbⁿcⁿ",
        CONTEXT_SENSITIVE,
        "rnn_tui.tasks.hierarchy.equal_counts:EqualCounts",
        symbols="abc",
        answers=("no", "yes"),
        example="aabbcc",
        help_text="Is the word some a, then as many b, and then as many c? Of the words half are; "
        "the others have a few too many or too few, or two symbols that have changed places.",
        source=COUNTING,
        counts=True,
        free=False,
    ),
)
