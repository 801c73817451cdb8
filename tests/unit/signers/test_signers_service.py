"""A signer signs what is on record and what it has a form for, and nothing else."""

import hashlib
from datetime import timedelta

import keys_world
import pytest
import signer_world
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certlib.canonical import canonical_bytes
from certlib.clock_errors import jumped
from certlib.document import Form
from certlib.errors import Overloaded, StoreUnavailable
from certlib.registry.seals import BatchHeader
from certlib.sealing_errors import SealingHalted
from certlib.signer_errors import SignatureRefused, SigningLimited
from keys.register import register_from
from keys.signer.ledger import Limits
from keys.signer.remote import OnRecord, SignedHere
from keys.signer.wire import Ask, Request
from signing.cms import SealTemplate
from signing.jws import encoded


@pytest.fixture
def made(tmp_path):
    """Worlds with other options."""
    worlds = []

    def make(**options):
        worlds.append(signer_world.World(tmp_path, **options))
        return worlds[-1]

    yield make
    for each in worlds:
        each.close()


def valid(key, signature, message):
    public = x509.load_der_x509_certificate(key.chain[0]).public_key()
    public.verify(signature, message, ec.ECDSA(hashes.SHA256()))


def refused(call, *arguments, **named):
    with pytest.raises(SignatureRefused) as caught:
        call(*arguments, **named)
    return caught.value.values["what"]


# --- seals -----------------------------------------------------------------------------------


def test_a_pending_intent_gets_its_seal(world):
    attributes, signature = world.seal()
    assert attributes == SealTemplate(world.key.chain, world.key.algorithm).attributes(
        signer_world.DIGEST
    )
    valid(world.key, signature, attributes)


def test_what_is_not_on_record_gets_none(world):
    assert refused(world.seal, identifier="1.2.156.3005.2.other") == "no pending intent"
    assert refused(world.seal, form=Form("duplicate", 1)) == "no pending intent"


def test_the_seal_is_of_the_department_on_record(world):
    """Whoever asks with another department's key gets nothing signed with it."""
    planning = world.authority.seal_key(keys_world.PLANNING[0])
    with pytest.raises(StoreUnavailable):
        world.seal(key=planning)
    assert world.ledger.used(planning.name, world.clock.now()) == (0, 0)


def followed(world):
    """The seal key that another has followed."""
    old = world.key
    world.authority.issue_seal(keys_world.TRANSPORT[0], "揭阳市交通运输局（新）")
    assert world.key.name != old.name
    return old


def test_a_seal_under_way_at_a_rotation_is_finished_with_the_key_before(world):
    old = followed(world)
    attributes, signature = world.seal(key=old)
    valid(old, signature, attributes)
    assert world.ledger.used(world.key.name, world.clock.now()) == (0, 0)


def test_a_node_with_its_own_keys_finishes_it_too(world):
    here = SignedHere(world.authority, world.service)

    class Sealer:
        def seal(self, pdf, content, level="B-T"):
            key = here.seal_key(keys_world.TRANSPORT[0])
            followed(world)
            return key.sign(SealTemplate(key.chain, key.algorithm).attributes(pdf))

    class Said:
        identifier, form, copy_number = signer_world.IDENTIFIER, "original", 0

    assert OnRecord(Sealer()).seal(signer_world.DIGEST, Said())


def test_a_key_before_signs_no_longer_than_it_may(world):
    old = followed(world)
    world.halted.add(old.name)
    with pytest.raises(SealingHalted):
        world.seal(key=old)
    world.halted.clear()
    world.authority.revoke_seal(old.name)
    with pytest.raises(StoreUnavailable):
        world.seal(key=old)
    assert world.ledger.used(old.name, world.clock.now()) == (0, 0)
    world.seal()


def test_a_second_digest_in_one_attempt_is_refused(world):
    world.seal()
    assert "another digest" in refused(world.seal, signer_world.OTHER)
    world.seal()  # the same digest again: an answer may have been lost


def test_a_retry_on_record_may_have_another_digest(world):
    world.seal()
    world.record.put(keys_world.TRANSPORT[0], attempt="1/")
    world.seal(signer_world.OTHER)
    assert "another digest" in refused(world.seal)


