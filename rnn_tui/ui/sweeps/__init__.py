"""The Sweeps tab."""
