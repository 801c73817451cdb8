"""Search: every criterion holds, pages by identifier, no state left out by itself."""

from dataclasses import replace

import pytest

from certlib.document import Holder
from certlib.errors import UnknownCodeType
from certlib.registry import SearchQuery
from certlib.states import State
from tests.contract.conftest import Store
from tests.fakes import records

OLD = Holder("买买提·艾力", "111", "445203199001010015")
FIRM = Holder("揭阳市某某运输有限公司", "001", "91445202MA9TEXT00K")


@pytest.fixture
def filled(store: Store) -> Store:
    contents = [
        records.content(1),
        records.content(2, holders=(OLD, records.HOLDER)),
        records.content(3, holders=(FIRM,), issuer_code="114451009999990234"),
        records.content(4, holders=(FIRM,)),
    ]
    store.publish(*(records.intent(n, of=one) for n, one in enumerate(contents, start=1)))
    with store.registry.begin() as unit:
        certificate = unit.certificate(records.identifier(4))
        unit.save(replace(certificate, state=State.REVOKED, former_names=("旧名公司",)), 1)
        unit.commit()
    return store


def _found(store: Store, **criteria: object) -> list[int]:
    with store.registry.read() as session:
        rows = session.search(SearchQuery(**criteria))
        assert rows == [session.certificate(row.identifier) for row in rows]
    return [int(row.identifier.split(".")[-3]) for row in rows]


CASES: list[tuple[dict[str, object], list[int]]] = [
    ({}, [1, 2, 3, 4]),
    ({"holder_code": "445221198501010019", "holder_code_type": "111"}, [1, 2]),
    ({"holder_code": "445221850101001", "holder_code_type": "10"}, [1, 2]),
    ({"holder_code": " 445203199001010015"}, [2]),
    ({"holder_code": "91445202ma9text00k"}, [3, 4]),
    ({"holder_code": "91445202MA9TEXT00K", "holder_code_type": "111"}, []),
    ({"holder_code": "445203199001010023"}, []),
    ({"holder_name": "买买提•艾力"}, [2]),
    ({"holder_name": "蔡 梓涵"}, [1, 2]),
    ({"holder_name": "旧名公司"}, [4]),
    ({"holder_name": "蔡梓"}, []),
    ({"number": "粤交运管许可揭字[2026]000002号"}, [2]),
    ({"issuer_codes": frozenset({"114451009999990234"})}, [3]),
    ({"issuer_codes": frozenset()}, []),
    ({"type_code": records.TYPE}, [1, 2, 3, 4]),
    ({"type_code": "x"}, []),
    ({"states": frozenset({State.REVOKED})}, [4]),
    ({"states": frozenset()}, []),
    ({"holder_code": "91445202MA9TEXT00K", "states": frozenset({State.ISSUED})}, [3]),
    ({"limit": 2}, [1, 2]),
    ({"limit": 2, "after": records.identifier(2)}, [3, 4]),
    ({"limit": 0}, []),
]


def test_every_criterion_holds(filled: Store) -> None:
    found = [(criteria, _found(filled, **criteria)) for criteria, _expected in CASES]
    assert found == CASES


def test_pages_meet_without_gap_or_repeat_while_rows_come_in(filled: Store) -> None:
    seen = _found(filled, limit=3)
    filled.publish(records.intent(5))
    seen += _found(filled, limit=3, after=records.identifier(3))
    assert seen == [1, 2, 3, 4, 5]


def test_a_page_may_be_larger_than_what_an_engine_takes_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.link._PART", 2)
    store.publish(*(records.intent(number) for number in range(5)))
    assert _found(store, limit=100) == [0, 1, 2, 3, 4]


def test_order_is_that_of_the_characters(store: Store) -> None:
    """The same on both engines, whatever the database's language."""
    names = ["1.A.2.3.4", "1.a.2.3.4", "1-A.2.3.4", "10.A.2.3.4", "1.B.2.3.4"]
    store.publish(
        *(records.intent(n, of=records.content(n, identifier=name)) for n, name in enumerate(names))
    )
    with store.registry.read() as session:
        rows = [row.identifier for row in session.search(SearchQuery())]
    assert rows == sorted(names)


def test_an_unknown_code_type_is_an_input_error(filled: Store) -> None:
    with pytest.raises(UnknownCodeType):
        _found(filled, holder_code="1", holder_code_type="777")
