"""Over a socket: who is let in, who is asked when one does not answer, and what a crash costs."""

import os
import socket
import stat
import threading
from datetime import timedelta

import keys_world
import pytest
import signer_world

from certlib.errors import Overloaded, SigningUnavailable, StoreUnavailable
from certlib.signer_errors import SignatureRefused
from keys.signer import session
from keys.signer.remote import OnRecord, RemoteAuthority, RemoteKey, RemoteStamps
from keys.signer.wire import REQUEST_LIMIT, Ask, Request
from signing.cms import SealTemplate

CHECK = Request(Ask.CHECK)
KNOCKED = ("knock", "signing-unavailable")


def test_a_node_with_the_secret_is_answered(world, door):
    heard = signer_world.Heard()
    asking = signer_world.asking(door.path, heard=heard)
    assert world.seal(service=asking)[0] == world.seal()[0]
    assert heard.all == [("seal", "ok")]
    assert ("seal", "ok") in door.heard.until(("seal", "ok"))


def test_the_socket_is_its_owners_alone(door):
    assert stat.S_IMODE(door.path.stat().st_mode) == 0o600


def test_a_group_may_be_let_near(world, tmp_path):
    door = signer_world.Door(world, tmp_path / "group.sock", group=os.getgid())
    assert stat.S_IMODE(door.path.stat().st_mode) == 0o660
    door.close()


def test_another_secret_is_sent_away_by_both(world, door):
    asking = signer_world.asking(door.path, secret=bytes(32))
    with pytest.raises(SigningUnavailable) as caught:
        asking.ask(CHECK)
    assert caught.value.values["what"] == "signer: another secret"
    assert door.heard.until(KNOCKED) == [KNOCKED]


def test_a_user_who_is_not_named_is_sent_away(world, tmp_path):
    """The kernel says whose process it is; the right secret does not help."""
    door = signer_world.Door(world, tmp_path / "users.sock", users={os.getuid() + 1})
    with pytest.raises(SigningUnavailable):
        signer_world.asking(door.path).ask(CHECK)
    assert door.heard.until(KNOCKED) == [KNOCKED]
    door.close()


def test_nobody_listens(tmp_path):
    with pytest.raises(SigningUnavailable):
        signer_world.asking(tmp_path / "nobody.sock").ask(CHECK)
    with pytest.raises(SigningUnavailable):
        signer_world.asking(tmp_path / "a", tmp_path / "b").ask(CHECK)


def test_another_signer_is_asked_when_one_has_gone(world, door, tmp_path):
    second = signer_world.Door(world, tmp_path / "second.sock", service=world.another())
    asking = signer_world.asking(door.path, second.path)
    for _ in range(4):
        asking.ask(CHECK)
    door.close()
    for _ in range(4):
        world.seal(service=asking)
    second.close()


def test_work_is_spread_over_signers(world, door, tmp_path):
    second = signer_world.Door(world, tmp_path / "second.sock", service=world.another())
    asking = signer_world.asking(door.path, second.path)
    for _ in range(10):
        asking.ask(CHECK)
    assert [len(each.heard.all) for each in (door, second)] == [5, 5]
    second.close()


def test_a_signer_that_is_back_is_asked_again(world, door):
    asking = signer_world.asking(door.path)
    asking.ask(CHECK)
    door.close()
    again = signer_world.Door(world, door.path)
    asking.ask(CHECK)
    again.close()


def test_a_dead_signers_socket_is_taken_over_and_a_living_ones_is_not(world, door, tmp_path):
    with pytest.raises(SigningUnavailable):
        signer_world.Door(world, door.path)
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead))
    taken = signer_world.Door(world, dead)
    signer_world.asking(dead).ask(CHECK)
    taken.close()


