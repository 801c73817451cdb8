"""Normal forms and keyed hashes: how an encrypted code, name or number is found again."""

from certlib.holders import name_key, normalise
from certlib.numbers import number_key
from storage.encryption import Cipher


def code_hash(cipher: Cipher, code_type: str, code: str) -> str:
    """Of the normalised code alone: a search need not know the type."""
    return cipher.keyed_hash("holder-code", normalise(code_type, code))


def name_hash(cipher: Cipher, name: str) -> str:
    """Of a name: folded as people type, with one kind of middle dot."""
    return cipher.keyed_hash("holder-name", name_key(name))


def number_hash(cipher: Cipher, number: str) -> str | None:
    """Of the key of a number on the face; None when there is none."""
    key = number_key(number)
    return cipher.keyed_hash("face-number", key) if key else None
