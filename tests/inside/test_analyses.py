"""The table of analyses: each names a function that is there."""

from pkgutil import resolve_name

from rnn_tui.inside.analyses import OF_OWN, analyses_of
from rnn_tui.tasks import TASKS


def test_each_kind_names_a_function_that_takes_a_reading() -> None:
    kinds = {*OF_OWN, *(kind for task in TASKS.values() for kind in analyses_of(task))}
    for kind in kinds:
        code = resolve_name(kind.function).__code__
        assert code.co_varnames[0] == "reading", kind.function
