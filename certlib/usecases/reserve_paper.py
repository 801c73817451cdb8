"""The paper twin of an order: reserved with the intent, in step from the publication on."""

from certlib.calendar import legal_day
from certlib.certificate import PaperStatus
from certlib.paper import Sheet
from certlib.registry import Intent, UnitOfWork
from certlib.usecases.caller import Caller
from certlib.usecases.keep_paper import printers
from certlib.usecases.order import IssueOrder


def reserve_paper(uow: UnitOfWork, caller: Caller, order: IssueOrder, intent: Intent) -> None:
    """Takes print numbers and blank forms in the transaction that reserves the certificate.

    Raises:
        PrintNumberTaken, BlankFormUnusable: the numbers do not fit the record.
    """
    sheets = [
        Sheet(intent.identifier, item, PaperStatus.PENDING, intent.recorded_at, caller.actor)
        for item in order.paper
    ]
    if sheets:
        codes = printers(uow, caller, order.type_code, legal_day(intent.recorded_at))
        uow.add_sheets(sheets, order.issuer_code, order.type_code, codes)
