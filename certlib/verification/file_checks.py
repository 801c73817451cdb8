"""Checks of an uploaded file: integrity, changes, seal, issuer's authority, original."""

from collections.abc import Mapping
from typing import Any

from certlib.calendar import legal_day
from certlib.certificate import CertificateFile
from certlib.evidence import ChangeGrade, FileFacts, SignatureFacts
from certlib.findings import DISTRUST, FAULTS, SERVICES, worded
from certlib.verification.matching import same_text
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.status_checks import state_words

_OUR_FAULTS = frozenset({"timeout", "memory", "crashed", "busy"})


def unreadable(bench: Judgement, file: FileFacts) -> Finding:
    """A file that could not be read: by its own fault, or by ours."""
    zh, en = worded(FAULTS, file.fault)
    evidence = {"fault": file.fault}
    if file.fault in _OUR_FAULTS:
        values = {"service": zh, "service_en": en}
        return bench.finding(Check.INTEGRITY, Outcome.UNKNOWN, "cannot-tell", values, evidence)
    if file.looks_ours and file.fault == "malformed":
        # Ours once, by the marks it still carries: more than bad luck in a download.
        return bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence)
    values = {"fault": zh, "fault_en": en}
    return bench.finding(Check.INTEGRITY, Outcome.FAIL, "unreadable", values, evidence)


def known_file_findings(bench: Judgement, known: CertificateFile) -> list[Finding]:
    """The digest is on record: byte for byte what was issued, no parsing needed."""
    digest = {
        "sha256": known.sha256,
        "form": known.form,
        "copy_number": known.copy_number,
        "revision": known.revision,
    }
    found = [
        bench.finding(Check.INTEGRITY, Outcome.PASS, "on-record", evidence=digest),
        bench.finding(Check.CHANGES, Outcome.PASS, "unchanged"),
        bench.finding(Check.SEAL, Outcome.PASS, "sealed-on-record"),
    ]
    if bench.facts.authorised is False:
        found.append(bench.finding(Check.ISSUER_AUTHORITY, Outcome.FAIL, "issuer-not-authorised"))
    elif bench.facts.authorised:
        found.append(bench.finding(Check.ISSUER_AUTHORITY, Outcome.PASS, "authorised"))
    return [*found, _copy(bench, known)]


def _copy(bench: Judgement, known: CertificateFile) -> Finding:
    if known.kind != "purpose_copy":
        return bench.finding(Check.ORIGINAL, Outcome.PASS, "original")
    asked = bench.facts.on or legal_day(bench.at)
    if known.expires_on is not None and asked > known.expires_on:
        return bench.finding(Check.ORIGINAL, Outcome.FAIL, "copy-expired")
    values = {"purpose": known.purpose}
    if bench.facts.purpose and not same_text(bench.facts.purpose, known.purpose):
        return bench.finding(Check.ORIGINAL, Outcome.FAIL, "copy-other-purpose", values)
    return bench.finding(Check.ORIGINAL, Outcome.PASS, "purpose-copy", values)


def unknown_file_findings(bench: Judgement, file: FileFacts) -> list[Finding]:
    """A readable file whose digest is not on record."""
    if not file.signatures:
        return [_unsigned(bench, file)]
    found = [_integrity(bench, file), _changes(bench, file), _seal(bench, file)]
    if bench.policy.record_needed or bench.facts.record is not None:
        # A file that names a certificate of ours must be ours, whatever the policy asks of others.
        found += [_authority(bench, file), _original(bench, file)]
    return found


def _unsigned(bench: Judgement, file: FileFacts) -> Finding:
    if file.looks_ours:
        evidence = {"signature": "removed"}
        return bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence)
    record = bench.facts.record
    if record is None:
        return bench.finding(Check.INTEGRITY, Outcome.FAIL, "no-signature")
    zh, en = state_words(record, legal_day(bench.at))
    values = {"state": zh, "state_en": en}
    return bench.finding(Check.ORIGINAL, Outcome.UNKNOWN, "printed", values)


def _integrity(bench: Judgement, file: FileFacts) -> Finding:
    for item in file.signatures:
        if item.algorithm_problem.startswith("unsupported"):
            # Nobody here can check it: no finding against the file.
            values = {"problem": item.algorithm_problem}
            return bench.finding(Check.INTEGRITY, Outcome.UNKNOWN, "seal-unsupported", values)
        broken = _broken(item, strict=bench.policy.record_needed)
        if broken:
            return _altered(bench, item, broken)
    last = file.signatures[-1]
    if bench.policy.record_needed and not last.covers_file:
        return _altered(bench, last, "coverage")
    count = {"signatures": len(file.signatures)}
    return bench.finding(Check.INTEGRITY, Outcome.PASS, "digest-holds", evidence=count)


