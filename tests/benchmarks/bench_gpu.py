"""Our training loop on a GPU against a bare PyTorch loop on it, cuDNN's layers and all; and against
ours on the CPU.

One epoch of preset `report` a turn, in images a second, validation left out. Target: at least 0.97
of the bare loop's rate. How many times faster than the CPU it is has no target: it depends on the
card, the hidden size and the batch.
"""

import torch
from _common import (
    BareLoop,
    add_models,
    config_of,
    label_of,
    machine,
    median,
    parser,
    run_ours,
    spread,
    take_turns,
    temporary_home,
    verdict,
)

from rnn_tui.engine.training.devices import gpus_in_words, resolve_device

TARGET = 0.97


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=5)
    add_models(options)
    options.add_argument("--device", default="auto", help="where to train (%(default)s)")
    options.add_argument(
        "--steps", type=int, default=500, help="of each turn, at most an epoch's 500 (%(default)s)"
    )
    arguments = options.parse_args()
    device, steps = resolve_device(arguments.device), arguments.steps

    def ours(model: str, where: torch.device) -> float:
        """Images a second from the first step to the last, by our own events."""
        last = run_ours(
            config_of(model, epochs=1).replace(device=str(where)), stop_after=steps
        ).logged[-1]
        return 100 * last.step / last.elapsed

    with temporary_home():
        print(machine(), gpus_in_words().get(str(device), str(device)), sep="; ")
        for model in arguments.models:
            bare = BareLoop(model, device)
            bare.rate(steps=50)
            turns = {
                "ours": lambda model=model: ours(model, device),
                "bare": lambda bare=bare: bare.rate(steps),
                "ours, CPU": lambda model=model: ours(model, torch.device("cpu")),
            }
            rates = take_turns(turns, arguments.rounds)
            for name, values in rates.items():
                print(
                    f"{label_of(model):7} {name:9} {median(values):8,.0f} images/s "
                    f"({spread(values)})"
                )
            ratio, times = (
                median(rates["ours"]) / median(rates[name]) for name in ("bare", "ours, CPU")
            )
            print(
                f"{label_of(model):7} ours / bare = {verdict(ratio, TARGET)}; {times:.2f} times "
                "the CPU's",
                flush=True,
            )


if __name__ == "__main__":
    main()
