"""Which reader answers for a CMS: our own where the form is ours, the careful one otherwise.

ISO 32000-2, 12.8.3.3.1 and EN 319 142-1, 5.3 want DER. Some writers leave the outer layers in BER,
of indefinite length, which nobody signs: EN 319 102-1, 5.2.2 calls for FORMAT_FAILURE only as far
as a message cannot be processed. Such a one is no form of ours, and is judged by what it says.
"""

from contextlib import suppress

from signing.evidence.der import ber_length
from signing.evidence.layout import der_length
from signing.evidence.library_message import library_message
from signing.evidence.message import MessageProblemError, SignedMessage
from signing.evidence.own_message import own_message

__all__ = ["read_message"]

_INDEFINITE = b"\x30\x80"


def read_message(contents: bytes) -> SignedMessage:
    """The message at the start of `contents`; what follows it is padding.

    Raises:
        MessageProblemError: not CMS, or not one signer.
    """
    length = der_length(contents)
    with suppress(ValueError, IndexError):
        length = length or (ber_length(contents) if contents[:2] == _INDEFINITE else 0)
    if not length:
        raise MessageProblemError("der")
    der = contents[:length]
    return own_message(der) or library_message(der)
