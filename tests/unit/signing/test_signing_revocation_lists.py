"""How revocation lists are written, and what of it is understood (RFC 5280, 5)."""

from datetime import datetime

import pytest
from asn1crypto import keys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from signing_forged import resigned
from signing_lists import (
    DAY,
    HERE,
    INDIRECT,
    ISSUER,
    OTHER,
    OTHERS,
    PLAIN,
    REASONS,
    ROOT,
    ROOT_SAYS,
    SOME,
    UNKNOWN,
    by_other,
    certificate,
    crl,
    delta,
    entry,
    scope,
    signer,
    told,
)
from signing_pki import NOW

from signing.cms import tlv
from signing.evidence.der import span_at, spans
from signing.evidence.revocation_lists import read_list

HERE_POINT = x509.DistributionPoint(HERE, None, None, None)


@pytest.mark.parametrize(
    "extension",
    [
        x509.IssuerAlternativeName(HERE),
        scope(only_contains_user_certs=True),
        x509.AuthorityKeyIdentifier(b"x", None, None),
        x509.FreshestCRL([HERE_POINT]),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), b"\x18\x0f20000101000000Z"),
    ],
    ids=lambda item: item.oid.dotted_string,
)
def test_critical_extensions_of_lists_that_are_understood(extension):
    """RFC 5280, 5.2."""
    assert told(PLAIN, crl(extensions=[extension])) is not None


def test_number_of_a_list_may_be_critical():
    builder = x509.CertificateRevocationListBuilder(ISSUER.x509_name, NOW, NOW + DAY)
    builder = builder.add_extension(x509.CRLNumber(1), critical=True)
    made = builder.sign(ISSUER.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert told(PLAIN, made) is not None


@pytest.mark.parametrize(
    "extension",
    [
        x509.CRLReason(REASONS.key_compromise),
        x509.UnrecognizedExtension(
            x509.ObjectIdentifier("2.5.29.23"), bytes.fromhex("06072a8648ce380202")
        ),
        x509.InvalidityDate(datetime(2026, 1, 1)),
    ],
    ids=lambda item: item.oid.dotted_string,
)
def test_critical_extensions_of_entries_that_are_understood(extension):
    """RFC 5280, 5.3: the revocation counts, and for all others the list."""
    strange = x509.RevokedCertificateBuilder(7, NOW).add_extension(extension, critical=True)
    assert told(PLAIN, crl(strange.build())).revoked_at == NOW
    assert told(certificate(serial=8), crl(strange.build())).revoked_at is None


def test_list_whose_issuer_has_no_readable_name():
    """A bit string where a text belongs."""
    text = "吊销机构".encode()
    whole = crl()
    made = whole.replace(b"\x0c" + bytes([len(text)]) + text, b"\x03" + bytes([len(text)]) + text)
    assert made != whole
    assert read_list(made) is None


def test_extension_that_stands_twice_hides_no_path():
    def twice(content):
        content["extensions"].append(content["extensions"][0])

    target = resigned(certificate(x509.SubjectKeyIdentifier(b"x")), ISSUER.key, twice)
    assert told(target, crl()) is None


def test_number_whose_first_bit_is_set_is_found():
    """DER puts a zero before it."""
    for serial in (0x80, 0xFF, 0x7FFF, 0x8000):
        assert told(certificate(serial=serial), crl(entry(serial))).revoked_at == NOW


@pytest.mark.parametrize("value", [b"", b"\x18\x0f2000", b"\x18\x02xx"])
def test_list_whose_extension_cannot_be_read(value):
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), value)
    assert read_list(crl(extensions=[broken])) is None


def test_list_of_a_version_that_nobody_reads():
    whole = crl()
    begin = next(spans(whole, next(spans(whole, span_at(whole)))))[1]
    assert read_list(whole) is not None
    assert read_list(whole[:begin] + b"\x07" + whole[begin + 1 :]) is None


def rewritten(whole, change):
    """The list with other fields, signed again."""
    signed, algorithm, _ = spans(whole, span_at(whole))
    fields = [whole[begin:end] for begin, _, end in spans(whole, signed)]
    content = tlv(0x30, *change(fields))
    signature = ISSUER.key.sign(content, ec.ECDSA(hashes.SHA256()))
    return tlv(0x30, content, whole[algorithm[0] : algorithm[2]], tlv(0x03, b"\0", signature))


def endless(whole):
    """Without nextUpdate."""
    return rewritten(whole, lambda fields: [*fields[:4], *fields[5:]])


