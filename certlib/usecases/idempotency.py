"""One key, one act: what a repeated `Idempotency-Key` deserves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certlib.canonical import canonical_bytes, digest
from certlib.errors import IdempotencyInProgress, IdempotencyMismatch
from certlib.registry import IdempotencyRecord, Registry, UnitOfWork
from certlib.usecases.caller import Caller


@dataclass(frozen=True, slots=True)
class KeyOfAct:
    """Whose key it is, and for which kind of act."""

    client_id: str
    route: str
    key: str


@dataclass(frozen=True, slots=True)
class Ask:
    """An act asked for under a key.

    Attributes:
        route: stable name of the act.
        request: what was asked, in canonical JSON values.
    """

    caller: Caller
    route: str
    key: str
    request: Mapping[str, Any]


def once(
    registry: Registry, now: datetime, ask: Ask, act: Callable[[UnitOfWork], dict[str, Any]]
) -> Mapping[str, Any]:
    """Does an act and keeps its answer in one commit; under the same key, the first answer again.

    Raises:
        IdempotencyMismatch, IdempotencyInProgress: as `kept_answer`.
        CertlibError: whatever `act` raises; nothing is kept then, the key is free.
    """
    asked = digest(dict(ask.request))
    with registry.begin() as uow:
        earlier = uow.claim_idempotency(claim(ask.caller, ask.route, ask.key, asked, now))
        if earlier is not None:
            return kept_answer(earlier, asked)
        answer = act(uow)
        uow.complete_idempotency(
            ask.caller.client_id,
            ask.route,
            ask.key,
            identifier=str(answer.get("identifier", "")),
            answer=canonical_bytes(answer).decode(),
        )
        uow.commit()
    return answer


def claim(
    caller: Caller, route: str, key: str, request_digest: str, now: datetime
) -> IdempotencyRecord:
    """The record that claims `key` for this caller and route."""
    return IdempotencyRecord(
        client_id=caller.client_id,
        route=route,
        key=key,
        request_digest=request_digest,
        status="running",
        created_at=now,
    )


def kept_answer(record: IdempotencyRecord, request_digest: str) -> Mapping[str, Any]:
    """The first answer, given again.

    Raises:
        IdempotencyMismatch: the key was used with another body.
        IdempotencyInProgress: the first call is still running, or waits for the reconciler.
    """
    if record.request_digest != request_digest:
        raise IdempotencyMismatch
    if record.status != "done":
        raise IdempotencyInProgress
    kept: Mapping[str, Any] = json.loads(record.answer)
    return kept
