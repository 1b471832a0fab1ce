"""`python -m rnn_tui` does what the `rnn-tui` command does."""

import sys

from rnn_tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
