"""The acting person as a client system states it: an account, never an identity number."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from certlib.identity import identity_problems
from certlib.ids import ROOT
from certlib.masking import masked_identity

ACCOUNT = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._@-]{0,63})")
"""1 to 64 letters, digits and ._@-, beginning with a letter or digit."""

_RUNS = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9])")
_NUMBERS = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_IDENTIFIERS = re.compile(rf"{re.escape(ROOT)}(?:\.[0-9A-Z]+){{5}}")


def is_account(text: str) -> bool:
    """Whether `text` may stand for a person in history, log and token."""
    return ACCOUNT.fullmatch(text) is not None and _RUNS.search(text) is None


def holds_identity_number(text: str) -> bool:
    """Whether a good identity number (GB 11643) stands somewhere in `text`.

    Keys may well hold 18 digits that mean something else, so date and check digit must fit.
    """
    return any(not identity_problems(found.upper()) for found in _NUMBERS.findall(text))


def masked_numbers(text: str) -> str:
    """`text` with every identity number in it masked: some types print one as their own number.

    A certificate's identifier stays as it is: the credit code inside may be 18 digits, and whoever
    is sent to another certificate must be able to read which one. What could be a person's number
    there is masked all the same.
    """
    parts, end = [], 0
    for found in _IDENTIFIERS.finditer(text):
        if not holds_identity_number(found.group()):
            parts += [_masked(text[end : found.start()]), found.group()]
            end = found.end()
    return "".join((*parts, _masked(text[end:])))


def _masked(text: str) -> str:
    return _NUMBERS.sub(lambda found: masked_identity(found.group()), text)


def _account(text: str) -> str:
    if not is_account(text):
        raise PydanticCustomError("certlib_person", "not an account")
    return text


Person = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=rf"^{ACCOUNT.pattern}$"),
    AfterValidator(_account),
]
"""An account in a request body."""
