"""Paper twins, and the stock of blank forms they are printed on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Protocol

from certlib.departments import Holding
from certlib.paper import BlankForm, BlankStatus, Sheet, StockCount, UntwinnedPrint


class PaperReads(Protocol):
    """What can be asked. Lists are ordered by identifier, or number, and begin behind `after`."""

    def sheets(self, identifier: str) -> Sequence[Sheet]:
        """Every sheet of a certificate, oldest first."""
        ...

    def stock(self, issuer_code: str, type_code: str = "") -> Sequence[StockCount]: ...
    def blank_forms(
        self, issuer_code: str, type_code: str, status: BlankStatus, after: str, limit: int
    ) -> Sequence[BlankForm]: ...
    def late_twins(
        self, within: tuple[Holding, ...], issued_before: date, after: str, limit: int
    ) -> Sequence[str]:
        """Identifiers of certificates issued before a day whose 正本 or a 副本 has no sheet.

        A 副本 that was added later counts from the day on which it was.
        """
        ...

    def uncollected(self, within: tuple[Holding, ...], after: str, limit: int) -> Sequence[str]:
        """Identifiers of certificates that have ended while their paper is out."""
        ...

    def untwinned(self, issuer_code: str, after: str, limit: int) -> Sequence[UntwinnedPrint]:
        """Prints without a certificate, by print number."""
        ...


class PaperWrites(PaperReads, Protocol):
    """What can be kept."""

    def add_sheets(
        self, sheets: Iterable[Sheet], issuer_code: str, type_code: str, reporters: Collection[str]
    ) -> None:
        """Keeps new sheets and uses their blank forms; twins prints that had none.

        Args:
            sheets: new ones of one certificate.
            issuer_code: whose print numbers and blank forms they are.
            type_code: of the certificate.
            reporters: bodies that may have reported one of them as paper without a twin.

        Raises:
            PrintNumberTaken: another sheet of this issuer, type and form has the number.
            BlankFormUnusable: the blank form is not in stock, or was used or spoiled.
        """
        ...

    def save_sheet(self, sheet: Sheet) -> None:
        """Keeps a sheet's status."""
        ...

    def activate_sheets(self, identifiers: Sequence[str]) -> frozenset[str]:
        """Sheets reserved with these intents are printed; answers those with a 正本."""
        ...

    def withdraw_sheets(self, identifier: str) -> None:
        """Forgets the sheets of an intent that is burned; their blank forms are spoiled.

        Prints that it would have twinned are without a twin again.
        """
        ...

    def receive_blanks(self, blanks: Iterable[BlankForm]) -> None:
        """Raises `Conflict` where one of the numbers is in stock already."""
        ...

    def spoil_blank(self, blank: BlankForm) -> None:
        """Raises `BlankFormUnusable` unless it is in stock."""
        ...

    def twinned(self, issuers: Collection[str], type_code: str, print_number: str) -> bool:
        """Whether a certificate of one of the issuers has a sheet with the print number."""
        ...

    def add_untwinned(self, found: UntwinnedPrint) -> None: ...
