"""Facts of a good file, one word for each thing that a test makes bad."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from certlib.evidence import (
    CertificateFacts,
    ChainFacts,
    ChangeFacts,
    ChangeGrade,
    ChangeKind,
    FileFacts,
    MessageFacts,
    PathFacts,
    RevocationFacts,
    SignatureFacts,
    TimestampFacts,
)

SEALED = datetime(2024, 3, 1, tzinfo=UTC)
ISSUER = "11445200990090139J"
_BEGIN, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
_LIST = datetime(2026, 1, 1, tzinfo=UTC)
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"


def revocation(**changes) -> RevocationFacts:
    return replace(RevocationFacts(_LIST, _END), **changes)


def certificate(name="揭阳市交通运输局", **changes) -> CertificateFacts:
    base = CertificateFacts(
        sha256=name.encode().hex().ljust(64, "0")[:64],
        subject=f"CN={name}",
        issuer="CN=签章机构",
        serial="1a",
        not_before=_BEGIN,
        not_after=_END,
        name=name,
        code=ISSUER,
        usages=("digitalSignature",),
        key="ecdsa-secp256r1",
        signed_with="sha256",
        revocation=revocation(),
    )
    return replace(base, **changes)


def authority(name="签章机构", **changes) -> CertificateFacts:
    base = certificate(name, code="", authority=True, usages=("keyCertSign", "cRLSign"))
    return replace(base, **changes)


def anchor(**changes) -> CertificateFacts:
    return authority("根", revocation=None, **changes)


def chain(*path, problem="", **changes) -> ChainFacts:
    """One path, from a signer up to an anchor."""
    found = path or (certificate(), authority(), anchor())
    return replace(ChainFacts(found[0], (PathFacts(found, problem),)), **changes)


def unchained(problem="no-path", signer=None) -> ChainFacts:
    return ChainFacts(signer or certificate(), (), problem)


def message(**changes) -> MessageFacts:
    base = MessageFacts(True, True, "sha256", "sha256_ecdsa", chain=chain())
    return replace(base, **changes)


def stamper(**changes) -> CertificateFacts:
    return certificate(
        "时间戳", code="", purposes=(TIME_STAMPING,), purposes_critical=True, **changes
    )


def timestamp(time=SEALED, **changes) -> TimestampFacts:
    own = message(chain=chain(stamper(), anchor()))
    return replace(TimestampFacts(own, True, time, "sha256"), **changes)


def signature(**changes) -> SignatureFacts:
    base = SignatureFacts(
        kind="signature",
        field_name="Seal",
        message=message(),
        covers_file=True,
        certified=1,
        timestamp=timestamp(),
    )
    return replace(base, **changes)


def document_timestamp(time=SEALED + timedelta(days=1), **changes) -> SignatureFacts:
    stamp = timestamp(time)
    base = signature(
        kind="document_timestamp", message=stamp.message, timestamp=stamp, certified=None
    )
    return replace(base, **changes)


def file(*signatures, **changes) -> FileFacts:
    base = FileFacts(
        sha256="ab" * 32,
        size=1000,
        readable=True,
        signatures=signatures or (signature(),),
        looks_ours=True,
    )
    return replace(base, **changes)


def remarked() -> FileFacts:
    """A foreign file to which somebody added what P=3 permits."""
    return file(
        changes=ChangeFacts(ChangeGrade.PERMITTED, (ChangeKind.ANNOTATION,)), looks_ours=False
    )
