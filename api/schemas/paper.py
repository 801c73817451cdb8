"""Paper twins and blank forms on the wire."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.persons import masked_numbers
from api.schemas import examples
from api.schemas.base import Day, TypeCode, Wire, instant_text
from api.schemas.orders import FormName
from api.schemas.prints import Number, PrintIn
from certlib.certificate import Certificate
from certlib.paper import BlankForm, Sheet, StockCount, UntwinnedPrint

Notice = Annotated[str, StringConstraints(max_length=200)]
PaperWord = Literal["none", "pending", "synced", "collected", "lost", "declared-void"]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(**Wire.model_config, json_schema_extra={"examples": [values]})


class PrintsIn(Wire):
    """登记纸质件。 Sheets that were printed for a certificate."""

    model_config = _example(prints=[examples.PRINT])

    prints: Annotated[list[PrintIn], Field(min_length=1, max_length=20)]


class SheetActIn(Wire):
    """纸质件的挂失、撤销挂失、声明作废、收回。 What happened to a sheet."""

    model_config = _example(
        act="declare-void", print_number="JT20260001", on="2026-11-22", notice="揭阳日报 2026-11-22"
    )

    act: Literal["lose", "find", "declare-void", "collect"]
    print_number: Number
    form: FormName | None = Field(
        default=None, description="多份纸质件同号时写明是哪一份。 Which one, where several fit."
    )
    copy_number: Annotated[int, Field(ge=0, le=999)] | None = Field(
        default=None, description="副本等的份号，正本为0。 Which copy; the original is 0."
    )
    on: Day
    notice: Notice = Field(default="", description="声明刊登处或文号。 Where it was published.")


class PaperOut(Wire):
    """纸质件状态。 The paper twin after the act."""

    model_config = _example(identifier=examples.IDENTIFIER, paper="synced", row_version=2)

    identifier: str
    paper: PaperWord
    row_version: int


class SheetOut(Wire):
    """一份纸质件及其状态。 One printed sheet."""

    form: FormName
    copy_number: int
    print_number: str
    blank_number: str
    place: str
    printed_at: str
    replaces: str
    status: PaperWord
    status_on: Day | None
    notice: str

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        """The wire shape."""
        printed = sheet.printed
        return cls.model_validate(
            {
                "form": printed.form,
                "copy_number": printed.copy_number,
                "print_number": printed.print_number,
                "blank_number": printed.blank_number,
                "place": printed.place,
                "printed_at": instant_text(printed.printed_at),
                "replaces": printed.replaces,
                "status": sheet.status.value,
                "status_on": sheet.status_on,
                "notice": sheet.notice,
            }
        )


class SheetsOut(Wire):
    """一份证照的全部纸质件。 Every sheet of a certificate, oldest first."""

    model_config = _example(
        identifier=examples.IDENTIFIER,
        paper="declared-void",
        row_version=4,
        sheets=[
            {
                **examples.PRINT,
                "status": "declared-void",
                "status_on": "2026-11-22",
                "notice": "揭阳日报 2026-11-22",
            }
        ],
    )

    identifier: str
    paper: PaperWord
    row_version: int
    sheets: list[SheetOut]

    @classmethod
    def of(cls, certificate: Certificate, sheets: list[Sheet]) -> Self:
        """The wire shape."""
        return cls(
            identifier=certificate.identifier,
            paper=certificate.paper.value,
            row_version=certificate.row_version,
            sheets=[SheetOut.of(item) for item in sheets],
        )


class BlanksIn(Wire):
    """空白证件入库，按号段或逐号。 Blank forms received, by range or one by one."""

    model_config = _example(
        type_code=examples.TYPE, form="original", first="A000001", last="A000500"
    )

    type_code: TypeCode
    form: FormName = "original"
    first: Annotated[str, StringConstraints(max_length=64)] = ""
    last: Annotated[str, StringConstraints(max_length=64)] = ""
    numbers: Annotated[list[Number], Field(max_length=10_000)] = Field(default=[])


class SpoiledIn(Wire):
    """空白证件作废。 Blank forms spoiled."""

    model_config = _example(
        type_code=examples.TYPE, form="original", numbers=["A000017"], reason="打印错位"
    )

    type_code: TypeCode
    form: FormName = "original"
    numbers: Annotated[list[Number], Field(min_length=1, max_length=1000)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StockChangedOut(Wire):
    """库存变动。 How many blank forms came or went."""

    model_config = _example(number=500)

    number: int


class StockRow(Wire):
    """一类空白证件的数量。 How many of one form there are."""

    type_code: str
    form: str
    received: int
    used: int
    spoiled: int

    @classmethod
    def of(cls, item: StockCount) -> Self:
        """The wire shape."""
        return cls(
            type_code=item.type_code,
            form=item.form,
            received=item.received,
            used=item.used,
            spoiled=item.spoiled,
        )


class StockOut(Wire):
    """空白证件库存。 The department's stock."""

    model_config = _example(
        stock=[
            {
                "type_code": examples.TYPE,
                "form": "original",
                "received": 480,
                "used": 19,
                "spoiled": 1,
            }
        ]
    )

    stock: list[StockRow]


class BlankOut(Wire):
    """一张空白证件。 One blank form."""

    form: str
    number: str
    status: Literal["received", "used", "spoiled"]
    received_on: Day
    identifier: str
    note: str

    @classmethod
    def of(cls, blank: BlankForm) -> Self:
        """The wire shape."""
        return cls(
            form=blank.form,
            number=blank.number,
            status=blank.status.value,
            received_on=blank.received_on,
            identifier=blank.identifier,
            note=blank.note,
        )


class BlanksOut(Wire):
    """空白证件清单。 A page of blank forms; `after` asks for the next one."""

    model_config = _example(
        blanks=[
            {
                "form": "original",
                "number": "A000017",
                "status": "spoiled",
                "received_on": "2026-11-01",
                "identifier": "",
                "note": "打印错位",
            }
        ],
        after="",
    )

    blanks: list[BlankOut]
    after: str


class PaperListOut(Wire):
    """证照清单。 A page of identifiers; `after` asks for the next one."""

    model_config = _example(identifiers=[examples.IDENTIFIER], after="")

    identifiers: list[str]
    after: str


class UntwinnedIn(Wire):
    """无电子证照的纸质件。 Paper that was printed without an electronic certificate."""

    model_config = _example(
        type_code=examples.TYPE,
        print_number="JT20260099",
        number="粤交运管许可揭字445230000099号",
        printed_on="2026-11-20",
    )

    type_code: TypeCode
    print_number: Number
    number: Annotated[str, StringConstraints(max_length=128)] = ""
    printed_on: Day


class UntwinnedOut(UntwinnedIn):
    """A print without a certificate."""

    @classmethod
    def of(cls, item: UntwinnedPrint) -> Self:
        """The wire shape."""
        return cls(
            type_code=item.type_code,
            print_number=item.print_number,
            number=masked_numbers(item.number),
            printed_on=item.printed_on,
        )


class UntwinnedListOut(Wire):
    """有纸无电清单。 A page of prints without a certificate."""

    model_config = _example(
        prints=[
            {
                "type_code": examples.TYPE,
                "print_number": "JT20260099",
                "number": "粤交运管许可揭字445230000099号",
                "printed_on": "2026-11-20",
            }
        ],
        after="",
    )

    prints: list[UntwinnedOut]
    after: str
