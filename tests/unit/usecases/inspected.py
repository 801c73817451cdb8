"""A type with periodic duties for the house: a yearly check that warns or bars, and a report."""

import json
from datetime import date

from certlib.catalogue import type_version_from
from certlib.registry import IssueListEntry
from tests.unit.usecases.house import ISSUER, definition

INSPECTED = "11445200990090139J777"
DUTIES = [
    {
        "code": "check",
        "name": "年度审验",
        "name_en": "annual check",
        "months": 12,
        "grace_days": 30,
        "overdue": "warn",
        "failed": "block",
    },
    {"code": "report", "name": "年报公示", "name_en": "annual report", "months": 12},
]


def put_inspected(registry, **changes):
    """Keeps the type and lets the house's issuer issue it."""
    data = definition(INSPECTED, **{"duties": DUTIES, "term_years": None, **changes})
    with registry.begin() as uow:
        uow.put_type_version(type_version_from(data), json.dumps(data))
        uow.put_issue_entry(IssueListEntry(INSPECTED, ISSUER, date(2020, 1, 1), date(2030, 1, 1)))
        uow.commit()
