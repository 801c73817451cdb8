"""The history in a folder: records, batches, certificates, and how anybody may check them.

    FOLDER/manifest.json                        what is in it; written last
    FOLDER/README.md                            how to check it without this program
    FOLDER/certificates/*.cer, *.crl            DER
    FOLDER/batches/000001/header.json           the octets that are signed
                          signature.der, timestamp.tst, records.jsonl
    FOLDER/tail/records.jsonl                   what no seal covers yet

A line of `records.jsonl` is the canonical line of a record: its SHA-256 is the record's digest.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.audit.canonical import canonical
from api.audit.database import Row, Snapshot, snapshot
from api.audit.history import Record, records
from api.audit.report import CannotAudit
from api.audit.signed import BadSignature
from api.audit.tokens import token_certificate
from api.audit.trust import Trust

FORMAT = 1
BATCH = "batches/{:06d}"
"""Folder of a batch."""
_LEGAL = timezone(timedelta(hours=8))
_BATCHES = (
    "SELECT number, first_sequence, last_sequence, header, certificate, signature, token "
    "FROM history_batches ORDER BY number"
)


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days at UTC+8, both inclusive; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, at: str) -> bool:
        """Whether an instant lies inside."""
        day = datetime.fromisoformat(at).astimezone(_LEGAL).date()
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: numbers of the first and last batch (0 when none), and counts."""

    first: int
    last: int
    records: int
    unsealed: int


def export(database: str, trust: Trust, folder: Path, period: Period, now: datetime) -> Exported:
    """Writes whole batches that have a record in `period`, and the tail when it has no end.

    Raises:
        CannotAudit: the database cannot be read, or the folder is not empty or not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CannotAudit(f"目录 {folder} 不是空的。", f"The folder {folder} is not empty.")
        with snapshot(database) as view:
            return _Writer(folder, trust).write(view, period, now)
    except OSError as error:
        name = type(error).__name__
        raise CannotAudit(
            f"无法写入目录（{name}）。", f"The folder cannot be written ({name})."
        ) from error


class _Writer:
    def __init__(self, folder: Path, trust: Trust) -> None:
        self._folder = folder
        self._trust = trust
        self._certificates: dict[str, bytes] = {}

    def write(self, view: Snapshot, period: Period, now: datetime) -> Exported:
        rows = list(view.rows(_BATCHES))
        wanted, kept = _wanted(rows, view, period), 0
        for row in rows:
            if row["number"] in wanted:
                ends = (row["first_sequence"], row["last_sequence"])
                kept += self._batch(row, records(view, *ends))
        unsealed = 0
        if period.last is None:
            after = rows[-1]["last_sequence"] if rows else 0
            unsealed = self._lines(self._folder / "tail", records(view, after + 1))
        made = Exported(min(wanted, default=0), max(wanted, default=0), kept, unsealed)
        self._trusted()
        self._manifest(made, period, now)
        return made

    def _batch(self, row: Row, found: Iterable[Record]) -> int:
        folder = self._folder / BATCH.format(row["number"])
        count = self._lines(folder, found)
        (folder / "header.json").write_text(row["header"], "utf-8", newline="")
        (folder / "signature.der").write_bytes(row["signature"])
        (folder / "timestamp.tst").write_bytes(row["token"])
        fingerprint = sha256(row["certificate"]).hexdigest()
        self._certificates[f"history-{fingerprint}.cer"] = bytes(row["certificate"])
        try:
            authority = token_certificate(bytes(row["token"]))
        except BadSignature:
            return count  # what is no token names no authority; the proof will say so
        self._take("tsa", authority)
        return count

    def _lines(self, folder: Path, found: Iterable[Record]) -> int:
        folder.mkdir(parents=True)
        count = 0
        with (folder / "records.jsonl").open("wb") as stream:
            for record in found:
                stream.write((record.line or _unreadable(record)) + b"\n")
                count += 1
        return count

    def _trusted(self) -> None:
        for root in self._trust.roots:
            self._take("root", root)
        for place, crl in enumerate(self._trust.crls):
            self._certificates[f"revoked-{place}.crl"] = crl.public_bytes(Encoding.DER)
        folder = self._folder / "certificates"
        folder.mkdir()
        for name, der in self._certificates.items():
            (folder / name).write_bytes(der)

    def _take(self, kind: str, certificate: x509.Certificate) -> None:
        der = certificate.public_bytes(Encoding.DER)
        self._certificates[f"{kind}-{sha256(der).hexdigest()}.cer"] = der

    def _manifest(self, made: Exported, period: Period, now: datetime) -> None:
        text = resources.files("api.audit").joinpath("readme.txt").read_text("utf-8")
        (self._folder / "README.md").write_text(text, "utf-8")
        said: dict[str, Any] = {
            "format": FORMAT,
            "made_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "from": period.first.isoformat() if period.first else "",
            "to": period.last.isoformat() if period.last else "",
            "first_batch": made.first,
            "last_batch": made.last,
            "records": made.records,
            "unsealed": made.unsealed,
        }
        content = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
        (self._folder / "manifest.json").write_text(content, "utf-8")


def _wanted(rows: Iterable[Row], view: Snapshot, period: Period) -> frozenset[int]:
    """Batches with a record inside the period; consecutive, as time goes forward."""
    if period == Period():
        return frozenset(row["number"] for row in rows)
    first, last = 0, -1
    for row in view.rows("SELECT sequence, at FROM audit_history ORDER BY sequence"):
        if period.holds(row["at"]):
            first, last = first or row["sequence"], row["sequence"]
    return frozenset(
        row["number"]
        for row in rows
        if row["last_sequence"] >= first and row["first_sequence"] <= last
    )


def _unreadable(record: Record) -> bytes:
    """A record whose details are no JSON any more: its digest will tell."""
    return canonical({"sequence": record.sequence, "details": None, "previous": record.previous})
