"""The words of a judgement: facts and policy in, findings and verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from certlib.calendar import CHINA, end_of_day
from certlib.catalogue import Duty
from certlib.certificate import Certificate, CertificateFile
from certlib.document import ORIGINAL
from certlib.evidence import RECEIPT, FileFacts
from certlib.findings import FINDINGS
from certlib.holder_changes import HolderChange
from certlib.ids import parse
from certlib.paper import Sheet
from certlib.snapshot import Seen
from certlib.verdicts import SENTENCES, Sentence
from certlib.verification.policies import Policy
from certlib.verification.signature_validation import Conclusion, conclusions


class Verdict(StrEnum):
    """The answer. Over several targets invalid beats indeterminate beats valid."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class Outcome(StrEnum):
    """The outcome of one check."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Check(StrEnum):
    """What is checked, in the order in which a failure decides the code of the verdict."""

    INTEGRITY = "integrity"
    CHANGES = "changes"
    SEAL = "seal"
    ISSUER_AUTHORITY = "issuer_authority"
    ORIGINAL = "original"
    HOLDERS_ON = "holders_on"
    HOLDERS_NOW = "holders_now"
    STATUS_ON = "status_on"
    STATUS_NOW = "status_now"
    DUTIES_ON = "duties_on"
    DUTIES_NOW = "duties_now"
    PAPER = "paper"
    RECORD_THEN = "record_then"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer.

    Attributes:
        evidence: what it rests on; never a holder's number.
        as_of: the instant for which it speaks.
        values: what fills its sentence.
        data_as_of: of when the data is that it rests on; None: the primary record of that
            instant, or the file itself.
    """

    check: Check
    outcome: Outcome
    code: str
    zh: str
    en: str
    as_of: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    data_as_of: datetime | None = None

    @property
    def data_age(self) -> int:
        """Seconds between the data that it rests on and the instant for which it speaks."""
        if self.data_as_of is None:
            return 0
        return max(0, int((self.as_of - self.data_as_of).total_seconds()))


