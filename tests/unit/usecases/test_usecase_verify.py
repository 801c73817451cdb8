"""Questions and answers: by identifier, by fields, by file; a fault of ours is never `valid`."""

import hashlib
import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection

from certlib.certificate import Decision
from certlib.document import Form, Holder
from certlib.errors import Invalid, ScopeMissing, StoreUnavailable
from certlib.evidence import FileFacts
from certlib.paper import PaperAct, Print
from certlib.registry import SearchQuery
from certlib.states import Action
from certlib.trust import TrustList
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.keep_paper import SheetAct
from certlib.usecases.paper_then import sheets_of
from certlib.usecases.verify import Question, VerifyCertificates
from certlib.verification import FOREIGN, Check, Claim, Verdict
from tests.unit.life import builders as life
from tests.unit.usecases.house import (
    CALLER,
    PEOPLE,
    TYPE,
    PlainReader,
    SetClock,
    order,
    request,
    with_people,
)

ASK = Question()
CODE = "91445202MA9TEXT00K"


@pytest.fixture
def issued(house):
    return house.issue.issue_one(CALLER, request()).identifier


def revoke(house, identifier, day=date(2026, 11, 21)):
    decision = Decision(Action.REVOKE, "penalty", day, "法", "号", "机关")
    house.change.change(CALLER, ChangeRequest(identifier, decision, f"r-{identifier}"))


def test_by_identifier(house, issued):
    answer = house.verify.by_identifier(issued, ASK)
    assert (answer.report.verdict, answer.report.code) == (Verdict.VALID, "valid")
    assert "未核验文件" in answer.report.sentence.zh
    assert answer.subject.holders == ("揭阳市示例运输有限公司",)
    revoke(house, issued)
    assert house.verify.by_identifier(issued, ASK).report.code == "revoked"


def test_past_days_and_past_knowledge(house, issued):
    before = house.clock.now()
    house.clock.pass_time(days=2)
    revoke(house, issued, date(2026, 11, 22))
    on = house.verify.by_identifier(issued, Question(on=date(2026, 11, 21)))
    assert (on.report.verdict, on.report.code) == (Verdict.VALID, "valid-then")
    known = Question(on=date(2026, 11, 23), known_at=before)
    assert house.verify.by_identifier(issued, known).report.verdict is Verdict.VALID
    without_day = house.verify.by_identifier(issued, Question(known_at=before)).report
    assert without_day.code == "valid-then"


@pytest.mark.parametrize("name", ["on", "known_at"])
def test_no_verdict_on_a_day_to_come(house, issued, name):
    later = house.clock.now() + timedelta(days=2)
    question = Question(known_at=later) if name == "known_at" else Question(on=later.date())
    by_fields = SearchQuery(type_code=TYPE, number="1")
    for ask in (
        lambda: house.verify.by_identifier(issued, question),
        lambda: house.verify.by_fields(by_fields, question),
        lambda: house.verify.by_file(b"", question),
    ):
        with pytest.raises(Invalid) as caught:
            ask()
        assert [item.field for item in caught.value.problems] == [f"/{name}"]


@pytest.mark.parametrize(
    ("text", "verdict", "code"),
    [
        ("", "invalid", "identifier-malformed"),
        ("hello", "invalid", "identifier-malformed"),
        (
            "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.B",
            "invalid",
            "identifier-malformed",
        ),
        (
            "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A",
            "indeterminate",
            "other-node",
        ),
    ],
)
def test_identifiers_that_lead_nowhere(house, text, verdict, code):
    report = house.verify.by_identifier(text, ASK).report
    assert (report.verdict, report.code) == (verdict, code)


def test_unknown_identifier_of_our_own_issuer(house, issued):
    from certlib import ids

    parsed = ids.parse(issued).identifier
    absent = ids.build(parsed.type_code, parsed.issuer_code, "0" * 20, 1)
    report = house.verify.by_identifier(str(absent), ASK).report
    assert (report.verdict, report.code) == (Verdict.INVALID, "not-found")
    assert "不等于证照不真实" in report.sentence.zh


