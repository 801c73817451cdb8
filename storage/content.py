"""A certificate's content at rest: its canonical JSON, sealed, and checked against its digest."""

import hashlib
import json

from certlib.document import Content, content_from_json
from certlib.errors import Corrupt
from storage.encryption import Cipher, Place


def seal_content(cipher: Cipher, table: str, content: Content) -> bytes:
    """Ciphertext of the canonical JSON for the row of this identifier."""
    return seal_content_at(cipher, Place(table, "content", content.identifier), content)


def seal_content_at(cipher: Cipher, place: Place, content: Content) -> bytes:
    """Ciphertext of the canonical JSON for a row that its identifier alone does not name."""
    return cipher.seal(content.canonical(), place)


def open_content(
    cipher: Cipher, table: str, identifier: str, sealed: bytes, digest: str
) -> Content:
    """The content of a row.

    Raises:
        Corrupt: it does not decrypt there, or is not what the digest column says.
    """
    return open_content_at(cipher, Place(table, "content", identifier), sealed, digest)


def open_content_at(cipher: Cipher, place: Place, sealed: bytes, digest: str) -> Content:
    """The content sealed at a place; raises as `open_content` does."""
    clear = cipher.open(bytes(sealed), place)
    if hashlib.sha256(clear).hexdigest() != digest:
        raise Corrupt(what=f"{place.table}.content_digest")
    return content_from_json(json.loads(clear))
