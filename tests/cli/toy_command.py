"""A command as another package would add it: this module, and a line that registers it."""

import argparse
import sys
import time

from rnn_tui.engine.errors import CheckpointError, SettingError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Say a word back."
    parser.add_argument("word", help="what to say")
    parser.add_argument("--times", type=int, default=1, help="how often")


def run(options: argparse.Namespace) -> int:
    """Say it."""
    match options.word:
        case "nonsense":
            options.complain("this word means nothing")
        case "setting":
            raise SettingError("This setting is wrong.")
        case "file":
            raise CheckpointError("This file is damaged.")
        case "fault":
            raise ZeroDivisionError
        case "wait":
            print("waiting", file=sys.stderr, flush=True)
            time.sleep(60)
    print(" ".join([options.word] * options.times))
    return 0
