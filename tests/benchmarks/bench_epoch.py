"""An epoch of preset `report`, training and validation, against the report's own way.

Same models, same batches, same optimiser, same figures at the end; the time is the difference.
Targets: twice as fast for the RNN, 1.75 times for the LSTM, 2.6 times for the biLSTM.
"""

from _common import (
    ReportsWay,
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

TARGETS = {"rnn": 2.0, "lstm": 1.75, "bilstm": 2.6}


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, rounds=3)
    add_models(options)
    arguments = options.parse_args()
    with temporary_home():
        print(machine())
        for model in arguments.models:
            theirs = ReportsWay(model)
            turns = {
                "ours": lambda model=model: run_ours(config_of(model, epochs=1)).epochs[0].seconds,
                "report": theirs.epoch,
            }
            seconds = take_turns(turns, arguments.rounds)
            for name, values in seconds.items():
                print(f"{label_of(model):7} {name:6} {median(values):6.2f} s ({spread(values)})")
            ratio = median(seconds["report"]) / median(seconds["ours"])
            print(
                f"{label_of(model):7} report / ours = {verdict(ratio, TARGETS[model])}", flush=True
            )


if __name__ == "__main__":
    main()