def test_by_number_and_by_holder(house, issued):
    by_number = SearchQuery(type_code=TYPE, number="粤交运许可字0001号")
    assert house.verify.by_fields(by_number, ASK).subject.identifier == issued
    by_holder = SearchQuery(holder_code=CODE, holder_code_type="001")
    assert house.verify.by_fields(by_holder, ASK).report.verdict is Verdict.VALID
    nobody = SearchQuery(holder_code="91445202MA00000000", holder_code_type="001")
    assert house.verify.by_fields(nobody, ASK).report.code == "not-found"


def test_several_certificates_of_one_holder_are_listed(house, issued):
    """Not 'incomplete': the clerk gets the list and chooses."""
    other = house.issue.issue_one(CALLER, request("k2", number="第二号")).identifier
    answer = house.verify.by_fields(SearchQuery(holder_code=CODE, holder_code_type="001"), ASK)
    assert answer.report.code == "several-found"
    assert {item.identifier for item in answer.candidates} == {issued, other}


def test_too_little_to_go_by(house):
    for query in (SearchQuery(), SearchQuery(number="1"), SearchQuery(holder_code=CODE)):
        with pytest.raises(Invalid) as caught:
            house.verify.by_fields(query, ASK)
        assert caught.value.problems[0].code == "fields-incomplete"


def test_a_revoked_certificate_is_found_by_its_number(house, issued):
    """The query never filters on valid states first."""
    revoke(house, issued)
    query = SearchQuery(type_code=TYPE, number="粤交运许可字0001号")
    assert house.verify.by_fields(query, ASK).report.code == "revoked"


def test_the_current_version_answers_for_a_number(house, issued):
    newer = house.issue.issue_one(CALLER, request("k2", supersedes=issued)).identifier
    query = SearchQuery(type_code=TYPE, number="粤交运许可字0001号")
    assert house.verify.by_fields(query, ASK).subject.identifier == newer
    assert house.verify.by_identifier(issued, ASK).report.code == "superseded"


def test_claims_are_compared_and_named(house, issued):
    claims = (Claim("holder_name", "别的公司"), Claim("KZ_JYFW", "旅客运输"))
    report = house.verify.by_identifier(issued, Question(claims=claims)).report
    assert (report.verdict, report.code) == (Verdict.INVALID, "mismatch")
    assert "持证主体、经营范围" in report.sentence.zh


def test_our_file_byte_for_byte_needs_no_reading(house, issued):
    _, pdf = house.read.file(CALLER, issued)
    reads = house.reader.reads
    answer = house.verify.by_file(pdf, ASK)
    assert (answer.report.verdict, answer.report.code) == (Verdict.VALID, "valid")
    assert house.reader.reads == reads
    revoke(house, issued)
    assert house.verify.by_file(pdf, ASK).report.code == "revoked"


@pytest.mark.parametrize("fault", ["timeout", "memory", "crashed", "busy"])
def test_a_file_on_record_that_no_reader_survives_is_valid_all_the_same(
    house, issued, monkeypatch, fault
):
    """Its digest speaks for it; the same file with one more octet cannot be told."""
    _, pdf = house.read.file(CALLER, issued)

    def read(pdf):
        return FileFacts("0" * 64, len(pdf), readable=False, fault=fault, looks_ours=True)

    monkeypatch.setattr(house.reader, "read", read)
    known = house.verify.by_file(pdf, ASK)
    assert (known.report.verdict, known.report.code) == (Verdict.VALID, "valid")
    assert known.file is None
    other = house.verify.by_file(pdf + b"\n", ASK)
    assert (other.report.verdict, other.report.code) == (Verdict.INDETERMINATE, "cannot-tell")
    assert (other.file.fault, other.subject) == (fault, None)


