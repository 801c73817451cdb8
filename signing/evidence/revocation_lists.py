"""One certificate revocation list (RFC 5280, 5): what it covers, what it names, who has signed it.

A list that holds anything critical which is not understood here answers nothing (5.2, 5.3). Lists
grow to millions of entries: they are searched by their bytes, and no entry is parsed but the one
that is asked for.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.evidence.certificates import UNREADABLE, Name, name_of, signature_holds
from signing.evidence.der import Span, span_at, spans

__all__ = ["Entry", "RevocationList", "read_list"]

_EXPIRED_CERTS_ON_CRL = "2.5.29.60"
_UNDERSTOOD = frozenset(
    {
        "2.5.29.18",  # issuerAltName
        "2.5.29.20",  # cRLNumber
        "2.5.29.27",  # deltaCRLIndicator
        "2.5.29.28",  # issuingDistributionPoint
        "2.5.29.35",  # authorityKeyIdentifier
        "2.5.29.46",  # freshestCRL
        _EXPIRED_CERTS_ON_CRL,
    }
)
_LOST = frozenset(
    reason.value
    for reason in (
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.ca_compromise,
        x509.ReasonFlags.aa_compromise,
    )
)
_SEQUENCE, _INTEGER, _IDENTIFIER = 0x30, 0x02, 0x06
_CERTIFICATE_ISSUER = bytes.fromhex("0603551d1d")
_TRUE = re.compile(bytes.fromhex("0101ff"))
_KNOWN_IN_ENTRIES = frozenset(
    bytes.fromhex(known)
    for known in (
        "0603551d15",  # reasonCode
        "0603551d17",  # holdInstructionCode
        "0603551d18",  # invalidityDate
        "0603551d1d",  # certificateIssuer
    )
)
_LONGEST_IDENTIFIER = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of a certificate that it names.

    Attributes:
        date: since when it is not to be relied on: revocationDate; of a key that was lost its
            invalidityDate where that is earlier (RFC 5280, 5.3.2): somebody else may have had it.
    """

    date: datetime
    reason: str

    @property
    def removed(self) -> bool:
        """Taken back by a delta list (RFC 5280, 5.3.1)."""
        return self.reason == x509.ReasonFlags.remove_from_crl.value


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list that is understood; its signature is asked for with `signed_by`.

    Attributes:
        scope: its issuing distribution point; None covers everything of its issuer.
        number: cRLNumber, where it has one.
        base: of a delta list, the number that it builds on; None of a complete list.
        key_id: authority key identifier, compared between a list and its delta.
        keeps_from: expiredCertsOnCRL: certificates that expired since then are still named.
    """

    issuer: Name
    issued: datetime
    next_update: datetime | None
    scope: x509.IssuingDistributionPoint | None
    number: int | None
    base: int | None
    key_id: x509.AuthorityKeyIdentifier | None
    keeps_from: datetime | None
    _list: x509.CertificateRevocationList = field(repr=False)
    _der: bytes = field(repr=False)
    _signed: Span = field(repr=False)
    _entries: Span = field(repr=False)
    _signers: dict[bytes, bool] = field(default_factory=dict, repr=False)

    @property
    def indirect(self) -> bool:
        """Whether it may name certificates of several issuers."""
        return self.scope is not None and self.scope.indirect_crl

    def may_have_forgotten(self, expired: datetime) -> bool:
        """RFC 5280, 3.3: a list may drop a certificate once it has expired."""
        return self.issued > expired and (self.keeps_from is None or self.keeps_from > expired)

    def signed_by(self, certificate: x509.Certificate) -> bool:
        """Whether that certificate's key has signed this list."""
        try:
            key = certificate.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
        except (ValueError, UnsupportedAlgorithm):
            return False
        if key not in self._signers:
            begin, _, end = self._signed
            self._signers[key] = signature_holds(certificate, self._list, self._der[begin:end])
        return self._signers[key]

    def entry(self, certificate: x509.Certificate) -> Entry | None:
        """What the list says of a certificate; None when it does not name it."""
        number = certificate.serial_number
        serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
        wanted = bytes((_INTEGER, len(serial))) + serial
        # Nearly always it is not there, and that can be seen without parsing one entry.
        if self._der.find(wanted, self._entries[1], self._entries[2]) < 0:
            return None
        if self.indirect:
            return self._entry_of(name_of(certificate.issuer), wanted)
        return _told(self._list.get_revoked_certificate_by_serial_number(number))

    def _entry_of(self, issuer: Name, wanted: bytes) -> Entry | None:
        """An entry's certificateIssuer holds for it and all that follow (RFC 5280, 5.3.3)."""
        known: dict[bytes, Name | None] = {}
        speaks_of: Name | None = self.issuer
        for place, (_, begin, end) in enumerate(spans(self._der, self._entries)):
            at = self._der.find(_CERTIFICATE_ISSUER, begin, end)
            if at >= 0:
                named = self._der[at:end]
                if named not in known:
                    known[named] = _certificate_issuer(self._list[place], speaks_of)
                speaks_of = known[named]
            if speaks_of == issuer and self._der.startswith(wanted, begin):
                return _told(self._list[place])
        return None


