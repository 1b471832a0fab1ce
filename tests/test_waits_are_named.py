"""Whatever blocks a thread, or awaits something outside, does so under a name.

`rnn_tui/engine/waits.py` and `awaits.py` say how. A wait that goes past them could stand
still for ever, and nothing would say so.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rnn_tui

PACKAGE = Path(rnn_tui.__file__).parent
NAMING = ("engine/waits.py", "engine/awaits.py")
# what names a wait: `with waits.Waiting(…)`, `with awaiting(…)`, and calls with an attempt
NAMES = frozenset({"Waiting", "awaiting"})
ATTEMPTS = frozenset({"waits.wait", "waits.poll"})
# locks have a name from `waits.Lock`, `waits.condition` and `awaits.OneAtATime`
LOCKS = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Barrier"})
WAITS = frozenset(
    {"sleep", "wait", "wait_for", "acquire", "result", "communicate", "as_completed"}
    | {"timeout", "poll", "shutdown"}
)
OF_MODULES = frozenset(
    {"select.select", "asyncio.gather"}
    | {f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output")}
)
CONTEXT_VARIABLES = frozenset({"active_message_pump", "_IS_UNSTORED"})  # whose get() looks
# No waits, or made of waits with names: a class method, and what makes an object.
OTHERS = frozenset({"RunLock.acquire", "select.poll", "logging.shutdown"})
# Waits that need no name, by the file and the function that is called, and why.
REASONS = {
    ("engine/process/bounded.py", "self._process.poll"): "it looks, and does not wait",
    (
        "engine/process/bounded_child.py",
        "requests.get",
    ): "the program that asks watches and ends it",
    ("ui/terminal/textual_driver.py", "self.changing.acquire"): "it is a lock with a name",
}


def bare_waits(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line, and the function that is called, of each wait without a name."""
    yield from _bare_waits(ast.parse(source))


def _bare_waits(node: ast.AST) -> Iterator[tuple[int, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.With | ast.AsyncWith) and any(map(_is_naming, child.items)):
            continue
        if isinstance(child, ast.Call):
            function = ast.unparse(child.func)
            if function in ATTEMPTS:
                continue
            if _is_wait(child, function):
                yield child.lineno, function
        yield from _bare_waits(child)


def _is_naming(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in NAMES


def _is_wait(call: ast.Call, function: str) -> bool:
    """Return whether a call waits, or makes a lock without a name."""
    owner, _, name = function.rpartition(".")
    options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in LOCKS:
        return owner in ("threading", "asyncio", "")
    looks = [ast.unparse(argument) for argument in call.args] == ["0"]
    if looks or "False" in (options.get("blocking"), options.get("wait")):
        return False
    if name == "join":  # of a thread, and not of a text or a path
        return not call.args or "thread" in owner.lower() or "timeout" in options
    if name == "get":  # of a queue, and not of a mapping
        return not call.args and owner not in CONTEXT_VARIABLES
    return function in OF_MODULES or (name in WAITS and function not in OTHERS)


@pytest.mark.parametrize(
    ("line", "is_bare"),
    [
        ("time.sleep(1)", True),
        ("thread.join(5)", True),
        ("queue.get(timeout=5)", True),
        ("lock = threading.Lock()", True),
        ("await asyncio.wait_for(event.wait(), 3)", True),
        ("select.select([file], [], [])", True),
        ("subprocess.run(words, timeout=4)", True),
        ("lock.acquire(blocking=False)", False),
        ("future.result(0)", False),
        ("', '.join(words)", False),
        ("values.get('name')", False),
        ("lock = waits.Lock('the list')", False),
        ("waits.wait(event.wait, 'news')", False),
        ("waits.wait(lambda seconds: thread.join(seconds), 'the end')", False),
        ("with waits.Waiting('news') as waiting:\n    time.sleep(1)", False),
        ("with awaiting('news'):\n    await event.wait()", False),
        ("with lock:\n    await event.wait()", True),
    ],
)
def test_a_wait_is_recognised(line: str, is_bare: bool) -> None:
    assert bool(list(bare_waits(line))) is is_bare


def test_all_waits_have_a_name() -> None:
    bare = []
    unused = set(REASONS)
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name in NAMING:
            continue
        for line, call in bare_waits(path.read_text(encoding="utf-8")):
            unused.discard((name, call))
            if (name, call) not in REASONS:
                bare.append(f"{name}:{line}: {call}")
    assert not bare, bare
    assert not unused, unused
