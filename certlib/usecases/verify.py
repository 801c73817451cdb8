"""Verify: gather facts about an identifier, some fields or a file, then judge them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from certlib import ids
from certlib.access import Act
from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.certificate import Certificate
from certlib.divisions import DivisionTable
from certlib.errors import Corrupt, Invalid, Problem, Unavailable
from certlib.evidence import FileFacts
from certlib.ports import Clock, EvidenceReader
from certlib.registry import AuditRecord, ReadSession, Registry, SearchQuery
from certlib.snapshot import StatusSnapshot
from certlib.states import CORRECTION
from certlib.trust import TrustList
from certlib.usecases.access import access_of
from certlib.usecases.authority import authorised, listed
from certlib.usecases.caller import VERIFY, Caller
from certlib.usecases.counting import one_of_each_lineage
from certlib.usecases.drafts import draft_on_record
from certlib.usecases.paper_then import sheets_of
from certlib.usecases.question import Question, settled
from certlib.usecases.standing import holder_changes, issuer_now
from certlib.usecases.subjects import Subject, subject_of
from certlib.usecases.widen import widened
from certlib.verification import Claim, Facts, Report, judge

__all__ = ["Answer", "Question", "Subject", "VerifyCertificates", "subject_of"]

_MOST_CANDIDATES = 20
_NOWHERE = DivisionTable({})


@dataclass(frozen=True, slots=True)
class Answer:
    """The report, what it speaks of, and the list when several certificates fit.

    Attributes:
        on, known_at: the day and the knowledge that the verdict is about, where they were asked
            for: without them nobody could hold it against the record later.
        identifier, sha256: what was asked about, as far as it was named or sent; else "".
    """

    report: Report
    subject: Subject | None = None
    candidates: tuple[Subject, ...] = ()
    warnings: tuple[Problem, ...] = ()
    file: FileFacts | None = field(default=None, compare=False)
    on: date | None = None
    known_at: datetime | None = None
    identifier: str = field(default="", compare=False)
    sha256: str = field(default="", compare=False)


class VerifyCertificates:
    """Answers questions. Without a registry (offline) it says what the file alone can say.

    Args:
        divisions: names of places; without it, places are told by their codes.
        trust: which authority may carry whose seals, at each question; without it every anchor
            that the reader has may carry all.
        snapshot: of the status record, asked where there is no registry.
    """

    def __init__(
        self,
        registry: Registry | None,
        reader: EvidenceReader,
        clock: Clock,
        divisions: DivisionTable = _NOWHERE,
        trust: Callable[[], TrustList] | None = None,
        snapshot: StatusSnapshot | None = None,
    ) -> None:
        self._registry = registry
        self._reader = reader
        self._clock = clock
        self._divisions = divisions
        self._trust = trust
        self._snapshot = snapshot

    def by_identifier(self, text: str, question: Question) -> Answer:
        """The verdict on an identifier as somebody typed or scanned it.

        Raises:
            Invalid: the acceptance day lies in the future.
        """
        question = settled(question, legal_day(self._clock.now()))
        parsed = ids.parse(text)
        if not parsed.grade.usable:
            part = parsed.problems[0].field if parsed.problems else ""
            return self._judged(Facts(malformed_part=part), question, warnings=parsed.problems)
        identifier = str(parsed.identifier)
        answer = self._asked(
            lambda session: self._facts_of(session, identifier, question),
            question,
            parsed.problems,
            identifier=identifier,
        )
        return replace(answer, identifier=identifier)

    def by_fields(self, query: SearchQuery, question: Question) -> Answer:
        """The verdict on a certificate named by number or holder instead of identifier.

        Raises:
            Invalid: neither a number with its type nor a holder's code was given, or the
                acceptance day lies in the future.
        """
        question = settled(question, legal_day(self._clock.now()))
        by_number = query.number != "" and query.type_code != ""
        by_holder = query.holder_code != "" and query.holder_code_type != ""
        if not by_number and not by_holder:
            raise Invalid(problems=(_INCOMPLETE,))
        return self._asked(lambda session: self._facts_found(session, query, question), question)

    def by_file(self, pdf: bytes, question: Question) -> Answer:
        """The verdict on a file: whole-file digest first, then its facts, then the record.

        Raises:
            Invalid: the acceptance day lies in the future.
        """
        question = settled(question, legal_day(self._clock.now()))
        digest = hashlib.sha256(pdf).hexdigest()
        answer = self._asked_or_none(digest, question) or self._examined(pdf, question)
        return replace(answer, sha256=digest)

    def by_digest(self, sha256: str, question: Question) -> Answer | None:
        """The verdict on a file of which only the digest is known; None when it is not on record.

        `sha256` is hex in lower case. An outage is an answer (`cannot-tell`), not None: nobody is
        asked to send a file for it.

        Raises:
            Invalid: the acceptance day lies in the future.
        """
        return self._asked_or_none(sha256, settled(question, legal_day(self._clock.now())))

    def record_use(
        self, caller: Caller, answer: Answer, request_id: str, receipt: str = ""
    ) -> None:
        """Writes who asked what and got which verdict (A4, O4), and the number of its receipt.

        Raises:
            ScopeMissing: the caller may not verify.
            StoreUnavailable: no audit record, no act.
        """
        caller.need(VERIFY)
        if self._registry is None:
            return
        target = answer.subject.identifier if answer.subject is not None else ""
        details = {
            "verdict": answer.report.verdict.value,
            "code": answer.report.code,
            "request_id": request_id,
        }
        if receipt:
            details["receipt"] = receipt
        if answer.on is not None:
            details["on"] = answer.on.isoformat()
        if answer.known_at is not None:
            # The record knows whole seconds.
            details["known_at"] = answer.known_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._registry.begin() as uow:
            uow.append_audit(
                [AuditRecord(self._clock.now(), caller.actor, "verify", target, details)]
            )
            uow.commit()

    def _examined(self, pdf: bytes, question: Question) -> Answer:
        """The verdict on a file that is not on record by its digest."""
        file = self._reader.read(pdf)
        if not file.readable:
            return self._judged(Facts(file=file), question, file=file)
        answer = self._asked(
            lambda session: self._facts_in(session, file, question), question, file=file
        )
        return replace(answer, file=file)

    # --- facts ----------------------------------------------------------------------------------

    def _asked(
        self,
        gather: Callable[[ReadSession], tuple[Facts, tuple[Certificate, ...]]],
        question: Question,
        warnings: Sequence[Problem] = (),
        file: FileFacts | None = None,
        identifier: str = "",
    ) -> Answer:
        """Gathers facts; a dependency that is down is a fact too (INV-14)."""
        if self._registry is None:
            return self._judged(self._offline(identifier, file, question), question)
        try:
            with self._registry.read() as session:
                facts, candidates = gather(session)
        except (Unavailable, Corrupt):
            return self._judged(Facts(unavailable="registry"), question)
        return self._judged(facts, question, candidates, tuple(warnings))

    def _offline(self, identifier: str, file: FileFacts | None, question: Question) -> Facts:
        """What is known without the record: the file, and what a snapshot says of it."""
        named = identifier if file is None else file.identifier
        seen = None if self._snapshot is None else self._snapshot.seen(named)
        on = None if seen is None else question.on
        return Facts(file=file, registry_asked=False, snapshot=seen, on=on)

    def _asked_or_none(self, digest: str, question: Question) -> Answer | None:
        if self._registry is None:
            return None
        try:
            with self._registry.read() as session:
                known = session.file(digest)
                if known is None:
                    return None
                facts = self._record_facts(session, known.identifier, question)
        except (Unavailable, Corrupt):
            return self._judged(Facts(unavailable="registry"), question)
        return self._judged(replace(facts, known_file=known), question)

    def _facts_of(
        self, session: ReadSession, identifier: str, question: Question
    ) -> tuple[Facts, tuple[Certificate, ...]]:
        return self._record_facts(session, identifier, question), ()

    def _facts_found(
        self, session: ReadSession, query: SearchQuery, question: Question
    ) -> tuple[Facts, tuple[Certificate, ...]]:
        wide = widened(session, query, legal_day(self._clock.now()))
        found = tuple(session.search(replace(wide, limit=_MOST_CANDIDATES)))
        current = one_of_each_lineage(found, question.on or legal_day(self._clock.now()))
        if len(current) != 1:
            facts = self._with_question(Facts(candidates=len(found)), session, question)
            return facts, current
        # Who was asked for by a code claims it: a successor's is not the code on the certificate.
        asked = tuple(claim for claim in question.claims if claim.path != "holder_code")
        if query.holder_code and asked == question.claims:
            question = replace(question, claims=(*asked, Claim("holder_code", query.holder_code)))
        facts = self._record_facts(session, current[0].identifier, question)
        return replace(facts, candidates=1, found_by=query.holder_code), ()

    def _facts_in(
        self, session: ReadSession, file: FileFacts, question: Question
    ) -> tuple[Facts, tuple[Certificate, ...]]:
        if not file.identifier:
            return self._with_question(Facts(file=file), session, question), ()
        named = ids.parse(file.identifier).identifier
        if named is None:
            # Among marks of ours anything may stand there, what no database takes for text, too.
            return self._with_question(Facts(file=file), session, question), ()
        facts = self._record_facts(session, str(named), question)
        if facts.record is None and facts.our_node:
            facts = replace(facts, authorised=self._listed(session, file, named))
        return replace(facts, file=file), ()

    def _listed(
        self, session: ReadSession, file: FileFacts, named: ids.CertificateIdentifier
    ) -> bool:
        """Whether who the file names as its issuer might have issued it, on the day of its seal."""
        sealed = next((item.claimed_time for item in file.signatures if item.claimed_time), None)
        day = legal_day(sealed or self._clock.now())
        return listed(session, named.issuer_code, named.type_code, day)

    def _record_facts(self, session: ReadSession, identifier: str, question: Question) -> Facts:
        record = session.certificate(identifier) or self._own_draft(session, identifier, question)
        if record is None:
            parsed = ids.parse(identifier)
            issuer = parsed.identifier.issuer_code if parsed.identifier is not None else ""
            ours = issuer != "" and session.department(issuer) is not None
            return self._with_question(Facts(our_node=ours), session, question)
        facts = Facts(
            record=record,
            authorised=authorised(session, record.content),
            issuer=issuer_now(session, record.content, legal_day(self._clock.now())),
            holder_changes=holder_changes(session, record.content),
            destination=self._destination(record),
            sheets=sheets_of(session, record, question.on, question.known_at),
        )
        return self._with_question(facts, session, question)

    def _destination(self, record: Certificate) -> str:
        codes = [step.decision.receiving_division for step in record.history]
        return next((self._divisions.full_name(code) for code in codes if code), "")

    def _own_draft(
        self, session: ReadSession, identifier: str, question: Question
    ) -> Certificate | None:
        """待签发 is for its own department to know: for others there is no such certificate."""
        if question.asked_by is None:
            return None
        found = draft_on_record(session, identifier)
        access = access_of(session, question.asked_by, legal_day(self._clock.now()))
        return found if found is not None and access.may(Act.READ, found.content) else None

    def _with_question(self, facts: Facts, session: ReadSession, question: Question) -> Facts:
        version = _version(session, facts.record)
        # Fields are named where claims differ, or what was corrected after the asked day.
        naming = bool(question.claims) or question.on is not None
        fields = version.fields if version is not None and naming else ()
        return replace(
            facts,
            on=question.on,
            known_at=question.known_at,
            claims=question.claims,
            purpose=question.purpose,
            titles={item.key: (item.title, item.title_en) for item in fields},
            duties=() if version is None else version.duties,
            ends_with_holder=version is not None and version.ends_with_holder,
            corrects=_corrected(session, facts.record, question),
        )

    def _judged(
        self,
        facts: Facts,
        question: Question,
        candidates: Sequence[Certificate] = (),
        warnings: Sequence[Problem] = (),
        file: FileFacts | None = None,
    ) -> Answer:
        policy = question.policy
        if self._trust is not None and facts.file is not None:
            policy = replace(policy, trust=self._trust())
        report = judge(facts, policy, self._clock.now())
        subject = None if facts.record is None else subject_of(facts.record.content, facts)
        listed = tuple(subject_of(item.content) for item in candidates)
        return Answer(
            report,
            subject,
            listed,
            tuple(warnings),
            file or facts.file,
            question.on,
            question.known_at,
        )


_INCOMPLETE = Problem(
    "/fields",
    "fields-incomplete",
    "信息不全，无法验证：请提供类型代码和证照编号，或持证主体代码和类型。",
    "Not enough to go by: give type code and number, or the holder's code and its type.",
)


def _version(session: ReadSession, record: Certificate | None) -> TypeVersion | None:
    if record is None:
        return None
    return session.type_version(record.content.type_code, record.content.type_version)


def _corrected(
    session: ReadSession, record: Certificate | None, question: Question
) -> Certificate | None:
    """The version that the record corrects; asked for only where a past day is."""
    if question.on is None or record is None or not record.supersedes:
        return None
    earlier = session.certificate(record.supersedes)
    if earlier is None:
        return None
    reasons = {step.decision.reason_code for step in earlier.history}
    return earlier if CORRECTION in reasons else None
