"""Turn what a library's decoder raises at damaged bytes into a sentence for the user.

A file that a user is given may hold anything. Decoders of the standard library, NumPy and Pillow
raise many kinds of errors at bytes that they did not expect, not all of them documented. So each
call of one stands within `decoding`, and nothing else does: our own faults stay faults.
"""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rnn_tui.engine.errors import UserError, printable

#: what decoders raise for damaged or hostile bytes.
DAMAGED: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,  # an encrypted archive, a method that is not known, or brackets without end
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    tokenize.TokenError,  # NumPy's, of the head of an array
)


@contextmanager
def decoding(refusal: Callable[[str], UserError]) -> Iterator[None]:
    """Refuse what the decoder that is called within can't read.

    Args:
        refusal: makes the error for the user, from the decoder's reason in a few words.

    Raises:
        UserError: that of `refusal`, in place of any of `DAMAGED`.
    """
    try:
        yield
    except DAMAGED as error:
        raise refusal(reason_of(error)) from error


def reason_of(error: Exception) -> str:
    """Return the reason that a decoder gives, in a few words."""
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    return str(printable(getattr(error, "strerror", None) or error, 80)) or "it is damaged"
