"""Checks of an uploaded file: integrity, changes, seal, issuer's authority, original."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.certificate import CertificateFile
from certlib.evidence import (
    SIGNATURE,
    CertificateFacts,
    ChangeGrade,
    FileFacts,
    SignatureFacts,
    TimestampFacts,
)
from certlib.findings import DISTRUST, FAULTS, SERVICES, worded
from certlib.ids import parse
from certlib.indications import SubIndication
from certlib.verification.matching import same_text
from certlib.verification.model import Check, Finding, Judgement, Outcome
from certlib.verification.signature_validation import Conclusion
from certlib.verification.snapshot_checks import original_then
from certlib.verification.status_checks import state_words

_OTHERWISE = {
    "later": "请改按证照标识或编号核验；再次出现的，请将文件交系统管理员",
    "later_en": "Verify by identifier or number; give the operator a file that fails again",
}
"""What helps where the same file would end the next reader, too."""
_RUN_OUT = frozenset(
    {
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        SubIndication.REVOKED_NO_POE,
        SubIndication.REVOKED_CA_NO_POE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    }
)
_OF_THE_BYTES = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
    }
)


_NOT_OF_OURS = frozenset({"no-anchors", "no-path", "authority-unknown"})
"""Why a signer is not believed of whom nothing here has ever heard."""


def unreadable(bench: Judgement, file: FileFacts) -> Finding:
    """A file that could not be read: by its own fault, or by ours."""
    zh, en = worded(FAULTS, file.fault)
    evidence = {"fault": file.fault}
    if file.our_fault:
        reader, reader_en = worded(SERVICES, "reader")
        values = {"service": f"{reader}（{zh}）", "service_en": reader_en}
        if file.fault != "busy" and not bench.facts.ticket:
            values |= _OTHERWISE
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
    if not is_signed(file):
        return [_unsigned(bench, file)]
    found = [integrity(bench, file), changes(bench, file)]
    if not any(of_the_bytes(item) for item in bench.signatures):
        # Whoever signed, it was not these bytes: then nobody is asked whom to believe.
        found.append(seal(bench))
    if bench.policy.record_needed or _names_ours(bench, file):
        # A file that names a certificate of ours must be ours, whatever the policy asks of others.
        found += [*_authority(bench, file), _original(bench, file)]
    elif _named_otherwise(bench, file):
        code = "issuer-not-authorised"
        found.append(bench.finding(Check.ISSUER_AUTHORITY, Outcome.UNKNOWN, code))
    return found


def is_signed(file: FileFacts) -> bool:
    """Whether anybody has signed it: a timestamp tells when it existed, and vouches for nothing."""
    return any(item.kind == SIGNATURE for item in file.signatures)


def _names_ours(bench: Judgement, file: FileFacts) -> bool:
    """Whether it says of itself that it is a certificate that this node would have on record."""
    facts = bench.facts
    if facts.record is not None:
        return True
    # Offline nobody knows the departments of this node: then the marks of our files count, as they
    # do where the identifier among them cannot be read.
    return facts.our_node if facts.registry_asked and file.identifier else file.looks_ours


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


def integrity(bench: Judgement, file: FileFacts) -> Finding:
    """Whether every signature is of these bytes, and the file put together as ours are."""
    strict = bench.policy.record_needed and not _of_strangers(bench, file)
    unsupported = [item for item in bench.signatures if _unknown_to_us(item, strict=strict)]
    for item in bench.signatures:
        broken = _broken(item, strict=strict)
        if broken and item not in unsupported:
            return _altered(bench, item, broken)
    for item in unsupported:
        # Nobody here can check it: no finding against the file.
        values, evidence = {"problem": item.detail}, _conclusion(item)
        return bench.finding(Check.INTEGRITY, Outcome.UNKNOWN, "seal-unsupported", values, evidence)
    if strict:
        last = bench.signatures[-1]
        odd = next(iter(file.structure.notes), "" if last.facts.covers_file else "coverage")
        if odd:
            return _altered(bench, last, odd)
    count = {"signatures": len(file.signatures), "notes": list(file.structure.notes)}
    return bench.finding(Check.INTEGRITY, Outcome.PASS, "digest-holds", evidence=count)


def _of_strangers(bench: Judgement, file: FileFacts) -> bool:
    """Whether neither the file nor any of its signers says that it is of ours.

    Then it need not be put together as ours are: that nobody here knows its signers is what is to
    be said, and not that somebody has altered it.
    """
    if file.looks_ours or _names_ours(bench, file):
        return False
    chains = [item.chain for item in bench.signatures if item.facts.kind == SIGNATURE]
    return all(chain is not None and chain.problem in _NOT_OF_OURS for chain in chains)


def _unknown_to_us(item: Conclusion, *, strict: bool) -> bool:
    """Whether a signature is of a kind that nobody here can check.

    A file of ours was sealed by a message that tells its signer: where none can be read any more,
    it is the file that was changed.
    """
    return item.problem == "unsupported" and not (strict and item.facts.signer is None)


def _altered(bench: Judgement, item: Conclusion, problem: str) -> Finding:
    evidence = {**_conclusion(item), "problem": problem}
    return bench.finding(Check.INTEGRITY, Outcome.FAIL, "altered", evidence=evidence)


def _broken(item: Conclusion, *, strict: bool) -> str:
    if item.sub in _OF_THE_BYTES:
        return item.problem or "structure"
    if not strict:
        return ""
    stamp = item.facts.timestamp
    if stamp is not None and not stamp.intact and not _unchecked(stamp):
        return "timestamp"  # a token of ours was good when it was laid in
    return item.facts.form_problem or ("signer" if item.problem == "unsupported" else "")


def _unchecked(stamp: TimestampFacts) -> bool:
    return stamp.message is not None and stamp.message.unchecked != ""


def changes(bench: Judgement, file: FileFacts) -> Finding:
    """What follows the last byte that a signature covers."""
    found = file.changes
    evidence = {
        "grade": found.grade.value,
        "kinds": [kind.value for kind in found.kinds],
        "objects": list(found.objects),
        "detail": found.detail,
    }
    permitted = None if _of_strangers(bench, file) else bench.policy.permitted_changes
    match found.grade:
        case ChangeGrade.NONE:
            return bench.finding(Check.CHANGES, Outcome.PASS, "unchanged", evidence=evidence)
        case ChangeGrade.PERMITTED if permitted is None or permitted >= set(found.kinds):
            doubtful = not bench.policy.doubtful_changes.isdisjoint(found.kinds)
            code = "annotated" if doubtful else "changes-permitted"
            outcome = Outcome.UNKNOWN if doubtful else Outcome.PASS
            return bench.finding(Check.CHANGES, outcome, code, evidence=evidence)
        case _:
            return bench.finding(Check.CHANGES, Outcome.FAIL, "altered", evidence=evidence)


def of_the_bytes(item: Conclusion) -> bool:
    """Whether a signature fails before anybody's trust is asked."""
    return item.problem == "unsupported" or item.sub in _OF_THE_BYTES


