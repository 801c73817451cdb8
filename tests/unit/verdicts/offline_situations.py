"""Situations of receipts, and of a machine without our record."""

import json
from dataclasses import replace
from datetime import date, timedelta

from certlib.calendar import legal_day
from certlib.receipts import REPORT_PURPOSE
from certlib.snapshot import Seen, SnapshotHeader, SnapshotRow
from certlib.states import View
from certlib.verification import OWN, Facts, Verdict
from tests.fakes import evidence
from tests.fakes.evidence import (
    anchor,
    authority,
    certificate,
    chain,
    message,
    signature,
)
from tests.unit.life.builders import IDENTIFIER, NOW

VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE


def report_message(**changes):
    """As the library's key for receipts signs."""
    signer = certificate("核验回执签章", purposes=(REPORT_PURPOSE,), purposes_critical=True)
    return message(chain=chain(signer, authority(), anchor()), **changes)


def sealed(**changes):
    return signature(**{"message": report_message(), **changes})


def receipt_content(*, signed=True):
    """What a receipt says."""
    words = {"zh": "有效。", "en": "Valid."}
    report = {"verdict": "valid", "sentence": words, "as_of": "2026-03-02T01:02:03+00:00"}
    return {
        "receipt": 1,
        "number": "HY20260302-5F3A9C21-D0AB12EF",
        "target": {"identifier": IDENTIFIER},
        "report": report,
        "signed": signed,
    }


def receipt(*signatures, signed=True, **changes):
    """A receipt by its content, sealed by the key for receipts unless it is said otherwise."""
    content = json.dumps(receipt_content(signed=signed))
    told = {"kind": "receipt", "identifier": "", "content": content}
    return evidence.file(*(signatures or (sealed(),)), **{**told, **changes})


ANCHOR = anchor().sha256
THEN = NOW - timedelta(days=3)
ROW = SnapshotRow(
    identifier=IDENTIFIER,
    view=View.VALID,
    verdict="valid",
    code="valid",
    valid_from=date(2024, 3, 1),
    valid_to=date(2027, 3, 1),
    restricted=False,
    paper="none",
    renewal_pending=False,
    files=(evidence.file().sha256,),
)


def stamped(days):
    """A seal that provably was made so many days before the snapshot."""
    return signature(timestamp=evidence.timestamp(time=THEN - timedelta(days=days)))


def offline(row=ROW, *, as_of=THEN, file=None, anchor=ANCHOR, **changes):
    """A file on a machine with a snapshot of three days ago."""
    header = SnapshotHeader(
        "445200", as_of, as_of + timedelta(days=1), 1, frozenset({evidence.ISSUER}), anchor
    )
    found = file or evidence.file(identifier=IDENTIFIER)
    return Facts(file=found, registry_asked=False, snapshot=Seen(header, row), **changes)


def other(*signatures, **changes):
    """A file of that certificate which is not on record."""
    return evidence.file(*signatures, **{"identifier": IDENTIFIER, "sha256": "cd" * 32, **changes})


OFFLINE = [
    ("status-as-of", UNSURE, offline(), OWN),
    ("term-ended-since", UNSURE, offline(replace(ROW, valid_to=legal_day(THEN))), OWN),
    ("not-of-that-day", UNSURE, offline(on=date(2026, 1, 5)), OWN),
    ("newer-than-snapshot", UNSURE, offline(None, file=other(stamped(0.5))), OWN),
    ("absent-then", INVALID, offline(None, file=other(stamped(2))), OWN),
    ("receipt-holds", VALID, Facts(file=receipt()), OWN),
    (
        "receipt-altered",
        INVALID,
        Facts(file=receipt(sealed(message=report_message(digest_ok=False)))),
        OWN,
    ),
    ("receipt-untrusted", INVALID, Facts(file=receipt(signature())), OWN),
    ("receipt-unsigned", UNSURE, Facts(file=receipt(signatures=(), signed=False)), OWN),
]
