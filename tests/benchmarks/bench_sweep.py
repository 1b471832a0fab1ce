"""Eight MNIST runs on the workers of this machine, against the same runs one after another on one core.

Whole processes from start to end: starting workers, sending everything home and writing it is in. The
ratio to one worker is what handing runs out costs, the ratio to two what a second core is worth.
Starting takes some seconds, so that more epochs show more of the rest.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

from _common import machine, median, parser, spread, take_turns

RATES = ("0.001", "0.0012", "0.0014", "0.0016", "0.0018", "0.002", "0.0022", "0.0024")
ONE_BY_ONE = """
import sys
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.archive.training import train
from rnn_tui.tasks import TASKS
for rate in sys.argv[2:]:
    config = TASKS["mnist"].config("lstm", "fast", epochs=int(sys.argv[1]), learning_rate=float(rate), workers=1)
    train(config, lambda event: None, Control(), new_run_id())
"""


def seconds(command: list[str]) -> float:
    """How long a command takes, in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="rnn-tui-benchmark-") as home:
        begin = time.perf_counter()
        subprocess.run(
            command, env={**os.environ, "RNN_TUI_HOME": home}, check=True, capture_output=True
        )
        return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--epochs", type=int, default=5, help="epochs of each run (%(default)s)")
    chosen = options.parse_args()
    print(machine())
    epochs = str(chosen.epochs)
    sweep = [
        sys.executable,
        "-m",
        "rnn_tui",
        "sweep",
        "mnist",
        "--preset",
        "fast",
        "--epochs",
        epochs,
        "--quiet",
        "--grid",
        f"learning_rate={','.join(RATES)}",
        "--on",
    ]
    contenders: dict[str, Callable[[], float]] = {
        "one after another": partial(seconds, [sys.executable, "-c", ONE_BY_ONE, epochs, *RATES]),
        "one worker": partial(seconds, [*sweep, "local:1"]),
        "two workers": partial(seconds, [*sweep, "local:2"]),
    }
    results = take_turns(contenders, chosen.rounds)
    alone = median(results["one after another"])
    for name, times in results.items():
        print(
            f"{name:18} {median(times):.1f} s {spread(times)}, {alone / median(times):.2f} times as fast"
        )


if __name__ == "__main__":
    main()
