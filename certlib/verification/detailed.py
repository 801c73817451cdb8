"""The detailed report: every finding, what it rests on, and each signature by EN 319 102-1.

Its shape is fixed by `docs/verification-report.schema.json`. It says nothing of the certificate's
content and nobody's number: whoever holds it can file it with a case.
"""

from datetime import datetime
from typing import Any, Final

from certlib.clauses import clause_of
from certlib.evidence import CertificateFacts, FileFacts
from certlib.verification.chain_checks import Weighed
from certlib.verification.model import Finding, Report
from certlib.verification.policies import Policy
from certlib.verification.signature_validation import Conclusion, Token

__all__ = ["FORMAT", "detailed"]

FORMAT: Final = 1
"""Number of the shape; a change that a reader would stumble over gets the next."""


def detailed(report: Report, file: FileFacts | None) -> dict[str, Any]:
    """JSON values only; instants are ISO 8601 in UTC.

    Args:
        report: what was judged.
        file: what the reader found; None when no file was given or its digest is on record.
    """
    words = report.sentence
    return {
        "format": FORMAT,
        "verdict": report.verdict.value,
        "code": report.code,
        "sentence": {"zh": words.zh, "en": words.en},
        "next_step": {"zh": words.next_zh, "en": words.next_en},
        "as_of": _instant(report.as_of),
        "policy": _policy(report.policy),
        "findings": [_finding(item) for item in report.findings],
        "file": None if file is None else _file(file),
        "signatures": [_signature(item) for item in report.signatures],
    }


def _policy(policy: Policy) -> dict[str, Any]:
    trust = policy.trust
    return {
        "name": policy.name,
        "crypto": policy.crypto.name,
        "trust_list": None
        if trust is None
        else {
            "operator": trust.operator,
            "version": trust.version,
            "issued_at": _instant(trust.issued_at),
            "next_update": _instant(trust.next_update),
        },
    }


def _finding(item: Finding) -> dict[str, Any]:
    return {
        "check": item.check.value,
        "outcome": item.outcome.value,
        "code": item.code,
        "text": {"zh": item.zh, "en": item.en},
        "clause": clause_of(item.code),
        "as_of": _instant(item.as_of),
        "data_as_of": _instant(item.data_as_of),
        "evidence": dict(item.evidence),
    }


def _file(file: FileFacts) -> dict[str, Any]:
    changes = file.changes
    return {
        "sha256": file.sha256,
        "size": file.size,
        "readable": file.readable,
        "fault": file.fault,
        "revisions": file.structure.revisions,
        "notes": list(file.structure.notes),
        "changes": {
            "grade": changes.grade.value,
            "kinds": [kind.value for kind in changes.kinds],
            "objects": list(changes.objects),
            "detail": changes.detail,
        },
    }


def _signature(item: Conclusion) -> dict[str, Any]:
    facts, message = item.facts, item.facts.message
    return {
        "field": facts.field_name,
        "kind": facts.kind,
        "indication": item.indication.value,
        "sub_indication": None if item.sub is None else item.sub.value,
        "problem": item.problem,
        "detail": item.detail,
        "clause": clause_of(item.problem),
        "form": facts.form_problem,
        "covers_file": facts.covers_file,
        "certified": facts.certified,
        "digest_algorithm": "" if message is None else message.digest,
        "signature_algorithm": "" if message is None else message.mechanism,
        "claimed_time": _instant(facts.claimed_time),
        "best_signature_time": _instant(item.moment.made),
        "proven": item.moment.proven,
        "path": _path(item.chain),
        "timestamp": None if item.token is None else _token(item, item.token),
    }


def _token(item: Conclusion, token: Token) -> dict[str, Any]:
    stamp = item.facts.timestamp
    return {
        "time": None if stamp is None else _instant(stamp.time),
        "proves": _instant(token.proves),
        "problem": token.problem,
        "sub_indication": None if token.sub is None else token.sub.value,
        "clause": clause_of(token.problem),
        "path": _path(token.chain),
    }


def _path(chain: Weighed | None) -> list[dict[str, Any]]:
    return [] if chain is None else [_certificate(item) for item in chain.path]


def _certificate(item: CertificateFacts) -> dict[str, Any]:
    told = item.revocation
    return {
        "sha256": item.sha256,
        "subject": item.subject,
        "issuer": item.issuer,
        "serial": item.serial,
        "not_before": _instant(item.not_before),
        "not_after": _instant(item.not_after),
        "key": item.key,
        "signed_with": item.signed_with,
        "revocation": None
        if told is None
        else {
            "this_update": _instant(told.this_update),
            "next_update": _instant(told.next_update),
            "revoked_at": _instant(told.revoked_at),
            "reason": told.reason,
        },
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
