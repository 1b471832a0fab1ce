"""What a process needs before it loads libraries that compute.

Importing the package changes nothing in the process. Whatever trains, or reads a photo, calls
`prepare_process` first: the command line as it starts, the functions of the package as they train.
"""

import os
import warnings


def prepare_process() -> None:
    """Set what libraries read as they are loaded, and keep them from printing."""
    require_repeatable_cuda()
    # Faults in the text or the profile of an image do not concern its pixels. Both settings stay:
    # to undo them after a file would undo them for another thread, too.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    warnings.filterwarnings("ignore", module=r"PIL\.")


def require_repeatable_cuda() -> None:
    """Have an LSTM on CUDA repeat itself, unless the user's environment says otherwise.

    cuBLAS reads this as it is loaded: so call it before anything imports torch.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")
