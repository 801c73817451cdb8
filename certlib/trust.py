"""The trust list (交叉认证): several authorities, each for named issuers, types and periods.

An authority is believed for what the list says of it and for nothing else. One anchor may have
several entries, one for each period or each group of types; what any of them allows is allowed.
The list is data, with a version of its own: who signed it is asked before it becomes one of these.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import chain

from certlib.errors import Invalid, Problem

_ISSUER = re.compile(r"[0-9A-Z]{18}|[0-9]{6}")
"""A credit code, or the division code that foreign identifiers carry in its place."""
_TYPE = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_UNKNOWN = "authority-unknown"
_CLOCKS_DIFFER = timedelta(minutes=5)
"""So much two machines' clocks may differ."""
_NEARNESS = (
    "authority-not-for-use",
    "authority-not-yet",
    "authority-ended",
    "authority-not-for-issuer",
    "authority-not-for-type",
    "",
)
"""Why an entry does not allow something, the farthest from allowing it first."""


class Use(StrEnum):
    """What an authority is believed for."""

    SEAL = "seal"
    REPORT = "report"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """One anchor and what it may do.

    Attributes:
        name: in Chinese, as people read it.
        certificate: X.509 of the anchor, a root or an issuing authority; DER.
        issuers: codes of the departments whose seals it may carry; empty: all.
        types: type codes that those seals may stand on; empty: all.
        since: seals and timestamps made from here on; aware UTC.
        until: and before here; None while it has no end.
        helpers: authorities between the anchor and its seals, no anchors; DER.
    """

    name: str
    name_en: str
    certificate: bytes
    uses: frozenset[Use]
    issuers: frozenset[str]
    types: frozenset[str]
    since: datetime
    until: datetime | None = None
    helpers: tuple[bytes, ...] = ()

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the anchor, DER."""
        return _fingerprint(self.certificate)

    def refusal(self, use: Use, moment: datetime, issuer_code: str, type_code: str) -> str:
        """As `TrustList.refusal`, by this entry alone."""
        if use not in self.uses:
            return "authority-not-for-use"
        if moment < self.since:
            return "authority-not-yet"
        if self.until is not None and moment >= self.until:
            return "authority-ended"
        # Timestamps and the library's reports speak for no department and no type.
        return self._limit(issuer_code, type_code) if use is Use.SEAL else ""

    def _limit(self, issuer_code: str, type_code: str) -> str:
        if self.issuers and issuer_code not in self.issuers:
            return "authority-not-for-issuer"
        if self.types and type_code not in self.types:
            return "authority-not-for-type"
        return ""


@dataclass(frozen=True, slots=True)
class TrustList:
    """All authorities that are believed, as one version of the list names them.

    Attributes:
        version: grows with each list; a reader never goes back.
        next_update: when the operator promised the next one at the latest; None: never.
        operator: who keeps the list.
    """

    version: int
    issued_at: datetime
    next_update: datetime | None
    operator: str
    authorities: tuple[TrustedAuthority, ...]

    def anchors(self, use: Use) -> tuple[bytes, ...]:
        """Every anchor that some entry names for `use`, DER, in the order of the list."""
        found = (entry.certificate for entry in self.authorities if use in entry.uses)
        return tuple(dict.fromkeys(found))

    @property
    def helpers(self) -> tuple[bytes, ...]:
        """Every authority that only helps to build a path, DER; none of them is an anchor."""
        anchors = {entry.certificate for entry in self.authorities}
        named = chain.from_iterable(entry.helpers for entry in self.authorities)
        return tuple(der for der in dict.fromkeys(named) if der not in anchors)

    def refusal(
        self, anchor_sha256: str, use: Use, moment: datetime, issuer_code: str, type_code: str
    ) -> str:
        """Why the list does not let this anchor stand behind that seal or timestamp.

        Args:
            anchor_sha256: hex SHA-256 of the anchor that the path ends at.
            use: what it is used for here.
            moment: when the seal or timestamp was made, as far as that is proven; aware.
            issuer_code: the department that the seal is of, "" where nobody knows: then an
                entry limited to issuers does not cover it. Timestamps have neither.
            type_code: the type of the certificate under the seal, "" as above.

        Returns:
            "" when an entry allows it; otherwise the reason of the entry that comes nearest:
            `authority-unknown`, `authority-not-for-use`, `authority-not-yet`,
            `authority-ended`, `authority-not-for-issuer` or `authority-not-for-type`.
        """
        reasons = [
            entry.refusal(use, moment, issuer_code, type_code)
            for entry in self.authorities
            if entry.sha256 == anchor_sha256.lower()
        ]
        return max(reasons, key=_NEARNESS.index, default=_UNKNOWN)

    def stale(self, now: datetime) -> bool:
        """Whether a newer list should be here: this one still holds, its age has to be told."""
        return self.next_update is not None and self.next_update < now

    def ahead(self, now: datetime) -> bool:
        """Whether it was issued later than `now`: then it is the clock that cannot be believed.

        A folder without a signed list (version 0) has nobody's word for when it was made.
        """
        return self.version > 0 and self.issued_at > now + _CLOCKS_DIFFER

    def check(self) -> None:
        """What no list may say.

        Raises:
            Invalid: all problems at once.
        """
        entries = enumerate(self.authorities)
        found = tuple(chain(_of_list(self), *(_of_entry(at, entry) for at, entry in entries)))
        if found:
            raise Invalid(problems=found)


@lru_cache(maxsize=1024)
def _fingerprint(der: bytes) -> str:
    return sha256(der).hexdigest()


def _of_list(found: TrustList) -> Iterator[Problem]:
    if found.version < 1:
        yield Problem(
            "/version", "version", "版本号应为正整数。", "The version must be a positive integer."
        )
    if not found.operator.strip():
        yield Problem(
            "/operator", "operator-missing", "请写明清单的发布单位。", "Say who keeps the list."
        )
    yield from _period("/next_update", found.issued_at, found.next_update)


def _of_entry(at: int, entry: TrustedAuthority) -> Iterator[Problem]:
    place = f"/authorities/{at}"
    for field, name in (("name", entry.name), ("name_en", entry.name_en)):
        if not name.strip():
            yield Problem(
                f"{place}/{field}",
                "name-missing",
                "请填写机构的中文和英文名称。",
                "Give the authority's name in both languages.",
            )
    if not entry.uses:
        yield Problem(
            f"{place}/uses",
            "use-missing",
            "请写明用途：签章、时间戳，或两者。",
            "Say what it is for: seals, timestamps, or both.",
        )
    for code in sorted(entry.issuers):
        if not _ISSUER.fullmatch(code):
            yield Problem(
                f"{place}/issuers",
                "issuer-code",
                f"颁发机构代码“{code}”格式有误，应为18位统一社会信用代码。",
                f"{code!r} is no issuer code: a credit code has 18 characters.",
            )
    for code in sorted(entry.types):
        if not _TYPE.fullmatch(code):
            yield Problem(
                f"{place}/types",
                "type-code",
                f"证照类型代码“{code}”格式有误，应为21位。",
                f"{code!r} is no type code: it has 21 characters.",
            )
    yield from _period(f"{place}/until", entry.since, entry.until)


def _period(field: str, first: datetime, last: datetime | None) -> Iterator[Problem]:
    if first.tzinfo is None or (last is not None and last.tzinfo is None):
        yield Problem(field, "time-zone", "时间须带时区。", "Times must name their zone.")
    elif last is not None and last <= first:
        yield Problem(
            field,
            "date-order",
            "截止时间应晚于起始时间，请核对。",
            "The end must lie after the beginning: check both.",
        )