def test_a_known_file_is_asked_about_in_prepared_queries_alone(house, issued, monkeypatch):
    _, pdf = house.read.file(CALLER, issued)
    composed = []
    real = Connection.execute

    def execute(connection, statement, *rest, **options):
        composed.append(statement)
        return real(connection, statement, *rest, **options)

    monkeypatch.setattr(Connection, "execute", execute)
    assert house.verify.by_file(pdf, ASK).report.code == "valid"
    assert composed == []


@pytest.mark.parametrize("name", ["\x00", "\ud800", "1.2.156.3005.2.\x00", "'; drop", "x" * 128])
def test_a_file_may_call_itself_anything(house, name):
    page = json.dumps({"ZZBS": name})
    forged = json.dumps({"page": page, "signer": "x", "seal": 1}).encode()
    report = house.verify.by_file(forged, ASK).report
    assert (report.verdict, report.code) == (Verdict.INVALID, "seal-not-on-record")


def test_by_digest_says_the_same_as_the_file_and_nothing_of_others(house, issued, monkeypatch):
    _, pdf = house.read.file(CALLER, issued)
    digest = hashlib.sha256(pdf).hexdigest()
    assert house.verify.by_digest(digest, ASK) == house.verify.by_file(pdf, ASK)
    revoke(house, issued)
    assert house.verify.by_digest(digest, ASK).report.code == "revoked"
    assert house.verify.by_digest("0" * 64, ASK) is None
    assert house.reader.reads == 1, "of the issuing alone"
    with pytest.raises(Invalid):
        house.verify.by_digest(digest, Question(on=date(2026, 11, 23)))
    offline = VerifyCertificates(None, house.reader, house.clock)
    assert offline.by_digest(digest, ASK) is None

    def down():
        raise StoreUnavailable(what="x")

    monkeypatch.setattr(house.registry, "read", down)
    assert house.verify.by_digest(digest, ASK).report.code == "cannot-tell"


def test_a_file_with_a_good_seal_that_is_not_on_record(house, issued):
    _, pdf = house.read.file(CALLER, issued)
    again = pdf.replace(b'"seal": 1', b'"seal": 9')
    report = house.verify.by_file(again, ASK).report
    assert (report.verdict, report.code) == (Verdict.INVALID, "seal-not-on-record")


def test_the_trust_list_of_the_moment_decides_whom_to_believe(house, issued):
    """It limits files that somebody brings; what is on record byte for byte needs nobody's word."""
    _, pdf = house.read.file(CALLER, issued)
    again = pdf.replace(b'"seal": 1', b'"seal": 9')
    lists = [TrustList(7, house.clock.now(), None, "某市", ())]
    verify = VerifyCertificates(house.registry, house.reader, house.clock, trust=lambda: lists[-1])
    told = {item.check.value: item for item in verify.by_file(again, ASK).report.findings}
    assert "不在信任名单内" in told["seal"].zh
    assert told["seal"].evidence["trust_list"] == 7
    assert verify.by_file(pdf, ASK).report.code == "valid"


@pytest.mark.parametrize("year", [1, 1899, 9001])
def test_a_time_beyond_any_record_is_refused(house, issued, year):
    """Sums with it would leave the calendar."""
    question = Question(known_at=datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=14))))
    with pytest.raises(Invalid) as refused:
        house.verify.by_identifier(issued, question)
    assert refused.value.problems[0].field == "/known_at"


def test_altered_and_unreadable_files(house, issued):
    _, pdf = house.read.file(CALLER, issued)
    broken = pdf.replace(b'"seal": 1', b'"seal": 1, "broken": true')
    assert house.verify.by_file(broken, ASK).report.code == "altered"
    assert house.verify.by_file(b"nothing", ASK).report.code == "unreadable"
    assert house.verify.by_file(b"", ASK).report.verdict is Verdict.INVALID


def test_foreign_policy_judges_the_file_alone(house):
    pdf = b'{"page": "{\\"ZZBS\\": \\"\\"}", "signer": "", "seal": 1}'
    report = house.verify.by_file(pdf, Question(policy=FOREIGN)).report
    assert (report.verdict, report.code) == (Verdict.VALID, "foreign-valid")


