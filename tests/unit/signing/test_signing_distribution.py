"""Which points a certificate names, and of what a list found there speaks (RFC 5280, 6.3.3)."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from signing_lists import (
    HERE,
    INDIRECT,
    ISSUER,
    OTHER,
    OTHERS,
    REASONS,
    ROOT_SAYS,
    SOME,
    certificate,
    crl,
    points,
    scope,
    told,
)

from signing.evidence.certificates import name_of
from signing.evidence.distribution import ALL_REASONS, Point, points_of, scope_covers
from signing.evidence.revocation_lists import read_list

ITS_ISSUER = [x509.DirectoryName(ISSUER.x509_name)]
ITS_OTHER = [x509.DirectoryName(OTHER.x509_name)]


def covered(target, point, *extensions):
    found = read_list(crl(extensions=extensions))
    return scope_covers(found, x509.load_der_x509_certificate(target), point)


def test_all_reasons_are_those_that_a_list_can_be_limited_to():
    """RFC 5280, 4.2.1.13: bit 0 is unused, and to be taken from a list is no revocation."""
    assert {item.name for item in ALL_REASONS} == {
        "key_compromise",
        "ca_compromise",
        "affiliation_changed",
        "superseded",
        "cessation_of_operation",
        "certificate_hold",
        "privilege_withdrawn",
        "aa_compromise",
    }


def test_list_without_a_scope_speaks_for_the_reasons_of_the_point():
    target = certificate(points(full_name=HERE, reasons=SOME))
    named, assumed = points_of(x509.load_der_x509_certificate(target))
    assert covered(target, named) == SOME
    assert covered(target, assumed) == ALL_REASONS == SOME | OTHERS


def test_signer_of_a_point_is_a_directory_name():
    """Other names of his are names of the point, but no list is found by them."""
    point = x509.DistributionPoint(None, None, None, [*HERE, *ITS_OTHER])
    target = certificate(x509.CRLDistributionPoints([point]))
    named, _ = points_of(x509.load_der_x509_certificate(target))
    assert named.issuers == (name_of(OTHER.x509_name),)
    made = crl(by=OTHER, extensions=[scope(indirect_crl=True, full_name=HERE)])
    assert told(target, made, ROOT_SAYS, authorities=(OTHER.der,)) is not None


def test_issuer_with_another_name_keeps_its_own():
    target = certificate(x509.IssuerAlternativeName(HERE))
    for full_name in (ITS_ISSUER, HERE):
        assert told(target, crl(extensions=[scope(full_name=full_name)])) is not None
    assert told(target, crl(extensions=[scope(full_name=ITS_OTHER)])) is None


@pytest.mark.parametrize(("full_name", "speaks"), [(None, True), (HERE, False)])
def test_signer_names_a_point_that_has_no_name_of_its_own(full_name, speaks):
    """RFC 5280, 6.3.3 (b)(2)(i): with a name of its own, the list has to have that one."""
    target = certificate(points(full_name=full_name, issuer=OTHER))
    for said, found in ((ITS_OTHER, speaks), (HERE, not speaks)):
        made = crl(by=OTHER, extensions=[scope(indirect_crl=True, full_name=said)])
        assert (told(target, made, ROOT_SAYS, authorities=(OTHER.der,)) is not None) is found


@pytest.mark.parametrize("kind", ["only_contains_user_certs", "only_contains_ca_certs"])
@pytest.mark.parametrize("authority", [True, False])
def test_authority_is_who_says_so(kind, authority):
    """Not everybody who has the extension (RFC 5280, 4.2.1.9)."""
    target = certificate(x509.BasicConstraints(ca=authority, path_length=None))
    found = told(target, crl(extensions=[scope(**{kind: True})]))
    assert (found is not None) is (authority is (kind == "only_contains_ca_certs"))


NAMES = [
    x509.DNSName("pki.example"),
    x509.RFC822Name("pki.example"),
    x509.UniformResourceIdentifier("pki.example"),
    x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pki.example")])),
]


@pytest.mark.parametrize("one", NAMES, ids=lambda item: type(item).__name__)
@pytest.mark.parametrize("other", NAMES, ids=lambda item: type(item).__name__)
def test_names_of_different_kinds_are_different(one, other):
    """However equal their texts: a mailbox is no host."""
    target = certificate(points(full_name=[one]))
    found = told(target, crl(extensions=[scope(full_name=[other])]))
    assert (found is not None) is (one is other)


def test_direct_list_is_none_of_another_signers_point():
    target = certificate(points(issuer=OTHER))
    named, _ = points_of(x509.load_der_x509_certificate(target))
    assert covered(target, named) == frozenset()
    assert covered(target, named, INDIRECT) == ALL_REASONS


def test_list_for_some_reasons_speaks_of_those_that_the_point_asks_for():
    one = frozenset({REASONS.key_compromise})
    point = Point(frozenset(), SOME)
    limited = scope(only_some_reasons=OTHERS | one)
    assert covered(certificate(), point, limited) == one
