"""Training inside the app, its charts in view, against the same run without the app.

Two epochs of the LSTM in preset `report`, weights saved in both, in images a second over the whole
run. Target: at least 0.97. Textual's test driver draws every frame but sends it to no terminal.
"""

import asyncio
import time
from pathlib import Path

from _common import (
    config_of,
    machine,
    median,
    parser,
    run_ours,
    spread,
    take_turns,
    temporary_home,
    verdict,
)

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.state import Status
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.requests import TrainRequested

TARGET = 0.97
PATIENCE = 300.0


async def in_app(config: RunConfig) -> float:
    """Seconds of the run, driven through the app."""
    app = RnnTuiApp(first="mnist")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.post_message(TrainRequested([config]))
        give_up = time.monotonic() + PATIENCE
        while app.runs.anything_to_come or not app.runs.states:
            if time.monotonic() > give_up:
                raise SystemExit("the run in the app took too long")
            await asyncio.sleep(0.2)
    [state] = app.runs.states.values()
    if state.status is not Status.FINISHED:
        raise SystemExit(f"the run in the app ended: {state.message}")
    return state.elapsed


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--epochs", type=int, default=2, help="of each run (%(default)s)")
    arguments = options.parse_args()
    config = config_of("lstm", epochs=arguments.epochs)
    images = 50_000 * arguments.epochs

    with temporary_home() as home:

        def alone() -> float:
            run = run_ours(config, checkpoint=Path(home) / "alone" / "weights.safetensors")
            return images / run.finished.seconds

        print(machine())
        run_ours(config, stop_after=50)  # warm-up
        rates = take_turns(
            {"alone": alone, "in the app": lambda: images / asyncio.run(in_app(config))},
            arguments.rounds,
        )
        for name, values in rates.items():
            print(f"{name:10} {median(values):8,.0f} images/s ({spread(values)})")
        ratio = median(rates["in the app"]) / median(rates["alone"])
        print(f"in the app / alone = {verdict(ratio, TARGET)}")


if __name__ == "__main__":
    main()