def test_a_file_in_the_way_stays(world, tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(SigningUnavailable):
        signer_world.Door(world, path)
    assert path.read_text() == "x"


def test_a_full_house_sends_away_and_the_next_signer_answers(world, tmp_path):
    working = signer_world.Working(world)
    full = signer_world.Door(world, tmp_path / "full.sock", guests=1, service=working)
    with working.on(signer_world.asking(full.path)):
        spare = signer_world.Door(world, tmp_path / "spare.sock", service=world.another())
        other = signer_world.asking(full.path, spare.path)
        for _ in range(3):
            other.ask(CHECK)
        assert KNOCKED in full.heard.until(KNOCKED)
    full.close()
    spare.close()


def test_whoever_is_overloaded_hands_on(world, door, tmp_path):
    busy = signer_world.another_busy(world)
    first = signer_world.Door(world, tmp_path / "busy.sock", service=busy)
    asking = signer_world.asking(first.path, door.path)
    for _ in range(2):
        asking.ask(CHECK)
    door.close()
    with pytest.raises((Overloaded, SigningUnavailable)):
        asking.ask(CHECK)
    first.close()


def test_a_signer_that_says_nothing_costs_its_seconds_and_no_more(tmp_path):
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        asking = signer_world.asking(path, seconds=0.2)
        with pytest.raises(SigningUnavailable):
            asking.ask(CHECK)


def test_a_fault_nobody_foresaw_ends_no_conversation(world, door):
    def breaks(identifier, form):
        raise ZeroDivisionError(identifier)

    asking = signer_world.asking(door.path)
    world.record.awaited = breaks
    with pytest.raises(SigningUnavailable) as caught:
        asking.ask(CHECK)
    assert caught.value.values["what"] == "ZeroDivisionError"
    assert len(door.heard.all) == 1


@pytest.mark.parametrize("message", [b"", b"\x01", b"\x01\xff", b"\x09\x08", bytes(64)])
def test_nonsense_in_a_good_frame_is_refused(door, message):
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(5)
    line.connect(str(door.path))
    talk = session.opened(
        line, signer_world.SECRET, keys_world.CountedEntropy("nonsense"), REQUEST_LIMIT
    )
    talk.send(message)
    assert talk.receive()[1] == 1
    talk.send(b"\x01\x08")
    assert talk.receive()[1] == 0
    line.close()


# --- handles of a node without keys ----------------------------------------------------------


class Sealer:
    """A sealer that asks a key for the signature over its attributes."""

    def __init__(self, key):
        self.key = key

    def seal(self, pdf, content, level="B-T"):
        del content, level
        return self.key.sign(SealTemplate(self.key.chain, self.key.algorithm).attributes(pdf))


class Said:
    """The part of a certificate's content that a signer is told."""

    identifier, form, copy_number = signer_world.IDENTIFIER, "original", 0


@pytest.fixture
def remote(world, door):
    asking = signer_world.asking(door.path)
    return RemoteAuthority(asking, world.clock)


def test_an_authority_without_keys_is_that_of_its_signer(world, remote):
    assert remote.list_keys() == world.authority.list_keys()
    assert remote.crls() == world.authority.crls()
    assert remote.public_certificates() == world.authority.public_certificates()
    assert remote.trust_material() == world.authority.trust_material()
    assert remote.seal_info(keys_world.PLANNING[0]) == world.authority.seal_info(
        keys_world.PLANNING[0]
    )
    remote.check_keys()


def test_a_file_on_record_is_sealed_from_afar(world, remote):
    key = remote.seal_key(keys_world.TRANSPORT[0])
    assert isinstance(key, RemoteKey)
    signed = OnRecord(Sealer(key)).seal(signer_world.DIGEST, Said())
    assert signed
    with pytest.raises(SignatureRefused):
        Sealer(key).seal(signer_world.DIGEST, Said())


def test_what_is_being_sealed_is_known_to_its_own_thread_alone(remote):
    key = remote.seal_key(keys_world.TRANSPORT[0])
    failures = []

    class Outside:
        def seal(self, pdf, content, level="B-T"):
            def elsewhere():
                try:
                    Sealer(key).seal(pdf, content)
                except SignatureRefused as error:
                    failures.append(error)

            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()

    OnRecord(Outside()).seal(signer_world.DIGEST, Said())
    assert len(failures) == 1


@pytest.mark.parametrize("message", [b"", b"1", bytes(100)])
def test_only_attributes_of_a_seal_are_sealed(remote, message):
    key = remote.seal_key(keys_world.TRANSPORT[0])

    class Raw:
        def seal(self, pdf, content, level="B-T"):
            return key.sign(pdf)

    with pytest.raises(SignatureRefused):
        OnRecord(Raw()).seal(message, Said())


def test_other_attributes_than_the_signer_builds_give_nothing(remote):
    key = remote.seal_key(keys_world.TRANSPORT[0])
    template = SealTemplate(key.chain, key.algorithm)

    class Other:
        def seal(self, pdf, content, level="B-T"):
            return key.sign(template.attributes(pdf) + b"\x05\x00")

    with pytest.raises(SignatureRefused) as caught:
        OnRecord(Other()).seal(signer_world.DIGEST, Said())
    assert caught.value.values["what"] == "signer of another release"


def test_a_seal_under_way_ends_with_the_key_it_began_with(world, remote):
    """Whoever has not heard yet of the key that follows waits for nothing and fails nowhere."""
    old = remote.seal_key(keys_world.TRANSPORT[0])
    world.authority.issue_seal(keys_world.TRANSPORT[0], "揭阳市交通运输局（新）")
    assert remote.seal_key(keys_world.TRANSPORT[0]).name == old.name
    assert OnRecord(Sealer(old)).seal(signer_world.DIGEST, Said())


def test_a_key_that_may_not_be_used_any_more_is_asked_for_anew(world, remote):
    old = remote.seal_key(keys_world.TRANSPORT[0])
    world.authority.issue_seal(keys_world.TRANSPORT[0], "揭阳市交通运输局（新）")
    world.authority.revoke_seal(old.name, "keyCompromise")
    with pytest.raises(StoreUnavailable):
        OnRecord(Sealer(old)).seal(signer_world.DIGEST, Said())
    new = remote.seal_key(keys_world.TRANSPORT[0])
    assert new.name != old.name
    OnRecord(Sealer(new)).seal(signer_world.DIGEST, Said())


def test_keys_for_receipts_and_snapshots_are_made_where_the_keys_are(world, remote):
    assert remote.report_key().name == world.authority.report_key().name
    assert remote.snapshot_key().name == world.authority.snapshot_key().name


def test_the_key_of_the_history_is_followed_where_the_keys_are(world, remote):
    assert remote.history_key().name == "history"
    world.clock.forward(days=10 * 365 - 30)
    assert not remote.keep_own_keys()  # the signer's own round does
    key = remote.history_key()
    assert key.name == world.authority.history_key().name == "history-2"
    assert remote._current().register.former[-1].key == "history"


def test_departments_get_their_seals_from_the_signer(world, remote):
    world.names = {"11445200006990990F": "揭阳市教育局"}
    assert remote.keep_seals(world.names) == 1
    assert remote.keep_seals(world.names) == 0
    order = signer_world.keys_world_order(("11445200006990990F", "揭阳市教育局"))
    assert remote.issue_seals([order])[0].issuer_code == order.issuer_code


def test_lists_are_made_anew_where_the_keys_are(world, remote):
    assert not remote.refresh_crls()
    world.clock.forward(days=16)
    assert remote.refresh_crls()
    assert remote.crls_end() == world.authority.crls_end()


def test_what_needs_the_keys_is_done_there(remote):
    for change in (
        remote.trust_key,
        lambda: remote.revoke_seal(remote.seal_key(keys_world.TRANSPORT[0]).name),
    ):
        with pytest.raises(SigningUnavailable) as caught:
            change()
        assert "no keys here" in caught.value.values["what"]


def test_whether_a_key_was_given_up_is_known_from_afar(world, remote):
    name, since = remote.seal_key(keys_world.TRANSPORT[0]).name, world.clock.now()
    assert not remote.given_up(name, since)
    world.authority.revoke_seal(name, "keyCompromise", since)
    remote._forget()
    assert remote.given_up(name, since)
    assert not remote.given_up(name, since - timedelta(hours=1))
    assert not remote.given_up(remote.seal_key(keys_world.PLANNING[0]).name, since)


def test_keys_that_sign_nothing_by_asking(remote):
    with pytest.raises(SignatureRefused):
        remote.timestamp_key().sign(b"anything")


def test_what_was_published_stays_known_without_a_signer(world, door, remote):
    door.close()
    remote._forget()
    world.clock.forward(days=16)
    assert not remote.refresh_crls()
    assert remote.list_keys()
    with pytest.raises(SigningUnavailable):
        remote.check_keys()


def test_timestamps_come_from_the_signer(world, door):
    from asn1crypto import cms

    stamps = RemoteStamps(signer_world.asking(door.path))
    token = cms.ContentInfo.load(stamps.token(signer_world.DIGEST))
    assert token["content_type"].native == "signed_data"
    assert stamps.respond(b"nonsense")[0] == 0x30
