"""Review: a draft is approved by other persons, returned with a reason, or discarded (审核)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from certlib.errors import Invalid, Problem
from certlib.ports import Clock
from certlib.registry import Draft, DraftStatus, Registry
from certlib.usecases.caller import ISSUE, REVIEW, SEAL, Caller
from certlib.usecases.drafts import DraftAct, complete, draft_record, open_draft
from certlib.usecases.four_eyes import need_person, need_reviewer
from certlib.usecases.idempotency import KeyOfAct, claim, kept_answer

_Change = Callable[[Draft, datetime], Draft]


class ReviewDrafts:
    """Approves drafts and gives them back; each act is one commit."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def approve(self, caller: Caller, act: DraftAct) -> Mapping[str, Any]:
        """The draft after one more approval.

        Raises:
            ScopeMissing, PersonMissing, SamePerson: the caller may not approve this one.
            DraftNotFound, DraftEnded, StaleVersion: as `open_draft`.
        """
        caller.need(REVIEW)

        def approved(draft: Draft, now: datetime) -> Draft:
            need_reviewer(caller, draft)
            return _changed(draft, now, approved_by=(*draft.approved_by, caller.person))

        return self._act(caller, act, "approve", approved)

    def give_back(self, caller: Caller, act: DraftAct) -> Mapping[str, Any]:
        """The draft, returned by who reviews or should seal it; its identifier is used up.

        Raises:
            Invalid: no reason is given.
            ScopeMissing, PersonMissing: the caller may not return it.
            DraftNotFound, DraftEnded, StaleVersion: as `open_draft`.
        """
        if SEAL not in caller.scopes:
            caller.need(REVIEW)
        need_person(caller)
        if not act.reason.strip():
            raise Invalid(problems=(_NO_REASON,))
        return self._end(caller, act, "return", DraftStatus.RETURNED)

    def discard(self, caller: Caller, act: DraftAct) -> Mapping[str, Any]:
        """The draft, given up by who makes drafts; its identifier is used up.

        Raises:
            ScopeMissing: the caller may not make drafts.
            DraftNotFound, DraftEnded, StaleVersion: as `open_draft`.
        """
        caller.need(ISSUE)
        return self._end(caller, act, "discard", DraftStatus.DISCARDED)

    def _end(
        self, caller: Caller, act: DraftAct, name: str, status: DraftStatus
    ) -> Mapping[str, Any]:
        def ended(draft: Draft, now: datetime) -> Draft:
            return _changed(
                draft, now, status=status, ended_by=caller.requester, note=act.reason.strip()
            )

        return self._act(caller, act, name, ended)

    def _act(self, caller: Caller, act: DraftAct, name: str, change: _Change) -> Mapping[str, Any]:
        now, digest, route = self._clock.now(), act.request_digest(), f"{name}-draft"
        with self._registry.begin() as uow:
            earlier = uow.claim_idempotency(claim(caller, route, act.key, digest, now))
            if earlier is not None:
                return kept_answer(earlier, digest)
            draft = open_draft(uow, caller, act, now)
            after = change(draft, now)
            uow.save_draft(after, draft.row_version)
            answer = complete(uow, KeyOfAct(caller.client_id, route, act.key, now), after)
            uow.append_audit([draft_record(now, caller, name, after)])
            uow.commit()
        return answer


def _changed(draft: Draft, now: datetime, **changes: Any) -> Draft:
    return replace(draft, changed_at=now, row_version=draft.row_version + 1, **changes)


_NO_REASON = Problem(
    "/reason",
    "reason-missing",
    "请写明退回的理由。",
    "Say why it is returned.",
)
