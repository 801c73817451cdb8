"""INV-1, by the counters: every signature of a seal key is a file on record, and the other way."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from api.audit.counters import Counted, Counters
from api.audit.database import Row
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.seal import Seal

_DAMAGED = ("签名计数文件损坏", "the signature counter is damaged")
_UNCOUNTED = ("签章不在签名计数中", "sealed by a signature that was never counted")
_NAMED = 3
_PLAIN = "B-B"
"""The level that no timestamp is wanted for."""


@dataclass(frozen=True, slots=True)
class RecordedSeals:
    """Seals of the files on record, gathered while they are verified.

    Attributes:
        messages: SHA-256 of what was signed, by the SHA-256 of the signer's certificate.
        stored: message → identifier, and when its file was stored.
    """

    messages: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    stored: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, seal: Seal, identifier: str, stored_at: str) -> None:
        """Notes a seal that holds."""
        self.messages[seal.signer].add(seal.message)
        self.stored[seal.message] = (identifier, stored_at)


def check(
    found: Invariant,
    seals: RecordedSeals,
    ledger: Ledger,
    read: tuple[Counters, Counters],
    *,
    whole: bool,
) -> None:
    """Compares; `read` are the counters before the snapshot and after it.

    What was signed before the snapshot had its intent committed before, and what the snapshot has
    on record was counted before it: each question has its own reading. Parts of the record (not
    `whole`) explain parts of the signatures: then only what is uncounted can be seen.
    """
    before, after = read
    _uncounted(found, seals, after)
    attempts = _attempts(ledger)
    for fingerprint, key in before.keys.items():
        counted = before.counted[key.name]
        found.checked += len(counted.signed)
        found.expect(not counted.damaged, key.name, "counter-damaged", _DAMAGED)
        if whole:
            explained = seals.messages.get(fingerprint, set())
            _unexplained(found, key.name, counted, explained, attempts[key.issuer_code])


def _uncounted(found: Invariant, seals: RecordedSeals, counters: Counters) -> None:
    if counters.since is None:
        return
    for fingerprint, messages in seals.messages.items():
        key = counters.keys.get(fingerprint)
        counted = Counted() if key is None else counters.counted[key.name]
        missing = [
            seals.stored[message][0]
            for message in sorted(messages - counted.signed.keys())
            if datetime.fromisoformat(seals.stored[message][1]) > counters.since
        ]
        if len(missing) > counted.lost:  # a power cut may have taken so many records
            for identifier in missing:
                found.broken(identifier, "seal-uncounted", *_UNCOUNTED)


def _unexplained(
    found: Invariant, name: str, counted: Counted, explained: Iterable[str], attempts: int
) -> None:
    strange = sorted(counted.signed[item] for item in counted.signed.keys() - set(explained))
    if len(strange) <= attempts:
        return
    times = ", ".join(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in strange[-_NAMED:])
    more = len(strange) - attempts
    found.broken(
        name,
        "signature-unexplained",
        f"该密钥有 {more} 次签名在登记中没有对应文件，也不是登记在案的失败签发（最近：{times}）",
        f"{more} signatures of this key are no file on record and no attempt that failed "
        f"(the latest: {times})",
    )


def _attempts(ledger: Ledger) -> Mapping[str, int]:
    """Most signatures of each issuer that became no file: of attempts that failed or were lowered.

    Each attempt seals each file once; that of a killed process is on record, too. The same intent
    gives the same page, and so often the same message, but for the lists that B-LT carries.
    """
    found: Counter[str] = Counter()
    for row in ledger.intents.values():
        tries = row["attempts"] + (row["status"] != "published")
        found[row["issuer_code"]] += tries * len(json.loads(row["forms"]))
    for identifier, rows in ledger.additions.items():
        certificate = ledger.certificates.get(identifier)
        for row in rows if certificate is not None else ():
            issuer = ledger.certificates[identifier]["issuer_code"]
            found[issuer] += (row["status"] != "published") + row["attempts"]
    for identifier, rows in ledger.files.items():
        certificate = ledger.certificates.get(identifier)
        if certificate is not None:
            found[certificate["issuer_code"]] += sum(_lowered(row, certificate) for row in rows)
    return found


def _lowered(file: Row, certificate: Row) -> bool:
    """Sealed a second time, below the level that was meant: the first wanted a timestamp."""
    plain = file["kind"] == "original" and file["level"] == _PLAIN
    return bool(plain and certificate["target_level"] != _PLAIN)
