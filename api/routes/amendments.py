"""What stands beside the state: renewal applications, restrictions, delivery."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.deps import (
    CallerDep,
    ExpectedVersionDep,
    IdentifierDep,
    KeyDep,
    MetricsDep,
    PartsDep,
    Private,
    etag,
)
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
_SAID: dict[int | str, dict[str, Any]] = {200: {"headers": ETAG}}


async def _amendment(
    identifier: IdentifierDep, key: KeyDep, expected_version: ExpectedVersionDep
) -> Amendment:
    return Amendment(identifier, key, expected_version)


AmendmentDep = Annotated[Amendment, Depends(_amendment)]


@router.post(
    "/renewal-applications",
    operation_id="applyForRenewal",
    summary="登记延续申请 Application for renewal",
    openapi_extra=needs(MANAGE),
    responses=_SAID,
)
def apply_for_renewal(
    *,
    amendment: AmendmentDep,
    application: RenewalIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> AmendedOut:
    """申请未决定前，届满的证照视为审查中（行政许可法第五十条）。 Under review, not invalid.

    晚于法定提前期但在届满前提出的，登记并提示。 Late but in time: recorded with a warning.
    """
    answer = parts.amend.apply_for_renewal(
        caller, amendment, application.applied_on, application.case_number
    )
    return AmendedOut.of(_told(answer, metrics, response))


@router.post(
    "/renewal-applications/decision",
    operation_id="decideRenewal",
    summary="登记延续决定 Decision on the renewal",
    openapi_extra=needs(MANAGE),
    responses=_SAID,
)
def decide_renewal(
    *,
    amendment: AmendmentDep,
    decision: RenewalDecisionIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> AmendedOut:
    """准予的，至签发新版本时换发；不予的，自决定之日起不再视为审查中。 How it ended.

    What is granted stands until the renewed version is issued; a refusal ends it that day.
    """
    answer = parts.amend.decide_renewal(
        caller,
        amendment,
        RenewalOutcome(decision.outcome),
        decision.decided_on,
        decision.document_number,
    )
    return AmendedOut.of(_told(answer, metrics, response))


@router.post(
    "/restrictions",
    operation_id="restrictCertificate",
    summary="设定限制 Restrict",
    openapi_extra=needs(MANAGE),
    responses=_SAID,
)
def restrict(
    *,
    amendment: AmendmentDep,
    restriction: RestrictionIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> AmendedOut:
    """查封、冻结、抵押、异议、责令停业、经营异常；同类可有多项。 Several of one kind may stand."""
    answer = parts.amend.restrict(caller, amendment, restriction.to_restriction())
    return AmendedOut.of(_told(answer, metrics, response))


@router.post(
    "/restrictions/lift",
    operation_id="liftRestriction",
    summary="解除限制 Lift a restriction",
    openapi_extra=needs(MANAGE),
    responses=_SAID,
)
def lift(
    *,
    amendment: AmendmentDep,
    lifting: LiftingIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> AmendedOut:
    """自所填日期起不再有效，此前的日期仍按有限制核验。 Days before it go on being restricted."""
    answer = parts.amend.lift(caller, amendment, lifting.to_lifting())
    return AmendedOut.of(_told(answer, metrics, response))


@router.post(
    "/delivery",
    operation_id="deliverCertificate",
    summary="登记送达 Delivery",
    openapi_extra=needs(MANAGE),
    responses=_SAID,
)
def deliver(
    *,
    amendment: AmendmentDep,
    delivery: DeliveryIn,
    caller: CallerDep,
    parts: PartsDep,
    metrics: MetricsDep,
    response: Response,
) -> DeliveredOut:
    """自决定之日起十个工作日内（行政许可法第四十四条、第八十二条）。 Within ten working days.

    答复中注明是否逾期。 The answer says whether it was in time.
    """
    answer = parts.amend.deliver(caller, amendment, delivery.to_handover())
    return DeliveredOut.of(_told(answer, metrics, response))


def _told(answer: Mapping[str, Any], metrics: MetricsDep, response: Response) -> Mapping[str, Any]:
    metrics.changed.labels(answer["act"]).inc()
    response.headers["ETag"] = etag(answer["row_version"])
    return answer
