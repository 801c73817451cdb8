"""The words of a field dictionary: a closed part of JSON Schema 2020-12 and keywords of our own.

Closed on purpose: a keyword that is spelt wrongly is passed over in silence by every JSON Schema
implementation, and with it the check it was meant to be.
"""

from collections.abc import Mapping
from typing import Final

from certlib.definitions.checks import (
    Check,
    anything,
    choice,
    flag,
    listed,
    mapping,
    raw_text,
    text,
    whole,
)
from certlib.masking import MASKS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FORMS: Final = ("original", "duplicate", "annex", "drawing")
"""正本, 副本, 附页, 附图."""
HOLDER_PARTS: Final = ("name", "code", "birth", "sex")
"""What of the first holder a field repeats (`x-holder`)."""
KINDS: Final = ("string", "integer", "boolean", "array")
"""JSON types of a field; a table is an array of objects."""

_STRING: Final = frozenset({"string"})
_TABLE: Final = frozenset({"table"})
FORMATS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("name", "code", "multiline", "date", "clock", "amount", "number"), _STRING),
    **dict.fromkeys(("capitals", "conclusion", "signer", "photograph"), _STRING),
    "paragraphs": frozenset({"string", "array"}),
    **dict.fromkeys(("items", "enclosures", "copies"), frozenset({"array"})),
    **dict.fromkeys(("table", "photographs"), _TABLE),
}
"""How a value is printed (`x-format`), and of which kinds it may be."""

_LONGEST_TEXT = 900_000  # a picture; the attachment with the data may have 1 MiB
_LARGEST = 2**53 - 1  # RFC 8785 over integers that every implementation keeps
_MOST_ITEMS = 2_000

BOUNDS: Final[Mapping[str, Mapping[str, Check]]] = {
    "string": {
        "minLength": whole(0, _LONGEST_TEXT),
        "maxLength": whole(1, _LONGEST_TEXT),
        "pattern": text(300),
        "enum": listed(text(60), 1, 300),
        "format": choice(["date"]),
        "contentEncoding": choice(["base64"]),
        "contentMediaType": choice(["image/jpeg", "image/png"]),
        "x-shape": choice(["portrait", "landscape"]),
        "x-sum-of": text(80),
    },
    "integer": {
        "minimum": whole(-_LARGEST, _LARGEST),
        "maximum": whole(-_LARGEST, _LARGEST),
    },
    "boolean": {},
    "array": {
        "items": anything,
        "minItems": whole(0, _MOST_ITEMS),
        "maxItems": whole(1, _MOST_ITEMS),
        "uniqueItems": flag,
        "x-numbered": flag,
    },
}
"""Keywords that only values of one type have."""

NAMED: Final[Mapping[str, Check]] = {
    "type": anything,
    "title": text(40),
    "x-order": whole(0, 9_999),
}
FIELD: Final[Mapping[str, Check]] = {
    "description": text(300),
    "x-face": flag,
    "x-sensitive": flag,
    "x-mask": choice(MASKS),
    "x-span": whole(1, 12),
    "x-unit": raw_text(20),
    "x-part": text(60),
    "x-format": choice(FORMATS),
    "x-forms": listed(choice(FORMS), 1, len(FORMS)),
    "x-holder": choice(HOLDER_PARTS),
}
COLUMN: Final[Mapping[str, Check]] = {
    "description": text(300),
    "x-title-en": text(80),
    "x-unit": raw_text(20),
    "x-format": choice(FORMATS),
    "x-width": whole(1, 100),
    "x-sum": choice(["capitals", True]),
}
OBJECT: Final[Mapping[str, Check]] = {
    "type": choice(["object"]),
    "additionalProperties": anything,
    "properties": mapping,
}
OBJECT_MAY: Final[Mapping[str, Check]] = {"required": listed(text(40), 0, 300)}
