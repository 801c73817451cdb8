"""What stands beside the state: renewal applications, restrictions, delivery."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends

from api.deps import IdentifierDep, Private
from api.routes.acting import Acting, ActingDep
from api.routes.documented import ETAG, needs
from api.routes.reading import JsonRoute
from api.schemas.beside import (
    AmendedOut,
    DeliveredOut,
    DeliveryIn,
    LiftingIn,
    RenewalDecisionIn,
    RenewalIn,
    RestrictionIn,
)
from certlib.renewals import RenewalOutcome
from certlib.usecases.amend import Amendment
from certlib.usecases.caller import MANAGE

router = APIRouter(
    prefix="/v1/certificates/{identifier}",
    tags=["状态之外 Beside the state"],
    route_class=JsonRoute,
    dependencies=[Private],
)
_Route = TypeVar("_Route", bound=Callable[..., Any])


class _Amending:
    """One act on what stands beside the state of a certificate."""

    def __init__(self, acting: Acting, identifier: str) -> None:
        self.use = acting.parts.amend
        self.who = acting.caller
        self.what = Amendment(identifier, acting.key, acting.expected_version)
        self._acting = acting

    def told(self, answer: Mapping[str, Any]) -> AmendedOut:
        """The answer, counted, with its ETag."""
        return self._acting.told(AmendedOut.of(self._counted(answer)))

    def told_of_delivery(self, answer: Mapping[str, Any]) -> DeliveredOut:
        """The same of a delivery."""
        return self._acting.told(DeliveredOut.of(self._counted(answer)))

    def _counted(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        self._acting.metrics.changed.labels(answer["act"]).inc()
        return answer


async def _amending(acting: ActingDep, identifier: IdentifierDep) -> _Amending:
    return _Amending(acting, identifier)


AmendingDep = Annotated[_Amending, Depends(_amending)]


def _act(path: str, operation_id: str, summary: str) -> Callable[[_Route], _Route]:
    """A route below the certificate; all of them are documented alike."""
    return router.post(
        path,
        operation_id=operation_id,
        summary=summary,
        openapi_extra=needs(MANAGE),
        responses={200: {"headers": ETAG}},
    )


@_act("/renewal-applications", "applyForRenewal", "登记延续申请 Application for renewal")
def apply_for_renewal(amending: AmendingDep, application: RenewalIn) -> AmendedOut:
    """申请未决定前，届满的证照视为审查中（行政许可法第五十条）。 Under review, not invalid.

    晚于法定提前期但在届满前提出的，登记并提示。 Late but in time: recorded with a warning.
    """
    said = (application.applied_on, application.case_number)
    return amending.told(amending.use.apply_for_renewal(amending.who, amending.what, *said))


@_act("/renewal-applications/decision", "decideRenewal", "登记延续决定 Decision on the renewal")
def decide_renewal(amending: AmendingDep, decision: RenewalDecisionIn) -> AmendedOut:
    """准予的，至签发新版本时换发；不予的，自决定之日起不再视为审查中。 How it ended.

    What is granted stands until the renewed version is issued; a refusal ends it that day.
    """
    outcome = RenewalOutcome(decision.outcome)
    said = (outcome, decision.decided_on, decision.document_number)
    return amending.told(amending.use.decide_renewal(amending.who, amending.what, *said))


@_act("/restrictions", "restrictCertificate", "设定限制 Restrict")
def restrict(amending: AmendingDep, restriction: RestrictionIn) -> AmendedOut:
    """查封、冻结、抵押、异议、责令停业、经营异常；同类可有多项。 Several of one kind may stand."""
    said = restriction.to_restriction()
    return amending.told(amending.use.restrict(amending.who, amending.what, said))


@_act("/restrictions/lift", "liftRestriction", "解除限制 Lift a restriction")
def lift(amending: AmendingDep, lifting: LiftingIn) -> AmendedOut:
    """自所填日期起不再有效，此前的日期仍按有限制核验。 Days before it go on being restricted."""
    said = lifting.to_lifting()
    return amending.told(amending.use.lift(amending.who, amending.what, said))


@_act("/delivery", "deliverCertificate", "登记送达 Delivery")
def deliver(amending: AmendingDep, delivery: DeliveryIn) -> DeliveredOut:
    """自决定之日起十个工作日内（行政许可法第四十四条、第八十二条）。 Within ten working days.

    答复中注明是否逾期。 The answer says whether it was in time.
    """
    said = delivery.to_handover()
    return amending.told_of_delivery(amending.use.deliver(amending.who, amending.what, said))
