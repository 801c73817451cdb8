"""Rules of what revocation lists say that show in rare cases only: each alone decides one here."""

import pytest
from asn1crypto import keys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from signing_forged import resigned
from signing_lists import (
    DAY,
    ISSUER,
    PLAIN,
    ROOT,
    ROOT_SAYS,
    certificate,
    crl,
    entry,
    signer,
    told,
)
from signing_pki import NOW, Authority

from signing.cms import tlv
from signing.evidence.certificates import loaded
from signing.evidence.der import span_at, spans
from signing.evidence.revocation import revocation_facts
from signing.evidence.revocation_lists import read_list


def endless(*, by=ISSUER, key=None):
    """A list without nextUpdate."""
    whole = crl(by=by, key=key)
    signed, algorithm, _ = spans(whole, span_at(whole))
    fields = [whole[begin:end] for begin, _, end in spans(whole, signed)]
    content = tlv(0x30, *fields[:4], *fields[5:])
    signature = (key or by.key).sign(content, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, content, whole[algorithm[0] : algorithm[2]], tlv(0x03, b"\0", signature))


@pytest.mark.parametrize("junk", [b"no certificate", certificate()[:-1]], ids=["junk", "truncated"])
def test_authority_that_cannot_be_read_hides_no_other(junk):
    der, key = signer()
    found = told(PLAIN, crl(entry(), key=key), ROOT_SAYS, authorities=(junk, der))
    assert found.revoked_at == NOW


def rivals(count):
    """Authorities of one name and key, each of which could have certified all the others."""
    one = Authority("同名")
    limits = x509.BasicConstraints(ca=True, path_length=None)
    return one, tuple(
        certificate(limits, issuer=one, name=one.x509_name, key=one.key, serial=serial + 1)
        for serial in range(count)
    )


def test_signer_with_too_many_ways_is_not_believed_and_stops_nothing():
    """The search for his ways is given up: his list answers nothing, the others' do."""
    one, many = rivals(20)
    der, key = signer(issuer=one)
    lost = crl(entry(), key=key, at=NOW + DAY)
    assert told(PLAIN, lost, authorities=(der, *many)) is None
    assert told(PLAIN, lost, crl(), authorities=(der, *many)).revoked_at is None


@pytest.mark.parametrize(("octets", "believed"), [(20, True), (21, False)])
def test_signer_of_lists_whose_certificate_is_not_in_order_is_not_believed(octets, believed):
    """RFC 5280, 4.1.2.2: 20 octets at most; his path holds and he has not been revoked."""

    def numbered(content):
        content["serial_number"] = 1 << (8 * octets - 2)

    der, key = signer()
    strange = resigned(der, ROOT.key, numbered)
    found = told(PLAIN, crl(key=key), ROOT_SAYS, authorities=(strange,))
    assert (found is not None) is believed


def test_authority_of_the_path_itself_need_not_be_valid_when_others_sign():
    """It has expired since; whether that matters is judged with the path, not with its lists."""
    old = certificate(
        x509.BasicConstraints(ca=True, path_length=None),
        issuer=ROOT,
        name=ISSUER.x509_name,
        key=ISSUER.key,
        days=(-365, -1),
    )
    der, key = signer(issuer=ISSUER)
    found = revocation_facts((PLAIN, old, ROOT.der), (crl(entry(), key=key),), (der,))
    assert found[0].revoked_at == NOW


def test_answer_has_no_end_where_a_list_or_its_signers_list_has_none():
    """No end is told, not that of the other list: nobody has promised one for both."""
    der, key = signer()
    made = {"ends": crl(key=key), "endless": endless(key=key)}
    his = {"ends": ROOT_SAYS, "endless": endless(by=ROOT)}

    def end(of_list, of_signers_list):
        return told(PLAIN, made[of_list], his[of_signers_list], authorities=(der,)).next_update

    assert end("ends", "ends") == NOW + 30 * DAY
    assert end("endless", "ends") is None
    assert end("ends", "endless") is None
    assert end("endless", "endless") is None


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        ("301306072a8648ce3d020106082a8648ce3d030107", b"\x00\x04" + bytes(64)),
        ("300506032a0304", b"\x00" + bytes(64)),
    ],
    ids=["on no curve", "of no kind"],
)
def test_list_is_signed_by_no_key_that_cannot_be_read(kind, bits):
    """Asked of the list itself, and of an authority that stands in the path."""

    def change(content):
        content["subject_public_key_info"] = keys.PublicKeyInfo.load(
            tlv(0x30, bytes.fromhex(kind), tlv(0x03, bits))
        )

    strange = resigned(ISSUER.der, ROOT.key, change)
    assert not read_list(crl()).signed_by(loaded(strange))
    assert revocation_facts((PLAIN, strange, ROOT.der), (crl(),)) == (None, None, None)


def test_entries_of_a_list_are_found_with_and_without_version_and_end():
    """RFC 5280, 5.1: both may be missing, and the entries stand in another place each time."""
    whole = crl(x509.RevokedCertificateBuilder(7, NOW).build())
    signed, algorithm, _ = spans(whole, span_at(whole))
    version, of, by, since, until, entries, _ = (
        whole[begin:end] for begin, _, end in spans(whole, signed)
    )
    for head in ((version,), ()):
        for times in ((since, until), (since,)):
            for named in ((entries,), ()):
                content = tlv(0x30, *head, of, by, *times, *named)
                signature = tlv(0x03, b"\0", ISSUER.key.sign(content, ec.ECDSA(hashes.SHA256())))
                outside = whole[algorithm[0] : algorithm[2]]
                found = told(PLAIN, tlv(0x30, content, outside, signature))
                assert found.revoked_at == (NOW if named else None)