def seal(bench: Judgement) -> Finding:
    """Whether whoever signed is believed."""
    for item in bench.signatures:
        if item.facts.kind != SIGNATURE and not bench.policy.record_needed:
            continue  # a timestamp that nobody believes proves nothing, and harms nothing
        problem, undecided = _distrust(item, strict=bench.policy.record_needed)
        if not problem:
            continue
        evidence = _seal_evidence(bench, item)
        if item.problem == "weak-seal":
            values = {"problem": item.detail}
            return bench.finding(Check.SEAL, Outcome.UNKNOWN, "seal-weak", values, evidence)
        # Under `foreign` we may simply not know the authority; under `own` we know all,
        # unless there was nothing to decide with.
        unknown = undecided or not bench.policy.record_needed
        outcome = Outcome.UNKNOWN if unknown else Outcome.FAIL
        zh, en = worded(DISTRUST, problem)
        values = {"problem": zh, "problem_en": en}
        found = bench.finding(Check.SEAL, outcome, "seal-untrusted", values, evidence)
        return replace(found, data_as_of=_data_as_of(item))
    first = next(item for item in bench.signatures if item.facts.kind == SIGNATURE)
    values = {"signer": _name(first.facts)}
    evidence = _seal_evidence(bench, first)
    found = bench.finding(Check.SEAL, Outcome.PASS, "sealed", values, evidence)
    return replace(found, data_as_of=_data_as_of(first))


