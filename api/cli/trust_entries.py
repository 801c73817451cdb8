"""Entries of a draft: made of an authority's certificate and of what it shall be allowed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.failures import UsageProblem
from certlib.calendar import start_of_day
from certlib.creditcode import is_credit_code
from certlib.trust import TrustedAuthority, TrustList, Use

__all__ = [
    "Moment",
    "Wanted",
    "added",
    "certificate_in",
    "ended",
    "made",
    "narrowed",
    "signers_named",
    "strange_codes",
]

_MOST: Final = 1_000_000
_FEWEST_DIGITS: Final = 8


class Moment(click.ParamType[datetime]):
    """A day (UTC+8) or an instant; `last` takes the day to its end."""

    name = "day"

    def __init__(self, *, last: bool = False) -> None:
        self._last = last

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click hands it over
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """2026-01-31, or 2026-01-31T08:00:00Z."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        with suppress(ValueError, OverflowError):
            day = date.fromisoformat(text)
            return start_of_day(day + timedelta(days=self._last)).astimezone(UTC)
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC).replace(microsecond=0)
        said = f"{text!r} is no day like 2026-01-31 and no instant with its zone"
        raise click.BadParameter(said, ctx, param)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `certlib trust add` is asked to enter."""

    name: str
    name_en: str
    uses: Sequence[str]
    issuers: Sequence[str]
    types: Sequence[str]
    since: datetime | None
    until: datetime | None


def certificate_in(path: Path) -> bytes:
    """The one X.509 certificate of a file, PEM or DER, as DER.

    Raises:
        UsageProblem: it cannot be read, or holds something else or several.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST)
        if b"-----BEGIN" not in content:
            return x509.load_der_x509_certificate(content).public_bytes(Encoding.DER)
        (found,) = x509.load_pem_x509_certificates(content)
        return found.public_bytes(Encoding.DER)
    except (OSError, ValueError, x509.InvalidVersion) as error:
        raise UsageProblem(
            f"{path.name} 应为一份 X.509 证书（PEM 或 DER）。",
            f"{path.name} must be one X.509 certificate, PEM or DER.",
        ) from error


def made(der: bytes, helpers: Sequence[bytes], wanted: Wanted) -> TrustedAuthority:
    """The entry; without `since` it begins with the certificate.

    Raises:
        UsageProblem: a helper that is not under the authority.
    """
    anchor = x509.load_der_x509_certificate(der)
    above = [anchor, *map(x509.load_der_x509_certificate, helpers)]
    for helper in above[1:]:
        if not any(_issued(helper, issuer) for issuer in above if issuer is not helper):
            subject = helper.subject.rfc4514_string()
            raise UsageProblem(
                f"中间机构“{subject}”不是由该信任机构签发的。",
                f"The helper {subject} was not issued by this authority.",
            )
    return TrustedAuthority(
        name=wanted.name,
        name_en=wanted.name_en,
        certificate=der,
        uses=frozenset(map(Use, wanted.uses)),
        issuers=frozenset(wanted.issuers),
        types=frozenset(wanted.types),
        since=wanted.since or anchor.not_valid_before_utc,
        until=wanted.until,
        helpers=tuple(helpers),
    )


def narrowed(own: TrustedAuthority, wanted: Wanted) -> TrustedAuthority:
    """This node's own entry, with what was asked for in the place of what it would say.

    Raises:
        UsageProblem: it has no seals yet, and an entry without issuers would be for all.
    """
    if not own.issuers:
        raise UsageProblem(
            "本节点还没有任何单位的签章，请先运行 certlib init。",
            "This node has no department's seal yet: run certlib init first.",
        )
    return replace(
        own,
        name=wanted.name or own.name,
        name_en=wanted.name_en or own.name_en,
        uses=frozenset(map(Use, wanted.uses)) or own.uses,
        issuers=frozenset(wanted.issuers) or own.issuers,
        types=frozenset(wanted.types),
        since=wanted.since or own.since,
        until=wanted.until,
    )


def added(draft: TrustList, entry: TrustedAuthority) -> TrustList:
    """The draft with one entry more.

    Raises:
        UsageProblem: it is there already, or a path could end at it and at another anchor.
    """
    if entry in draft.authorities:
        raise UsageProblem("草稿中已有相同条目。", "The draft has this very entry already.")
    for other in draft.authorities:
        if other.certificate != entry.certificate and _nested(other, entry):
            raise UsageProblem(
                f"该机构与“{other.name}”一为另一方的上级：请只列其中之一，另一方用 --helper。",
                f"This authority and {other.name_en} stand one under the other: list one of them, "
                "the other as --helper.",
            )
    return replace(draft, authorities=(*draft.authorities, entry))


def ended(draft: TrustList, fingerprint: str, until: datetime | None) -> TrustList:
    """The draft without the authority, or with its entries ended at `until`.

    Raises:
        UsageProblem: no such authority, or several.
    """
    wanted = fingerprint.replace(":", "").lower()
    named = {item.sha256 for item in draft.authorities if item.sha256.startswith(wanted)}
    if len(wanted) < _FEWEST_DIGITS or len(named) != 1:
        raise UsageProblem(
            f"草稿中没有（或不止一个）指纹为 {fingerprint} 的机构，用 certlib trust show 查看。",
            f"The draft has no authority {fingerprint}, or several: certlib trust show has them.",
        )
    entries = (
        entry if entry.sha256 not in named else _cut(entry, until) for entry in draft.authorities
    )
    return replace(draft, authorities=tuple(entry for entry in entries if entry is not None))


def signers_named(text: str, option: str) -> frozenset[str]:
    """Fingerprints with commas between, as `option` had them.

    Raises:
        UsageProblem: something else is among them.
    """
    from api.settings import fingerprints

    try:
        return fingerprints(text.split(","))
    except ValueError as error:
        raise UsageProblem(
            f"{option} 应为 SHA-256 指纹（64 位十六进制）。",
            f"{option} must be a SHA-256 fingerprint, 64 hex digits.",
        ) from error


def strange_codes(entries: Iterable[TrustedAuthority]) -> Iterator[str]:
    """Codes whose check digit is wrong: in use elsewhere, and often a slip of the hand."""
    for entry in entries:
        yield from (code for code in sorted(entry.issuers) if not is_credit_code(code))
        yield from (code for code in sorted(entry.types) if not is_credit_code(code[:18]))


def _cut(entry: TrustedAuthority, until: datetime | None) -> TrustedAuthority | None:
    """The entry up to `until`; None where nothing of it is left."""
    if until is None or until <= entry.since:
        return None
    if entry.until is not None and entry.until <= until:
        return entry
    return replace(entry, until=until)


def _nested(one: TrustedAuthority, other: TrustedAuthority) -> bool:
    if one.certificate in other.helpers or other.certificate in one.helpers:
        return True
    first, second = (x509.load_der_x509_certificate(item.certificate) for item in (one, other))
    return _issued(first, second) or _issued(second, first)


def _issued(subject: x509.Certificate, issuer: x509.Certificate) -> bool:
    with suppress(ValueError, TypeError, InvalidSignature):
        subject.verify_directly_issued_by(issuer)
        return True
    return False
