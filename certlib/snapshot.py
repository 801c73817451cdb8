"""A snapshot of the status record (状态快照), for machines without it: rows that anybody may read.

Each row says of one certificate what the public look-up would have said at one instant, and the
digests of its files; nothing of holders, and nothing that look-up does not tell. A snapshot speaks
of its own day: what was recorded since, or held on an earlier day, it does not know.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from certlib.calendar import legal_day
from certlib.ids import parse
from certlib.states import View
from certlib.verdicts import SENTENCES, Sentence

__all__ = ["Seen", "SnapshotHeader", "SnapshotRow", "StatusSnapshot", "line_of", "row_from"]

_DIGEST_OCTETS: Final = 32
_VERDICTS: Final = frozenset({"valid", "invalid", "indeterminate"})
SETTLING: Final = timedelta(days=1)
"""From the seal on a file to its place on record: minutes, after a crash longer."""


@dataclass(frozen=True, slots=True)
class SnapshotHeader:
    """What a snapshot says of itself.

    Attributes:
        node: of the library that made it.
        as_of: for this instant it speaks; aware UTC.
        next_update: when the next one was promised.
        count: of its rows.
        issuers: codes of the library's departments: of theirs it knows all certificates.
        anchor: hex SHA-256 of the root that its signer chains to; "" before it is signed.
    """

    node: str
    as_of: datetime
    next_update: datetime
    count: int
    issuers: frozenset[str]
    anchor: str = ""

    @property
    def day(self) -> date:
        """The one day of which it knows the status."""
        return legal_day(self.as_of)


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One certificate, as the public look-up told of it.

    Attributes:
        sentence: what was said; None where it was on record as valid and nothing beside it.
        files: hex SHA-256 of its original files, every one that was ever served.
    """

    identifier: str
    view: View
    verdict: str
    code: str
    valid_from: date
    valid_to: date | None
    restricted: bool
    paper: str
    renewal_pending: bool
    sentence: Sentence | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a snapshot says of one certificate; `row` is None where it does not know it."""

    header: SnapshotHeader
    row: SnapshotRow | None


class StatusSnapshot(Protocol):
    """A snapshot that can be asked."""

    def seen(self, identifier: str) -> Seen | None:
        """What it says; None of a certificate that is not its library's.

        Raises:
            SnapshotRefused: it was changed since it was opened.
        """
        ...


def covered(header: SnapshotHeader, identifier: str) -> bool:
    """Whether the snapshot would know a certificate of this identifier."""
    found = parse(identifier).identifier
    return found is not None and found.issuer_code in header.issuers


def line_of(row: SnapshotRow) -> bytes:
    """The row as one line; rows are sorted by these bytes."""
    words = row.sentence
    plain = [
        row.identifier,
        row.view.value,
        row.verdict,
        row.code,
        row.valid_from.isoformat(),
        None if row.valid_to is None else row.valid_to.isoformat(),
        int(row.restricted),
        row.paper,
        int(row.renewal_pending),
        None if words is None else [words.zh, words.next_zh, words.en, words.next_en],
        [_short(digest) for digest in row.files],
    ]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row_from(line: bytes) -> SnapshotRow:
    """The inverse of `line_of`.

    Raises:
        ValueError: another shape, or a code that this release has no sentence for.
    """
    plain = json.loads(line)
    try:
        return _row(plain)
    except (TypeError, KeyError) as error:
        raise ValueError("columns") from error


def _row(plain: object) -> SnapshotRow:
    if not isinstance(plain, list):
        raise TypeError("columns")  # names of an object could be taken apart as well
    identifier, view, verdict, code, begins, ends, restricted, paper, pending, words, files = plain
    known: Mapping[str, Sentence] = SENTENCES
    if verdict not in _VERDICTS or code not in known:
        raise ValueError("code")
    return SnapshotRow(
        identifier=str(identifier),
        view=View(view),
        verdict=verdict,
        code=code,
        valid_from=date.fromisoformat(begins),
        valid_to=None if ends is None else date.fromisoformat(ends),
        restricted=bool(restricted),
        paper=str(paper),
        renewal_pending=bool(pending),
        sentence=None if words is None else Sentence(*(str(text) for text in words)),
        files=tuple(_long(text) for text in files),
    )


def _short(digest: str) -> str:
    return urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")


def _long(text: str) -> str:
    octets = urlsafe_b64decode(text + "=")
    if len(octets) != _DIGEST_OCTETS:
        raise ValueError("digest")
    return octets.hex()