def test_another_signer_of_the_machine_knows_what_was_signed(world):
    world.seal()
    assert "another digest" in refused(world.seal, signer_world.OTHER, service=world.another())


def test_each_file_of_an_intent_is_signed_for_itself(world):
    world.record.put(keys_world.TRANSPORT[0], form=Form("duplicate", 1))
    world.seal()
    world.seal(signer_world.OTHER, form=Form("duplicate", 1))


@pytest.mark.parametrize("digest", [b"", bytes(31)])
def test_only_a_sha256_is_sealed(world, digest):
    assert refused(world.seal, digest) == "no SHA-256"


@pytest.mark.parametrize("number", [b"", b"-1", b"x", "１".encode()])
def test_a_malformed_number_is_refused(world, number):
    fields = (world.key.name.encode(), signer_world.IDENTIFIER.encode(), b"original", number)
    request = Request(Ask.SEAL, (*fields, signer_world.DIGEST))
    assert refused(world.service.ask, request) == "malformed request"


def test_text_that_is_not_ascii_is_refused(world):
    request = Request(Ask.SEAL, (b"k", b"\xff", b"original", b"0", signer_world.DIGEST))
    assert refused(world.service.ask, request) == "malformed request"


def test_a_halt_holds_here_too(world):
    """Whoever asks may have lost its own gate."""
    world.halted.add(world.key.name)
    with pytest.raises(SealingHalted):
        world.seal()
    assert world.ledger.used(world.key.name, world.clock.now()) == (0, 0)


# --- limits ----------------------------------------------------------------------------------


def test_a_key_signs_as_often_as_it_may_in_a_minute(made):
    world = made(limits=Limits(minute=2))
    world.seal()
    world.seal()
    with pytest.raises(SigningLimited) as caught:
        world.seal()
    assert caught.value.values == {"key": world.key.name, "what": "2/minute"}
    assert caught.value.retry_after == 60
    world.clock.forward(minutes=1)
    world.seal()


def test_a_key_signs_as_often_as_it_may_on_a_day(made):
    world = made(limits=Limits(day=2))
    world.seal()
    world.clock.forward(hours=2)
    world.seal()
    with pytest.raises(SigningLimited):
        world.seal()
    world.clock.forward(days=1)
    world.seal()


def test_the_limit_holds_for_all_signers_of_the_machine(made):
    world = made(limits=Limits(minute=1))
    world.seal()
    with pytest.raises(SigningLimited):
        world.seal(service=world.another(limits=Limits(minute=1)))


def test_what_is_refused_does_not_count(world):
    refused(world.seal, identifier="unknown")
    assert world.ledger.used(world.key.name, world.clock.now()) == (0, 0)


def test_timestamps_have_limits_of_their_own(made):
    world = made(limits=Limits(minute=1), stamps=Limits(minute=2))
    stamp = Request(Ask.STAMP, (b"sha256", signer_world.DIGEST))
    world.service.ask(stamp)
    world.service.ask(stamp)
    with pytest.raises(SigningLimited):
        world.service.ask(stamp)


def test_strangers_timestamps_take_nothing_from_seals(made):
    world = made(stamps=Limits(minute=2))
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": signer_world.DIGEST}
    asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint}).dump()
    stamp = Request(Ask.STAMP, (b"sha256", signer_world.DIGEST))
    for _ in range(3):
        world.service.ask(Request(Ask.RESPOND, (b"nonsense",)))  # nothing is signed, none counts
    world.service.ask(Request(Ask.RESPOND, (asked,)))
    world.service.ask(Request(Ask.RESPOND, (asked,)))
    with pytest.raises(SigningLimited):
        world.service.ask(Request(Ask.RESPOND, (asked,)))
    world.service.ask(stamp)
    world.service.ask(stamp)
    with pytest.raises(SigningLimited):
        world.service.ask(stamp)


def test_the_ledger_forgets_what_nobody_can_ask_for(world):
    world.seal()
    world.clock.forward(days=401)
    assert world.service.keep_up() == ()
    world.seal(signer_world.OTHER)


def test_more_questions_than_there_is_room_for_are_told_to_come_again(made):
    world = made(waiting=1)
    inside = []

    def again(identifier, form):
        with pytest.raises(Overloaded):
            world.service.ask(Request(Ask.CHECK))
        inside.append(identifier)

    world.record.awaited = again
    refused(world.seal)
    assert inside
    world.record.awaited = lambda identifier, form: None
    world.service.ask(Request(Ask.CHECK))


