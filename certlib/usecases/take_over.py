"""Take over: what was laid upon the right goes to the version that carries it from now on."""

from dataclasses import replace
from datetime import datetime

from certlib.catalogue import Duty
from certlib.certificate import Certificate, StateChange
from certlib.errors import Conflict
from certlib.inheritance import duty_clocks, inherit
from certlib.registry import AuditRecord, OutboxEvent, Publication, UnitOfWork
from certlib.webhooks import STATE_CHANGED


def take_over(
    uow: UnitOfWork,
    heir: Certificate,
    before: Certificate,
    reason_code: str,
    actor: str,
    now: datetime,
) -> Certificate:
    """Saves what `heir` takes over from `before`: each step as an act of its own, then the rest.

    Args:
        uow: the unit in which `before` ends, or `heir` stands again.
        heir: as it is on record.
        before: as it was right before its end.
        reason_code: why `heir` came (`certlib.inheritance`).
        actor: who brings it about.
        now: the instant of recording, aware UTC.
    """
    found = inherit(heir, before, reason_code, actor=actor, now=now)
    for step in found.history[len(heir.history) :]:
        heir = _taken(uow, heir, step, before.identifier, now)
    beside = replace(
        heir, restrictions=found.restrictions, results=found.results, renewals=found.renewals
    )
    if beside == heir:
        return heir
    after = replace(beside, row_version=heir.row_version + 1)
    uow.save(after, heir.row_version)
    counts = {
        "restrictions": len(after.restrictions) - len(heir.restrictions),
        "results": len(after.results) - len(heir.results),
        "applications": len(after.renewals) - len(heir.renewals),
    }
    details = {"from_version": before.identifier, **counts}
    uow.append_audit([AuditRecord(now, actor, "inherit", after.identifier, details)])
    return after


def with_clocks(uow: UnitOfWork, item: Publication) -> Publication:
    """The publication with the duties that go on from the version before.

    They are part of the new row itself and never change: whatever becomes of the new version, that
    of the one before stays as it is.

    Raises:
        Conflict: the version before cannot be read.
    """
    heir, succession = item.certificate, item.intent.succession
    duties = () if succession is None else _duties(uow, heir)
    if succession is None or not duties:
        return item
    before = uow.certificate(heir.supersedes)
    if before is None:
        raise Conflict
    former = _duties(uow, before)
    clocks = duty_clocks(heir, before, succession.reason_code, duties, former)
    return replace(item, certificate=replace(heir, duties_since=clocks))


def _duties(uow: UnitOfWork, certificate: Certificate) -> tuple[Duty, ...]:
    content = certificate.content
    version = uow.type_version(content.type_code, content.type_version)
    return () if version is None else version.duties


def _taken(
    uow: UnitOfWork, heir: Certificate, step: StateChange, source: str, now: datetime
) -> Certificate:
    after = replace(
        heir,
        state=step.to_state,
        row_version=heir.row_version + 1,
        history=(*heir.history, step),
    )
    uow.save(after, heir.row_version)
    decision = step.decision
    details = {
        "from": step.from_state.value,
        "to": step.to_state.value,
        "reason_code": decision.reason_code,
        "effective_from": decision.effective_from.isoformat(),
        "from_version": source,
    }
    act = decision.action.value
    uow.append_audit([AuditRecord(now, step.actor, act, after.identifier, details)])
    payload = {"state": after.state.value, "row_version": after.row_version}
    event_id = f"{after.identifier}:{after.row_version}"
    uow.add_events([OutboxEvent(event_id, STATE_CHANGED, after.identifier, payload, now)])
    return after
