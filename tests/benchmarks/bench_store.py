"""What keeping runs costs: training with database and checkpoints, against training alone.

Both sides emit the same events to the same listener; one of them has each in the database and a
checkpoint with all of the training's state at every epoch's end, the other keeps nothing. In
samples a second over the whole run. Target: at least 0.97.
"""

import time
from collections.abc import Callable

from _common import machine, median, parser, spread, take_turns, temporary_home, verdict

from rnn_tui.archive import training
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.training.loop import fit
from rnn_tui.tasks import TASKS

TARGET = 0.97


def configs() -> dict[str, RunConfig]:
    """Long epochs of large networks, short ones of small networks, and many networks at once."""
    return {
        "mnist lstm report": TASKS["mnist"].config("lstm", "report", epochs=1, device="cpu"),
        "mnist lstm fast": TASKS["mnist"].config("lstm", "fast", device="cpu"),
        "recall report": TASKS["recall"].config("lstm", "report", epochs=8),
        "recall fast": TASKS["recall"].config("lstm", "fast", epochs=8),
        "recall fast × 20": TASKS["recall"].config("lstm", "fast", seeds=20),
    }


def seconds(train: Callable[[Callable[[events.Event], None]], object]) -> float:
    """How long a training takes, to the last value on disk; loading left out."""
    began = 0.0

    def emit(event: events.Event) -> None:
        nonlocal began
        if isinstance(event, events.RunStarted):
            began = time.perf_counter()
        if isinstance(event, events.RunFailed):
            raise SystemExit(event.message)

    train(emit)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--only", nargs="+", choices=configs(), help="default: all")
    arguments = options.parse_args()
    print(machine())
    for name, config in configs().items():
        if arguments.only and name not in arguments.only:
            continue

        def alone(config: RunConfig = config) -> float:
            return seconds(lambda emit: fit(TASKS[config.task].load(), config, emit, Control()))

        def kept(config: RunConfig = config) -> float:
            return seconds(lambda emit: training.train(config, emit, Control(), new_run_id()))

        with temporary_home():
            alone()  # what is loaded and unpacked once
            times = take_turns({"alone": alone, "kept": kept}, arguments.rounds)
        ratio = median(times["alone"]) / median(times["kept"])
        print(
            f"{name}: alone {median(times['alone']):.3f} s ({spread(times['alone'])}), "
            f"kept {median(times['kept']):.3f} s ({spread(times['kept'])}), "
            f"speed left {verdict(ratio, TARGET)}"
        )


if __name__ == "__main__":
    main()
