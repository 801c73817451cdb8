"""Paper twins: sheets, blank forms, and lists of what is missing."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from api.deps import CallerDep, IdentifierDep, KeyDep, PartsDep, Private, etag
from api.routes.acting import ActingDep
from api.routes.documented import ETAG, needs
from api.routes.reading import JsonRoute
from api.schemas.base import TypeCode
from api.schemas.paper import (
    BlankOut,
    BlanksIn,
    BlanksOut,
    PaperListOut,
    PaperOut,
    PrintsIn,
    SheetActIn,
    SheetsOut,
    SpoiledIn,
    StockChangedOut,
    StockOut,
    StockRow,
    UntwinnedIn,
    UntwinnedListOut,
    UntwinnedOut,
)
from certlib.calendar import legal_day
from certlib.paper import BlankForm, BlankStatus, PaperAct, UntwinnedPrint, numbers_between
from certlib.usecases.caller import PAPER
from certlib.usecases.keep_paper import LATE_DAYS, PrintRequest, SheetAct

router = APIRouter(
    prefix="/v1",
    tags=["纸质证照 Paper"],
    route_class=JsonRoute,
    dependencies=[Private],
)

After = Annotated[
    str, Query(max_length=128, description="上一页末尾。 Where the page before ended.")
]
Limit = Annotated[int, Query(ge=1, le=200, description="每页数量。 Rows on a page.")]


@router.get(
    "/certificates/{identifier}/paper",
    operation_id="readPaper",
    summary="纸质件 Paper of a certificate",
    openapi_extra=needs(PAPER),
    responses={200: {"headers": ETAG}},
)
def read_paper(
    identifier: IdentifierDep, caller: CallerDep, parts: PartsDep, response: Response
) -> SheetsOut:
    """一份证照的全部纸质件及其状态。 Every sheet that was printed for it."""
    certificate, sheets = parts.paper.sheets(caller, identifier)
    response.headers["ETag"] = etag(certificate.row_version)
    return SheetsOut.of(certificate, list(sheets))


@router.post(
    "/certificates/{identifier}/paper",
    operation_id="printPaper",
    summary="登记纸质件 Register prints",
    status_code=201,
    openapi_extra=needs(PAPER),
    responses={201: {"headers": ETAG}},
)
def print_paper(acting: ActingDep, identifier: IdentifierDep, body: PrintsIn) -> PaperOut:
    """登记印制的纸质件；补发须先声明作废原件。 A replacement needs the old one declared void."""
    prints = tuple(item.to_print() for item in body.prints)
    request = PrintRequest(identifier, prints, acting.key, acting.expected_version)
    answer = acting.parts.paper.printed(acting.caller, request)
    return acting.told(PaperOut.model_validate(answer))


@router.post(
    "/certificates/{identifier}/paper/acts",
    operation_id="changePaper",
    summary="挂失、声明作废、收回 Lost, void, collected",
    openapi_extra=needs(PAPER),
    responses={200: {"headers": ETAG}},
)
def change_paper(acting: ActingDep, identifier: IdentifierDep, body: SheetActIn) -> PaperOut:
    """只影响纸质件，电子证照效力不变。 The electronic certificate stays as it is."""
    request = SheetAct(
        identifier,
        PaperAct(body.act),
        body.print_number,
        acting.key,
        body.on,
        body.notice,
        acting.expected_version,
        body.form or "",
        body.copy_number,
    )
    answer = acting.parts.paper.happened(acting.caller, request)
    return acting.told(PaperOut.model_validate(answer))


@router.post(
    "/blank-forms",
    operation_id="receiveBlankForms",
    summary="空白证件入库 Receive blank forms",
    status_code=201,
    openapi_extra=needs(PAPER),
)
def receive(body: BlanksIn, key: KeyDep, caller: CallerDep, parts: PartsDep) -> StockChangedOut:
    """按号段（first、last）或逐号入库。 By range or number by number."""
    numbers = list(body.numbers) or numbers_between(body.first, body.last)
    now = parts.clock.now()
    blank = BlankForm(
        caller.department_code,
        body.type_code,
        body.form,
        "",
        BlankStatus.RECEIVED,
        legal_day(now),
        now,
    )
    answer = parts.blanks.receive(caller, numbers, blank, key)
    return StockChangedOut(number=answer["number"])


@router.post(
    "/blank-forms/spoilage",
    operation_id="spoilBlankForms",
    summary="空白证件作废 Spoil blank forms",
    openapi_extra=needs(PAPER),
)
def spoil(body: SpoiledIn, key: KeyDep, caller: CallerDep, parts: PartsDep) -> StockChangedOut:
    """打印损坏等，注明原因。 Torn or misprinted, with the reason."""
    now = parts.clock.now()
    blanks = [
        BlankForm(
            caller.department_code,
            body.type_code,
            body.form,
            number,
            BlankStatus.SPOILED,
            legal_day(now),
            now,
            note=body.reason,
        )
        for number in body.numbers
    ]
    return StockChangedOut(number=parts.blanks.spoil(caller, blanks, key)["number"])


@router.get(
    "/blank-forms/stock",
    operation_id="countBlankForms",
    summary="库存 Stock",
    openapi_extra=needs(PAPER),
)
def stock(
    caller: CallerDep,
    parts: PartsDep,
    type_code: Annotated[str, Query(max_length=21, description="证照类型。 The type.")] = "",
) -> StockOut:
    """入库、已用、作废的数量。 How many are in stock, used and spoiled."""
    return StockOut(stock=[StockRow.of(item) for item in parts.blanks.stock(caller, type_code)])


@router.get(
    "/blank-forms",
    operation_id="listBlankForms",
    summary="空白证件清单 Blank forms",
    openapi_extra=needs(PAPER),
)
def blank_forms(
    *,
    caller: CallerDep,
    parts: PartsDep,
    type_code: Annotated[TypeCode, Query(description="证照类型。 The type.")],
    status: Annotated[
        Literal["received", "used", "spoiled"], Query(description="状态。 The status.")
    ] = "received",
    after: After = "",
    limit: Limit = 50,
) -> BlanksOut:
    """按号码排列。 By number."""
    page = parts.blanks.blanks(caller, type_code, BlankStatus(status), after, limit)
    return BlanksOut(blanks=[BlankOut.of(item) for item in page.items], after=page.after)


@router.get(
    "/paper/late",
    operation_id="listLatePaper",
    summary="迟同步清单 Late twins",
    openapi_extra=needs(PAPER),
)
def late(
    caller: CallerDep,
    parts: PartsDep,
    days: Annotated[
        int, Query(ge=0, le=365, description="颁发后超过几天。 Days after issue.")
    ] = LATE_DAYS,
    after: After = "",
    limit: Limit = 50,
) -> PaperListOut:
    """已签发而纸质件迟迟未登记。 Issued, and the paper still not registered."""
    page = parts.paper.late(caller, days, after, limit)
    return PaperListOut(identifiers=list(page.items), after=page.after)


@router.get(
    "/paper/uncollected",
    operation_id="listUncollectedPaper",
    summary="未收回清单 Uncollected paper",
    openapi_extra=needs(PAPER),
)
def uncollected(
    caller: CallerDep, parts: PartsDep, after: After = "", limit: Limit = 50
) -> PaperListOut:
    """证照已终止而纸质件未收回。 The certificate has ended, the paper is out."""
    page = parts.paper.uncollected(caller, after, limit)
    return PaperListOut(identifiers=list(page.items), after=page.after)


@router.get(
    "/paper/untwinned",
    operation_id="listUntwinnedPaper",
    summary="有纸无电清单 Paper without a twin",
    openapi_extra=needs(PAPER),
)
def untwinned(
    caller: CallerDep, parts: PartsDep, after: After = "", limit: Limit = 50
) -> UntwinnedListOut:
    """已印制而没有电子证照。 Printed, and no electronic certificate behind it."""
    page = parts.paper.untwinned(caller, after, limit)
    return UntwinnedListOut(prints=[UntwinnedOut.of(item) for item in page.items], after=page.after)


@router.post(
    "/paper/untwinned",
    operation_id="reportUntwinnedPaper",
    summary="登记有纸无电 Report paper without a twin",
    status_code=201,
    openapi_extra=needs(PAPER),
)
def report_untwinned(
    body: UntwinnedIn, key: KeyDep, caller: CallerDep, parts: PartsDep
) -> UntwinnedOut:
    """签发同印制号的电子证照后自动销号。 Settled when a certificate names the same print."""
    found = UntwinnedPrint(
        caller.department_code,
        body.type_code,
        body.print_number,
        body.number,
        body.printed_on,
        parts.clock.now(),
        caller.actor,
    )
    parts.paper.untwinned_print(caller, found, key)
    return UntwinnedOut.of(found)
