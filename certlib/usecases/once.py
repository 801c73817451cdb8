"""One act under one `Idempotency-Key`: claim, act, audit record, stored answer, one commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from certlib.canonical import canonical_bytes, digest
from certlib.registry import AuditRecord, Registry, UnitOfWork
from certlib.usecases.caller import Caller
from certlib.usecases.idempotency import claim, kept_answer


@dataclass(frozen=True, slots=True)
class Once:
    """What is to happen once.

    Attributes:
        route: name of the act, in the history too.
        key: the idempotency key; `request_digest` is what it stands for.
    """

    caller: Caller
    route: str
    key: str
    request_digest: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What happened.

    Attributes:
        target: of the audit record; never a holder's number.
        answer: JSON kept for the key, without anything that could not be logged.
        details: of the audit record.
        repeated: nothing happened: the same was done before, under another key, and is on record.
    """

    target: str
    answer: Mapping[str, Any]
    details: Mapping[str, Any] = field(default_factory=dict)
    repeated: bool = False


def once(registry: Registry, act: Once, do: Callable[[UnitOfWork], Done]) -> Mapping[str, Any]:
    """Does it and answers; the same key again gets the first answer.

    Raises:
        IdempotencyMismatch: the key was used with another request.
        CertlibError: as `do` raises; nothing is kept then.
        StoreUnavailable: the commit was not confirmed. No audit record, no act.
    """
    caller = act.caller
    with registry.begin() as uow:
        record = claim(caller, act.route, act.key, act.request_digest, act.now)
        earlier = uow.claim_idempotency(record)
        if earlier is not None:
            return kept_answer(earlier, act.request_digest)
        done = do(uow)
        if not done.repeated:
            details = {**done.details, "request_id": caller.request_id}
            uow.append_audit([AuditRecord(act.now, caller.actor, act.route, done.target, details)])
        uow.complete_idempotency(
            caller.client_id,
            act.route,
            act.key,
            identifier=done.target,
            answer=canonical_bytes(done.answer).decode(),
        )
        uow.commit()
    return done.answer


def digest_of(request: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a request's values (`asdict`) in canonical JSON, its key left out."""
    return digest({name: _plain(value) for name, value in request.items() if name != "key"})


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case date():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case _:
            return value


def instant_text(moment: datetime) -> str:
    """An instant as answers have it: `2026-01-31T08:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