def _distrust(item: Conclusion, *, strict: bool) -> tuple[str, bool]:
    """Why a signer is not believed, and whether that is undecided.

    A timestamp that is not believed proves nothing; that alone is held against files of our own,
    whose timestamps we know, and against nobody else's.
    """
    token = item.token
    if item.problem:
        unsaid = item.chain is not None and item.chain.trusted is None
        return item.problem, unsaid or (token is not None and token.undecided)
    if strict and token is not None:
        # That an authority's time has run out is no sign of forgery: it happens to each of them.
        return token.problem, token.undecided or token.sub in _RUN_OUT
    return "", False


def _name(item: SignatureFacts) -> str:
    return "" if item.signer is None else item.signer.name


def _conclusion(item: Conclusion) -> dict[str, Any]:
    return {
        "field": item.facts.field_name,
        "indication": item.indication.value,
        "sub_indication": None if item.sub is None else item.sub.value,
    }


def _data_as_of(item: Conclusion) -> datetime | None:
    return None if item.chain is None else item.chain.revocation_as_of


def _seal_evidence(bench: Judgement, item: Conclusion) -> Mapping[str, Any]:
    signer, message, trust = item.facts.signer, item.facts.message, bench.policy.trust
    as_of = _data_as_of(item)
    return {
        **_conclusion(item),
        "signer": _name(item.facts),
        "signer_sha256": "" if signer is None else signer.sha256,
        "algorithm": "" if message is None else message.mechanism,
        "proven_time": item.moment.made.isoformat() if item.moment.proven else None,
        "certified": item.facts.certified,
        "revocation_as_of": None if as_of is None else as_of.isoformat(),
        "trust_list": None if trust is None else trust.version,
        "trust_list_stale": trust is not None and trust.stale(bench.at),
    }


def _authority(bench: Judgement, file: FileFacts) -> list[Finding]:
    issuer, signer = _issuer(bench, file), _signer(file)
    # Of a signer that nobody could read nothing is claimed.
    wrong_signer = signer is not None and issuer not in ("", signer.code)
    if bench.facts.authorised is False or wrong_signer:
        return [bench.finding(Check.ISSUER_AUTHORITY, Outcome.FAIL, "issuer-not-authorised")]
    if bench.facts.authorised is None and not bench.facts.registry_asked:
        # Offline nobody keeps an issue list: the trust list has limited whose seal it may be.
        return []
    if bench.facts.authorised is None:
        zh, en = worded(SERVICES, "issue-list")
        values = {"service": zh, "service_en": en}
        code = "authority-unknown"
        return [bench.finding(Check.ISSUER_AUTHORITY, Outcome.UNKNOWN, code, values)]
    return [bench.finding(Check.ISSUER_AUTHORITY, Outcome.PASS, "authorised")]


def _signer(file: FileFacts) -> CertificateFacts | None:
    """The certificate of whoever signed first."""
    return next((item.signer for item in file.signatures if item.kind == SIGNATURE), None)


def _named_otherwise(bench: Judgement, file: FileFacts) -> bool:
    """Whether a certificate of another library names a department that has not signed it."""
    signer = _signer(file)
    return _issuer(bench, file) not in ("", "" if signer is None else signer.code)


def _issuer(bench: Judgement, file: FileFacts) -> str:
    """Code of the issuer: as the record says, or else as the file says of itself."""
    if bench.facts.record is not None:
        return bench.facts.record.content.issuer_code
    named = parse(file.identifier).identifier
    return "" if named is None else named.issuer_code


def _original(bench: Judgement, file: FileFacts) -> Finding:
    if not bench.facts.registry_asked:
        return original_then(bench, file)
    evidence = {"sha256": file.sha256}
    return bench.finding(Check.ORIGINAL, Outcome.FAIL, "seal-not-on-record", evidence=evidence)