def read_list(der: bytes) -> RevocationList | None:
    """The list, or None when it cannot be read, or holds something critical that is unknown."""
    try:
        return _read(der)
    except (*UNREADABLE, LookupError, x509.InvalidVersion):
        return None


def _read(der: bytes) -> RevocationList | None:
    parsed = x509.load_der_x509_crl(der)
    extensions = {item.oid.dotted_string: item for item in parsed.extensions}
    if {oid for oid, item in extensions.items() if item.critical} - _UNDERSTOOD:
        return None
    signed, entries = _places(der)
    values: dict[str, Any] = {oid: item.value for oid, item in extensions.items()}
    scope, base, number = (values.get(f"2.5.29.{last}") for last in (28, 27, 20))
    found = RevocationList(
        issuer=name_of(parsed.issuer),
        issued=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        scope=scope,
        number=None if number is None else number.crl_number,
        base=None if base is None else base.crl_number,
        key_id=values.get("2.5.29.35"),
        keeps_from=_keeps_from(values.get(_EXPIRED_CERTS_ON_CRL)),
        _list=parsed,
        _der=der,
        _signed=signed,
        _entries=entries,
    )
    return found if _entries_are_understood(der, entries, indirect=found.indirect) else None


def _places(der: bytes) -> tuple[Span, Span]:
    """Where the signed part stands, and the entries."""
    signed = next(spans(der, span_at(der)))
    fields = list(spans(der, signed))
    if der[fields[0][0]] == _INTEGER:  # version 1 does not say so
        del fields[0]
    nothing = (0, 0, 0)
    # After algorithm and issuer come one or two times, then the entries, if any.
    lists = (item for item in fields[2:] if der[item[0]] == _SEQUENCE)
    return signed, next(lists, nothing)


def _entries_are_understood(der: bytes, entries: Span, *, indirect: bool) -> bool:
    """Whether no entry holds something critical and unknown, or is of another list's kind."""
    _, begin, end = entries
    if not indirect and der.find(_CERTIFICATE_ISSUER, begin, end) >= 0:
        return False
    return not any(
        _is_unknown(der[max(begin, found.start() - _LONGEST_IDENTIFIER) : found.start()])
        for found in _TRUE.finditer(der, begin, end)
    )


def _is_unknown(before: bytes) -> bool:
    """Whether an identifier that we do not know stands there: it belongs to something critical.

    TRUE may stand in a serial number, too; an extension has its identifier right before.
    """
    return before[-5:] not in _KNOWN_IN_ENTRIES and any(
        before[-2 - size : -size] == bytes((_IDENTIFIER, size)) for size in range(1, len(before))
    )


def _keeps_from(extension: x509.UnrecognizedExtension | None) -> datetime | None:
    if extension is None:
        return None
    _, begin, end = span_at(extension.value)
    text = extension.value[begin:end].decode("ascii")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _certificate_issuer(entry: x509.RevokedCertificate, before: Name | None) -> Name | None:
    """None where it is no directory name: then those entries speak of nobody that we know."""
    try:
        names = entry.extensions.get_extension_for_class(x509.CertificateIssuer).value
    except x509.ExtensionNotFound:  # its identifier stood in a serial number
        return before
    except UNREADABLE:
        return None
    directory = names.get_values_for_type(x509.DirectoryName)
    return name_of(directory[0]) if directory else None


def _told(entry: x509.RevokedCertificate | None) -> Entry | None:
    if entry is None:
        return None
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except (*UNREADABLE, x509.ExtensionNotFound):
        reason = x509.ReasonFlags.unspecified.value
    date = entry.revocation_date_utc
    if reason in _LOST:
        date = min(date, _lost_since(entry))
    return Entry(date, reason)


def _lost_since(entry: x509.RevokedCertificate) -> datetime:
    """invalidityDate, or revocationDate where there is none that can be read."""
    try:
        since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    except (*UNREADABLE, x509.ExtensionNotFound):
        return entry.revocation_date_utc
    return since.invalidity_date_utc
