"""Several files of one certificate: all or none, each with its own digest, more of them later."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.certificate import Decision
from certlib.document import ORIGINAL, Form
from certlib.errors import (
    ApprovalMissing,
    CertificateNotFound,
    Conflict,
    IdempotencyInProgress,
    Invalid,
    IssuerNotAuthorised,
    OutsideDepartment,
    ScopeMissing,
    SealMismatch,
    SigningUnavailable,
    StaleVersion,
    StoreUnavailable,
    TransitionForbidden,
    TypeUnknown,
)
from certlib.issuing_errors import FormTaken
from certlib.page_errors import FaceOverflow
from certlib.registry import IntentStatus
from certlib.states import Action
from certlib.usecases import add_form as add_form_module
from certlib.usecases.add_form import FormRequest
from certlib.usecases.burn import burn
from certlib.usecases.caller import ISSUE
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.four_eyes import Hands
from certlib.usecases.publish import publish_form
from certlib.usecases.verify import Question
from storage.unit_of_work import SqlUnitOfWork
from tests.unit.usecases.house import CALLER, DOWN, STEPS, STRANGER, TYPE, request

HANDS = Hands("officer-1", ("officer-2",))
SEALER = replace(CALLER, person="officer-3")
FORMS = (ORIGINAL, Form("duplicate"), Form("duplicate"), Form("annex", 4))


def issued(house, key="k", **changes):
    hands = {"made_by": HANDS.made_by, "approved_by": HANDS.approved_by}
    order = {"type_code": STEPS, "forms": FORMS, **hands, **changes}
    return house.issue.issue_one(SEALER, request(key, **order)).identifier


def add(house, identifier, form=None, key="add", caller=SEALER, hands=HANDS, **more):
    wanted = FormRequest(identifier, form or Form("duplicate"), key, hands, **more)
    return house.add_form.add(caller, wanted)


def forms_of(house, identifier):
    return [file.file_form for file in house.certificate(identifier).files]


def test_all_files_of_one_order_are_issued_together(house):
    """One record, one identifier; contents differ in form and number alone."""
    identifier = issued(house)
    certificate = house.certificate(identifier)
    assert forms_of(house, identifier) == [
        ORIGINAL,
        Form("annex", 4),
        Form("duplicate", 1),
        Form("duplicate", 2),
    ]
    assert house.counts()["ISSUED"] == 1
    contents = set()
    for file in certificate.files:
        kept, pdf = house.read.file(SEALER, identifier, file.file_form)
        content = certificate.content.in_form(file.file_form)
        assert kept.content_digest == content.digest()
        assert content.canonical().decode() in house.reader.read(pdf).content
        contents.add(kept.content_digest)
    assert len(contents) == 4
    assert certificate.files[0].content_digest == certificate.content.digest()
    issue = next(record for record in house.audit() if record.act == "issue")
    assert len(issue.details["further_sha256"]) == 3


def test_the_verdict_names_the_file(house):
    identifier = issued(house)
    _, pdf = house.read.file(SEALER, identifier, Form("duplicate", 2))
    report = house.verify.by_file(pdf, Question()).report
    assert report.verdict == "valid"
    assert "副本2" in report.sentence.zh
    assert "duplicate 2" in report.sentence.en
    evidence = report.findings[0].evidence
    assert (evidence["form"], evidence["copy_number"]) == ("duplicate", 2)
    _, original = house.read.file(SEALER, identifier)
    assert "正本" not in house.verify.by_file(original, Question()).report.sentence.zh


@pytest.mark.parametrize(
    ("forms", "field", "code"),
    [
        ((Form("duplicate"),), "/forms", "form-original-missing"),
        ((ORIGINAL, ORIGINAL), "/forms", "form-twice"),
        ((ORIGINAL, Form("duplicate", 2), Form("duplicate", 2)), "/forms", "form-twice"),
        ((ORIGINAL, Form("drawing")), "/forms/1/form", "form-not-of-type"),
        ((ORIGINAL, Form("poster")), "/forms/1/form", "form-unknown"),
        ((ORIGINAL, Form("original", 1)), "/forms/1/copy_number", "copy-number"),
        ((ORIGINAL, Form("duplicate", 1000)), "/forms/1/copy_number", "copy-number"),
        ((ORIGINAL, *(Form("duplicate") for _ in range(20))), "/forms", "form-count"),
    ],
)
def test_what_files_an_order_may_not_have(house, forms, field, code):
    with pytest.raises(Invalid) as caught:
        issued(house, forms=forms)
    assert (field, code) in [(item.field, item.code) for item in caught.value.problems]
    assert not house.objects.names()


def test_a_file_that_fails_keeps_all_the_others_back(house, monkeypatch):
    """The third page is too long: nothing is published, nothing stays in the store."""
    real, calls = house.renderer.render, []

    def render(order):
        calls.append(order.content.file_form)
        if len(calls) == 3:
            raise FaceOverflow
        return real(order)

    monkeypatch.setattr(house.renderer, "render", render)
    with pytest.raises(FaceOverflow):
        issued(house)
    assert house.objects.names() == []
    assert house.counts().get("ISSUED", 0) == 0


def test_an_outage_between_files_is_finished_by_the_reconciler(house, monkeypatch):
    """What was sealed is not sealed again; the rest is."""
    real, seals = house.sealer.seal, []

    def seal(pdf, content, level):
        seals.append(content.file_form)
        if len(seals) == 3:
            raise DOWN
        return real(pdf, content, level)

    monkeypatch.setattr(house.sealer, "seal", seal)
    with pytest.raises(SigningUnavailable):
        issued(house)
    left = house.objects.names()
    assert len(left) == 2
    assert house.reconcile.run().published == 1
    assert set(left) < set(house.objects.names())
    assert len(seals) == 5
    assert house.sealer.seals == 4


def test_a_foreign_object_under_the_name_of_one_file_stops_all(house, monkeypatch):
    monkeypatch.setattr(house.sealer, "error", DOWN)
    with pytest.raises(SigningUnavailable):
        issued(house)
    monkeypatch.undo()
    with house.registry.read() as session:
        intent = session.pending_intents()[0]
    house.objects.put_once(intent.files[2].object_name, b"something else")
    for _ in range(3):  # the outage before was no fault of it
        assert house.reconcile.run(take_over=True).failed == 1
    assert house.counts().get("ISSUED", 0) == 0
    assert house.reconcile.run(take_over=True).burned == 1
    assert house.objects.names() == []


def test_a_file_sealed_as_another_form_is_not_published(house, monkeypatch):
    """A 副本 whose content says 正本 is not what was intended."""
    real = house.sealer.seal
    monkeypatch.setattr(
        house.sealer,
        "seal",
        lambda pdf, content, level: real(pdf.replace(b'"duplicate"', b'"original"'), content),
    )
    with pytest.raises(SealMismatch):
        issued(house)


def test_one_more_copy_later(house):
    """Its own digest and sealing data, one more version of the record, the first files untouched."""
    identifier = issued(house)
    before = house.certificate(identifier)
    house.clock.pass_time(days=2)
    answer = add(house, identifier)
    after = house.certificate(identifier)
    assert (answer["form"], answer["copy_number"]) == ("duplicate", 3)
    assert answer["row_version"] == after.row_version == before.row_version + 1
    assert after.files[:4] == before.files
    assert after.content == before.content
    file, pdf = house.read.file(SEALER, identifier, Form("duplicate", 3))
    assert file.sha256 == answer["sha256"]
    assert house.verify.by_file(pdf, Question()).report.verdict == "valid"
    with house.registry.read() as session:
        (intent,) = session.form_intents(identifier)
    assert intent.content.sealed_at == house.clock.now()
    assert intent.status is IntentStatus.PUBLISHED
    assert file.content_digest == intent.content_digest
    assert [record.act for record in house.audit()][-2:] == ["reserve-form", "add-form"]


def test_adding_is_done_once_for_its_key(house):
    identifier = issued(house)
    assert add(house, identifier) == add(house, identifier)
    assert len(house.certificate(identifier).files) == 5
    assert add(house, identifier, key="other")["copy_number"] == 4


def test_what_is_there_is_not_made_twice(house):
    identifier = issued(house)
    with pytest.raises(FormTaken):
        add(house, identifier, Form("duplicate", 2))
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        add(house, identifier, Form("duplicate", 7))
    house.sealer.error = None
    with pytest.raises(FormTaken):
        add(house, identifier, Form("duplicate", 7), key="other")
    assert add(house, identifier, key="next")["copy_number"] == 3


def test_an_outage_while_adding_is_finished_by_the_reconciler(house):
    identifier = issued(house)
    house.sealer.error = DOWN
    with pytest.raises(SigningUnavailable):
        add(house, identifier)
    with pytest.raises(IdempotencyInProgress):
        add(house, identifier)
    for _ in range(9):
        assert house.reconcile.run(take_over=True).failed == 1
    house.sealer.error = None
    assert house.reconcile.run().published == 1
    assert add(house, identifier)["copy_number"] == 3


def test_a_lost_publication_of_a_file_publishes_what_lies_there(house, monkeypatch):
    identifier = issued(house)

    def lost(*_):
        raise StoreUnavailable(what="database")

    monkeypatch.setattr(add_form_module, "publish_form", lost)
    with pytest.raises(StoreUnavailable):
        add(house, identifier)
    monkeypatch.undo()
    stored, seals = house.objects.names(), house.sealer.seals
    assert house.reconcile.run(take_over=True).published == 1
    assert (house.objects.names(), house.sealer.seals) == (stored, seals)


def test_a_page_that_does_not_fit_burns_the_addition_alone(house):
    identifier = issued(house)
    stored = house.objects.names()
    house.renderer.error = FaceOverflow()
    with pytest.raises(FaceOverflow):
        add(house, identifier)
    house.renderer.error = None
    assert house.objects.names() == stored
    assert house.certificate(identifier).row_version == 1
    assert [record.act for record in house.audit()][-1] == "burn-form"
    assert add(house, identifier)["copy_number"] == 3


def test_a_certificate_that_ends_meanwhile_gets_no_file(house, monkeypatch):
    """Revoked between seal and publication: the file is swept, the key is free."""
    identifier = issued(house)
    stored = house.objects.names()
    decision = Decision(Action.REVOKE, "penalty", date(2026, 11, 22), "法", "号", "机关")

    def meanwhile(registry, added, now):
        house.change.change(CALLER, ChangeRequest(identifier, decision, "r"))
        return publish_form(registry, added, now)

    monkeypatch.setattr(add_form_module, "publish_form", meanwhile)
    with pytest.raises(TransitionForbidden):
        add(house, identifier)
    assert house.objects.names() == stored
    with house.registry.read() as session:
        assert session.form_intents(identifier)[0].status is IntentStatus.BURNED
    with pytest.raises(TransitionForbidden):
        add(house, identifier, key="again")


def test_nothing_is_added_to_what_is_not_on_record(house, monkeypatch):
    identifier = issued(house)
    stored = house.objects.names()

    def nowhere(registry, added, now):
        monkeypatch.setattr(SqlUnitOfWork, "certificate", lambda *_: None)
        try:
            return publish_form(registry, added, now)
        finally:
            monkeypatch.undo()

    monkeypatch.setattr(add_form_module, "publish_form", nowhere)
    with pytest.raises(Conflict):
        add(house, identifier)
    assert len(forms_of(house, identifier)) == len(FORMS)
    assert stored <= house.objects.names()


def test_a_slow_addition_leaves_no_orphan_behind_a_burned_intent(house, monkeypatch):
    identifier = issued(house)
    stored = house.objects.names()

    def late(registry, added, now):
        burn(registry, house.objects, house.clock, added.intent, "given-up")
        house.objects.put_once(added.file.object_name, b"stored late")
        return publish_form(registry, added, now)

    monkeypatch.setattr(add_form_module, "publish_form", late)
    with pytest.raises(Exception, match="conflict"):
        add(house, identifier)
    assert house.objects.names() == stored


def test_a_faster_process_has_the_last_word(house, monkeypatch):
    """The reconciler publishes while the slow one is about to."""
    identifier = issued(house)

    def raced(registry, added, now):
        publish_form(registry, added, now)
        return publish_form(registry, added, now)

    monkeypatch.setattr(add_form_module, "publish_form", raced)
    with pytest.raises(Exception, match="conflict"):
        add(house, identifier)
    assert len(house.certificate(identifier).files) == 5
    assert house.reconcile.run(take_over=True).burned == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"caller": replace(SEALER, scopes=SEALER.scopes - {ISSUE})}, ScopeMissing),
        ({"caller": STRANGER}, OutsideDepartment),
        ({"hands": Hands("officer-1")}, ApprovalMissing),
        ({"form": ORIGINAL}, Invalid),
        ({"form": Form("drawing")}, Invalid),
        ({"expected_version": 9}, StaleVersion),
    ],
)
def test_what_stands_against_a_further_file(house, changes, error):
    identifier = issued(house)
    with pytest.raises(error):
        add(house, identifier, **changes)
    assert len(house.certificate(identifier).files) == 4


def test_a_file_needs_its_certificate_type_and_authority(house, monkeypatch):
    from tests.unit.usecases.test_usecase_drafts import _patch_unit

    with pytest.raises(CertificateNotFound):
        add(house, "1.2.3")
    identifier = issued(house)
    original = house.registry.begin
    _patch_unit(monkeypatch, house, original, "type_version", lambda *_: None)
    with pytest.raises(TypeUnknown):
        add(house, identifier)
    _patch_unit(monkeypatch, house, original, "issue_list", lambda *_: [])
    with pytest.raises(IssuerNotAuthorised):
        add(house, identifier)


def test_a_type_with_one_form_gets_no_second_file(house):
    identifier = house.issue.issue_one(CALLER, request(type_code=TYPE)).identifier
    with pytest.raises(Invalid) as caught:
        add(house, identifier, hands=Hands())
    assert caught.value.problems[0].code == "form-not-of-type"


def test_a_draft_has_no_file_yet(house):
    identifier = house.make.make(CALLER, request())["identifier"]
    with pytest.raises(CertificateNotFound):
        house.read.file(CALLER, identifier)


def test_no_number_is_given_that_no_paper_could_bear(house, monkeypatch):
    monkeypatch.setattr("certlib.usecases.order_checks._HIGHEST_COPY", 2)
    identifier = issued(house, forms=(ORIGINAL, Form("duplicate")))
    assert add(house, identifier, key="2")["copy_number"] == 2
    with pytest.raises(Invalid) as caught:
        add(house, identifier, key="3")
    assert [item.code for item in caught.value.problems] == ["copy-number"]