def test_offline_never_says_valid(house, issued):
    _, pdf = house.read.file(CALLER, issued)
    offline = VerifyCertificates(None, PlainReader(), SetClock())
    report = offline.by_file(pdf, ASK).report
    assert report.verdict is Verdict.INDETERMINATE
    assert offline.by_identifier(issued, ASK).report.verdict is Verdict.INDETERMINATE


def test_a_registry_that_is_down_is_indeterminate(house, issued, monkeypatch):
    """INV-14, for each way of asking."""
    _, pdf = house.read.file(CALLER, issued)

    def down():
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(house.registry, "read", down)
    query = SearchQuery(type_code=TYPE, number="1")
    for answer in (
        house.verify.by_identifier(issued, ASK),
        house.verify.by_fields(query, ASK),
        house.verify.by_file(pdf, ASK),
    ):
        assert (answer.report.verdict, answer.report.code) == (Verdict.INDETERMINATE, "cannot-tell")


def test_uses_are_written_down(house, issued):
    answer = house.verify.by_identifier(issued, ASK)
    house.verify.record_use(CALLER, answer, "r-9")
    last = list(house.audit())[-1]
    assert (last.act, last.target, last.details["verdict"]) == ("verify", issued, "valid")
    assert not {"on", "known_at"} & last.details.keys()
    moment = house.clock.now() - timedelta(days=1, microseconds=5)
    past = house.verify.by_identifier(issued, Question(on=date(2026, 11, 20), known_at=moment))
    house.verify.record_use(CALLER, past, "r-10")
    last = list(house.audit())[-1]
    assert (last.details["on"], last.details["known_at"]) == ("2026-11-20", "2026-11-21T01:59:59Z")
    with pytest.raises(ScopeMissing):
        house.verify.record_use(replace(CALLER, scopes=frozenset()), answer, "r-9")


def test_persons_are_masked(house):
    """Anybody who asks sees the surname, no more."""
    from certlib.usecases.verify import subject_of
    from tests.unit.life.builders import content

    subject = subject_of(content(holders=(Holder("欧阳明远", "111", "445221198501010019"),)))
    assert "明远" not in str(subject)
    assert "445221198501010019" not in str(subject)
    assert order().holders[0].name == "揭阳市示例运输有限公司"


def test_a_past_day_has_the_paper_of_that_day(house):
    """Today's loss is no answer to a question about last week, nor one recorded afterwards."""
    printed = [
        Print(kind, f"{kind}-1", "揭阳市政务服务中心", house.clock.now(), copy_number=copy)
        for kind, copy in (("original", 0), ("duplicate", 1))
    ]
    forms = (Form("original"), Form("duplicate", 1))
    with_people(house, forms=["original", "duplicate"], holder_category="organisation")
    made = request(type_code=PEOPLE, forms=forms, paper=tuple(printed))
    identifier = house.issue.issue_one(CALLER, made).identifier
    house.clock.pass_time(days=10)
    known_before, lost_on = house.clock.now(), date(2026, 11, 27)
    house.clock.pass_time(hours=1)
    for place, kind in enumerate(("original", "duplicate")):
        act = SheetAct(identifier, PaperAct.LOSE, f"{kind}-1", f"l-{place}", lost_on)
        house.paper.happened(CALLER, act)

    def told(**asked):
        report = house.verify.by_identifier(identifier, Question(**asked)).report
        return report.code, [item.code for item in report.findings if item.check is Check.PAPER]

    both = ["paper-lost", "paper-copy-lost"]
    assert told() == ("paper-lost", both)
    assert told(on=lost_on) == ("paper-lost", both)
    assert told(on=date(2026, 11, 26)) == ("valid", [])
    assert told(on=lost_on, known_at=known_before) == ("valid", [])
    assert told(known_at=known_before) == ("valid", [])


def test_where_there_is_no_paper_nothing_is_asked_of_it():
    assert sheets_of(None, life.issued(), date(2026, 11, 20), None) == ()
