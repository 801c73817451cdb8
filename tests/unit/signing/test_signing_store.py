"""Promises about validation material that other writers lay in (ISO 32000-2, 12.8.4.3)."""

import hashlib

import pytest
from signing_changed import IN_CATALOG, OTHER, STORE, kinds, make
from signing_files import stream, update

from signing.evidence.faults import ReadingFaultError
from signing.evidence.opened import opened
from signing.evidence.store import speaks_of

SEAL, STAMP = b"seal certificate", b"certificate of the stamper"
SIGNERS = [hashlib.sha256(der).hexdigest() for der in (SEAL, STAMP)]


def test_length_of_what_is_in_a_store_may_be_an_object():
    """7.3.8.2: writers that do not know it beforehand put it behind the stream."""
    pointed = stream(b"x").replace(b"/Length 1 ", b"/Length 13 0 R ")
    new = {**IN_CATALOG, 11: b"<< /Certs [12 0 R] >>", 12: pointed, 13: b"1"}
    assert kinds(update(make(), new)) == {STORE}
    named = {**new, 12: stream(b"x", b"/X 13 0 R "), 13: b"(1)"}
    assert kinds(update(make(), named)) == {STORE, OTHER}
    first = make({11: b"<< /Certs [12 0 R] >>", 12: pointed, 13: b"1"}, catalog=b"/DSS 11 0 R ")
    longer = {12: stream(b"xyz").replace(b"/Length 3 ", b"/Length 13 0 R "), 13: b"3"}
    assert kinds(update(first, longer)) == {STORE}


@pytest.mark.parametrize("size", [40, 56, 64, 96, 128])
def test_names_of_signatures_are_digests_of_any_kind(size):
    """Table 261 has SHA-1; writers who have given that up name by SHA-2."""
    for digits, found in ((size, {STORE}), (size - 1, {STORE, OTHER}), (size + 1, {STORE, OTHER})):
        store = b"<< /VRI << /%s << >> >> >>" % (b"A" * digits)
        assert kinds(update(make(), {**IN_CATALOG, 11: store})) == found


def _stored(certs, spoken=b"/CRLs [14 0 R]"):
    objects = {11: b"<< /Certs %s %s >>" % (certs, spoken), 12: stream(SEAL), 13: stream(STAMP)}
    return opened(update(make(), {**IN_CATALOG, **objects, 14: stream(b"list")}), 1 << 20)


@pytest.mark.parametrize(
    ("certs", "spoken", "speaks"),
    [
        (b"[12 0 R 13 0 R]", b"/CRLs [14 0 R]", True),
        (b"[14 0 R 99 0 R (x) 13 0 R 12 0 R]", b"/OCSPs [14 0 R]", True),
        (b"[12 0 R 13 0 R]", b"/CRLs []", False),
        (b"[12 0 R]", b"/CRLs [14 0 R]", False),
        (b"[13 0 R 13 0 R]", b"/CRLs [14 0 R]", False),
        (b"[]", b"/CRLs [14 0 R]", False),
        (b"12 0 R", b"/CRLs [14 0 R]", False),
        (b"[%s 12 0 R 13 0 R]" % (b"14 0 R " * 62), b"/CRLs [14 0 R]", True),
        (b"[%s 12 0 R 13 0 R]" % (b"14 0 R " * 63), b"/CRLs [14 0 R]", False),
    ],
)
def test_store_speaks_of_whom_it_has_the_certificates(certs, spoken, speaks):
    assert speaks_of(_stored(certs, spoken), SIGNERS) is speaks


def test_store_speaks_of_nobody_where_nobody_signed():
    document = _stored(b"[12 0 R 13 0 R]")
    assert not speaks_of(document, [])
    assert not speaks_of(document, [SIGNERS[0], ""])
    assert not speaks_of(opened(make(), 1 << 20), SIGNERS)


def test_what_is_too_long_for_a_certificate_is_not_hashed():
    long = bytes(64 * 1024 + 1)
    objects = {11: b"<< /Certs [12 0 R] /CRLs [12 0 R] >>", 12: stream(long)}
    document = opened(update(make(), {**IN_CATALOG, **objects}), 1 << 20)
    assert not speaks_of(document, [hashlib.sha256(long).hexdigest()])


def test_store_that_costs_too_much_speaks_of_nobody(monkeypatch):
    document = _stored(b"[12 0 R 13 0 R]")

    def dear(stream):
        raise ReadingFaultError("malformed", "decompression-limit")

    monkeypatch.setattr(document, "content", dear)
    assert not speaks_of(document, SIGNERS)
