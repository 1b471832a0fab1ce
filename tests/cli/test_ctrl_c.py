"""Ctrl-C at moments when a library is at work: the command ends all the same, and with 130."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import EXIT_INTERRUPTED, environment
from tests.photos.test_photo_reading import write_photo
from tests.program import PATIENCE, start_program

pytestmark = pytest.mark.process

# From the second photo on, the decoder does not return.
STUCK = """
import sys, time
from rnn_tui.photos import reader
read = reader.read_image
def read_first(path, stopping):
    if "1" in path.name:
        print("stuck", file=sys.stderr, flush=True)
        time.sleep(1e6)
    return read(path, stopping)
reader.read_image = read_first
from rnn_tui.cli.main import main
sys.exit(main())
"""

# As NumPy does it: what is raised while it is imported becomes an ImportError that has no cause.
INTERRUPTED = f"""
import os, time
try:
    os.kill(os.getpid(), {signal.SIGINT:d})
    time.sleep({PATIENCE})
except KeyboardInterrupt:
    failed = True
if failed:
    raise ImportError("half a library")
"""


def test_no_decoder_is_waited_for(tmp_path: Path) -> None:
    for attempt in range(2):
        write_photo(tmp_path / f"photo {attempt}.png", attempt)
    with start_program(
        *("predict", "--json", "--quiet", str(tmp_path)),
        code=STUCK,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == b"stuck\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        except BaseException:
            process.kill()
            raise
    assert (process.returncode, err) == (EXIT_INTERRUPTED, b"")
    assert len(json.loads(out)["results"]) <= 1


def test_a_library_that_is_being_imported_makes_no_fault_of_it(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(INTERRUPTED)
    result = subprocess.run(
        [sys.executable, "-m", "rnn_tui", "predict", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path])),
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (EXIT_INTERRUPTED, "", "")
