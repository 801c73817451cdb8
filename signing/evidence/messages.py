"""Which reader answers for a CMS: our own where the form is ours, the careful one otherwise."""

from signing.evidence.layout import der_length
from signing.evidence.library_message import library_message
from signing.evidence.message import MessageProblemError, SignedMessage
from signing.evidence.own_message import own_message

__all__ = ["read_message"]


def read_message(contents: bytes) -> SignedMessage:
    """The message at the start of `contents`; what follows it is padding.

    Raises:
        MessageProblemError: not CMS, or not one signer.
    """
    length = der_length(contents)
    if not length:
        raise MessageProblemError("der")
    der = contents[:length]
    return own_message(der) or library_message(der)
