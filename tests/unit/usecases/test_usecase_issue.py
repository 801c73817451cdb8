"""The way of a certificate: each step leaves the record such that a crash there loses nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certlib import ids
from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form, Holder
from certlib.errors import (
    ApprovalMissing,
    CertificateNotFound,
    CertlibError,
    FaceNumberTaken,
    IdempotencyInProgress,
    IdempotencyMismatch,
    Invalid,
    IssuerNotAuthorised,
    OutsideDepartment,
    ScopeMissing,
    SealMismatch,
    SigningUnavailable,
    StoreUnavailable,
    TransitionForbidden,
    TypeNotPublished,
    TypeUnknown,
)
from certlib.issuing_errors import PersonMissing
from certlib.page_errors import FaceOverflow, PictureUnusable
from certlib.paper import Print
from certlib.registry import IntentStatus
from certlib.states import Action, State
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.order_checks import paper_problems
from tests.unit.usecases.house import (
    CALLER,
    CLOSED,
    DOWN,
    FOUR_EYES,
    STRANGER,
    TYPE,
    order,
    request,
)


def test_one_certificate(house):
    """Issued, stored, on record, in the history, in the outbox; the identifier is well formed."""
    answer = house.issue.issue_one(CALLER, request())
    assert ids.parse(answer.identifier).grade == "ISO"
    certificate = house.certificate(answer.identifier)
    assert certificate.state is State.ISSUED
    assert certificate.files[0].sha256 == answer.sha256
    assert house.read.bytes_of(certificate.files[0])
    assert certificate.content.demonstration
    assert certificate.content.seal_name == "揭阳市交通运输局电子印章"
    assert [record.act for record in house.audit()] == ["reserve", "issue"]
    assert house.audit()[0].details["request_id"] == "r-1"
    assert house.counts()["ISSUED"] == 1


def test_the_same_key_gets_the_same_certificate(house):
    first = house.issue.issue_one(CALLER, request())
    again = house.issue.issue_one(CALLER, request())
    assert replace(again, replayed=False) == first
    assert again.replayed
    assert house.sealer.seals == 1


def test_the_same_key_with_another_body_is_refused(house):
    house.issue.issue_one(CALLER, request())
    with pytest.raises(IdempotencyMismatch):
        house.issue.issue_one(CALLER, request(number="另一号"))


def test_keys_belong_to_their_client(house):
    house.issue.issue_one(CALLER, request())
    other = replace(CALLER, client_id="second-system")
    assert not house.issue.issue_one(other, request(number="第二号")).replayed


def test_a_group_keeps_good_rows_and_names_bad_ones(house):
    """5 rows: one of bad schema, one repeated number, one of another department."""
    rows = [
        request("k1", number="A1"),
        request("k2", number="A2", fields={}),
        request("k3", number="A1"),
        request("k4", number="A4", issuer_code="11445200990090016H"),
        request("k5", number="A5"),
    ]
    outcomes = house.issue.issue(CALLER, rows)
    kinds = [type(item).__name__ for item in outcomes]
    assert kinds == [
        "IssueAnswer",
        "Invalid",
        "FaceNumberTaken",
        "OutsideDepartment",
        "IssueAnswer",
    ]
    assert house.counts()["ISSUED"] == 2


def test_group_again_is_replayed_row_by_row(house):
    rows = [request(f"k{n}", number=f"N{n}") for n in range(5)]
    first = house.issue.issue(CALLER, rows)
    second = house.issue.issue(CALLER, rows)
    assert [item.identifier for item in first] == [item.identifier for item in second]
    assert all(item.replayed for item in second)
    assert house.counts()["ISSUED"] == 5


def test_the_same_key_twice_in_one_group_issues_once(house):
    outcomes = house.issue.issue(CALLER, [request("k", number="N"), request("k", number="N")])
    assert house.counts()["ISSUED"] == 1
    assert isinstance(outcomes[1], IdempotencyInProgress)


def test_dry_run_stores_nothing(house):
    results = house.issue.check(CALLER, [request(), request(fields={})])
    assert not isinstance(results[0], CertlibError)
    assert isinstance(results[1], Invalid)
    assert len(house.audit()) == 0
    assert house.counts().get("INTENT", 0) == 0


def test_dry_run_sees_a_number_that_is_taken(house):
    """And takes none itself: after the dry run the same order is issued."""
    house.issue.issue_one(CALLER, request())
    taken, free = house.issue.check(CALLER, [request("k2"), request("k3", number="N3")])
    assert isinstance(taken, FaceNumberTaken)
    assert not isinstance(free, CertlibError)
    assert house.counts().get("INTENT", 0) == 0
    assert house.issue.issue_one(CALLER, request("k3", number="N3")).identifier


def test_an_outage_keeps_the_intent_and_the_key(house):
    """Sealing is down: 503; the same key waits; the reconciler finishes; the key answers."""
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        house.issue.issue_one(CALLER, request())
    with pytest.raises(IdempotencyInProgress):
        house.issue.issue_one(CALLER, request())
    assert house.counts()["INTENT"] == 1
    house.sealer.error = None
    assert house.reconcile.run().published == 1
    answer = house.issue.issue_one(CALLER, request())
    assert answer.replayed
    assert house.certificate(answer.identifier).state is State.ISSUED


def test_a_lease_protects_a_process_that_is_alive(house, monkeypatch):
    """What another process works on is left alone until its lease has ended."""
    monkeypatch.setattr(house.issue, "_produce", _crash)
    with pytest.raises(_CrashError):
        house.issue.issue_one(CALLER, request())
    assert house.reconcile.run().published == 0
    house.clock.pass_time(seconds=61)
    assert house.reconcile.run().published == 1


def test_take_over_at_start_ignores_leases(house, monkeypatch):
    monkeypatch.setattr(house.issue, "_produce", _crash)
    with pytest.raises(_CrashError):
        house.issue.issue_one(CALLER, request())
    assert house.reconcile.run(take_over=True).published == 1


def test_crash_after_storing_publishes_what_lies_there(house, monkeypatch):
    """A sealed file under the reserved name is published, not sealed a second time."""
    monkeypatch.setattr(house.issue, "_publish", _crash)
    with pytest.raises(_CrashError):
        house.issue.issue_one(CALLER, request())
    stored = house.objects.names()
    assert len(stored) == 1
    assert house.reconcile.run(take_over=True).published == 1
    assert house.sealer.seals == 1
    assert house.objects.names() == stored


def test_a_foreign_object_under_the_name_is_never_published(house, monkeypatch):
    """What does not verify against the intent stays unpublished and is burned in the end."""
    monkeypatch.setattr(house.issue, "_produce", _crash)
    with pytest.raises(_CrashError):
        house.issue.issue_one(CALLER, request())
    with house.registry.read() as session:
        intent = session.pending_intents()[0]
    house.objects.put_once(intent.object_name(), b"something else")
    for _ in range(3):
        assert house.reconcile.run(take_over=True).failed == 1
    assert house.reconcile.run(take_over=True).burned == 1
    assert house.counts().get("ISSUED", 0) == 0
    assert not house.objects.names()
    with house.registry.read() as session:
        assert session.intent(intent.identifier).status is IntentStatus.BURNED
    # Number and key are free again; the identifier is not.
    monkeypatch.undo()
    again = house.issue.issue_one(CALLER, request())
    assert again.identifier != intent.identifier


def test_a_seal_that_is_not_the_intent_is_not_stored(house, monkeypatch):
    real = house.sealer.seal
    monkeypatch.setattr(
        house.sealer,
        "seal",
        lambda pdf, content, level: real(pdf.replace(b"445202", b"445203"), content, level),
    )
    with pytest.raises(SealMismatch):
        house.issue.issue_one(CALLER, request())
    assert not house.objects.names()
    assert house.counts().get("ISSUED", 0) == 0


def test_a_page_that_cannot_hold_the_text_burns_at_once(house):
    house.renderer.error = FaceOverflow(what="/fields/KZ_JYFW")
    with pytest.raises(FaceOverflow):
        house.issue.issue_one(CALLER, request())
    assert house.counts().get("INTENT", 0) == 0
    house.renderer.error = None
    assert house.issue.issue_one(CALLER, request()).identifier


def test_a_store_that_is_down_says_so(house, monkeypatch):
    def broken(name, content):
        raise StoreUnavailable(what="objects")

    monkeypatch.setattr(house.objects, "put_once", broken)
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request())
    assert house.counts()["INTENT"] == 1


def test_supersede_makes_the_next_version_of_the_lineage(house):
    first = house.issue.issue_one(CALLER, request())
    second = house.issue.issue_one(CALLER, request("key-2", supersedes=first.identifier))
    old, new = ids.parse(first.identifier).identifier, ids.parse(second.identifier).identifier
    assert old.lineage == new.lineage
    assert (old.version, new.version) == (1, 2)
    before = house.certificate(first.identifier)
    assert before.state is State.SUPERSEDED
    assert before.superseded_by == second.identifier
    assert house.certificate(second.identifier).content.number == before.content.number


def test_a_burned_version_is_skipped_in_the_lineage(house):
    """Version 2 was burned: the next attempt is version 3, never 2 again."""
    first = house.issue.issue_one(CALLER, request())
    house.renderer.error = FaceOverflow(what="/fields/KZ_JYFW")
    with pytest.raises(FaceOverflow):
        house.issue.issue_one(CALLER, request("k2", supersedes=first.identifier))
    house.renderer.error = None
    third = house.issue.issue_one(CALLER, request("k3", supersedes=first.identifier))
    assert ids.parse(third.identifier).identifier.version == 3


def test_only_a_current_version_of_the_same_kind_is_superseded(house):
    first = house.issue.issue_one(CALLER, request())
    with pytest.raises(CertificateNotFound):
        house.issue.issue_one(CALLER, request("k2", supersedes="1.2.156.3005.2.none"))
    house.issue.issue_one(CALLER, request("k3", supersedes=first.identifier))
    with pytest.raises(TransitionForbidden):
        house.issue.issue_one(CALLER, request("k4", supersedes=first.identifier))


def test_what_publication_would_refuse_is_refused_before_anything_is_reserved(house):
    """A version cannot replace one that was issued after it."""
    first = house.issue.issue_one(CALLER, request())
    issued = house.certificate(first.identifier).content.issue_date
    early = issued - timedelta(days=1)
    late = request("k2", supersedes=first.identifier, issue_date=early, valid_from=early)
    before = house.counts()
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, late)
    assert [item.field for item in caught.value.problems] == ["/issue_date"]
    assert house.counts() == before


def test_an_ended_predecessor_burns_its_successor_at_once(house, monkeypatch):
    """Revoked while its successor is made: nothing sealed stays, and the key is free again."""
    first = house.issue.issue_one(CALLER, request())
    decision = Decision(Action.REVOKE, "penalty", date(2026, 11, 22), "法", "号", "机关")
    render = house.renderer.render

    def meanwhile(order):
        house.change.change(CALLER, ChangeRequest(first.identifier, decision, "r"))
        return render(order)

    monkeypatch.setattr(house.renderer, "render", meanwhile)
    again = request("k2", supersedes=first.identifier)
    with pytest.raises(TransitionForbidden):
        house.issue.issue_one(CALLER, again)
    with house.registry.read() as session:
        assert session.pending_intents() == []
        assert session.idempotency(CALLER.client_id, "issue", "k2") is None
    with pytest.raises(TransitionForbidden):
        house.issue.issue_one(CALLER, again)


def test_nothing_ends_before_it_is_issued(house):
    past = date(2001, 1, 1)
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request(valid_from=past, valid_to=past))
    assert [item.field for item in caught.value.problems] == ["/valid_to"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type_code": "11100000000019713D999"}, TypeUnknown),
        ({"type_code": CLOSED}, TypeNotPublished),
        ({"type_version": "1999.9"}, TypeUnknown),
        (
            {"issue_date": date(2019, 12, 31), "valid_from": None, "valid_to": None},
            IssuerNotAuthorised,
        ),
        ({"type_code": FOUR_EYES}, ApprovalMissing),
        ({"type_code": FOUR_EYES, "approved_by": ("officer-1",)}, ApprovalMissing),
        ({"type_code": FOUR_EYES, "approved_by": ("officer-1", "officer-2")}, ApprovalMissing),
        ({"issuer_code": "11445200990090016H"}, OutsideDepartment),
    ],
)
def test_refusals_before_anything_is_reserved(house, change, error):
    with pytest.raises(error):
        house.issue.issue_one(CALLER, request(**change))
    assert len(house.audit()) == 0
    assert house.counts().get("INTENT", 0) == 0


def test_a_term_that_is_not_given_is_told_with_the_longest(house):
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request(valid_to=None))
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("/valid_to", "valid-to-missing")
    assert "4年" in problem.zh
    assert "4 years" in problem.en


def test_four_eyes_are_kept_with_the_intent(house):
    answer = house.issue.issue_one(CALLER, request(type_code=FOUR_EYES, approved_by=("officer-2",)))
    with house.registry.read() as session:
        intent = session.intent(answer.identifier)
    assert intent.approved_by == ("officer-2",)
    assert intent.approvals_required == 1
    assert intent.requested_by == "officer-1"


def test_a_client_without_a_person_cannot_say_that_another_person_approved(house):
    """Nobody could tell whether the approver and whoever sits at the client are two persons."""
    nobody = replace(CALLER, person="")
    with pytest.raises(PersonMissing):
        house.issue.issue_one(nobody, request(type_code=FOUR_EYES, approved_by=("officer-2",)))
    assert len(house.audit()) == 0
    assert house.issue.issue_one(nobody, request()).identifier


def test_scope_is_needed(house):
    reader = replace(CALLER, scopes=frozenset({"certificates:read"}))
    with pytest.raises(ScopeMissing):
        house.issue.issue_one(reader, request())
    with pytest.raises(OutsideDepartment):
        house.issue.issue_one(STRANGER, request())


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"number": " "}, "/number", "number-missing"),
        ({"number": "9" * 129}, "/number", "number-missing"),
        ({"forms": (ORIGINAL, Form("poster"))}, "/forms/1/form", "form-unknown"),
        ({"fields": {}}, "/fields/KZ_JYFW", "field-missing"),
        ({"fields": {"KZ_JYFW": "x" * 101}}, "/fields/KZ_JYFW", "too-long"),
        ({"fields": {"KZ_JYFW": "x", "KZ_CLS": "3"}}, "/fields/KZ_CLS", "type-wrong"),
        ({"fields": {"KZ_JYFW": "x", "KZ_CLS": -1}}, "/fields/KZ_CLS", "too-small"),
        ({"fields": {"KZ_JYFW": "x", "KZ_Q": 1}}, "/fields/KZ_Q", "field-unknown"),
        ({"division_code": "445299"}, "/division_code", "division-unknown"),
        ({"division_code": "445221"}, "/division_code", "division-unknown"),
        ({"valid_to": date(2026, 11, 19)}, "/valid_to", "date-order"),
        ({"valid_to": date(2030, 11, 21)}, "/valid_to", "term-too-long"),
        ({"valid_to": None}, "/valid_to", "valid-to-missing"),
        ({"valid_from": None, "valid_to": None}, "/valid_to", "valid-to-missing"),
        ({"issue_date": date(2026, 11, 23)}, "/issue_date", "date-order"),
        ({"decision_date": date(2026, 11, 22)}, "/decision_date", "date-order"),
        ({"accepted_on": date(2026, 11, 23)}, "/accepted_on", "date-order"),
        ({"number": "揭交许〔〕12号"}, "/number", "number-incomplete"),
        ({"number": "揭交许【 】12号"}, "/number", "number-incomplete"),
        ({"number": "揭交许（）12号"}, "/number", "number-incomplete"),
        ({"decision_number": "揭交许〔〕12号"}, "/decision_number", "number-incomplete"),
        (
            {
                "holders": (
                    Holder("公司", "001", "91445202MA9TEXT00K"),
                    Holder("某公司", "001", "91445202ma9text00k "),
                )
            },
            "/holders/1/code",
            "holder-twice",
        ),
        ({"holders": ()}, "/holders", "holder-count"),
        (
            {"holders": (Holder("公司", "001", "91445202MA9TEXT001"),)},
            "/holders/0/code",
            "check-character",
        ),
        (
            {"holders": (Holder("李四", "111", "445221198501010019"),)},
            "/holders/0/code_type",
            "holder-category",
        ),
        ({"holders": (Holder("公司", "777", "1"),)}, "/holders/0/code_type", "code-type-unknown"),
        (
            {"holders": (Holder(" ", "001", "91445202MA9TEXT00K"),)},
            "/holders/0/name",
            "holder-name",
        ),
        (
            {"holders": (Holder("𰻝面公司", "001", "91445202MA9TEXT00K"),)},
            "/holders/0/name",
            "character-unprintable",
        ),
        ({"fields": {"KZ_JYFW": "a\u202eb"}}, "/fields/KZ_JYFW", "character-forbidden"),
    ],
)
def test_each_fault_is_named_with_its_field(house, change, field, code):
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request(**change))
    assert (field, code) in [(item.field, item.code) for item in caught.value.problems]
    assert all(item.zh and item.en for item in caught.value.problems)
    assert house.counts().get("INTENT", 0) == 0


def test_a_type_without_paper_takes_no_sheet(house):
    with house.registry.read() as session:
        version = replace(session.type_version(TYPE, "2026.1"), paper=False)
    sheet = Print("original", "P-1", "窗口", datetime(2026, 11, 21, tzinfo=UTC))
    found = list(paper_problems(order(paper=(sheet,)), version, (ORIGINAL,), date(2026, 11, 22)))
    assert [(item.field, item.code) for item in found] == [("/paper", "paper-unwanted")]
    assert not list(paper_problems(order(), version, (ORIGINAL,), date(2026, 11, 22)))


def test_what_only_the_page_knows_is_asked_before_anything_is_reserved(house):
    refusal = PictureUnusable(field_path="/fields/KZ_ZP").as_problem()
    house.renderer.refusals = (refusal,)

    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, request())
    assert caught.value.problems == (refusal,)
    assert house.counts().get("INTENT", 0) == 0


def test_all_faults_at_once(house):
    bad = request(number="", fields={"KZ_Q": 1}, division_code="000000", holders=())
    with pytest.raises(Invalid) as caught:
        house.issue.issue_one(CALLER, bad)
    fields = {item.field for item in caught.value.problems}
    assert fields >= {"/number", "/fields/KZ_JYFW", "/fields/KZ_Q", "/division_code", "/holders"}


def test_codes_are_kept_in_normal_form(house):
    holder = Holder(" 揭阳市示例运输有限公司 ", "001", "９１445202ma9text00k ")
    answer = house.issue.issue_one(CALLER, request(holders=(holder,)))
    kept = house.certificate(answer.identifier).content.holders[0]
    assert kept == Holder("揭阳市示例运输有限公司", "001", "91445202MA9TEXT00K")


def test_a_leap_day_term_ends_on_the_last_of_february(house):
    start = date(2024, 2, 29)
    good = request(issue_date=start, valid_from=start, valid_to=date(2028, 2, 29))
    assert house.issue.issue_one(CALLER, good)
    three = order(issue_date=start, valid_from=start)
    assert three.request_digest() != order().request_digest()


def test_face_number_is_taken_until_the_certificate_ends(house):
    house.issue.issue_one(CALLER, request())
    with pytest.raises(FaceNumberTaken):
        house.issue.issue_one(CALLER, request("k2"))


class _CrashError(Exception):
    """kill -9, as far as one process can."""


def _crash(*_):
    raise _CrashError
