"""The record as a snapshot: what the public look-up says, of every certificate."""

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from api import public
from api.snapshots import header_of, rows_of
from certlib.calendar import legal_day
from certlib.catalogue import Duty, DutyEffect
from certlib.certificate import PaperStatus
from certlib.holder_changes import ChangeKind
from certlib.registry import StandingRow, StatusRow
from certlib.states import Action, State
from tests.unit.api.api_world import DECISION
from tests.unit.life.builders import IDENTIFIER, NOW, decision

PERSON = {"name": "林小明", "code_type": "111", "code": "440524188001010014"}


def _rows(world, moment=None):
    moment = moment or world.house.clock.now()
    with world.house.registry.read() as session:
        header = header_of(session, "445200", moment)
        return header, {row.identifier: row for row in rows_of(session, moment)}


def _fill(world):
    valid = world.issued("k-1")
    revoked = world.issued("k-2", number="粤交运许可字 0002 号")
    lost = world.issued("k-3", number="粤交运许可字 0003 号")
    assert world.act(revoked, "revoke", key="a-2").is_success
    return valid, revoked, lost


def test_a_row_says_what_the_look_up_says(world):
    """Word for word, of what anybody may ask."""
    identifiers = _fill(world)
    _, rows = _rows(world)
    assert rows.keys() == set(identifiers)
    for identifier, row in rows.items():
        said = world.browser.get(f"/v1/status/{identifier}").json()
        assert (row.verdict, row.code, row.view.value) == (
            said["verdict"],
            said["code"],
            said["state"],
        )
        assert (row.restricted, row.paper, row.renewal_pending) == (
            said["restricted"],
            said["paper"],
            said["renewal_pending"],
        )
        ends = None if row.valid_to is None else row.valid_to.isoformat()
        assert (row.valid_from.isoformat(), ends) == (said["valid_from"], said["valid_to"])
        if row.sentence is not None:
            assert (row.sentence.zh, row.sentence.next_en) == (said["zh"], said["next_en"])


def test_the_quick_way_is_the_judged_one(world):
    """What nothing happened to is not judged anew: the answer is the same."""
    _fill(world)
    moment = world.house.clock.now()
    _, rows = _rows(world)
    with world.house.registry.read() as session:
        for row, files in session.status_page("", 100):
            version = session.type_version(row.type_code, row.type_version)
            report = public.judged(row, version, moment)
            made = rows[row.identifier]
            assert (made.verdict, made.code) == (report.verdict.value, report.code)
            assert made.view is public.seen(row, legal_day(moment))
            assert made.files == files
            assert len(files) == 1


def test_nothing_of_holders_stands_in_it(world):
    """Nor of a decision: no number, no name, no document."""
    _fill(world)
    header, rows = _rows(world)
    text = json.dumps([str(row) for row in rows.values()], ensure_ascii=False)
    assert "示例运输" not in text
    assert "91445202" not in text
    assert DECISION["document_number"] not in text
    assert header.issuers
    assert (header.node, header.count) == ("445200", 0)
    assert header.next_update > header.as_of


DUTY = Duty("check", "年度检验", "annual inspection", 12, 30, DutyEffect.WARN, DutyEffect.WARN)
PLAIN = StatusRow(
    IDENTIFIER,
    State.ISSUED,
    date(2024, 3, 1),
    date(2028, 2, 29),
    "type",
    "issuer",
    1,
    None,
    restricted=False,
    changed_at=NOW,
)


class Session:
    """A record of one certificate; counts how often it is asked for a type."""

    def __init__(self, *rows, duties=(), version=True):
        self.rows, self.asked = rows, 0
        self._version = SimpleNamespace(duties=duties, ends_with_holder=True) if version else None

    def status_page(self, after, count):
        return [] if after else [(row, ("ab" * 32,)) for row in self.rows]

    def type_version(self, code, number):
        self.asked += 1
        return self._version


@pytest.mark.parametrize(
    ("changes", "duties", "code"),
    [
        ({}, (), "valid"),
        ({"paper": PaperStatus.SYNCED}, (), "valid"),
        ({"valid_from": date(2027, 1, 1)}, (), "not-yet-effective"),
        ({"valid_to": date(2026, 11, 21)}, (), "expired"),
        ({"restricted": True}, (), "restricted"),
        ({"paper": PaperStatus.LOST}, (), "paper-lost"),
        ({"paper": PaperStatus.DECLARED_VOID}, (), "paper-void"),
        ({"holder_gone": ChangeKind.DISSOLVED}, (), "holder-ended"),
        ({}, (DUTY,), "inspection-overdue"),
    ],
)
def test_whatever_happened_to_it_is_judged(changes, duties, code):
    """One thing at a time: the quick way is for what nothing ever happened to."""
    changed = replace(PLAIN, **changes)
    session = Session(changed, duties=duties)
    (row,) = rows_of(session, NOW)
    report = public.judged(changed, session.type_version("", ""), NOW)
    assert (row.code, row.verdict) == (report.code, report.verdict.value)
    assert (row.code, row.sentence is None) == (code, code == "valid")


def test_what_was_decided_is_told():
    step = StandingRow(date(2024, 3, 1), decision(Action.REVOKE), personal=False)
    (row,) = rows_of(Session(replace(PLAIN, state=State.REVOKED, standing=step)), NOW)
    assert (row.verdict, row.code) == ("invalid", "revoked")
    over = decision(Action.SUSPEND, day=date(2026, 8, 1), until=date(2026, 8, 31), automatic=True)
    step = StandingRow(date(2024, 3, 1), over, personal=False)
    (row,) = rows_of(Session(replace(PLAIN, state=State.SUSPENDED, standing=step)), NOW)
    assert (row.verdict, row.code) == ("valid", "valid")


def test_nothing_is_judged_to_which_nothing_happened(monkeypatch):
    """A million of them would take minutes; a type that is gone has no duties."""
    monkeypatch.setattr(public, "judged", None)
    session = Session(PLAIN, PLAIN, replace(PLAIN, type_code="other"))
    assert [row.code for row in rows_of(session, NOW)] == ["valid"] * 3
    assert session.asked == 2
    assert [row.code for row in rows_of(Session(PLAIN, version=False), NOW)] == ["valid"]
