"""The part of INV-2 that speaks of lifted files: nothing of what was served is ever taken back."""

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from api.audit.database import Row
from api.audit.ledger import Ledger
from api.audit.report import Invariant

_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
_GAP = ("文件的修订号不连续", "the revisions of a file have a gap")
_EXTENDS = (
    "新修订不是在原文件之后追加的",
    "a later revision is not the file before with something appended",
)
_CARE = ("签章养护登记与最新文件不符", "the care of seals speaks of another file than the newest")
_LEVEL = ("登记的签章级别与文件不符", "the level on record is not that of the lowest file")


def check(found: Invariant, ledger: Ledger) -> None:
    """Revisions follow each other; care and levels speak of the newest of them."""
    for identifier, certificate in ledger.certificates.items():
        newest: dict[tuple[str, int], Row] = {}
        for row in ledger.files.get(identifier, ()):  # by revision
            if row["kind"] == "original":
                form = (row["form"], row["copy_number"])
                follows = newest[form]["revision"] + 1 if form in newest else 0
                found.expect(row["revision"] == follows, identifier, "revision-gap", _GAP)
                newest[form] = row
        care = ledger.care.get(identifier, ())
        held = _speaks_of(care, newest, {row["sha256"] for row in ledger.files.get(identifier, ())})
        if found.expect(held, identifier, "care-differs", _CARE) and care:
            _check_levels(found, identifier, certificate, care)


def _speaks_of(
    care: Sequence[Row], newest: Mapping[tuple[str, int], Row], known: AbstractSet[str]
) -> bool:
    """Whether every file is cared for, by its newest revision.

    What the care knows and the files do not is said of the files.
    """
    cared = {(row["form"], row["copy_number"]): row["sha256"] for row in care}
    return newest.keys() <= cared.keys() and all(
        cared[form] == row["sha256"] or cared[form] not in known for form, row in newest.items()
    )


def _check_levels(found: Invariant, identifier: str, certificate: Row, care: Sequence[Row]) -> None:
    lowest = min((row["level"] for row in care), key=_LEVELS.index)
    same = certificate["reached_level"] == lowest
    same = same and all(row["target_level"] == certificate["target_level"] for row in care)
    found.expect(same, identifier, "level", _LEVEL)


def check_appended(
    found: Invariant, file: Row, pdf: bytes, served: Mapping[tuple[str, int, int], Row]
) -> None:
    """What was served before is the beginning of what is served now, octet for octet."""
    before = served.get((file["form"], file["copy_number"], file["revision"] - 1))
    if before is not None:
        begins = hashlib.sha256(pdf[: before["size"]]).hexdigest() == before["sha256"]
        found.expect(begins, file["identifier"], "not-appended", _EXTENDS)
