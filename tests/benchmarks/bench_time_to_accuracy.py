"""Preset `fast` against the report's way run to its end: the time to the report's accuracy.

Ours is the median over several seeds of the whole call: data prepared, model made, trained,
validated and tested. The report's is one run of its 10 epochs and its test. Our seeds run between
its epochs, so that both meet the same machine. PyTorch is imported and the files are unpacked
before.
"""

import statistics

from _common import (
    ReportsWay,
    add_models,
    config_of,
    label_of,
    machine,
    parser,
    run_ours,
    temporary_home,
    verdict,
)

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist.data import load_mnist

REPORT_EPOCHS = 10
TARGETS = {"rnn": 25.0, "lstm": 35.0, "bilstm": 25.0}


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=10)
    add_models(options)
    options.add_argument(
        "--epochs-of-the-report",
        type=int,
        default=REPORT_EPOCHS,
        metavar="N",
        help="time fewer of its 10 epochs and scale them up (%(default)s)",
    )
    arguments = options.parse_args()
    with temporary_home():
        load_mnist()
        print(machine())
        for model in arguments.models:
            measure(model, arguments.rounds, arguments.epochs_of_the_report)


def measure(model: str, seeds: int, epochs: int) -> None:
    """Measure and print one model."""
    theirs = ReportsWay(model)
    run_ours(config_of(model, "fast"), stop_after=20)  # warm-up
    their_epochs: list[float] = []
    our_seconds: list[float] = []
    our_accuracies: list[float] = []
    # Both spread evenly over the whole, whichever has more turns.
    turns = [((at + 0.5) / epochs, "report") for at in range(epochs)]
    turns += [((at + 0.5) / seeds, "ours") for at in range(seeds)]
    for _, whose in sorted(turns):
        if whose == "report":
            their_epochs.append(theirs.epoch())
            continue
        run = run_ours(config_of(model, "fast", seed=len(our_seconds)))
        our_seconds.append(run.wall)
        our_accuracies.append(run.finished.metrics["test_accuracy"])
    their_accuracy, test_seconds = theirs.test()
    scaled = sum(their_epochs) * REPORT_EPOCHS / len(their_epochs) + test_seconds
    ours = statistics.median(our_seconds)
    deviation = statistics.stdev(our_accuracies) if seeds > 1 else 0.0
    published = TASKS["mnist"].published["test_accuracy"][model]
    note = "" if epochs == REPORT_EPOCHS else f" (SCALED from {epochs} timed)"
    name = label_of(model)
    print(
        f"{name:7} fast:   {ours:6.2f} s, test accuracy {statistics.mean(our_accuracies):.2f} "
        f"± {deviation:.2f} % over {seeds} seeds"
    )
    print(
        f"{name:7} report: {scaled:6.2f} s for {REPORT_EPOCHS} epochs{note}, test accuracy "
        f"{their_accuracy:.2f} % after {epochs} epochs (published: {published:.2f} %)"
    )
    print(f"{name:7} report / fast = {verdict(scaled / ours, TARGETS[model])}", flush=True)


if __name__ == "__main__":
    main()
