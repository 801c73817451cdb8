"""Normal forms and keyed hashes: how an encrypted code, name or number is found again."""

import unicodedata

from certlib.holders import normalise
from storage.encryption import Cipher

_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･᛫", "·"))


def code_hash(cipher: Cipher, code_type: str, code: str) -> str:
    """Of the normalised code alone: a search need not know the type."""
    return cipher.keyed_hash("holder-code", normalise(code_type, code))


def name_hash(cipher: Cipher, name: str) -> str:
    """Of a name: half-width, without spaces, one kind of middle dot, case folded."""
    plain = "".join(unicodedata.normalize("NFKC", name).translate(_DOTS).split())
    return cipher.keyed_hash("holder-name", plain.casefold())


def number_hash(cipher: Cipher, number: str) -> str | None:
    """Of a number on the face; None when there is none."""
    return cipher.keyed_hash("face-number", normalised_number(number)) if number else None


def normalised_number(number: str) -> str:
    """Document numbers write their brackets in many ways: one of them stands for all."""
    plain = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    return plain.translate(str.maketrans("〔[【", "(((") | str.maketrans("〕]】", ")))"))
