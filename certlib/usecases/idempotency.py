"""One key, one act: what a repeated `Idempotency-Key` deserves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certlib.errors import IdempotencyInProgress, IdempotencyMismatch
from certlib.registry import IdempotencyRecord
from certlib.usecases.caller import Caller


@dataclass(frozen=True, slots=True)
class KeyOfAct:
    """Whose key it is, for which kind of act, and when the act is done."""

    client_id: str
    route: str
    key: str
    at: datetime


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
