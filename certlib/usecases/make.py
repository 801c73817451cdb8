"""Make: a draft with its identifier and number, checked like an order, not sealed (制证)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from certlib.calendar import legal_day
from certlib.document import Content
from certlib.errors import FaceNumberTaken
from certlib.ports import Clock, Entropy
from certlib.registry import Draft, Registry
from certlib.usecases.caller import Caller
from certlib.usecases.drafts import complete, draft_record
from certlib.usecases.idempotency import KeyOfAct, claim, kept_answer
from certlib.usecases.issue import IssuingOptions
from certlib.usecases.number_holder import naming_holder
from certlib.usecases.order import IssueRequest
from certlib.usecases.preflight import Cleared, Preflight
from certlib.usecases.produce import Workshop

ROUTE = "make-draft"


class MakeDrafts:
    """Makes drafts: everything that can be said against an order is said now."""

    def __init__(
        self,
        registry: Registry,
        preflight: Preflight,
        workshop: Workshop,
        clock: Clock,
        entropy: Entropy,
        options: IssuingOptions,
    ) -> None:
        self._registry = registry
        self._preflight = preflight
        self._workshop = workshop
        self._clock = clock
        self._intending = options.intending(workshop.renderer, entropy)

    def make(self, caller: Caller, request: IssueRequest) -> Mapping[str, Any]:
        """The draft's answer, as kept for the idempotency key.

        Raises:
            CertlibError: as `Preflight.clear_draft` and `UnitOfWork.put_draft` do.
            FaceOverflow: the text does not fit on the page.
        """
        now, digest = self._clock.now(), request.request_digest()
        with self._registry.read() as session:
            known = session.idempotency(caller.client_id, ROUTE, request.key)
            if known is not None:
                return kept_answer(known, digest)
            cleared = self._preflight.clear_draft(caller, request.order, session)
        # The page is made once for nothing: the maker is told at once what does not fit on it.
        self._workshop.draft_page(self._intending.sample(cleared), cleared.version)
        with self._named(caller, cleared), self._registry.begin() as uow:
            earlier = uow.claim_idempotency(claim(caller, ROUTE, request.key, digest, now))
            if earlier is not None:
                return kept_answer(earlier, digest)
            content = self._intending.content(cleared, uow)
            draft = _draft(caller, cleared, content, now)
            uow.put_draft(draft)
            answer = complete(uow, KeyOfAct(caller.client_id, ROUTE, request.key, now), draft)
            uow.append_audit([draft_record(now, caller, "make", draft)])
            uow.commit()
        return answer

    def check(self, caller: Caller, request: IssueRequest) -> Cleared:
        """What stands against the order; nothing is stored. Raises as `make`."""
        with self._registry.read() as session:
            cleared = self._preflight.clear_draft(caller, request.order, session)
        self._workshop.draft_page(self._intending.sample(cleared), cleared.version)
        # Only the store knows whether a number is taken.
        with self._named(caller, cleared), self._registry.begin() as uow:
            content = self._intending.content(cleared, uow)
            uow.put_draft(_draft(caller, cleared, content, self._clock.now()))
        return cleared

    @contextmanager
    def _named(self, caller: Caller, cleared: Cleared) -> Iterator[None]:
        try:
            yield
        except FaceNumberTaken as error:
            today = legal_day(self._clock.now())
            raise naming_holder(self._registry, caller, cleared, error, today) from error


def _draft(caller: Caller, cleared: Cleared, content: Content, now: datetime) -> Draft:
    return Draft(
        content=content,
        made_by=caller.requester,
        actor=caller.actor,
        recorded_at=now,
        changed_at=now,
        approvals_required=cleared.version.approvals,
        forms=cleared.forms,
        supersedes=cleared.order.supersedes,
        succession=cleared.succession,
    )