def _altered(bench: Judgement, item: SignatureFacts, problem: str) -> Finding:
    evidence = {"field": item.field_name, "problem": problem}
    return bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence)


def _broken(item: SignatureFacts, *, strict: bool) -> str:
    if not item.digest_ok:
        return "digest"
    if not item.signature_ok:
        return "signature"
    if strict and item.timestamp is not None and not item.timestamp.intact:
        return "timestamp"  # a token of ours was good when it was laid in
    held = item.structure_ok if strict else item.layout_ok
    return "" if held else item.structure_problem or "structure"


def _changes(bench: Judgement, file: FileFacts) -> Finding:
    evidence = {"grade": file.changes.value, "detail": file.changes_detail}
    match file.changes:
        case ChangeGrade.NONE:
            return bench.finding(Check.CHANGES, Outcome.PASS, "unchanged", evidence=evidence)
        case ChangeGrade.PERMITTED if bench.policy.permitted_changes:
            code = "changes-permitted"
            return bench.finding(Check.CHANGES, Outcome.PASS, code, evidence=evidence)
        case _:
            return bench.finding(Check.CHANGES, Outcome.FAIL, "altered", evidence=evidence)


def _seal(bench: Judgement, file: FileFacts) -> Finding:
    for item in file.signatures:
        evidence = _seal_evidence(item)
        if item.algorithm_problem:
            values = {"problem": item.algorithm_problem}
            return bench.finding(Check.SEAL, Outcome.UNKNOWN, "seal-weak", values, evidence)
        problem = _distrust(item)
        if problem:
            # Under `foreign` we may simply not know the authority; under `own` we know all,
            # unless there was nothing to decide with.
            undecided = item.chain_ok is None or not bench.policy.record_needed
            outcome = Outcome.UNKNOWN if undecided else Outcome.FAIL
            zh, en = worded(DISTRUST, problem)
            values = {"problem": zh, "problem_en": en}
            return bench.finding(Check.SEAL, outcome, "seal-untrusted", values, evidence)
    first = file.signatures[0]
    values = {"signer": first.signer}
    return bench.finding(Check.SEAL, Outcome.PASS, "sealed", values, _seal_evidence(first))


def _distrust(item: SignatureFacts) -> str:
    if item.chain_ok is not True:
        return item.chain_problem or "no-path"
    stamp = item.timestamp
    if stamp is not None and not (stamp.intact and stamp.trusted):
        return stamp.problem or "timestamp"
    return ""


def _seal_evidence(item: SignatureFacts) -> Mapping[str, Any]:
    stamp = item.timestamp
    proven = stamp.time.isoformat() if stamp is not None and stamp.time is not None else None
    return {
        "field": item.field_name,
        "signer": item.signer,
        "signer_sha256": item.signer_sha256,
        "algorithm": item.signature_algorithm,
        "proven_time": proven,
        "certified": item.certified,
    }


def _authority(bench: Judgement, file: FileFacts) -> Finding:
    record = bench.facts.record
    signer = file.signatures[0].signer_code
    wrong_signer = record is not None and signer not in {"", record.content.issuer_code}
    if bench.facts.authorised is False or wrong_signer:
        return bench.finding(Check.ISSUER_AUTHORITY, Outcome.FAIL, "issuer-not-authorised")
    if bench.facts.authorised is None:
        zh, en = worded(SERVICES, "issue-list")
        values = {"service": zh, "service_en": en}
        return bench.finding(Check.ISSUER_AUTHORITY, Outcome.UNKNOWN, "authority-unknown", values)
    return bench.finding(Check.ISSUER_AUTHORITY, Outcome.PASS, "authorised")


def _original(bench: Judgement, file: FileFacts) -> Finding:
    evidence = {"sha256": file.sha256}
    if not bench.facts.registry_asked:
        code = "status-unknown"
        return bench.finding(Check.ORIGINAL, Outcome.UNKNOWN, code, evidence=evidence)
    return bench.finding(Check.ORIGINAL, Outcome.FAIL, "seal-not-on-record", evidence=evidence)