def test_list_that_does_not_say_when_the_next_one_comes():
    """Nothing that is put together with it has an end either."""
    assert told(PLAIN, endless(crl(entry()))).next_update is None
    some = endless(crl(extensions=[scope(only_some_reasons=SOME)]))
    others = crl(extensions=[scope(only_some_reasons=OTHERS)])
    assert told(PLAIN, some, others).next_update is None
    changed = told(PLAIN, endless(crl()), delta())
    assert (changed.this_update, changed.next_update) == (NOW + DAY, None)


def strange_entry(number, value):
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier(number), value)
    return x509.RevokedCertificateBuilder(7, NOW).add_extension(broken, critical=True).build()


def test_reason_that_cannot_be_read_is_none_and_the_revocation_counts():
    found = told(PLAIN, crl(strange_entry("2.5.29.21", b"\x0a\x01\x63")))
    assert (found.revoked_at, found.reason) == (NOW, "unspecified")


def test_issuer_of_an_entry_that_cannot_be_read_is_nobody():
    assert by_other(strange_entry("2.5.29.29", b"\x30\x05")).revoked_at is None


def test_list_of_version_one():
    """It does not say its version, and has no extensions (RFC 5280, 5.1.2.1)."""
    whole = crl(x509.RevokedCertificateBuilder(7, NOW).build())
    found = told(PLAIN, rewritten(whole, lambda fields: fields[1:-1]))
    assert (found.revoked_at, found.reason) == (NOW, "unspecified")


def test_unknown_extension_that_is_not_critical_hides_no_list():
    builder = x509.CertificateRevocationListBuilder(ISSUER.x509_name, NOW, NOW + DAY)
    builder = builder.add_extension(UNKNOWN, critical=False)
    made = builder.sign(ISSUER.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert told(PLAIN, made) is not None


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        ("301306072a8648ce3d020106082a8648ce3d030107", b"\x00\x04" + bytes(64)),
        ("300506032a0304", b"\x00" + bytes(64)),
    ],
    ids=["on no curve", "of no kind"],
)
def test_key_that_cannot_be_read_has_signed_nothing(kind, bits):
    def change(content):
        content["subject_public_key_info"] = keys.PublicKeyInfo.load(
            tlv(0x30, bytes.fromhex(kind), tlv(0x03, bits))
        )

    der, _ = signer()
    strange = resigned(der, ROOT.key, change)
    assert told(PLAIN, crl(key=OTHER.key), ROOT_SAYS, authorities=(strange,)) is None


LOOKS_LIKE_AN_ISSUER = 0x0603551D1D
"""A serial number with the bytes of the identifier of certificateIssuer."""


def test_bytes_of_an_issuer_in_a_serial_number_change_nobody():
    own = crl(entry(LOOKS_LIKE_AN_ISSUER), entry(7), extensions=[INDIRECT])
    assert told(PLAIN, own).revoked_at == NOW
    others = crl(
        entry(9, issuer=ROOT), entry(LOOKS_LIKE_AN_ISSUER), entry(7), extensions=[INDIRECT]
    )
    assert told(PLAIN, others).revoked_at is None


def test_bytes_of_a_number_inside_another_are_not_that_number():
    assert told(PLAIN, crl(entry(0x020107), extensions=[INDIRECT])).revoked_at is None
    assert told(PLAIN, crl(entry(0x020107))).revoked_at is None


def test_delta_and_list_without_numbers_do_not_belong_together():
    """RFC 5280, 5.2.4: nobody can say which is the later one."""

    def unnumbered(*entries, base=None, at=NOW):
        builder = x509.CertificateRevocationListBuilder(ISSUER.x509_name, at, at + 30 * DAY)
        if base is not None:
            builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
        for item in entries:
            builder = builder.add_revoked_certificate(item)
        return builder.sign(ISSUER.key, hashes.SHA256()).public_bytes(Encoding.DER)

    assert told(PLAIN, unnumbered(), delta(entry())).revoked_at is None
    assert told(PLAIN, crl(), unnumbered(entry(), base=1, at=NOW + DAY)).revoked_at is None


@pytest.mark.parametrize(
    ("reason", "days", "counted"),
    [
        (REASONS.key_compromise, -3, -3),
        (REASONS.ca_compromise, -3, -3),
        (REASONS.key_compromise, 3, 0),
        (REASONS.superseded, -3, 0),
    ],
)
def test_a_lost_key_is_not_relied_on_from_the_day_it_was_lost(reason, days, counted):
    """RFC 5280, 5.3.2: between theft and discovery the thief could have sealed."""
    lost = x509.RevokedCertificateBuilder(7, NOW).add_extension(
        x509.CRLReason(reason), critical=False
    )
    lost = lost.add_extension(x509.InvalidityDate(NOW + days * DAY), critical=False)
    assert told(PLAIN, crl(lost.build())).revoked_at == NOW + counted * DAY
