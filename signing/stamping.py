"""A timestamp authority as sealing sees it: tokens, and the chain of whoever signs them."""

import hashlib

from certlib.errors import SigningUnavailable
from certlib.ports import TimestampSource
from signing.evidence.message import MessageProblemError
from signing.evidence.messages import read_message

__all__ = ["Stamps", "chain_of"]

_PROBE = hashlib.sha256(b"").digest()


class Stamps:
    """A timestamp source that remembers who has signed its last token. Threads may share one.

    The store of a B-LT seal lies under the seal, so it is written before the seal's own token is
    known: the authority that signed the last one is expected to sign the next.

    Attributes:
        longest: octets of the longest token so far.
    """

    def __init__(self, source: TimestampSource) -> None:
        self._source = source
        self._chain: tuple[bytes, ...] = ()
        self.longest = 0

    def token(self, digest: bytes) -> bytes:
        """DER TimeStampToken over a SHA-256 digest.

        Raises:
            SigningUnavailable: the authority does not answer, or no readable token.
            Unavailable: it stamps no more for now.
        """
        token = self._source.token(digest, "sha256")
        if not (self._chain and self._chain[0] in token):
            self._chain = chain_of(token)
        self.longest = max(self.longest, len(token))
        return token

    def chain(self) -> tuple[bytes, ...]:
        """The certificates of the last token, its signer's first; asks for one where none was.

        Raises:
            SigningUnavailable: as for `token`.
        """
        return self._chain or chain_of(self.token(_PROBE))


def chain_of(token: bytes) -> tuple[bytes, ...]:
    """The certificates in a token, its signer's first.

    Raises:
        SigningUnavailable: it is no token, or carries no certificate of its signer.
    """
    try:
        message = read_message(token)
    except MessageProblemError as error:
        raise SigningUnavailable(what="timestamp token") from error
    if not message.signer_der:
        raise SigningUnavailable(what="timestamp token")
    return (message.signer_der, *message.others)
