"""The public status: at once, the same judgement as everywhere, no holder, no penalty details."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import public
from certlib.certificate import Restriction, RestrictionKind
from certlib.errors import StoreUnavailable
from certlib.registry import Department, StatusRow
from certlib.renewals import RenewalApplication
from certlib.states import State
from certlib.usecases.verify import Question
from certlib.verdicts import SENTENCES
from tests.unit.api.api_world import DECISION, ORDER

UNKNOWN = "1.2.156.3005.2.11100000000019713D008.11445200990090139J.0123456789ABCDEFGHJK.001.4"
ELSEWHERE = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"


def _status(world, identifier, method="GET"):
    return world.browser.ask(method, f"/v1/status/{identifier}")


def _every_state(world):
    """One certificate in each state that HTTP can lead to."""
    yield world.issued("valid", number="valid")
    yield world.issued("future", number="future", valid_from="2027-01-01", valid_to="2029-01-01")
    yield world.issued(
        "past",
        number="past",
        issue_date="2021-01-01",
        valid_from="2021-01-01",
        valid_to="2022-01-01",
    )
    for action, reason in (
        ("revoke", "penalty"),
        ("annul", "fraud"),
        ("withdraw", "law-changed"),
        ("deregister", "own-wish"),
        ("void", "issuing-error"),
        ("suspend", "withheld"),
    ):
        identifier = world.issued(action, number=action)
        world.act(identifier, action, f"do-{action}", reason_code=reason)
        yield identifier
    old = world.issued("old", number="old")
    world.issued("new", number="new", supersedes=old, supersede_reason="renewal")
    yield old
    restricted = world.issued("restricted", number="restricted")
    with world.house.registry.begin() as uow:
        found = uow.certificate(restricted)
        seizure = Restriction(RestrictionKind.SEIZED, "法院", "(2026)1号", date(2026, 1, 1))
        uow.save(replace(found, restrictions=(seizure,)), found.row_version)
        uow.commit()
    yield restricted
    yield _renewing(world)


def _renewing(world):
    identifier = world.issued(
        "renew",
        number="renew",
        issue_date="2021-01-01",
        valid_from="2021-01-01",
        valid_to="2022-01-01",
    )
    with world.house.registry.begin() as uow:
        found = uow.certificate(identifier)
        application = RenewalApplication(1, date(2021, 12, 1), "", found.recorded_at, "x")
        after = replace(found, renewals=(application,), row_version=2)
        uow.save(after, 1)
        uow.commit()
    return identifier


def test_every_state_says_what_the_judgement_says(world):
    """The fast path shares the judgement: same verdict, same code, in every state."""
    codes = set()
    for identifier in _every_state(world):
        answer = _status(world, identifier)
        report = world.house.verify.by_identifier(identifier, Question()).report
        assert answer.status_code == 200
        body = answer.json()
        assert (body["verdict"], body["code"]) == (report.verdict, report.code)
        assert body["identifier"] == identifier
        codes.add(body["code"])
    assert len(codes) == 12


def test_each_situation_has_its_own_sentence(world):
    said = [_status(world, identifier).json() for identifier in _every_state(world)]
    for language in ("zh", "en"):
        sentences = [body[language] for body in said]
        assert len(set(sentences)) == len(sentences)
        assert not any("—" in sentence or "{" in sentence for sentence in sentences)


def test_no_penalty_detail_and_no_holder_is_public(world):
    for identifier in _every_state(world):
        text = _status(world, identifier).text
        for secret in (
            DECISION["document_number"],
            DECISION["authority"],
            "示例运输",
            "91445202",
            "法院",
        ):
            assert secret not in text


def test_a_change_is_seen_at_once(world):
    """INV-6: an acknowledged revocation is seen by the very next question."""
    identifier = world.issued()
    assert _status(world, identifier).json()["verdict"] == "valid"
    world.act(identifier, "revoke")
    assert _status(world, identifier).json()["code"] == "revoked"


def test_the_day_turns_at_midnight_in_china(world):
    identifier = world.issued(valid_to="2026-11-22")
    assert _status(world, identifier).json()["code"] == "valid"
    world.house.clock.moment = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    assert _status(world, identifier).json()["code"] == "valid"
    world.house.clock.moment = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    body = _status(world, identifier).json()
    assert (body["code"], body["as_of"]) == ("expired", "2026-11-22T16:00:00Z")


@pytest.mark.parametrize(
    ("identifier", "status", "code"),
    [
        (UNKNOWN, 404, "certificate-not-found"),
        (ELSEWHERE, 404, "other-node"),
        (UNKNOWN[:-1] + "9", 400, "identifier-malformed"),
        ("", 400, "identifier-malformed"),
        ("a/b", 400, "identifier-malformed"),
        ("%00", 400, "identifier-malformed"),
        ("%ED%A0%80", 400, "identifier-malformed"),
        ("x" * 5000, 400, "identifier-malformed"),
    ],
)
def test_what_is_not_on_record_is_never_valid(world, identifier, status, code):
    answer = _status(world, identifier)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "verdict" not in answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]


def test_nothing_is_kept_on_the_way(world):
    for identifier in (world.issued(), UNKNOWN):
        assert _status(world, identifier).headers["cache-control"] == "no-store"


def test_methods(world):
    identifier = world.issued()
    assert _status(world, identifier, "OPTIONS").status_code == 204
    answer = _status(world, identifier, "POST")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    head = _status(world, identifier, "HEAD")
    assert head.status_code == 200


def test_a_database_that_is_down_is_503_and_never_valid(world, monkeypatch):
    def down(_identifier):
        raise StoreUnavailable(what="SQLITE_IOERR")

    monkeypatch.setattr(world.parts.status, "status", down)
    answer = _status(world, UNKNOWN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_fault_nobody_foresaw_is_503_and_logged_without_values(world, monkeypatch, caplog):
    def broken(_identifier):
        raise RuntimeError("445221198501010019")

    monkeypatch.setattr(world.parts.status, "status", broken)
    answer = _status(world, UNKNOWN)
    assert (answer.status_code, answer.json()["code"]) == (503, "unexpected")
    assert "445221198501010019" not in answer.text + caplog.text
    assert "RuntimeError" in str(caplog.records[-1].fields["fault"])


def test_a_new_department_is_ours_within_a_minute(world):
    assert _status(world, ELSEWHERE).json()["code"] == "other-node"
    with world.house.registry.begin() as uow:
        uow.put_department(Department("11445200999999015E", "新设局", "新设局", "445200", "city"))
        uow.commit()
    world.house.clock.pass_time(seconds=60)
    assert _status(world, ELSEWHERE).json()["code"] == "certificate-not-found"


def test_answers_are_counted(world):
    _status(world, world.issued())
    _status(world, UNKNOWN)
    text = world.browser.get("/metrics").text
    assert 'certlib_status_answers_total{code="valid",status="200"} 1.0' in text
    assert 'certlib_status_answers_total{code="certificate-not-found",status="404"} 1.0' in text


@given(
    state=st.sampled_from(list(State)),
    start=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    end=st.none() | st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    pending=st.none() | st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    restricted=st.booleans(),
)
def test_only_what_is_in_force_today_is_ever_valid(state, start, end, pending, restricted):
    moment = datetime(2026, 11, 22, 2, tzinfo=UTC)
    row = StatusRow(UNKNOWN, state, start, end, "t", "i", 3, pending, restricted, moment)
    report = public.judged(row, None, moment)
    today = date(2026, 11, 22)
    good = state is State.ISSUED and start <= today and (end is None or today <= end)
    assert (report.verdict == "valid") == (good and not restricted)
    assert public.of_report(report, personal=True).zh


def test_kept_texts_are_bounded_and_never_mixed_up(world, monkeypatch):
    monkeypatch.setattr("api.status_path._MOST_KEPT", 1)
    every = list(_every_state(world))
    first = [_status(world, identifier).json()["code"] for identifier in every]
    assert [_status(world, identifier).json()["code"] for identifier in every] == first


def test_sentences_for_anybody_name_no_detail():
    for sentences in (public.WITHOUT_DETAILS, public.OF_PERSONS):
        for code, sentence in sentences.items():
            assert code in SENTENCES
            words = f"{sentence.zh}{sentence.en}{sentence.next_zh}{sentence.next_en}"
            assert not set(re.findall(r"{(\w+)}", words)) & {"document", "authority", "receiver"}
    for code, sentence in public.OF_PERSONS.items():
        words = f"{sentence.zh}{sentence.en}{sentence.next_zh}{sentence.next_en}"
        assert "{" not in words, code


def test_every_sentence_that_names_a_detail_has_one_for_anybody():
    details = ("{document}", "{authority}", "{reason}", "{kind}")
    named = {
        code
        for code, sentence in SENTENCES.items()
        if any(detail in sentence.zh + sentence.next_zh for detail in details)
    }
    # A restriction bars a matter only where a matter was named: never for anonymous readers.
    assert named - {"restriction-blocks"} <= set(public.WITHOUT_DETAILS)


def test_it_holds_what_the_order_said(world):
    body = _status(world, world.issued()).json()
    assert body["type_code"] == ORDER["type_code"]
    assert body["valid_to"] == ORDER["valid_to"]
    assert body["demonstration"] is True
