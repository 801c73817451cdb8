"""A certificate's content at rest: its canonical JSON, sealed, and checked against its digest."""

import hashlib
import json

from certlib.document import Content, content_from_json
from certlib.errors import Corrupt
from storage.encryption import Cipher, Place


def seal_content(cipher: Cipher, table: str, content: Content) -> bytes:
    """Ciphertext of the canonical JSON for the row of this identifier."""
    return cipher.seal(content.canonical(), Place(table, "content", content.identifier))


def open_content(
    cipher: Cipher, table: str, identifier: str, sealed: bytes, digest: str
) -> Content:
    """The content of a row.

    Raises:
        Corrupt: it does not decrypt there, or is not what the digest column says.
    """
    clear = cipher.open(bytes(sealed), Place(table, "content", identifier))
    if hashlib.sha256(clear).hexdigest() != digest:
        raise Corrupt(what=f"{table}.content_digest")
    return content_from_json(json.loads(clear))
