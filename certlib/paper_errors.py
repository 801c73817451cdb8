"""What can be wrong with paper twins and blank forms: leaves of the error tree."""

from certlib.errors import Conflict, NotFound


class PrintNumberTaken(Conflict):
    """Another sheet of this issuer, type and form has the print number."""

    code = "print-number-taken"
    zh = "该印制号已登记在另一份纸质件上，请核对。"
    en = "Another sheet has this print number: check it."


class BlankFormUnusable(Conflict):
    """A blank form that is not in stock any more, or none named where a stock is kept."""

    code = "blank-form-unusable"
    zh = "空白证件“{number}”不在库存中，或已使用、已作废，请核对号码。"
    en = "Blank form {number} is not in stock, or was used or spoiled: check the number."


class SheetUnknown(NotFound):
    """No such printed sheet of this certificate."""

    code = "sheet-unknown"
    zh = "该证照没有此印制号的纸质件，请核对。"
    en = "This certificate has no sheet with that print number: check it."


class SheetAmbiguous(Conflict):
    """Several sheets of the certificate have the print number: which one is meant?"""

    code = "sheet-ambiguous"
    zh = "该证照有多份纸质件的印制号为“{number}”（{sheets}），请用 form、copy_number 写明是哪一份。"
    en = (
        "Several sheets of this certificate have the print number {number} ({sheets_en}): say which"
        " one by form and copy_number."
    )
