"""Builders with good defaults for what a registry keeps; a test overrides what it is about."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from certlib.canonical import canonical_bytes
from certlib.catalogue import TypeVersion, type_version_from
from certlib.certificate import Certificate, CertificateFile, Decision, StateChange
from certlib.document import Content, Holder
from certlib.duties import DutyResult, PeriodicResult
from certlib.ports import DesignDigests
from certlib.preservation import Care, Proof, Reason
from certlib.registry import (
    AuditRecord,
    IdempotencyRecord,
    Intent,
    IntentStatus,
    OutboxEvent,
    Publication,
)
from certlib.renewals import RenewalApplication
from certlib.restrictions import Restriction, RestrictionKind
from certlib.states import Action, State

TYPE = "11445200999999015E001"
ISSUER = "11445200999999015E"
AT = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
HOLDER = Holder("蔡梓涵", "111", "445221198501010019")

DEFINITION: dict[str, Any] = {
    "type_code": TYPE,
    "version": "2026.1",
    "name": "道路运输经营许可证",
    "name_en": "Road transport operation licence",
    "design": "licence",
    "category": "证照执照",
    "schema": {"type": "object", "properties": {}},
}


def type_version(**changes: Any) -> tuple[TypeVersion, str]:
    data = {**DEFINITION, **changes}
    return type_version_from(data), canonical_bytes(data).decode()


def identifier(number: int, version: int = 1) -> str:
    return f"1.2.156.3005.2.{TYPE}.{ISSUER}.{number:020d}.{version:03d}.X"


def content(number: int = 1, /, **changes: Any) -> Content:
    made = Content(
        type_code=TYPE,
        type_version="2026.1",
        name="道路运输经营许可证",
        identifier=identifier(number, changes.pop("version", 1)),
        number=f"粤交运管许可揭字〔2026〕{number:06d}号",
        issuer_code=ISSUER,
        issuer_name="揭阳市交通运输局",
        issue_date=date(2026, 3, 2),
        holders=(HOLDER,),
        division_code="445200",
        valid_from=date(2026, 3, 2),
        valid_to=date(2030, 3, 1),
        sealed_at=AT,
        demonstration=True,
        fields={"KZ_JYFW": "道路普通货物运输"},
    )
    return replace(made, **changes)


def intent(number: int = 1, /, *, of: Content | None = None, **changes: Any) -> Intent:
    meant = of or content(number)
    made = Intent(
        content=meant,
        content_digest=meant.digest(),
        storage_key=hashlib.sha256(meant.identifier.encode()).hexdigest()[:32],
        status=IntentStatus.PENDING,
        seal_level="B-T",
        design=DesignDigests("1" * 64, "2" * 64, "3" * 64),
        client_id="client",
        route="issue",
        idempotency_key=f"key-{meant.identifier}",
        requested_by="经办人甲",
        actor="client/经办人甲",
        recorded_at=AT,
    )
    return replace(made, **changes)


def served_file(of: Intent, **changes: Any) -> CertificateFile:
    made = CertificateFile(
        sha256=hashlib.sha256(of.identifier.encode()).hexdigest(),
        identifier=of.identifier,
        object_name=of.object_name(),
        size=70_000,
        form=of.content.form,
        revision=0,
        level="B-T",
        stored_at=AT,
        copy_number=of.content.copy_number,
        content_digest=of.content_digest,
    )
    return replace(made, **changes)


def care(days: int = 365, /, **changes: Any) -> Care:
    """What is known of a file whose proof ends `days` after `AT`; care is due 100 days before."""
    proof = Proof(Reason.TIMESTAMP, AT + timedelta(days=days), ("digest:sha256", "key:rsa-3072"))
    ends = proof.ends_at
    made = Care(proof, ends, Reason.TIMESTAMP, ends - timedelta(days=100), "plan-1")
    return replace(made, **changes)


def certificate(of: Intent, **changes: Any) -> Certificate:
    step = StateChange(
        decision=Decision(Action.SEAL, "granted", of.content.issue_date),
        from_state=State.DRAFT,
        to_state=State.ISSUED,
        recorded_at=AT,
        actor=of.actor,
        sequence=1,
    )
    made = Certificate(
        content=of.content,
        state=State.ISSUED,
        row_version=1,
        recorded_at=AT,
        history=(step,),
        files=(served_file(of),),
        supersedes=of.supersedes,
        target_level=of.seal_level,
        reached_level="B-T",
    )
    return replace(made, **changes)


def publication(of: Intent, **changes: Any) -> Publication:
    made = certificate(of, **changes)
    return Publication(certificate=made, intent=of)


def renewal(sequence: int = 1, **changes: Any) -> RenewalApplication:
    made = RenewalApplication(sequence, date(2026, 3, 3), "业务2026-1", AT, "经办人甲")
    return replace(made, **changes)


def freeze(**changes: Any) -> Restriction:
    made = Restriction(RestrictionKind.FROZEN, "揭阳市中级人民法院", "1号", date(2026, 3, 2))
    return replace(made, **changes)


def result(sequence: int = 1, **changes: Any) -> PeriodicResult:
    made = PeriodicResult(
        sequence=sequence,
        duty_code="annual-inspection",
        result=DutyResult.PASSED,
        done_on=date(2026, 3, 2),
        recorded_at=AT,
        actor="经办人甲",
        next_due=date(2027, 3, 2),
    )
    return replace(made, **changes)


def audit(target: str = "target", **changes: Any) -> AuditRecord:
    made = AuditRecord(at=AT, actor="client", act="issue", target=target, details={"n": 1})
    return replace(made, **changes)


def key_record(key: str = "key", **changes: Any) -> IdempotencyRecord:
    made = IdempotencyRecord(
        client_id="client",
        route="issue",
        key=key,
        request_digest="d" * 64,
        status="running",
        created_at=AT,
    )
    return replace(made, **changes)


def event(event_id: str, of: str = "", **changes: Any) -> OutboxEvent:
    made = OutboxEvent(
        event_id=event_id,
        topic="certificate.issued",
        identifier=of,
        payload={"a": "b"},
        created_at=AT,
    )
    return replace(made, **changes)
