"""Seal files of tensors: what is read is what was written, or it is said.

A seal has a digest of the metadata and one of each tensor, so that a file is checked as far as it
is read: settings without weights, weights without the state of training. It finds whatever happens
to a file by chance or by another program. Whoever changes content and seal together is not found.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

KEY = "rnn_tui_seal"  # beside the metadata that it covers
CHANGED = "it was changed since it was written: its content does not fit its digest"


def seal_of(metadata: str, tensors: Mapping[str, Any]) -> str:
    """Return the seal of a file.

    Args:
        metadata: its metadata, as text.
        tensors: all of its tensors by name, of NumPy, or of torch on the CPU.
    """
    digests = {name: digest_of({name: tensor}) for name, tensor in tensors.items()}
    return json.dumps({"metadata": _digest_of_text(metadata), "tensors": digests})


def check_seal(seal: str, metadata: str, names: Iterable[str], tensors: Mapping[str, Any]) -> None:
    """Do nothing if what was read of a file is what was written.

    Args:
        seal: the file's.
        metadata: its metadata, as text.
        names: of all tensors in the file.
        tensors: those that were read.

    Raises:
        ValueError: if they differ.
    """
    try:
        document = json.loads(seal)
        digests = dict(document["tensors"])
        is_intact = (
            document["metadata"] == _digest_of_text(metadata)
            and digests.keys() == set(names)
            and all(digest_of({name: tensors[name]}) == digests[name] for name in tensors)
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        is_intact = False
    if not is_intact:
        raise ValueError(CHANGED)


def digest_of(tensors: Mapping[str, Any]) -> str:
    """Return a digest over names, shapes, types and values, the same of NumPy and of torch."""
    result = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        kind = str(tensor.dtype).removeprefix("torch.")
        result.update(f"{name} {tuple(tensor.shape)} torch.{kind} ".encode())
        result.update(bytes_of(tensor))
    return result.hexdigest()


def _digest_of_text(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def bytes_of(tensor: Any) -> memoryview:
    """Return the bytes of a tensor as they lie in memory, without torch for those of NumPy."""
    if hasattr(tensor, "detach"):
        import torch  # noqa: PLC0415 - loaded already, since the tensor is of it

        tensor = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
    else:
        import numpy as np  # noqa: PLC0415 - on use only

        tensor = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8)
    return memoryview(tensor)
