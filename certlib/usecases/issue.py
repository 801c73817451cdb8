"""Issue: reserve → render → seal → store → publish, for one order or a group of many."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from certlib.calendar import legal_day
from certlib.errors import CertlibError, Conflict, Corrupt, Invalid, NotFound, Refused
from certlib.ports import Clock, Entropy, Renderer
from certlib.registry import IdempotencyRecord, Intent, Publication, Registry, UnitOfWork
from certlib.usecases.access import access_of
from certlib.usecases.caller import Caller
from certlib.usecases.finish import Finish
from certlib.usecases.halt import need_sealing
from certlib.usecases.idempotency import KeyOfAct, claim, kept_answer
from certlib.usecases.intend import Intending
from certlib.usecases.number_holder import naming_holder
from certlib.usecases.order import IssueAnswer, IssueRequest, answer_from_json, answer_of
from certlib.usecases.preflight import Cleared, Preflight
from certlib.usecases.produce import Workshop
from certlib.usecases.publish import intent_record, publish
from certlib.usecases.reserve_paper import reserve_paper

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

ROUTE = "issue"

Outcome = IssueAnswer | CertlibError


class SideBySide(Protocol):
    """`map`, perhaps by several workers: results in order, whoever was first."""

    def __call__(
        self, step: Callable[[_Item], _Result], items: Sequence[_Item], /
    ) -> Iterable[_Result]:
        """Results of `step` over `items`, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class IssuingOptions:
    """How this node issues.

    Attributes:
        demonstration: seals print 演示 · 不具法律效力 and the content says so.
        seal_suffix: the seal's name is the department's name and this.
        side_by_side: how the rows of a group are made, one after the other or several at once.
    """

    demonstration: bool
    seal_suffix: str = "电子印章"
    side_by_side: SideBySide = map

    def intending(self, renderer: Renderer, entropy: Entropy) -> Intending:
        """How intents are written under these options."""
        return Intending(renderer, entropy, self.demonstration, self.seal_suffix)


@dataclass(slots=True)
class _Row:
    """One request on its way; `outcome` is set when it ends, well or not."""

    request: IssueRequest
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class _Cleared:
    """A row whose order may be issued."""

    row: _Row
    cleared: Cleared


@dataclass(frozen=True, slots=True)
class _Reserved:
    """A row whose intent is on record."""

    row: _Row
    cleared: Cleared
    intent: Intent


