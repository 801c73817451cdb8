"""Promises about validation material that other writers lay in (ISO 32000-2, 12.8.4.3)."""

import pytest
from signing_changed import IN_CATALOG, OTHER, STORE, kinds, make
from signing_files import stream, update


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
