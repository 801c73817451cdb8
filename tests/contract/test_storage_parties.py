"""What the record keeps of those who issue and of those who hold."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.errors import Unsupported
from certlib.mandates import Capacity, IssueListEntry
from tests.contract.conftest import Store
from tests.fakes import records

UNIT = "114451009999990234"
ENTRUSTED = IssueListEntry(
    records.TYPE,
    UNIT,
    date(2026, 1, 1),
    basis="委托书",
    capacity=Capacity.ENTRUSTED,
    principal_code=records.ISSUER,
)


def _put(store: Store, *entries: IssueListEntry) -> None:
    with store.registry.begin() as unit:
        for entry in entries:
            unit.put_issue_entry(entry)
        unit.commit()


def test_one_unit_is_entrusted_by_two_departments_at_once(store: Store) -> None:
    second = replace(ENTRUSTED, principal_code="11445200990090016H", row_version=3)
    own = replace(ENTRUSTED, capacity=Capacity.OWN, principal_code="")
    _put(store, ENTRUSTED, second, own)
    with store.registry.read() as session:
        found = session.issue_list(records.TYPE, UNIT)
    assert found == [own, second, ENTRUSTED]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ENTRUSTED, principal_code=""),
        replace(ENTRUSTED, principal_code=UNIT),
        replace(ENTRUSTED, capacity=Capacity.OWN),
        replace(ENTRUSTED, row_version=0),
    ],
)
def test_principal_and_capacity_fit_each_other_in_the_database_too(
    store: Store, wrong: IssueListEntry
) -> None:
    with pytest.raises(Unsupported):
        _put(store, wrong)


def test_the_acting_unit_stands_beside_the_certificate(store: Store) -> None:
    store.publish(
        records.intent(1, of=records.content(1, acting_code=UNIT, acting_name="揭阳市车辆所")),
        records.intent(2),
    )
    acting = store.rows("SELECT identifier, acting_code FROM certificates ORDER BY identifier")
    assert acting == [(records.identifier(1), UNIT), (records.identifier(2), "")]
