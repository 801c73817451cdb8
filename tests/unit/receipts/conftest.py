"""A library with its keys, and what it needs to make receipts and to read them."""

from dataclasses import dataclass, replace
from datetime import date

import pytest

from certlib.receipts import Receipt, Target
from certlib.trust import TrustList
from certlib.verification import OWN, Facts, Report, detailed, judge
from keys.authority import DevelopmentAuthority
from keys.timestamps import TimestampAuthority
from signing.evidence.reader import InProcessEvidenceReader
from signing.receipts import ReceiptPress
from tests.unit.keys.keys_world import PLANNING, CountedEntropy, SetClock, found

IDENTIFIER = "1.2.156.3005.2.11445200990090139J101.11445200990090139J.4452002026A0000001.001.5"


@dataclass
class Library:
    """One library; `judged` asks it of a file, as of its clock."""

    authority: DevelopmentAuthority
    clock: SetClock

    @property
    def press(self) -> ReceiptPress:
        return self.pressing(self.authority.report_key)

    def pressing(self, key) -> ReceiptPress:
        stamps = TimestampAuthority(
            self.authority.timestamp_key(), self.clock, CountedEntropy("stamps")
        )
        return ReceiptPress(key, self.authority, stamps, self.clock)

    def receipt(self, facts: Facts | None = None, **changes) -> Receipt:
        """An answer on an identifier that is not on record: any answer would do."""
        report = judge(facts or Facts(), OWN, self.clock.now())
        plain = Receipt(
            number="HY20260302-5F3A9C21-D0AB12EF",
            made_at=self.clock.now(),
            node="445200",
            asked_by="tax-system",
            question={"on": "2026-03-01", "known_at": None, "policy": "own", "purpose": "年审"},
            target=Target(IDENTIFIER, sha256="ab" * 32, size=9),
            report=detailed(report, None),
            verify_url=f"https://zz.example/v/{IDENTIFIER}",
        )
        return replace(plain, **changes)

    def facts(self, file: bytes):
        return InProcessEvidenceReader(self.authority.trust_material).read(file)

    def judged(self, file: bytes, *, on: date | None = None) -> Report:
        now = self.clock.now()
        trusted = TrustList(1, now, None, "city", (self.authority.trusted(),))
        facts = Facts(file=self.facts(file), on=on)
        return judge(facts, replace(OWN, trust=trusted), now)


def library(folder, seed="library") -> Library:
    clock = SetClock()
    authority = found(folder, clock, seed=seed)
    authority.issue_seal(*PLANNING)
    return Library(authority, clock)


@pytest.fixture
def city(tmp_path) -> Library:
    return library(tmp_path / "city")
