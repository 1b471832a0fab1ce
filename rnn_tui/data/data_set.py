"""Hold a data set of sequences in arrays."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.data.description import ADDED, Description
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import Origin
from rnn_tui.engine.errors import DataError, SafeText
from rnn_tui.engine.files.seal import bytes_of

TRAINING, VALIDATION, TEST = 0, 1, 2  # the parts of a data set
PART_NAMES = ("training", "validation", "test")  # of each part
UNKNOWN = -1  # the class of a step or sequence without a label
DIGEST_LENGTH = 6  # hexadecimal digits of a data set's content in its name
LONGEST_STEM = 22
# Fields of a description that are no content. Statistics may differ in their last digits where
# another version of NumPy adds up in another order.
NOT_IN_DIGEST = {
    "name",
    "label",
    "source",
    "notes",
    "means",
    "deviations",
    "output_means",
    "output_deviations",
    "dated",
    "reading",
    "class_counts",
    "thinned",
    "blocks",
    "counted_in",
}


@dataclass(frozen=True, eq=False)
class DataSet:
    """N sequences of altogether T steps, one after another in the same arrays.

    Raises:
        DataError: if shapes or numbers do not fit the description, as in a damaged file.
    """

    description: Description
    #: (T, F) numbers that are read, in the units of the file and without gaps; (T, 1) places in the
    #: alphabet if symbols are read.
    values: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]  #: (N + 1,) the first step of each sequence, then T.
    #: classes (N,) or, of every step, (T,), `UNKNOWN` without a label; numbers (N, O) or (T, O) in
    #: the units of the file, NaN without one. If the inputs to come are answered: nothing, (0,),
    #: or, if some were missing, the inputs (T, F), NaN where there was none.
    targets: npt.NDArray[np.int64] | npt.NDArray[np.float32]
    parts: npt.NDArray[np.uint8]  #: (N,) `TRAINING`, `VALIDATION` or `TEST`.
    origin: Origin = field(default_factory=Origin)  #: where in the file the sequences come from.

    def __post_init__(self) -> None:
        description = self.description
        steps, columns = self.values.shape
        lengths = np.diff(self.starts)
        expected_columns = 1 if description.alphabet else len(description.features)
        sizes_fit = (
            columns == expected_columns
            and len(self.starts) == description.count + 1
            and len(self.parts) == description.count
            and self.starts[0] == 0
            and self.starts[-1] == steps
        )
        if not sizes_fit or len(self.targets) not in self._expected_targets(steps):
            raise DataError("The arrays of this data set do not fit together.")
        if lengths.min() < description.shortest or lengths.max() > description.longest:
            raise DataError("The lengths of this data set are not those that it says.")
        counts = np.bincount(self.parts, minlength=3).tolist()
        if counts != [description.training, description.validation, description.test]:
            raise DataError("The parts of this data set are not those that it says.")
        self.origin.check(description.count, steps)
        if not np.isfinite(self.values).all():
            raise DataError("Some numbers of this data set are not finite.")
        if description.alphabet:
            self._check_places(self.values, len(description.alphabet), 0)
        if description.classifies and description.goal is not Goal.NEXT:
            self._check_places(self.targets, len(description.outputs), UNKNOWN)

    def _expected_targets(self, steps: int) -> tuple[int, ...]:
        """Return how many targets there may be for so many steps."""
        if self.description.goal is Goal.NEXT:
            of_numbers = self.targets.shape[1:] == self.values.shape[1:]
            return (0, steps) if of_numbers and not self.description.alphabet else (0,)
        return (steps,) if self.description.goal.every_step else (self.description.count,)

    @property
    def to_come(self) -> npt.NDArray[np.float32]:
        """The inputs (T, F) that are answered if these are to come, NaN where they were missing."""
        return self.targets.astype(np.float32) if len(self.targets) else self.values

    @staticmethod
    def _check_places(places: npt.NDArray[Any], count: int, least: int) -> None:
        """Check that places in a list of `count` names are in it."""
        if len(places) and (places.min() < least or places.max() >= count):
            raise DataError("This data set has symbols or classes without a name.")

    @property
    def count(self) -> int:
        """Sequences N."""
        return len(self.parts)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Steps (N,) of each sequence."""
        return np.diff(self.starts)

    def of_part(self, part: int) -> npt.NDArray[np.int64]:
        """Return the indices of the sequences of `TRAINING`, `VALIDATION` or `TEST`."""
        return np.flatnonzero(self.parts == part)

    def sequence(self, index: int) -> npt.NDArray[np.float32]:
        """Return the values (steps, F) of a sequence."""
        return self.values[self.starts[index] : self.starts[index + 1]]

    def sequence_name(self, index: int) -> SafeText:
        """Return what the file calls a sequence; its number from 1 if it has no name."""
        reading = self.description.reading
        noun = "" if reading is None else reading.sequence or ""
        return self.origin.name(index, self.starts, noun)

    def target(self, index: int) -> Any:
        """Return the target of a sequence, or those of its steps; None for the inputs to come."""
        if self.description.goal is Goal.NEXT:
            return None
        if self.description.goal.every_step:
            return self.targets[self.starts[index] : self.starts[index + 1]]
        return self.targets[index]

    def named(self, stem: str) -> Self:
        """Return the data set with a name made of `stem` and a digest of all that it holds."""
        document = self.description.to_dict()
        content = {key: value for key, value in document.items() if key not in NOT_IN_DIGEST}
        content = without_additions(content)
        name = f"{slug(stem)}-{self._digest(content)}"
        return replace(self, description=replace(self.description, name=name))

    @property
    def fits_its_name(self) -> bool:
        """Whether the digest in its name is of what it holds, by this version or an earlier one."""
        digest = self.description.name.rpartition("-")[2]
        if self.named("").description.name.endswith(f"-{digest}"):
            return True
        statistics_too = replace(self.description, name="", label="", source="", notes=())
        return self._digest(without_additions(statistics_too.to_dict())) == digest

    def _digest(self, content: Mapping[str, Any]) -> str:
        """Return the digest of the arrays, and of this content of the description."""
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        for array in (self.values, self.starts, self.targets, self.parts):
            digest.update(bytes_of(array))
        return digest.hexdigest()[:DIGEST_LENGTH]


def without_additions(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without fields that earlier versions lack, if they say nothing."""
    return {
        name: value for name, value in content.items() if name not in ADDED or value != ADDED[name]
    }


def slug(stem: str) -> str:
    """Return a name of small letters, digits and dashes that begins with a letter."""
    words = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    if not words or not words[0].isalpha():
        words = f"data-{words}".rstrip("-")
    return words[:LONGEST_STEM].rstrip("-")


def class_counts(data_set: DataSet, indices: Sequence[int] | npt.NDArray[np.int64]) -> list[int]:
    """Return how many of some sequences have each class of `Goal.CLASS`."""
    classes = data_set.targets[np.asarray(indices)]
    labelled = classes[classes >= 0].astype(np.int64)
    class_count = len(data_set.description.outputs)
    counts: list[int] = np.bincount(labelled, minlength=class_count).tolist()
    return counts
