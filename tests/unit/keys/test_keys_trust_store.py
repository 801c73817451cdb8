"""What a node and an offline verifier load: never an older list, never a bad one for a good one."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from types import SimpleNamespace

import pytest

from certlib.errors import Corrupt, SigningUnavailable
from certlib.trust import Use
from certlib.trust_errors import TrustListRefused
from keys import files
from keys.trust import LIST_NAME, MEMORY_NAME, open_trust, save_trust
from keys.trust_list import believed, write
from keys.trust_memory import Memory
from keys.trust_store import ListOfOthers, ListOptions, TrustStore
from tests.fakes.answers import answer
from tests.fakes.responding import World
from tests.unit.keys.keys_world import START, SetClock, found
from tests.unit.keys.trust_world import NEXT, entry, listing, reason_of, signer

TRANSPORT = ("11445200990090139J", "揭阳市交通运输局")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return found(tmp_path_factory.mktemp("signer"), seed="signer").trust_key()


@pytest.fixture(scope="module")
def names(key):
    return frozenset({sha256(key.chain[0]).hexdigest()})


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return found(tmp_path_factory.mktemp("other"), seed="other").trust_material()


@pytest.fixture(scope="module")
def editions(other, key):
    """Version → file."""
    made = {}
    for version in (1, 2, 3):
        content = listing(entry(other), version=version)
        made[version] = write(content, key)
    made["2 otherwise"] = write(listing(entry(other, types=frozenset()), version=2), key)
    made["stranger"] = write(listing(entry(other), version=9), signer())
    made["rubbish"] = b"{}"
    return made


def refusal(call, *arguments):
    with pytest.raises(TrustListRefused) as refused:
        call(*arguments)
    return reason_of(refused.value)


# --- what was seen --------------------------------------------------------------------------


@pytest.fixture
def memory(tmp_path):
    return Memory(tmp_path / "seen")


def test_nobody_is_taken_back_to_an_older_list(memory, editions, names):
    def signed(which):
        return believed(editions[which], names)

    assert memory.keep(signed(2))
    assert memory.keep(signed(2))
    assert refusal(memory.keep, signed(1)) == refusal(memory.check, signed(1)) == "rollback"
    assert refusal(memory.keep, signed("2 otherwise")) == "replaced"
    memory.check(signed(3))
    memory.check(signed(2))  # looking remembers nothing
    assert memory.keep(signed(3))
    assert refusal(memory.keep, signed(2)) == "rollback"


def test_the_same_list_signed_again_is_the_same(memory, editions, names, other, key):
    assert memory.keep(believed(editions[1], names))
    again = write(listing(entry(other)), key)
    assert again != editions[1]
    assert memory.keep(believed(again, names))


def test_where_nothing_can_be_written_what_was_seen_is_still_asked(
    memory, editions, names, monkeypatch
):
    memory.keep(believed(editions[2], names))

    def full(*_arguments, **_options):
        raise SigningUnavailable(what="read-only")

    monkeypatch.setattr(files, "replace", full)
    assert refusal(memory.keep, believed(editions[1], names)) == "rollback"
    assert not memory.keep(believed(editions[3], names))
    assert memory.keep(believed(editions[2], names))


def test_two_processes_remember_the_newer(memory, editions, names, monkeypatch, tmp_path):
    """The slower one holds an older list and asks again under the lock."""
    whole, turns = files.exclusive, []

    def slow(folder):
        if not turns:
            turns.append(1)
            assert Memory(tmp_path / "seen").keep(believed(editions[3], names))
        return whole(folder)

    monkeypatch.setattr(files, "exclusive", slow)
    assert refusal(memory.keep, believed(editions[2], names)) == "rollback"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format":1}',
        b'{"format":2,"sha256":"' + b"0" * 64 + b'","version":1}',
        b'{"format":1,"sha256":"0","version":1}',
        b'{"format":1,"sha256":7,"version":1}',
        b'{"format":1,"sha256":"' + b"0" * 64 + b'","version":"1"}',
    ],
    ids=count(),
)
def test_a_damaged_memory_believes_nobody(memory, editions, names, tmp_path, content):
    (tmp_path / "seen").write_bytes(content)
    assert refusal(memory.keep, believed(editions[3], names)) == "memory"


def test_others_may_read_what_was_seen(memory, editions, names, tmp_path):
    memory.keep(believed(editions[1], names))
    assert (tmp_path / "seen").stat().st_mode & 0o777 == 0o644


# --- a folder for readers without keys ------------------------------------------------------


@pytest.fixture
def folder(tmp_path, editions, other):
    made = tmp_path / "trust"
    (made / "crls").mkdir(parents=True)
    (made / LIST_NAME).write_bytes(editions[2])
    for number, crl in enumerate(other.crls):
        (made / "crls" / f"{number}.crl").write_bytes(crl)
    return made


def test_a_folder_with_a_signed_list(folder, names, other):
    listed, material = open_trust(folder, names)
    assert listed == listing(entry(other), version=2)
    assert material.seal_anchors == material.timestamp_anchors == other.seal_anchors
    assert material.issuers == other.issuers
    assert material.crls == other.crls


def test_a_folder_remembers_its_version(folder, names, editions):
    open_trust(folder, names)
    (folder / LIST_NAME).write_bytes(editions[1])
    assert refusal(open_trust, folder, names) == "rollback"
    (folder / LIST_NAME).write_bytes(editions["2 otherwise"])
    assert refusal(open_trust, folder, names) == "replaced"
    (folder / MEMORY_NAME).unlink()
    open_trust(folder, names)


def test_a_signed_list_needs_a_named_signer(folder):
    assert refusal(open_trust, folder, frozenset()) == "signer"


def test_who_names_a_signer_gets_no_unsigned_folder(folder, names, other):
    save_trust(folder, other)
    (folder / LIST_NAME).unlink()
    assert refusal(open_trust, folder, names) == "missing"


def test_a_bad_revocation_list_in_the_folder_is_named(folder, names):
    (folder / "crls" / "9.crl").write_bytes(b"rubbish")
    with pytest.raises(Corrupt, match=r"9\.crl"):
        open_trust(folder, names)


def test_revocation_lists_may_be_pem(folder, names, other):
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = x509.load_der_x509_crl(other.crls[0]).public_bytes(Encoding.PEM)
    (folder / "crls" / "0.crl").write_bytes(pem)
    assert open_trust(folder, names)[1].crls == other.crls


def test_the_older_form_is_a_list_without_limits(tmp_path, settled, other):
    material = settled.trust_material()
    both = replace(
        material,
        timestamp_anchors=(*material.timestamp_anchors, *other.timestamp_anchors),
        crls=material.crls + other.crls,
    )
    save_trust(tmp_path / "old", both)
    listed, loaded = open_trust(tmp_path / "old", frozenset())
    assert loaded == both
    assert listed.version == 0
    assert not listed.stale(datetime(2999, 1, 1, tzinfo=UTC))
    assert listed.anchors(Use.SEAL) == both.seal_anchors
    assert listed.anchors(Use.TIMESTAMP) == both.timestamp_anchors
    root = sha256(material.seal_anchors[0]).hexdigest()
    assert listed.refusal(root, Use.SEAL, START, "", "") == ""
    stamps = sha256(other.timestamp_anchors[0]).hexdigest()
    assert listed.refusal(stamps, Use.SEAL, START, "", "") == "authority-not-for-use"


# --- a node ---------------------------------------------------------------------------------


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def own(tmp_path, clock):
    authority = found(tmp_path / "keys", clock, seed="own")
    authority.issue_seal(*TRANSPORT)
    return authority


@pytest.fixture
def place(tmp_path):
    return tmp_path / "given" / LIST_NAME


@pytest.fixture
def node(tmp_path, own, place, names):
    """A store as a start makes it, and a way to put another list into its place."""
    place.parent.mkdir()
    options = ListOptions(place, names)

    def start(**changes):
        return TrustStore(own, ListOfOthers(tmp_path / "trust", replace(options, **changes)))

    def put(content):
        # As an operator does: a whole new file, renamed into place.
        (place.parent / "new").write_bytes(content)
        (place.parent / "new").rename(place)

    return SimpleNamespace(start=start, put=put, folder=tmp_path / "trust")


def versions(store):
    return store.trust_list().version


def test_without_a_list_the_own_authority_is_the_list(own, tmp_path):
    store = TrustStore(own, ListOfOthers(tmp_path / "trust", None))
    listed, root = store.trust_list(), own.trust_material().seal_anchors[0]
    assert store.material() == own.trust_material()
    assert store.material() is store.material()
    assert listed.authorities[0].issuers == {TRANSPORT[0]}
    name = sha256(root).hexdigest()
    assert listed.refusal(name, Use.SEAL, START, TRANSPORT[0], "any type") == ""
    assert listed.refusal(name, Use.SEAL, START, "somebody", "") == "authority-not-for-issuer"
    assert listed.refusal(name, Use.TIMESTAMP, START, "", "") == ""
    early = START - timedelta(days=1)
    assert listed.refusal(name, Use.SEAL, early, TRANSPORT[0], "") == "authority-not-yet"
    assert not store.standing().configured
    assert store.standing().named == {}
    assert store.standing().late(datetime(2999, 1, 1, tzinfo=UTC)) == 0.0
    assert store.standing().uncovered("") == ()
    assert not (tmp_path / "trust").exists()


def test_a_new_department_is_covered_from_its_seal_on(own, tmp_path):
    store = TrustStore(own, ListOfOthers(tmp_path / "trust", None))
    assert store.trust_list().authorities[0].issuers == {TRANSPORT[0]}
    own.issue_seal("11445200990090307L", "揭阳市城乡规划局")
    assert store.trust_list().authorities[0].issuers == {TRANSPORT[0], "11445200990090307L"}


def test_a_list_stands_beside_the_own_authority(node, own, editions, other):
    node.put(editions[1])
    store = node.start()
    listed, material = store.trust_list(), store.material()
    assert [item.certificate for item in listed.authorities] == [
        *own.trust_material().seal_anchors,
        *other.seal_anchors,
    ]
    assert (listed.version, listed.next_update) == (1, NEXT)
    assert material.seal_anchors == listed.anchors(Use.SEAL)
    assert material.issuers == own.trust_material().issuers + other.issuers
    assert store.standing().problem is None
    assert store.standing().remembered
    signed = store.standing().signed
    assert store.standing().named == {
        "version": 1,
        "sha256": signed.digest,
        "signer": signed.signer.subject,
        "key": signed.signer.key_sha256,
    }
    assert material is store.material()


def test_a_list_cannot_narrow_the_own_authority(node, own, key):
    mine = own.trust_material()
    early = entry(mine, until=START - timedelta(days=1), since=START - timedelta(days=2))
    node.put(write(listing(early), key))
    listed, root = node.start().trust_list(), sha256(mine.seal_anchors[0]).hexdigest()
    assert listed.refusal(root, Use.SEAL, START, TRANSPORT[0], "") == ""


def test_a_new_list_is_seen_at_the_next_question(node, editions):
    node.put(editions[1])
    store = node.start()
    assert versions(store) == 1
    node.put(editions[3])
    assert versions(store) == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (1, "rollback"),
        ("2 otherwise", "replaced"),
        ("stranger", "signer"),
        ("rubbish", "malformed"),
        (None, "missing"),
    ],
    ids=count(),
)
def test_a_bad_list_never_takes_the_place_of_a_good_one(node, editions, place, bad, reason):
    node.put(editions[2])
    store = node.start()
    assert versions(store) == 2
    if bad is None:
        place.unlink()
    else:
        node.put(editions[bad])
    assert versions(store) == 2
    assert reason_of(store.standing().problem) == reason
    assert versions(node.start()) == 2  # after a restart, from what was kept
    assert versions(node.start(signers=frozenset({"0" * 64}))) == 0  # its signer is named no more
    node.put(editions[3])
    assert versions(store) == 3
    assert store.standing().problem is None


def test_a_node_that_never_saw_a_good_list_believes_itself_alone(node, editions, own):
    node.put(editions["stranger"])
    store = node.start()
    assert store.material() == own.trust_material()
    assert store.standing().signed is None
    assert reason_of(store.standing().problem) == "signer"


def test_a_file_that_cannot_be_read_now_is_asked_again(node, editions, monkeypatch, place):
    node.put(editions[1])
    store = node.start()
    assert versions(store) == 1
    whole = files.read

    def down(path, most=-1):
        if path == place:
            raise SigningUnavailable(what="I/O")
        return whole(path, most)

    node.put(editions[2])
    monkeypatch.setattr(files, "read", down)
    assert versions(store) == 1
    assert isinstance(store.standing().problem, SigningUnavailable)
    monkeypatch.undo()
    assert versions(store) == 2  # although nothing about the file has changed


def test_a_full_disk_is_no_reason_to_disbelieve(node, editions, monkeypatch):
    node.put(editions[1])

    def full(*_arguments, **_options):
        raise SigningUnavailable(what="ENOSPC")

    monkeypatch.setattr(files, "replace", full)
    store = node.start()
    assert versions(store) == 1
    assert not store.standing().remembered


def test_a_copy_that_was_kept_and_set_back_is_not_believed(node, editions):
    node.put(editions[2])
    node.start().trust_list()
    (node.folder / "accepted.json").write_bytes(editions[1])
    node.put(editions["rubbish"])
    assert versions(node.start()) == 0


def test_looking_only_leaves_the_folder_alone(node, editions, own, place, names):
    node.put(editions[2])
    looking = TrustStore(own, ListOfOthers(node.folder, ListOptions(place, names), keeps=False))
    assert versions(looking) == 2
    assert not node.folder.exists()
    versions(node.start())
    node.put(editions[1])
    assert reason_of(looking.standing().problem) == "rollback"


def test_a_stale_list_stays_in_force_and_says_so(node, editions):
    node.put(editions[1])
    store = node.start()
    assert store.standing().late(NEXT - timedelta(days=1)) == 0.0
    assert store.standing().late(NEXT + timedelta(seconds=1)) == 1.0
    assert store.standing().next_update == NEXT
    assert store.trust_list().stale(NEXT + timedelta(seconds=1))


def test_revocation_lists_of_others_come_and_go(node, editions, own, other):
    node.put(editions[1])
    store = node.start()
    crls = node.folder / "crls"
    assert store.material().crls == own.trust_material().crls
    crls.mkdir(parents=True)
    for number, crl in enumerate(other.crls):
        (crls / f"{number}.crl").write_bytes(crl)
    (crls / "readme.txt").write_text("no list")
    assert store.material().crls == own.trust_material().crls + other.crls
    (crls / "1.crl").unlink()
    assert store.material().crls == own.trust_material().crls + other.crls[:1]


def test_a_bad_revocation_list_does_not_take_away_the_good_one(node, editions, own, other):
    node.put(editions[1])
    (node.folder / "crls").mkdir(parents=True)
    path = node.folder / "crls" / "root.crl"
    path.write_bytes(other.crls[0])
    store = node.start()
    assert store.material().crls[-1:] == other.crls[:1]
    path.write_bytes(b"rubbish")
    assert store.material().crls[-1:] == other.crls[:1]
    assert store.standing().crls.bad == ("root.crl",)
    path.unlink()
    assert store.material().crls == own.trust_material().crls
    assert store.standing().crls.bad == ()


def test_overdue_revocation_lists_of_others_are_counted(node, editions, other):
    node.put(editions[1])
    (node.folder / "crls").mkdir(parents=True)
    standing, root = node.start().standing(), sha256(other.seal_anchors[0]).hexdigest()
    assert standing.uncovered("") == ("邻市电子证照库",)
    assert standing.uncovered(root) == ()  # the own authority's lists lie elsewhere
    (node.folder / "crls" / "a.crl").write_bytes(other.crls[0])
    (node.folder / "crls" / "b.crl").write_bytes(b"rubbish")
    standing = node.start().standing()
    assert (standing.overdue(START), standing.faulty(START)) == (0, 1)
    late = START + timedelta(days=400)
    assert (standing.overdue(late), standing.faulty(late)) == (1, 2)
    assert standing.uncovered("") == ()


def test_new_revocation_lists_of_the_own_authority_reach_the_material(node, editions, own, clock):
    node.put(editions[1])
    store = node.start()
    before = store.material()
    clock.forward(days=20)
    after = store.material()
    assert before != after
    assert after.crls[:2] == own.trust_material().crls


def test_what_was_accepted_is_kept_whole(node, editions):
    node.put(editions[2])
    node.start().trust_list()
    assert (node.folder / "accepted.json").read_bytes() == editions[2]
    assert json.loads((node.folder / "seen.json").read_text())["version"] == 2
    shutil.rmtree(node.folder)
    assert versions(node.start()) == 2


def test_answers_of_others_are_followed_like_lists(node, editions):
    node.put(editions[1])
    store, world, folder = node.start(), World(), node.folder / "ocsps"
    assert store.material().ocsps == ()
    folder.mkdir(parents=True)
    told = answer(world.seal, world.issuing)
    (folder / "a.ocsp").write_bytes(told)
    (folder / "b.ocsp").write_bytes(b"rubbish")
    (folder / "c.crl").write_bytes(told)
    assert store.material().ocsps == (told,)
    assert store.standing().ocsps.bad == ("b.ocsp",)
    (folder / "a.ocsp").unlink()
    assert store.material().ocsps == ()


def test_an_offline_folder_may_hold_answers_and_nothing_else_by_that_name(folder, names):
    world = World()
    told = answer(world.seal, world.issuing)
    (folder / "ocsps").mkdir()
    (folder / "ocsps" / "a.ocsp").write_bytes(told)
    assert open_trust(folder, names)[1].ocsps == (told,)
    (folder / "ocsps" / "b.ocsp").write_bytes(b"rubbish")
    with pytest.raises(Corrupt, match="not an OCSP answer"):
        open_trust(folder, names)