@dataclass(frozen=True, slots=True)
class _Made:
    """A row whose file is sealed and stored."""

    row: _Row
    cleared: Cleared
    publication: Publication


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
        self._finish = Finish(registry, workshop.objects, clock)
        self._side_by_side = options.side_by_side
        self._intending = options.intending(workshop.renderer, entropy)

    def check(
        self, caller: Caller, requests: Sequence[IssueRequest]
    ) -> list[Cleared | CertlibError]:
        """What stands against each order; nothing is stored, no identifier consumed."""
        rows = [_Row(request) for request in requests]
        cleared = {}
        for item in self._clear(caller, rows):
            if self._could_reserve(caller, item):
                cleared[id(item.row)] = item.cleared
        return [cleared.get(id(row)) or _error(row) for row in rows]

    def _could_reserve(self, caller: Caller, item: _Cleared) -> bool:
        """Reserves and lets go: only the store knows whether a number is taken."""
        now = self._clock.now()
        try:
            with self._registry.begin() as uow:
                uow.reserve([self._intent(caller, item, uow, now)])
        except CertlibError as error:
            item.row.outcome = self._named(caller, item, error)
        return item.row.outcome is None

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
        cleared = self._clear(caller, rows)
        reserved = self._reserve(caller, cleared)
        made = self._produce(reserved)
        self._publish(made)
        return [row.outcome or _error(row) for row in rows]

    # --- 0: the same key again ----------------------------------------------------------------

    def _replay(self, caller: Caller, rows: Sequence[_Row]) -> None:
        try:
            with self._registry.read() as session:
                for row in rows:
                    try:
                        record = session.idempotency(caller.client_id, ROUTE, row.request.key)
                    except Corrupt as error:
                        row.outcome = error
                        continue
                    if record is not None:
                        row.outcome = _replay_or_error(record, row.request.request_digest())
        except CertlibError as error:
            for row in _unfinished(rows):
                row.outcome = error

    def _clear(self, caller: Caller, rows: Sequence[_Row]) -> list[_Cleared]:
        cleared: list[_Cleared] = []
        try:
            with self._registry.read() as session:
                access = access_of(session, caller, legal_day(self._clock.now()))
                for row in _unfinished(rows):
                    try:
                        order = row.request.order
                        said = self._preflight.clear(caller, order, session, access)
                        cleared.append(_Cleared(row, said))
                    except (Refused, Invalid, NotFound, Conflict) as error:
                        row.outcome = error
        except CertlibError as error:
            for row in _unfinished(rows):
                row.outcome = error
            return []
        return cleared

    # --- 1: reserve ----------------------------------------------------------------------------

    def _reserve(self, caller: Caller, group: Sequence[_Cleared]) -> list[_Reserved]:
        """One transaction for the group; when it cannot be, each row is tried alone."""
        if not group:
            return []
        try:
            return self._reserve_group(caller, group)
        except CertlibError as error:
            if len(group) == 1:
                group[0].row.outcome = self._named(caller, group[0], error)
                return []
            return [item for alone in group for item in self._reserve(caller, [alone])]

    def _reserve_group(self, caller: Caller, group: Sequence[_Cleared]) -> list[_Reserved]:
        now = self._clock.now()
        reserved: list[_Reserved] = []
        replays: list[tuple[_Row, Outcome]] = []
        with self._registry.begin() as uow:
            need_sealing(uow)
            for item in group:
                request = item.row.request
                digest = request.request_digest()
                earlier = uow.claim_idempotency(claim(caller, ROUTE, request.key, digest, now))
                if earlier is not None:
                    replays.append((item.row, _replay_or_error(earlier, digest)))
                    continue
                intent = self._intent(caller, item, uow, now)
                reserved.append(_Reserved(item.row, item.cleared, intent))
            uow.reserve(item.intent for item in reserved)
            for made in reserved:
                reserve_paper(uow, caller, made.cleared.order, made.intent)
            details = {"request_id": caller.request_id}
            uow.append_audit(
                intent_record(now, caller.actor, "reserve", item.intent, details)
                for item in reserved
            )
            uow.commit()
        # From here a crash leaves a record of what we meant to do.
        for row, outcome in replays:
            row.outcome = outcome
        return reserved

    def _named(self, caller: Caller, item: _Cleared, error: CertlibError) -> CertlibError:
        today = legal_day(self._clock.now())
        return naming_holder(self._registry, caller, item.cleared, error, today)

    def _intent(self, caller: Caller, item: _Cleared, uow: UnitOfWork, now: datetime) -> Intent:
        content = self._intending.content(item.cleared, uow)
        key = KeyOfAct(caller.client_id, ROUTE, item.row.request.key, now)
        return self._intending.of_order(caller, item.cleared, content, key)

    # --- 2 to 4: render, seal, store -------------------------------------------------------------

    def _produce(self, group: Sequence[_Reserved]) -> list[_Made]:
        made: list[_Made] = []
        for item, result in zip(group, self._side_by_side(self._made, group), strict=True):
            if isinstance(result, Publication):
                made.append(_Made(item.row, item.cleared, result))
            else:
                item.row.outcome = result
        return made

    def _made(self, item: _Reserved) -> Publication | CertlibError:
        try:
            return self._finish.make(self._workshop.produce, item.intent, item.cleared.version)
        except CertlibError as error:
            return error

    # --- 5: publish ------------------------------------------------------------------------------

    def _publish(self, group: Sequence[_Made]) -> None:
        """One commit for the group; when it cannot be, each row is tried alone."""
        if not group:
            return
        try:
            wanted = [item.publication for item in group]
            published = publish(self._registry, wanted, self._clock.now())
        except CertlibError as error:
            if len(group) == 1:
                group[0].row.outcome = error
                self._finish.unpublished(group[0].publication.intent, error)
                return
            for alone in group:
                self._publish([alone])
            return
        for item, public in zip(group, published, strict=True):
            codes = tuple(problem.code for problem in item.cleared.warnings)
            item.row.outcome = replace(answer_of(public), warnings=codes)


def _unfinished(rows: Sequence[_Row]) -> Iterator[_Row]:
    return (row for row in rows if row.outcome is None)


def _error(row: _Row) -> CertlibError:
    return row.outcome if isinstance(row.outcome, CertlibError) else Conflict()


def _replay_or_error(earlier: IdempotencyRecord, request_digest: str) -> Outcome:
    try:
        return answer_from_json(kept_answer(earlier, request_digest))
    except CertlibError as error:
        return error
