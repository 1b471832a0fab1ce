"""Our training loop against a bare PyTorch loop over the same resident tensors.

One epoch of preset `report` a turn, in images a second, validation left out. Target: at least 0.97
of the bare loop's rate, though ours reports losses, listens to the user and repeats bit for bit.
"""

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

TARGET = 0.97


def our_rate(model: str) -> float:
    """Images a second from the first step to the last, by our own events."""
    run = run_ours(config_of(model, epochs=1))
    return 50_000 / run.logged[-1].elapsed


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=5)
    add_models(options)
    arguments = options.parse_args()
    with temporary_home():
        print(machine())
        for model in arguments.models:
            bare = BareLoop(model)
            bare.rate(steps=50)
            turns = {
                "ours": lambda model=model: our_rate(model),
                "bare": lambda bare=bare: bare.rate(),
            }
            rates = take_turns(turns, arguments.rounds)
            for name, values in rates.items():
                print(
                    f"{label_of(model):7} {name:5} {median(values):8,.0f} images/s "
                    f"({spread(values)})"
                )
            ratio = median(rates["ours"]) / median(rates["bare"])
            print(f"{label_of(model):7} ours / bare = {verdict(ratio, TARGET)}", flush=True)


if __name__ == "__main__":
    main()
