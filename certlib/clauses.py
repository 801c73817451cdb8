"""The rule behind each finding and each problem: which clause says so.

Keys are what reports carry: codes of findings, problems of a signature, notes on the structure.
A problem that has words after its slug (`cms-unreadable der`) is looked up by the slug.
"""

from collections.abc import Mapping

__all__ = ["CLAUSES", "clause_of"]

_ISO = "ISO 32000-2"
_EN = "ETSI EN 319 102-1"

CLAUSES: Mapping[str, str] = {
    # findings
    "on-record": "certlib: SHA-256 of the whole file (FIPS 180-4) in the record of issue",
    "digest-holds": f"{_ISO}, 12.8.1; RFC 5652, 5.4 and 5.6",
    "unchanged": f"{_ISO}, 12.8.2.2",
    "changes-permitted": f"{_ISO}, 12.8.2.2 (DocMDP) and 12.8.2.4 (FieldMDP)",
    "altered": f"{_ISO}, 12.8.1 and 12.8.2",
    "annotated": f"{_ISO}, 12.8.2.2, table 257: P=3; certlib: remarks may lie over what was signed",
    "sealed": f"{_EN}, 5.3; RFC 5280, 6.1",
    "sealed-on-record": "certlib: verified before it was published, see on-record",
    "seal-untrusted": f"{_EN}, 5.2.6; RFC 5280, 6.1",
    "seal-weak": f"{_EN}, 5.2.8.4.2; crypto policy",
    "seal-unsupported": f"{_EN}, 5.2.7",
    "seal-not-on-record": "certlib: whoever seals records it first (INV-1)",
    "issuer-not-authorised": "certlib: issue list (发证清单) on the day of issue",
    "authorised": "certlib: issue list (发证清单) on the day of issue",
    "unreadable": f"{_ISO}, 7.5",
    "no-signature": f"{_ISO}, 12.8.1",
    "printed": f"{_ISO}, 12.8.1",
    "status-unknown": "certlib: a file does not say what became of the certificate since",
    "status-as-of": "certlib: a snapshot does not say what was recorded since",
    "term-ended-since": "certlib: a snapshot does not say what was recorded since",
    "not-of-that-day": "certlib: a snapshot speaks of its own day",
    "newer-than-snapshot": "certlib: nothing proves that the seal is older than the snapshot",
    "absent-then": "certlib: whoever seals records it first (INV-1)",
    "on-record-then": "certlib: SHA-256 of the whole file (FIPS 180-4) in the signed snapshot",
    "receipt-unsigned": "certlib: a report without a seal proves nothing",
    # layout of a signature
    "byte-range": f"{_ISO}, 12.8.1: two ranges, from the first byte on",
    "byte-range-gap": f"{_ISO}, 12.8.1: between them exactly the value of Contents",
    "byte-range-end": f"{_ISO}, 12.8.1: within the file",
    "byte-range-tail": f"{_ISO}, 12.8.1: up to the end of a revision",
    "contents": f"{_ISO}, 12.8.1: Contents is a hexadecimal string in the dictionary itself",
    "dictionary": f"{_ISO}, 12.8.1, table 255",
    "dictionary-compressed": f"{_ISO}, 12.8.1: Contents must lie in the file",
    "dictionary-syntax": f"{_ISO}, 7.3.7: a key stands once",
    "encapsulated-content": f"{_ISO}, 12.8.3.3.1: a detached signature carries no content",
    "leading-bytes": f"{_ISO}, 7.5.2: nothing but white space before the header",
    "stream-length": f"{_ISO}, 7.3.8.2: Length leads to the end of the stream",
    "page-parents": f"{_ISO}, 7.7.3: Parent leads back to where the page tree came from",
    "too-many-signatures": "certlib: limit of 32 signatures",
    # form of our own seals
    "gap-digits": f"{_ISO}, 7.3.4.3; our seals: lower-case digits",
    "gap-padding": "our seals: zeros to the end of the gap (ETSI EN 319 142-1, 5.3)",
    "structure": f"{_ISO}, 7.5: no note on the structure",
    "dictionary-direct": "our seals: the dictionary is an object of its own",
    "permissions": f"{_ISO}, 12.8.6: Perms names the certification signature",
    "other-fields": "our seals: no other field, no second byte range",
    "subfilter": "our seals: ETSI.CAdES.detached or ETSI.RFC3161 (ETSI EN 319 142-1, 5.3, 5.4.3)",
    "coverage": "our files: the last signature covers the entire file",
    "cms-unreadable": "RFC 5652, 5: SignedData with one signer",
    "cms-form": "X.690, 10 and 11 (DER); our seals: nothing beside what is signed",
    "certificates": "our seals: the certificates of the path and no others",
    "unsigned-attributes": "our seals: the signature timestamp and nothing else",
    "signed-attributes": "RFC 5652, 5.3",
    "signature-algorithm": "our seals: ECDSA or RSA PKCS #1 v1.5 with SHA-2",
    "timestamp-cms-form": "RFC 3161, 2.4.2; X.690 (DER)",
    "timestamp-certificates": "our timestamps: the certificates of the path and no others",
    "timestamp-unsigned-attributes": "our timestamps: no unsigned attribute",
    "timestamp-signature-algorithm": "our timestamps: ECDSA or RSA PKCS #1 v1.5 with SHA-2",
    "signing-certificate": "ETSI EN 319 142-1, 6.3; RFC 3161, 2.4.2; RFC 5035 and RFC 5816",
    # cryptography
    "digest": f"{_EN}, 5.2.7.4: HASH_FAILURE",
    "signature": f"{_EN}, 5.2.7.4: SIG_CRYPTO_FAILURE",
    "unsupported": f"{_EN}, 5.2.7; RFC 8419, 3.1",
    "weak-seal": f"{_EN}, 5.2.8.4.2; crypto policy",
    "weak-algorithm": f"{_EN}, 5.2.6.4; crypto policy",
    # signer and chain
    "no-anchors": "certlib: no trust list",
    "no-path": "RFC 5280, 6.1",
    "path-invalid": "RFC 5280, 6.1.3 to 6.1.5",
    "name-constraints": "RFC 5280, 4.2.1.10",
    "too-many-paths": "certlib: limit of the search (64 signatures)",
    "too-many-certificates": "certlib: limit of six embedded certificates",
    "equal-subjects": "certlib: embedded certificates have subjects of their own",
    "expired": "RFC 5280, 4.1.2.5 and 6.1.3",
    "not-yet-valid": "RFC 5280, 4.1.2.5 and 6.1.3",
    "revoked": "RFC 5280, 5 and 6.3",
    "revocation-unknown": f"RFC 5280, 6.3; {_EN}, 5.2.6",
    "revocation-stale": f"{_EN}, 5.2.5",
    "key-usage": "RFC 5280, 4.2.1.3",
    "key-purpose": "RFC 5280, 4.2.1.12; RFC 9336; RFC 3161, 2.3",
    "signer-is-authority": "RFC 5280, 4.2.1.9",
    "certificate-malformed": "RFC 5280, 4.1; X.690 (DER)",
    "duplicate-extensions": "RFC 5280, 4.2",
    "critical-extension": "RFC 5280, 4.2",
    "serial-number": "RFC 5280, 4.1.2.2",
    "validity-order": "RFC 5280, 4.1.2.5",
    "clock-behind": f"{_EN}, 5.1.3: TRY_LATER; trust list: issued_at",
    "authority-unknown": "trust list",
    "authority-not-for-use": "trust list: uses",
    "authority-not-yet": "trust list: since",
    "authority-ended": "trust list: until",
    "authority-not-for-issuer": "trust list: issuers",
    "authority-not-for-type": "trust list: types",
    # timestamps
    "timestamp": "RFC 3161, appendix A",
    "timestamp-form": "RFC 3161, 2.4.2",
    "timestamp-imprint": "RFC 3161, 2.4.2: messageImprint",
    "token-signature": "RFC 3161, 2.4.2; RFC 5652, 5.6",
    "timestamp-order": f"{_EN}, 5.5.4: TIMESTAMP_ORDER_FAILURE",
    "timestamp-period": "RFC 3161, 2.3",
    "sealed-later": f"{_EN}, 5.6.2.3: proof of existence",
    "existence-unproven": f"{_EN}, 5.6.2.3: proof of existence",
    "timestamp-future": f"{_EN}, 5.5.4",
}
"""Slug → clause and what it asks for, in English."""


def clause_of(slug: str) -> str:
    """The clause behind a code or problem; "" where our own record is the only rule."""
    return CLAUSES.get(slug.split(" ", 1)[0], "")
