"""The record as a snapshot: what the public look-up says, of every certificate."""

import json

from api import public
from api.snapshots import header_of, rows_of
from certlib.calendar import legal_day
from tests.unit.api.api_world import DECISION

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