@dataclass(frozen=True, slots=True)
class Claim:
    """A field as the caller has it. `path` is `holder_name`, `number`, `KZ_…`."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class IssuerNow:
    """Who the issuer is today, where that is not what the certificate says.

    Attributes:
        code, name: of the issuer under its present name, or of the department in its place.
        kind, kind_en: what happened, as in 已{kind}{name}.
        since: the day on which it happened.
    """

    code: str
    name: str
    kind: str
    kind_en: str
    since: date


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one target.

    Attributes:
        file: what the reader found; None when no file was given or its digest is on record.
        known_file: the file on record with this digest.
        record: the certificate on record; None when absent or not asked for.
        registry_asked: False when there is no registry at hand (offline verifier).
        candidates: how many certificates a search by fields found.
        found_by: the holder's code by which the record was found, or "".
        malformed_part: name of the mistyped part of an identifier, "" for the whole, or None.
        our_node: whether the identifier's issuer is one of ours.
        authorised: the issue list covers issuer and type on the day of issue; None unknown.
        on: the acceptance day asked for, or None for today alone.
        known_at: the acceptance day as the record was known at this instant; None for all that
            is known.
        holder_changes: what happened to the record's holders, void events among them.
        ends_with_holder: the type's certificates are rights of their holder's own
            (`TypeVersion.ends_with_holder`).
        issuer: who the issuer is today; None when it is what the certificate says.
        duties: the periodic duties of the record's type version.
        corrects: the version that the record corrects from the beginning, or None.
        destination: name of the division that the record was transferred to, or "".
        sheets: the printed sheets as they stood on the day that is asked about; None: not asked
            for, and the record says of today's paper what it knows.
        titles: (Chinese, English) titles of the fields that claims name.
        snapshot: what a status snapshot says of the certificate, on a machine without the record.
        unavailable: slug of the dependency that is down (`certlib.verdicts.SERVICES`), or "".
    """

    file: FileFacts | None = None
    known_file: CertificateFile | None = None
    record: Certificate | None = None
    registry_asked: bool = True
    candidates: int | None = None
    found_by: str = ""
    malformed_part: str | None = None
    our_node: bool = True
    region: str = ""
    authorised: bool | None = None
    claims: tuple[Claim, ...] = ()
    holder_changes: tuple[HolderChange, ...] = ()
    ends_with_holder: bool = False
    issuer: IssuerNow | None = None
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    on: date | None = None
    known_at: datetime | None = None
    duties: tuple[Duty, ...] = ()
    corrects: Certificate | None = None
    sheets: tuple[Sheet, ...] | None = None
    destination: str = ""
    purpose: str = ""
    snapshot: Seen | None = None
    unavailable: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One verdict with the findings it rests on.

    Attributes:
        values: what filled the sentence.
        policy: by which it was judged.
        signatures: what was concluded on each signature of an examined file, in their order.
    """

    verdict: Verdict
    code: str
    sentence: Sentence
    findings: tuple[Finding, ...]
    as_of: datetime
    values: Mapping[str, Any]
    policy: Policy
    signatures: tuple[Conclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One question on the bench: what every check may look at."""

    facts: Facts
    policy: Policy
    at: datetime
    signatures: tuple[Conclusion, ...] = ()
    common: Mapping[str, Any] = field(init=False)
    """Values that every sentence may use."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "common", _common(self.facts, self.at))

    @classmethod
    def of(cls, facts: Facts, policy: Policy, at: datetime) -> "Judgement":
        """With what is concluded on the file's signatures, as of the day that is asked about."""
        file = facts.file
        if file is None:
            return cls(facts, policy, at)
        on = None if facts.on is None else min(at, end_of_day(facts.on))
        if file.kind == RECEIPT:
            # What a receipt says is of its own time: no day that is asked about changes it.
            found = conclusions(file.signatures, policy, at, receipt=True)
        else:
            found = conclusions(file.signatures, policy, at, _type_of(facts, file), on=on)
        return cls(facts, policy, at, found)

    @property
    def receipt(self) -> bool:
        """The file is a receipt: whatever a record says of a certificate is not its affair."""
        return self.facts.file is not None and self.facts.file.kind == RECEIPT

    @property
    def foreign_file(self) -> bool:
        """A file that is not on record, under a policy that does not ask it to be."""
        return self.facts.file is not None and not self.policy.record_needed

    def finding(
        self,
        check: Check,
        outcome: Outcome,
        code: str,
        values: Mapping[str, Any] | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding with its sentence in both languages."""
        filled = {**self.common, **(values or {})}
        if code in FINDINGS:
            zh, en = (text.format_map(filled) for text in FINDINGS[code])
        else:
            sentence = SENTENCES[code].filled(filled)
            zh, en = sentence.zh, sentence.en
        return Finding(check, outcome, code, zh, en, self.at, evidence or {}, values or {})


def _common(facts: Facts, at: datetime) -> dict[str, Any]:
    local, ticket, known = at.astimezone(CHINA), facts.ticket, facts.known_file
    zh, en = ("", "") if known is None or known.file_form == ORIGINAL else known.file_form.names
    return {
        "which": zh and f"（{zh}）",
        "which_en": en and f" ({en})",
        "as_of": local.strftime("%Y年%m月%d日 %H:%M"),
        "as_of_en": local.strftime("%Y-%m-%d %H:%M (UTC+8)"),
        "later": f"已登记{ticket}，恢复后补核" if ticket else "请稍后重新核验",
        "later_en": f"Queued as {ticket}" if ticket else "Check again later",
    }


def _type_of(facts: Facts, file: FileFacts) -> str:
    """Type code of the certificate: as the record says, or else as the file says of itself."""
    if facts.record is not None:
        return facts.record.content.type_code
    parsed = parse(file.identifier)
    return "" if parsed.identifier is None else parsed.identifier.type_code
