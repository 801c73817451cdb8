"""Situations of receipts, and of a machine without our record."""

import json

from certlib.receipts import REPORT_PURPOSE
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
from tests.unit.life.builders import IDENTIFIER

VALID, INVALID, UNSURE = Verdict.VALID, Verdict.INVALID, Verdict.INDETERMINATE


def report_message(**changes):
    """As the library's key for receipts signs."""
    signer = certificate("核验回执签章", purposes=(REPORT_PURPOSE,), purposes_critical=True)
    return message(chain=chain(signer, authority(), anchor()), **changes)


def sealed(**changes):
    return signature(**{"message": report_message(), **changes})


def receipt(*signatures, signed=True, **changes):
    """A receipt by its content, sealed by the key for receipts unless it is said otherwise."""
    words = {"zh": "有效。", "en": "Valid."}
    report = {"verdict": "valid", "sentence": words, "as_of": "2026-03-02T01:02:03+00:00"}
    content = {
        "receipt": 1,
        "number": "HY20260302-5F3A9C21-D0AB12EF",
        "target": {"identifier": IDENTIFIER},
        "report": report,
        "signed": signed,
    }
    told = {"kind": "receipt", "identifier": "", "content": json.dumps(content)}
    return evidence.file(*(signatures or (sealed(),)), **{**told, **changes})


OFFLINE = [
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
