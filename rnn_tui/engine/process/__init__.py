"""The process: its threads, waits, children, signals, log and what it may use of the machine."""
