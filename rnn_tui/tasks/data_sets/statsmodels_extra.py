"""Say whether statsmodels is installed, which is an extra, and what is missing without it.

It is an extra, as it brings pandas and patsy along and only forecasts are compared with it. This
module imports neither it nor NumPy.
"""

import importlib.util

from rnn_tui.engine.extras import install_command
from rnn_tui.tasks.data_sets.baseline import Baseline

MODELS = "AR and exponential smoothing"


def are_models_installed() -> bool:
    """Return whether statsmodels is installed."""
    return importlib.util.find_spec("statsmodels") is not None


def models_missing() -> Baseline:
    """Return what stands in place of the models where statsmodels is not installed."""
    note = f"need statsmodels, which is not installed; {install_command('forecast')} installs it"
    return Baseline(MODELS, note=note)
