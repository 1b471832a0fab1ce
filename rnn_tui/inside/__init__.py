"""Analyse what happens inside a network while it reads: states, gates, probes, as frozen records.

No user interface is in here; torch is imported on use.
"""
