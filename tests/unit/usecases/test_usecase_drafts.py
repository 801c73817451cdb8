"""Two steps: one person makes, another reviews, a third seals; nothing is lost or invented between."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form
from certlib.errors import (
    CertificateNotFound,
    FaceNumberTaken,
    IdempotencyInProgress,
    IdempotencyMismatch,
    Invalid,
    IssuerNotAuthorised,
    OutsideDepartment,
    ScopeMissing,
    SigningUnavailable,
    StaleVersion,
    StoreUnavailable,
    TransitionForbidden,
    TypeNotPublished,
    TypeUnknown,
)
from certlib.issuing_errors import (
    DraftEnded,
    DraftNotFound,
    NotYetApproved,
    PersonMissing,
    SamePerson,
    SealerNotSeparate,
)
from certlib.page_errors import FaceOverflow
from certlib.paper import Print
from certlib.registry import DraftStatus, IntentStatus
from certlib.states import Action, State
from certlib.usecases import seal as seal_module
from certlib.usecases.caller import ISSUE, READ, REVIEW, SEAL
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.drafts import DraftAct
from certlib.usecases.verify import Question
from tests.unit.usecases.house import CALLER, DOWN, NUMBERED, STEPS, STRANGER, TYPE, request

MAKER = CALLER
REVIEWER = replace(CALLER, person="officer-2", request_id="r-2")
SEALER = replace(CALLER, person="officer-3", request_id="r-3")
NOBODY = replace(CALLER, person="")


def made(house, key="make-1", **changes):
    answer = house.make.make(MAKER, request(key, **{"type_code": STEPS, **changes}))
    return answer["identifier"]


def approved(house, key="make-1", **changes):
    identifier = made(house, key, **changes)
    house.review.approve(REVIEWER, DraftAct(identifier, "approve-" + key))
    return identifier


def draft_of(house, identifier):
    return house.drafts.draft(CALLER, identifier).draft


def test_made_reviewed_and_sealed_by_three_persons(house):
    identifier = approved(house)
    house.clock.pass_time(hours=1)
    answer = house.seal.seal(SEALER, DraftAct(identifier, "seal-1"))
    assert answer.identifier == identifier
    certificate = house.certificate(identifier)
    assert certificate.state is State.ISSUED
    assert certificate.content.sealed_by == "officer-3"
    assert certificate.content.sealed_at == house.clock.now()
    assert certificate.history[0].actor == "dept-system/officer-3"
    with house.registry.read() as session:
        intent = session.intent(identifier)
    assert (intent.requested_by, intent.approved_by, intent.sealed_by) == (
        "officer-1",
        ("officer-2",),
        "officer-3",
    )
    acts = [(record.act, record.actor) for record in house.audit()]
    assert acts == [
        ("make", "dept-system/officer-1"),
        ("approve", "dept-system/officer-2"),
        ("seal", "dept-system/officer-3"),
        ("issue", "dept-system/officer-3"),
    ]


def test_versions_of_the_record_only_grow(house):
    """What a reader held while it was a draft is never the ETag of the certificate."""
    identifier = approved(house)
    seen = draft_of(house, identifier).row_version
    answer = house.seal.seal(SEALER, DraftAct(identifier, "s"))
    assert answer.row_version > draft_of(house, identifier).row_version > seen


def test_nothing_is_sealed_before_the_seal(house):
    approved(house)
    assert house.sealer.seals == 0
    assert not house.objects.names()
    assert house.reconcile.run(take_over=True).published == 0
    assert house.counts().get("INTENT", 0) == 0


def test_only_its_own_department_knows_of_a_draft(house):
    """For others, and for the public, there is no such certificate; its own sees 待签发."""
    identifier = made(house)
    assert house.read.certificate(CALLER, identifier).state is State.DRAFT
    with house.registry.read() as session:
        assert session.status(identifier) is None
    for act in (house.drafts.draft, house.read.certificate):
        with pytest.raises((DraftNotFound, CertificateNotFound)):
            act(STRANGER, identifier)
    with pytest.raises(DraftNotFound):
        house.review.approve(
            replace(STRANGER, person="p"), DraftAct(identifier, "k", expected_version=1)
        )
    assert house.verify.by_identifier(identifier, Question()).report.code == "not-found"
    asked = Question(asked_by=STRANGER)
    assert house.verify.by_identifier(identifier, asked).report.code == "not-found"
    asked = Question(asked_by=CALLER)
    answer = house.verify.by_identifier(identifier, asked)
    assert (answer.report.code, answer.report.verdict) == ("draft", "invalid")
    dated = Question(asked_by=CALLER, on=date(2026, 11, 21))
    assert house.verify.by_identifier(identifier, dated).report.code == "draft"


def test_persons_are_compared_and_not_clients(house):
    identifier = made(house)
    other_system = replace(MAKER, client_id="second-system")
    with pytest.raises(SamePerson):
        house.review.approve(other_system, DraftAct(identifier, "k"))
    house.review.approve(REVIEWER, DraftAct(identifier, "k"))
    with pytest.raises(SamePerson):
        house.review.approve(REVIEWER, DraftAct(identifier, "k2"))
    for person in (MAKER, REVIEWER):
        with pytest.raises(SamePerson):
            house.seal.seal(person, DraftAct(identifier, "k3"))
    house.seal.seal(SEALER, DraftAct(identifier, "k3"))


def test_who_is_nobody_has_no_eyes(house):
    """A client that states no person cannot make, approve, return or seal where eyes count."""
    with pytest.raises(PersonMissing):
        house.make.make(NOBODY, request(type_code=STEPS))
    identifier = made(house)
    for act in (house.review.approve, house.review.give_back):
        with pytest.raises(PersonMissing):
            act(NOBODY, DraftAct(identifier, "k", "理由"))
    house.review.approve(REVIEWER, DraftAct(identifier, "k"))
    with pytest.raises(PersonMissing):
        house.seal.seal(NOBODY, DraftAct(identifier, "k"))


def test_a_type_without_separation_may_be_sealed_by_its_maker(house):
    identifier = house.make.make(NOBODY, request())["identifier"]
    assert house.seal.seal(NOBODY, DraftAct(identifier, "k")).identifier == identifier


def test_no_seal_without_approval(house):
    identifier = made(house)
    with pytest.raises(NotYetApproved) as caught:
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    assert caught.value.values == {"given": 0, "wanted": 1}
    assert draft_of(house, identifier).status is DraftStatus.OPEN


def test_every_step_needs_its_scope(house):
    act = DraftAct("i", "k")
    steps = (
        (ISSUE, lambda caller: house.make.make(caller, request("x", type_code=STEPS))),
        (ISSUE, lambda caller: house.review.discard(caller, act)),
        (REVIEW, lambda caller: house.review.approve(caller, act)),
        (SEAL, lambda caller: house.seal.seal(caller, act)),
        (READ, lambda caller: house.drafts.draft(caller, "i")),
        (READ, lambda caller: house.drafts.page(caller, "i")),
        (READ, lambda caller: house.drafts.listed(caller, DraftStatus.OPEN, 5, "")),
    )
    for scope, step in steps:
        with pytest.raises(ScopeMissing) as caught:
            step(replace(REVIEWER, scopes=CALLER.scopes - {scope}))
        assert caught.value.values == {"scope": scope}


def test_a_sealer_may_return_what_a_reviewer_may(house):
    identifier = approved(house)
    caller = replace(SEALER, scopes=frozenset({SEAL}))
    house.review.give_back(caller, DraftAct(identifier, "k", "与决定书不符"))
    with pytest.raises(ScopeMissing):
        house.review.give_back(replace(SEALER, scopes=frozenset({READ})), DraftAct("i", "k", "x"))


def test_a_returned_draft_keeps_its_reason_and_frees_its_number(house):
    """The identifier is used up, the number may be used again, the reason stays readable."""
    identifier = made(house)
    with pytest.raises(FaceNumberTaken):
        made(house, "make-2")
    with pytest.raises(Invalid) as caught:
        house.review.give_back(REVIEWER, DraftAct(identifier, "k", " "))
    assert caught.value.problems[0].field == "/reason"
    answer = house.review.give_back(REVIEWER, DraftAct(identifier, "k", " 经营范围有误 "))
    assert answer["status"] == "returned"
    found = draft_of(house, identifier)
    assert (found.note, found.ended_by) == ("经营范围有误", "officer-2")
    again = made(house, "make-3")
    assert again != identifier
    with pytest.raises(CertificateNotFound):
        house.read.certificate(CALLER, identifier)
    assert all("经营范围" not in str(record.details) for record in house.audit())


@pytest.mark.parametrize("ending", ["discard", "give_back", "seal"])
def test_what_has_ended_stays_ended(house, ending):
    identifier = approved(house)
    if ending == "seal":
        house.seal.seal(SEALER, DraftAct(identifier, "end"))
    else:
        getattr(house.review, ending)(REVIEWER, DraftAct(identifier, "end", "重复"))
    later = replace(REVIEWER, person="officer-4")
    for act in (house.review.approve, house.review.discard, house.review.give_back):
        with pytest.raises(DraftEnded) as caught:
            act(later, DraftAct(identifier, "later", "x"))
        assert caught.value.zh_text
    with pytest.raises(DraftEnded):
        house.seal.seal(SEALER, DraftAct(identifier, "later"))


def test_acts_insist_on_the_version_that_was_read(house):
    identifier = made(house)
    with pytest.raises(StaleVersion):
        house.review.approve(REVIEWER, DraftAct(identifier, "k", expected_version=7))
    house.review.approve(REVIEWER, DraftAct(identifier, "k", expected_version=1))
    with pytest.raises(StaleVersion):
        house.seal.seal(SEALER, DraftAct(identifier, "k", expected_version=1))
    house.seal.seal(SEALER, DraftAct(identifier, "k", expected_version=2))


def test_every_step_is_done_once_for_its_key(house):
    first = house.make.make(MAKER, request(type_code=STEPS))
    assert house.make.make(MAKER, request(type_code=STEPS)) == first
    with pytest.raises(IdempotencyMismatch):
        house.make.make(MAKER, request(type_code=STEPS, number="另一号"))
    act = DraftAct(first["identifier"], "k")
    assert house.review.approve(REVIEWER, act) == house.review.approve(REVIEWER, act)
    sealed = house.seal.seal(SEALER, act)
    again = house.seal.seal(SEALER, act)
    assert again.replayed
    assert replace(again, replayed=False) == sealed
    assert house.sealer.seals == 1


def test_the_page_is_tried_before_anything_is_reserved(house):
    house.renderer.error = FaceOverflow()
    with pytest.raises(FaceOverflow):
        made(house)
    assert not house.audit()
    with pytest.raises(FaceOverflow):
        house.make.check(MAKER, request(type_code=STEPS))


def test_a_dry_run_keeps_nothing_and_sees_a_number_that_is_taken(house):
    assert house.make.check(MAKER, request(type_code=STEPS)).version.type_code == STEPS
    assert not house.audit()
    made(house)
    with pytest.raises(FaceNumberTaken):
        house.make.check(MAKER, request("k2", type_code=STEPS))


def test_a_number_is_drawn_when_the_draft_is_made_and_not_by_its_trial(house):
    first = house.make.make(MAKER, request("n1", type_code=NUMBERED, number=""))
    second = house.make.make(MAKER, request("n2", type_code=NUMBERED, number=""))
    numbers = [draft_of(house, told["identifier"]).content.number for told in (first, second)]
    assert [number[-5:-1] for number in numbers] == ["0001", "0002"]


def test_a_draft_has_no_paper_yet(house):
    sheet = Print("original", "P-1", "窗口", house.clock.now())
    with pytest.raises(Invalid) as caught:
        made(house, paper=(sheet,))
    assert [(item.field, item.code) for item in caught.value.problems] == [
        ("/paper", "paper-later")
    ]


def test_one_key_at_once_makes_one_draft(house, monkeypatch):
    """The other request was first by less than the trial of the page takes."""
    trial = house.renderer.render

    def meanwhile(page):
        monkeypatch.undo()
        nonlocal first
        first = house.make.make(MAKER, request("same", type_code=STEPS))
        return trial(page)

    first = None
    monkeypatch.setattr(house.renderer, "render", meanwhile)
    assert (
        house.make.make(MAKER, request("same", type_code=STEPS))["identifier"]
        == first["identifier"]
    )
    assert len(house.drafts.listed(CALLER, DraftStatus.OPEN, 9, "").drafts) == 1


def test_the_page_of_a_draft_says_that_it_is_one(house):
    identifier = made(house)
    assert house.drafts.page(CALLER, identifier).startswith(b"%DRAFT ")
    with pytest.raises(DraftNotFound):
        house.drafts.page(STRANGER, identifier)


def test_a_page_without_its_type_is_not_made(house, monkeypatch):
    identifier = made(house)
    _without_type(house, monkeypatch)
    with pytest.raises(TypeUnknown):
        house.drafts.page(CALLER, identifier)


def test_a_list_goes_page_by_page_oldest_first(house):
    wanted = []
    for number in range(5):
        wanted.append(made(house, f"m{number}", number=f"N{number}"))
        house.clock.pass_time(seconds=number % 2)
    seen, after = [], ""
    while True:
        page = house.drafts.listed(CALLER, DraftStatus.OPEN, 2, after)
        seen += [draft.identifier for draft in page.drafts]
        after = page.after
        if not after:
            break
    assert sorted(seen) == sorted(wanted)
    assert seen[0] in wanted[:2]
    moments = [draft_of(house, identifier).recorded_at for identifier in seen]
    assert moments == sorted(moments)
    assert house.drafts.listed(STRANGER, DraftStatus.OPEN, 5, "").drafts == []
    house.review.discard(MAKER, DraftAct(wanted[0], "d"))
    assert len(house.drafts.listed(CALLER, DraftStatus.OPEN, 9, "").drafts) == 4
    assert len(house.drafts.listed(CALLER, DraftStatus.DISCARDED, 9, "").drafts) == 1


def test_an_outage_after_the_seal_is_finished_by_the_reconciler(house):
    identifier = approved(house)
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    with pytest.raises(IdempotencyInProgress):
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    assert house.drafts.draft(CALLER, identifier).outcome is IntentStatus.PENDING
    assert house.read.certificate(CALLER, identifier).state is State.DRAFT
    house.sealer.error = None
    assert house.reconcile.run().published == 1
    assert house.seal.seal(SEALER, DraftAct(identifier, "k")).replayed
    assert house.drafts.draft(CALLER, identifier).outcome is IntentStatus.PUBLISHED


def test_a_publication_that_is_lost_is_published_later(house, monkeypatch):
    identifier = approved(house)

    def lost(*_):
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(seal_module, "publish", lost)
    with pytest.raises(StoreUnavailable):
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    monkeypatch.undo()
    stored = house.objects.names()
    assert house.reconcile.run(take_over=True).published == 1
    assert house.objects.names() == stored


def test_a_sealed_draft_that_can_never_be_made_is_given_up(house):
    """The design has changed under it: burned, its number free, its department told."""
    identifier = approved(house)
    house.renderer.error = FaceOverflow()
    with pytest.raises(FaceOverflow):
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    house.renderer.error = None
    assert house.drafts.draft(CALLER, identifier).outcome is IntentStatus.BURNED
    with pytest.raises(CertificateNotFound):
        house.read.certificate(CALLER, identifier)
    assert made(house, "again") != identifier


def test_what_was_right_when_it_was_made_is_asked_again_at_the_seal(house, monkeypatch):
    """Type closed or gone, issuer off the list: nothing is sealed, the draft stays."""
    identifier = approved(house)
    original = house.registry.begin
    with house.registry.read() as session:
        version = session.type_version(STEPS, "2026.1")
    closed = replace(version, usable_until=date(2026, 1, 1))
    for found, error in ((closed, TypeNotPublished), (None, TypeUnknown)):
        _patch_unit(monkeypatch, house, original, "type_version", lambda *_, it=found: it)
        with pytest.raises(error):
            house.seal.seal(SEALER, DraftAct(identifier, "k"))
    _patch_unit(monkeypatch, house, original, "issue_list", lambda *_: [])
    with pytest.raises(IssuerNotAuthorised):
        house.seal.seal(SEALER, DraftAct(identifier, "k"))
    monkeypatch.undo()
    assert draft_of(house, identifier).status is DraftStatus.OPEN
    assert house.seal.seal(SEALER, DraftAct(identifier, "k"))


def test_a_draft_may_be_the_next_version(house):
    first = house.issue.issue_one(CALLER, request(number="号1"))
    identifier = house.make.make(
        MAKER, request("m", number="", supersedes=first.identifier, supersede_reason="change")
    )["identifier"]
    assert house.certificate(first.identifier).state is State.ISSUED
    house.seal.seal(SEALER, DraftAct(identifier, "s"))
    assert house.certificate(first.identifier).superseded_by == identifier
    assert house.certificate(identifier).content.number == "号1"


def test_a_draft_whose_predecessor_has_ended_is_not_sealed(house):
    first = house.issue.issue_one(CALLER, request(number="号1"))
    identifier = house.make.make(MAKER, request("m", number="号2", supersedes=first.identifier))[
        "identifier"
    ]
    decision = Decision(Action.REVOKE, "penalty", date(2026, 11, 22), "法", "号", "机关")
    house.change.change(CALLER, ChangeRequest(first.identifier, decision, "r"))
    with pytest.raises(TransitionForbidden):
        house.seal.seal(SEALER, DraftAct(identifier, "s"))
    assert house.certificate(first.identifier).state is State.REVOKED


def test_an_identifier_of_a_draft_is_not_given_again(house):
    """Two revisions at once: versions 2 and 3, whatever becomes of the first one."""
    first = house.issue.issue_one(CALLER, request(number="号1"))
    second = house.make.make(MAKER, request("m2", number="号2", supersedes=first.identifier))
    third = house.make.make(MAKER, request("m3", number="号3", supersedes=first.identifier))
    assert [item["identifier"].split(".")[-2] for item in (second, third)] == ["002", "003"]


def test_a_draft_carries_its_files_to_the_seal(house):
    forms = (ORIGINAL, Form("duplicate"), Form("duplicate"), Form("annex"))
    identifier = approved(house, forms=forms)
    answer = house.seal.seal(SEALER, DraftAct(identifier, "s"))
    assert [(file.form, file.copy_number) for file in answer.files] == [
        ("original", 0),
        ("duplicate", 1),
        ("duplicate", 2),
        ("annex", 1),
    ]


def test_one_call_for_a_type_with_a_sealer_apart_names_its_maker(house):
    """The caller seals; who made it is named, and nobody has two parts."""
    good = request(type_code=STEPS, approved_by=("officer-2",), made_by="officer-1")
    for made_by in ("", "officer-3"):
        bad = replace(good, order=replace(good.order, made_by=made_by))
        with pytest.raises(SealerNotSeparate):
            house.issue.issue_one(SEALER, bad)
    with pytest.raises(PersonMissing):
        house.issue.issue_one(replace(SEALER, person=""), good)
    without = replace(SEALER, scopes=SEALER.scopes - {SEAL})
    with pytest.raises(ScopeMissing):
        house.issue.issue_one(without, good)
    answer = house.issue.issue_one(SEALER, good)
    with house.registry.read() as session:
        intent = session.intent(answer.identifier)
    assert (intent.requested_by, intent.sealed_by) == ("officer-1", "officer-3")


def test_another_departments_principal_is_not_named(house):
    with pytest.raises((OutsideDepartment, IssuerNotAuthorised)):
        house.make.make(STRANGER, request(type_code=TYPE))


def _without_type(house, monkeypatch):
    original = house.registry.read
    _patch_unit(monkeypatch, house, original, "type_version", lambda *_: None, name="read")


def _patch_unit(monkeypatch, house, original, method, answer, name="begin"):
    """Lets every unit answer one question differently."""
    from contextlib import contextmanager

    @contextmanager
    def opened():
        with original() as unit:
            monkeypatch.setattr(unit, method, answer)
            yield unit

    monkeypatch.setattr(house.registry, name, opened)
