"""Numbers drawn by the library: never twice, whoever draws at the same moment."""

from threading import Barrier, Thread

import pytest

from certlib.errors import Conflict
from certlib.numbers import NumberPattern, number_pattern
from storage import serials
from tests.contract.conftest import Store
from tests.fakes import records

PATTERN = number_pattern("揭交许〔{year}〕{serial:04}号", year=2026, division_code="445200")
THREADS = 6
EACH = 8


def _draw(store: Store, pattern: NumberPattern = PATTERN, *, keep: bool = True) -> str:
    with store.registry.begin() as unit:
        number = unit.draw_number(records.ISSUER, records.TYPE, pattern)
        if keep:
            unit.commit()
    return number


def test_each_text_counts_from_one(store: Store) -> None:
    other = number_pattern("揭交许〔{year}〕{serial:04}号", year=2027, division_code="445200")
    assert [_draw(store), _draw(store), _draw(store, other)] == [
        "揭交许〔2026〕0001号",
        "揭交许〔2026〕0002号",
        "揭交许〔2027〕0001号",
    ]


def test_what_was_rolled_back_was_never_drawn(store: Store) -> None:
    assert _draw(store, keep=False) == _draw(store)


def test_many_at_once_draw_different_numbers(store: Store) -> None:
    """Each draws and reserves in one transaction, as orders do."""
    drawn: list[str] = []
    faults: list[BaseException] = []
    start = Barrier(THREADS)

    def work(worker: int) -> None:
        start.wait()
        try:
            for turn in range(EACH):
                with store.registry.begin() as unit:
                    number = unit.draw_number(records.ISSUER, records.TYPE, PATTERN)
                    serial = 1 + worker * EACH + turn
                    intent = records.intent(serial, of=records.content(serial, number=number))
                    unit.reserve([intent])
                    unit.commit()
                drawn.append(number)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the test must see it
            faults.append(error)

    threads = [Thread(target=work, args=(worker,)) for worker in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(drawn)) == len(drawn) == THREADS * EACH
    assert max(drawn) == f"揭交许〔2026〕{THREADS * EACH:04}号"


def test_a_number_that_is_on_a_face_already_is_stepped_over(store: Store) -> None:
    """From before the library drew them; however it was typed."""
    store.reserve(
        records.intent(1, of=records.content(1, number=" 揭交许【2026】0001号")),
        records.intent(2, of=records.content(2, number="揭交许〔2026〕0002号")),
    )
    assert _draw(store) == "揭交许〔2026〕0003号"


def test_a_thousand_taken_numbers_are_a_fault(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.reserve(records.intent(1, of=records.content(1, number="揭交许〔2026〕0001号")))
    monkeypatch.setattr(serials, "_TRIES", 1)
    with pytest.raises(Conflict):
        _draw(store)