# --- texts -----------------------------------------------------------------------------------


def head(world, **changed):
    key = world.authority.history_key()
    header = BatchHeader(
        number=2,
        first=3,
        last=5,
        root="ab" * 32,
        head="cd" * 32,
        previous="ef" * 32,
        sealed_at=world.clock.now(),
        node=signer_world.NODE,
        certificate=hashlib.sha256(key.chain[0]).hexdigest(),
    )
    return canonical_bytes({**header.as_json(), **changed})


def text(world, key, purpose, message):
    request = Request(Ask.TEXT, (key.name.encode(), purpose.encode(), message))
    return world.service.ask(request)[0]


def test_the_head_of_a_batch_is_signed(world):
    key = world.authority.history_key()
    valid(key, text(world, key, "history", head(world)), head(world))


def test_the_first_batch_follows_none(world):
    key = world.authority.history_key()
    first = head(world, batch=1, previous="")
    valid(key, text(world, key, "history", first), first)


@pytest.mark.parametrize(
    "changed",
    [
        {"node": "440000"},
        {"tree": "other"},
        {"certificate": "00" * 32},
        {"sealed_at": "2020-01-01T00:00:00Z"},
        {"sealed_at": "2026-03-02T01:02:03"},
        {"sealed_at": 7},
        {"batch": 0},
        {"batch": 1},
        {"first": 6},
        {"count": 2},
        {"root": "zz" * 32},
        {"head": "AB" * 32},
        {"previous": ""},
        {"more": "words"},
    ],
)
def test_no_other_head_is_signed(world, changed):
    key = world.authority.history_key()
    assert refused(text, world, key, "history", head(world, **changed)).startswith("no history")


@pytest.mark.parametrize("message", [b"", b"certlib", b"[]", b"{", b"\xff", b"[" * 5000])
@pytest.mark.parametrize("purpose", ["history", "report", "snapshot"])
def test_arbitrary_octets_are_signed_with_no_key(world, purpose, message):
    key = getattr(world.authority, f"{purpose}_key")()
    assert refused(text, world, key, purpose, message).startswith("no ")


def test_the_same_head_in_other_octets_is_refused(world):
    key = world.authority.history_key()
    refused(text, world, key, "history", head(world).replace(b":", b": ", 1))


@pytest.mark.parametrize("purpose", ["seal", "timestamp", "root", "issuing", "trust", ""])
def test_a_purpose_without_a_form_signs_no_text(world, purpose):
    assert refused(text, world, world.key, purpose, head(world)).startswith("purpose")


def jws(key, kind, members, **header):
    from base64 import b64encode

    chain = [b64encode(der).decode() for der in key.chain]
    head = {"alg": "ES256", "typ": kind, "x5c": chain, **header}
    return f"{encoded(canonical_bytes(head))}.{encoded(canonical_bytes(members))}".encode()


def receipt(world, **changed):
    return {
        "receipt": 1,
        "number": "R-1",
        "made_at": world.clock.now().isoformat(),
        "node": signer_world.NODE,
        "asked_by": "",
        "question": {},
        "target": {},
        "report": {"verdict": "valid"},
        "verify_url": "",
        "demonstration": False,
        "signed": True,
    } | changed


REPORT = "certlib-verification-report+json"
SNAPSHOT = "certlib-status-snapshot+json"


def test_a_receipt_is_signed(world):
    key = world.authority.report_key()
    message = jws(key, REPORT, receipt(world))
    valid(key, text(world, key, "report", message), message)


def test_a_receipt_of_anything_else_is_not(world):
    key = world.authority.report_key()
    for broken in (
        jws(key, SNAPSHOT, receipt(world)),
        jws(key, REPORT, receipt(world), crit=["x"]),
        jws(key, REPORT, receipt(world, signed=False)),
        jws(key, REPORT, receipt(world, node="440000")),
        jws(key, REPORT, receipt(world, made_at="2020-01-01T00:00:00+00:00")),
        jws(key, REPORT, receipt(world, receipt=2)),
        jws(key, REPORT, receipt(world, more=1)),
        jws(key, REPORT, receipt(world)) + b"=",
    ):
        refused(text, world, key, "report", broken)


