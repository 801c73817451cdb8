"""Holders that nobody could mistake, and every way in which a byte string could give them away."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from urllib.parse import quote

from api.demo.people import Person
from certlib.creditcode import credit_check
from certlib.identity import identity_check

_LONG = 6
"""Octets that a needle must have: shorter ones turn up by chance in what is encrypted."""


def _person(name, first17, *, woman):
    born = date(int(first17[6:10]), int(first17[10:12]), int(first17[12:14]))
    return Person(name, first17 + identity_check(first17), born, woman)


HOLDER = _person("鸢尾沐晴岚", "44520219870307742", woman=True)
SECOND = _person("檀溪鹤鸣皋", "44522119910815753", woman=False)
THIRD = _person("璎珞霁虹洲", "44520319790923764", woman=True)
COMPANY = "揭阳市玳瑁犀角金丝雀实业有限公司"
COMPANY_CODE = "91445202MAKNR7QWX" + credit_check("91445202MAKNR7QWX")
RENAMED = "揭阳市琥珀螺钿画眉鸟实业有限公司"
ADDRESS = "揭阳市榕城区金丝雀巷七百三十一号之九"
PHONE = "13976543219"
CONTACT = "翡翠砚秋"
CONTACT_PHONE = "0663-7319462"
RECEIVER = "珊瑚枕雪"
NOTED = "杜若芷汀"
"""Somebody whom a clerk names in a note."""

PLANTED = {
    "holder's name": HOLDER.name,
    "holder's number": HOLDER.code,
    "second holder's name": SECOND.name,
    "second holder's number": SECOND.code,
    "third holder's name": THIRD.name,
    "third holder's number": THIRD.code,
    "company's name": COMPANY,
    "company's code": COMPANY_CODE,
    "company's new name": RENAMED,
    "address": ADDRESS,
    "telephone": PHONE,
    "contact's name": CONTACT,
    "contact's telephone": CONTACT_PHONE,
    "receiver": RECEIVER,
    "person in a note": NOTED,
}


@dataclass(frozen=True)
class Needle:
    label: str
    form: str
    octets: bytes


def _forms(text):
    utf8 = text.encode()
    yield "plain", utf8
    yield "plain", text.lower().encode()
    yield "percent", quote(text, safe="").encode()
    yield "percent", quote(text, safe="").lower().encode()
    yield "hex", utf8.hex().encode()
    yield "hex", utf8.hex().upper().encode()
    for digest in ("md5", "sha1", "sha256"):
        # Whoever has a plain digest of a number tries them all.
        made = hashlib.new(digest, utf8, usedforsecurity=False)
        yield f"bare {digest}", made.hexdigest().encode()
        yield f"bare {digest}", made.digest()
    yield from _base64(utf8)
    if text.isascii():
        return
    yield "GB18030", text.encode("gb18030")
    yield "percent of GB18030", quote(text.encode("gb18030"), safe="").encode()
    yield "UTF-16", text.encode("utf-16-le")
    yield "UTF-16", text.encode("utf-16-be")
    escaped = json.dumps(text)[1:-1]
    yield "JSON escape", escaped.encode()
    yield "JSON escape", escaped.upper().replace("\\U", "\\u").encode()
    yield "escaped escape", escaped.replace("\\", "\\\\").encode()
    yield "bytes shown", repr(utf8)[2:-1].encode()
    yield "Latin-1 for UTF-8", utf8.decode("latin-1").encode()
    yield "character references", "".join(f"&#{ord(char)};" for char in text).encode()


def _base64(octets):
    """The part that is the same, whatever stands before and behind; both alphabets."""
    for before in range(3):
        padded = b"\0" * before + octets
        whole = base64.b64encode(padded[: len(padded) // 3 * 3])
        inner = whole[4 if before else 0 :]
        yield "base64", inner
        yield "base64 for addresses", inner.translate(bytes.maketrans(b"+/", b"-_"))


@cache
def needles():
    found = {
        Needle(label, form, octets)
        for label, text in PLANTED.items()
        for form, octets in _forms(text)
        if len(octets) >= _LONG
    }
    assert {needle.label for needle in found} == set(PLANTED)
    return sorted(found, key=lambda needle: (needle.label, needle.form, needle.octets))


def found_in(octets):
    """What a byte string gives away: label and form, never the text itself."""
    return sorted({f"{item.label} ({item.form})" for item in needles() if item.octets in octets})
