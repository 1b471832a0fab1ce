"""What imports leave behind costs nothing later."""

import gc
import sys
import threading
from pathlib import Path

import pytest

from rnn_tui.engine.training.resources import heavy_imports


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that makes a thousand objects, and nobody has imported."""
    (tmp_path / "a_thousand_lists.py").write_text("made = [[] for _ in range(1000)]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "a_thousand_lists", raising=False)
    return "a_thousand_lists"


@pytest.mark.parametrize("enabled", [True, False])
def test_what_was_imported_is_not_looked_at_again(module: str, enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with heavy_imports():
            assert not gc.isenabled()
            made = __import__(module).made
        assert gc.isenabled() is enabled
        looked_at = {id(one) for one in gc.get_objects()}
        assert not any(id(one) in looked_at for one in made)
    finally:
        (gc.enable if before else gc.disable)()


def test_where_nothing_was_imported_garbage_is_still_found() -> None:
    made: list[object] = [[]]
    with heavy_imports():
        made.append(made)
    assert any(one is made for one in gc.get_objects())


def test_an_import_that_fails_leaves_collection_on() -> None:
    assert gc.isenabled()
    with pytest.raises(ModuleNotFoundError), heavy_imports():
        __import__("a_module_that_nobody_has")
    assert gc.isenabled()


def test_one_thread_at_a_time_imports() -> None:
    # Or training that begins while PyTorch loads finds half a module, and fails.
    begun = threading.Event()

    def other() -> None:
        with heavy_imports():
            begun.set()

    thread = threading.Thread(target=other)
    with heavy_imports(), heavy_imports():
        thread.start()
        assert not begun.wait(0.05)
    thread.join()
    assert begun.is_set()
