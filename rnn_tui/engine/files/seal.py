"""Seal files of tensors: what is read is what was written, or it is said.

A seal has a digest of the metadata and one of each tensor, so that a file is checked as far as it
is read: settings without weights, weights without the state of training. It finds whatever happens
to a file by chance or by another program. Whoever changes content and seal together is not found.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

CHANGED = "it was changed since it was written: its content does not fit its digest"


def seal_of(metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the seal of a file, JSON-ready.

    Args:
        metadata: its metadata, JSON-ready.
        tensors: all of its tensors by name, of NumPy, or of torch on the CPU.
    """
    digests = {name: digest_of({name: tensor}) for name, tensor in tensors.items()}
    return {"metadata": _digest_of_json(metadata), "tensors": digests}


def check_seal(
    seal: Any, metadata: Mapping[str, Any], names: Iterable[str], tensors: Mapping[str, Any]
) -> None:
    """Do nothing if what was read of a file is what was written.

    Args:
        seal: the file's, from JSON.
        metadata: its metadata without the seal, from JSON.
        names: of all tensors in the file.
        tensors: those that were read.

    Raises:
        ValueError: if they differ.
    """
    try:
        digests = dict(seal["tensors"])
        is_intact = (
            seal["metadata"] == _digest_of_json(metadata)
            and digests.keys() == set(names)
            and all(digest_of({name: tensors[name]}) == digests[name] for name in tensors)
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
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


def _digest_of_json(values: Mapping[str, Any]) -> str:
    """Return a digest of JSON-ready values, which is the same after they were written and read."""
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=16).hexdigest()


def bytes_of(tensor: Any) -> memoryview:
    """Return the bytes of a tensor as they lie in memory, without torch for those of NumPy."""
    if hasattr(tensor, "detach"):
        import torch  # loaded already, since the tensor is of it

        tensor = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy()
    else:
        import numpy as np  # on use only

        tensor = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8)
    return memoryview(tensor)
