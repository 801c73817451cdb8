"""Issue: reserve → render → seal → store → publish, for one order or a group of many."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from certlib import ids
from certlib.document import Content
from certlib.errors import CertlibError, Conflict, Invalid, NotFound, Refused
from certlib.ports import Clock, Entropy
from certlib.registry import (
    IdempotencyRecord,
    Intent,
    IntentStatus,
    Publication,
    ReadSession,
    Registry,
    UnitOfWork,
)
from certlib.usecases.burn import burn
from certlib.usecases.caller import Caller
from certlib.usecases.idempotency import claim, kept_answer
from certlib.usecases.order import IssueAnswer, IssueRequest, answer_from_json, answer_of
from certlib.usecases.preflight import Cleared, Preflight
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import intent_record, publish

ROUTE = "issue"
LEASE = timedelta(seconds=60)
"""How long a process that works on an intent is trusted to be alive."""

Outcome = IssueAnswer | CertlibError


@dataclass(frozen=True, slots=True)
class IssuingOptions:
    """How this node issues.

    Attributes:
        demonstration: seals print 演示 · 不具法律效力 and the content says so.
        seal_suffix: the seal's name is the department's name and this.
    """

    demonstration: bool
    seal_suffix: str = "电子印章"


@dataclass(slots=True)
class _Row:
    """One request on its way; `outcome` is set when it ends, well or not."""

    request: IssueRequest
    outcome: Outcome | None = None
    cleared: Cleared | None = None
    intent: Intent | None = None
    publication: Publication | None = None


class IssueCertificates:
    """Issues certificates: one commit to reserve a group, one to publish it."""

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
        self._entropy = entropy
        self._options = options

    def check(
        self, caller: Caller, requests: Sequence[IssueRequest]
    ) -> list[Cleared | CertlibError]:
        """What stands against each order; nothing is stored, no identifier consumed."""
        rows = [_Row(request) for request in requests]
        self._clear(caller, rows)
        return [row.cleared if row.cleared is not None else _error(row) for row in rows]

    def issue_one(self, caller: Caller, request: IssueRequest) -> IssueAnswer:
        """Issues one certificate.

        Raises:
            CertlibError: as `Preflight.clear`, `UnitOfWork.reserve` and `Workshop.produce` do.
        """
        outcome = self.issue(caller, [request])[0]
        if isinstance(outcome, CertlibError):
            raise outcome
        return outcome

    def issue(self, caller: Caller, requests: Sequence[IssueRequest]) -> list[Outcome]:
        """Issues a group; each request has an outcome of its own, in order."""
        rows = [_Row(request) for request in requests]
        self._replay(caller, rows)
        self._clear(caller, rows)
        self._reserve(caller, rows)
        self._produce(rows)
        self._publish(rows)
        return [row.outcome if row.outcome is not None else _error(row) for row in rows]

    # --- 0: the same key again ----------------------------------------------------------------

    def _replay(self, caller: Caller, rows: Sequence[_Row]) -> None:
        for row in rows:
            try:
                with self._registry.read() as session:
                    record = session.idempotency(caller.client_id, ROUTE, row.request.key)
            except CertlibError as error:
                row.outcome = error
                continue
            if record is not None:
                row.outcome = _replay_or_error(record, row.request.order.request_digest())

    def _clear(self, caller: Caller, rows: Sequence[_Row]) -> None:
        try:
            with self._registry.read() as session:
                for row in _unfinished(rows):
                    self._clear_one(caller, row, session)
        except CertlibError as error:
            _end_all(rows, error)

    def _clear_one(self, caller: Caller, row: _Row, session: ReadSession) -> None:
        try:
            row.cleared = self._preflight.clear(caller, row.request.order, session)
        except (Refused, Invalid, NotFound, Conflict) as error:
            row.outcome = error

    # --- 1: reserve ----------------------------------------------------------------------------

    def _reserve(self, caller: Caller, rows: Sequence[_Row]) -> None:
        """One transaction for the group; when it cannot be, each row is tried alone."""
        waiting = [row for row in _unfinished(rows) if row.cleared is not None]
        try:
            self._reserve_group(caller, waiting)
        except CertlibError as error:
            if len(waiting) == 1:
                waiting[0].outcome = error
                return
            for row in waiting:
                self._reserve(caller, [row])

    def _reserve_group(self, caller: Caller, rows: Sequence[_Row]) -> None:
        if not rows:
            return
        now = self._clock.now()
        intents: dict[int, Intent] = {}
        replays: dict[int, Outcome] = {}
        with self._registry.begin() as uow:
            for place, row in enumerate(rows):
                digest = row.request.order.request_digest()
                mine = claim(caller, ROUTE, row.request.key, digest, now)
                earlier = uow.claim_idempotency(mine)
                if earlier is not None:
                    replays[place] = _replay_or_error(earlier, digest)
                elif row.cleared is not None:
                    content = self._content(caller, row.cleared, uow, now)
                    intents[place] = self._intent(caller, row.request, row.cleared, content)
            uow.reserve(intents.values())
            details = {"request_id": caller.request_id}
            uow.append_audit(
                intent_record(now, caller.actor, "reserve", item, details)
                for item in intents.values()
            )
            uow.commit()
        # From here a crash leaves a record of what we meant to do.
        for place, row in enumerate(rows):
            row.intent, row.outcome = intents.get(place), replays.get(place)

    def _intent(
        self, caller: Caller, request: IssueRequest, cleared: Cleared, content: Content
    ) -> Intent:
        now = self._clock.now()
        return Intent(
            content=content,
            content_digest=content.digest(),
            storage_key=self._entropy.octets(16).hex(),
            status=IntentStatus.PENDING,
            seal_level=cleared.version.seal_level,
            design=self._workshop.renderer.digests(cleared.version.design),
            client_id=caller.client_id,
            route=ROUTE,
            idempotency_key=request.key,
            requested_by=caller.requester,
            recorded_at=now,
            approved_by=cleared.order.approved_by,
            approvals_required=cleared.version.approvals,
            supersedes=cleared.order.supersedes,
            supersede_reason=cleared.order.supersede_reason,
            lease_until=now + LEASE,
        )

    def _content(self, caller: Caller, cleared: Cleared, uow: UnitOfWork, now: datetime) -> Content:
        order, version = cleared.order, cleared.version
        return Content(
            type_code=order.type_code,
            type_version=version.version,
            name=version.name,
            identifier=str(self._identifier(cleared, uow)),
            number=order.number.strip(),
            issuer_code=order.issuer_code,
            issuer_name=cleared.issuer.name,
            issue_date=order.issue_date,
            holders=cleared.holders,
            division_code=order.division_code,
            valid_from=order.valid_from,
            valid_to=order.valid_to,
            matter_code=order.matter_code,
            matter_name=order.matter_name,
            sealed_by=caller.requester,
            sealed_at=now,
            seal_name=cleared.issuer.name + self._options.seal_suffix,
            form=order.form,
            demonstration=self._options.demonstration,
            fields=dict(order.fields),
        )

    def _identifier(self, cleared: Cleared, uow: UnitOfWork) -> ids.CertificateIdentifier:
        """A new lineage, or the next version of one that no intent, burned or not, has used."""
        order = cleared.order
        if cleared.superseded is None:
            serial = ids.serial_from(self._entropy.octets(64))
            return ids.build(order.type_code, order.issuer_code, serial, 1)
        earlier = ids.parse(cleared.superseded.identifier).identifier
        if earlier is None:
            raise Conflict
        candidate = earlier.next_version()
        while uow.intent(str(candidate)) is not None:
            candidate = candidate.next_version()
        return candidate

    # --- 2 to 4: render, seal, store -------------------------------------------------------------

    def _produce(self, rows: Sequence[_Row]) -> None:
        for row in _unfinished(rows):
            if row.intent is None or row.cleared is None:
                continue
            try:
                row.publication = self._workshop.produce(row.intent, row.cleared.version)
            except Invalid as error:
                # The page itself refuses the order (its text does not fit): nothing to retry.
                row.outcome = error
                self._give_up(row.intent, error)
            except CertlibError as error:
                row.outcome = error
                self._note(row.intent, error)

    def _give_up(self, intent: Intent, error: CertlibError) -> None:
        with suppress(CertlibError):
            burn(self._registry, self._workshop.objects, self._clock, intent, error.code)

    def _note(self, intent: Intent, error: CertlibError) -> None:
        # When even the note cannot be kept the lease ends by itself, and the reconciler tries.
        with suppress(CertlibError), self._registry.begin() as uow:
            uow.note_attempt(intent.identifier, error.code)
            uow.commit()

    # --- 5: publish ------------------------------------------------------------------------------

    def _publish(self, rows: Sequence[_Row]) -> None:
        ready = {place: row for place, row in enumerate(rows) if _publishable(row)}
        publications = [row.publication for row in ready.values() if row.publication is not None]
        if not publications:
            return
        try:
            publish(self._registry, publications, self._clock.now())
        except CertlibError as error:
            if len(publications) == 1:
                _end_all(list(ready.values()), error)
                self._note(publications[0].intent, error)
                return
            for row in ready.values():
                self._publish([row])
            return
        for row in ready.values():
            _answer(row)


def _unfinished(rows: Sequence[_Row]) -> Iterator[_Row]:
    return (row for row in rows if row.outcome is None)


def _publishable(row: _Row) -> bool:
    return row.outcome is None and row.publication is not None


def _answer(row: _Row) -> None:
    if row.publication is not None and row.cleared is not None:
        codes = tuple(problem.code for problem in row.cleared.warnings)
        row.outcome = replace(answer_of(row.publication), warnings=codes)


def _error(row: _Row) -> CertlibError:
    return row.outcome if isinstance(row.outcome, CertlibError) else Conflict()


def _end_all(rows: Sequence[_Row], error: CertlibError) -> None:
    for row in _unfinished(rows):
        row.outcome = error


def _replay_or_error(earlier: IdempotencyRecord, request_digest: str) -> Outcome:
    try:
        return answer_from_json(kept_answer(earlier, request_digest))
    except CertlibError as error:
        return error
