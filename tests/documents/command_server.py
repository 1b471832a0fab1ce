"""`rnn-tui` for a shell, without the seconds that loading PyTorch takes each time.

`serve` loads everything once and forks for each command; `COMMAND` is the program of the name
`rnn-tui` that a shell finds. It hands over its arguments, its folder, its environment and its three
streams, so that pipes, redirections and a terminal are the command's own.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import current_process, get_context
from pathlib import Path

COMMAND = """\
#!{python} -IS
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
about = [sys.argv[1:], os.getcwd(), dict(os.environ)]
socket.send_fds(server, [json.dumps(about).encode()], [0, 1, 2])
sys.exit(int(server.recv(16) or 70))
"""
LONGEST = 1 << 20


@contextmanager
def command_on_path(folder: Path) -> Iterator[Path]:
    """A folder with an `rnn-tui` in it, for as long as it is asked for."""
    address = str(folder / "socket")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    program = folder / "bin" / "rnn-tui"
    program.parent.mkdir()
    program.write_text(COMMAND.format(python=sys.executable, address=address), encoding="utf-8")
    program.chmod(0o755)
    # Not forked off the tests, which have threads.
    process = get_context("spawn").Process(target=serve, args=(listening,), daemon=True)
    process.start()
    listening.close()
    try:
        yield program.parent
    finally:
        process.terminate()
        process.join(10)


def serve(listening: socket.socket) -> None:
    """Run every command that comes, each in a process of its own."""
    import cv2  # noqa: F401, PLC0415 - loaded once, for all
    import sklearn.linear_model  # noqa: PLC0415
    import sklearn.model_selection  # noqa: F401, PLC0415
    import torch  # noqa: F401, PLC0415

    import rnn_tui.cli.main  # noqa: PLC0415
    import rnn_tui.tasks.adder.problem  # noqa: PLC0415
    import rnn_tui.tasks.mnist.problem  # noqa: PLC0415
    import rnn_tui.tasks.recall.problem  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asking, _ = listening.accept()
        message, streams, _, _ = socket.recv_fds(asking, LONGEST, 3)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listening.close()
            asking.sendall(str(_perform(*json.loads(message), streams)).encode())
            os._exit(0)
        for stream in streams:
            os.close(stream)
        asking.close()


def _perform(arguments: list[str], folder: str, environment: Mapping[str, str], streams: list[int]) -> int:
    from rnn_tui.cli.main import main  # noqa: PLC0415 - once the server has it

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # or a sweep could start no workers
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code
