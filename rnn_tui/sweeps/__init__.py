"""Many runs of one task with other settings, on the cores of this machine or on many machines.

A sweep has trials, each a choice of settings; a trial has one run a seed, or one run with all its
seeds where small networks train side by side. Dask (`distributed`) carries runs to workers, Optuna
chooses settings: both are extras, and imported on use. What a sweep has is asked of the store each
time, so that it can stop and go on.
"""
