"""What happens inside a network while it reads: states, gates, probes, as frozen records. No face
in here; torch on use.
"""