def snapshot(world, **changed):
    now = world.clock.now()
    return {
        "format": 1,
        "node": signer_world.NODE,
        "as_of": now.isoformat(),
        "next_update": (now + timedelta(days=1)).isoformat(),
        "count": 1,
        "octets": 10,
        "sha256": "ab" * 32,
        "issuers": [],
    } | changed


def test_the_head_of_a_snapshot_is_signed(world):
    key = world.authority.snapshot_key()
    message = jws(key, SNAPSHOT, snapshot(world))
    valid(key, text(world, key, "snapshot", message), message)


def test_no_other_snapshot_is(world):
    key = world.authority.snapshot_key()
    late = (world.clock.now() + timedelta(hours=1)).isoformat()
    early = (world.clock.now() - timedelta(days=2)).isoformat()
    for changed in ({"node": "1"}, {"as_of": late}, {"as_of": early}, {"sha256": "x"}):
        refused(text, world, key, "snapshot", jws(key, SNAPSHOT, snapshot(world, **changed)))


# --- pages, timestamps, upkeep ---------------------------------------------------------------


def test_the_page_of_a_receipt_is_sealed_with_the_key_for_it(world):
    key = world.authority.report_key()
    request = Request(Ask.PAGE, (key.name.encode(), signer_world.DIGEST))
    attributes, signature = world.service.ask(request)
    valid(key, signature, attributes)
    other = Request(Ask.PAGE, (world.key.name.encode(), signer_world.DIGEST))
    with pytest.raises(StoreUnavailable):
        world.service.ask(other)


def test_timestamps_are_made_here(world):
    from asn1crypto import cms

    (token,) = world.service.ask(Request(Ask.STAMP, (b"sha256", signer_world.DIGEST)))
    assert cms.ContentInfo.load(token)["content_type"].native == "signed_data"
    (answer,) = world.service.ask(Request(Ask.RESPOND, (b"nonsense",)))
    assert answer[0] == 0x30


def test_what_is_published_is_told_once(world):
    digest, content = world.service.ask(Request(Ask.REGISTER, (b"",)))
    assert register_from(content).seals
    assert hashlib.sha256(content).digest() == digest
    assert world.service.ask(Request(Ask.REGISTER, (digest,))) == (digest,)


def test_departments_on_record_get_their_seals(world):
    world.names = {"11445200006990990F": "揭阳市教育局"}
    world.service.ask(Request(Ask.UPKEEP, (b"seals",)))
    assert world.authority.seal_key("11445200006990990F")


def test_upkeep_makes_what_is_asked_for_first(world):
    for what in (b"report", b"snapshot", b"history", b"own-keys", b"crls"):
        assert world.service.ask(Request(Ask.UPKEEP, (what,))) == ()
    refused(world.service.ask, Request(Ask.UPKEEP, (b"everything",)))


def test_the_signers_own_round_follows_its_keys(world):
    world.clock.forward(days=10 * 365 - 30)
    assert world.service.keep_up() == ()
    assert world.authority._current().own_keys["history"].name == "history-2"


def test_nothing_is_kept_up_by_a_clock_that_is_not_believed(world):
    """Lists, responders and keys would begin in years."""

    def wrong():
        raise jumped(10 * 365 * 86400.0)

    world.clock.forward(days=10 * 365)
    world.service._stamps.need_clock = wrong
    before = world.authority._current().register
    failed = world.service.keep_up()
    assert [error.code for error in failed] == ["clock-not-trusted"] * 3
    assert world.authority._current().register is before


def test_what_could_not_be_kept_up_is_told(world):
    def fails():
        raise StoreUnavailable(what="database")

    world.service._names = fails
    (error,) = world.service.keep_up()
    assert error.code == "store-unavailable"


def test_keys_of_this_process_are_asked_the_same_way(world):
    here = SignedHere(world.authority, world.service)
    key = here.history_key()
    valid(key, key.sign(head(world)), head(world))
    refused(key.sign, b"anything")
    refused(here.seal_key(keys_world.TRANSPORT[0]).sign, b"anything")
    page = SealTemplate(here.report_key().chain, here.report_key().algorithm)
    attributes = page.attributes(signer_world.DIGEST)
    valid(here.report_key(), here.report_key().sign(attributes), attributes)
