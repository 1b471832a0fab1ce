"""Training: the loop, what it trains, its state, checkpoints and devices."""
