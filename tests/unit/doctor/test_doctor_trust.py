"""`certlib doctor` on the list of other authorities: content with a good one, names what is wrong."""

from datetime import timedelta
from hashlib import sha256

import pytest

from api.clock import SystemClock
from certlib.errors import SigningUnavailable
from keys import files
from keys.outside_answers import Question
from keys.outside_answers import file_of as answer_file_of
from keys.outside_lists import file_of
from keys.trust_list import write
from keys.trust_store import ListOfOthers, ListOptions
from tests.fakes.answers import answer
from tests.fakes.responding import URL, World
from tests.unit.doctor.conftest import states, subject, words
from tests.unit.keys.keys_world import SetClock, found
from tests.unit.keys.trust_world import entry, listing


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """An authority of today."""
    return found(tmp_path_factory.mktemp("other") / "keys", SetClock(SystemClock().now()))


@pytest.fixture
def put(node, other):
    """Lays a version of the list into its place; answers with the settings that name it."""
    key = other.trust_key()

    def laid(version=1, **changes):
        now = SystemClock().now().replace(microsecond=0)
        times = {"issued_at": now, "next_update": now + timedelta(days=9)}
        content = listing(entry(other.trust_material()), version=version, **(times | changes))
        (node.parent / "list").write_bytes(write(content, key))
        return settings

    signer = sha256(key.chain[0]).hexdigest()
    settings = {"trust_list": node.parent / "list", "trust_signer": signer}
    return laid


@pytest.fixture
def crls(node, other):
    folder = node / "trust" / "crls"
    folder.mkdir(parents=True)
    for name, der in other.crls().items():
        (folder / name).write_bytes(der)
    return folder


def test_a_good_list_is_in_force(node, put, crls):
    looked_at = subject(node, settings=put())
    assert states(looked_at, "trust") == ["ok"]
    assert "version 1" in words(looked_at, "trust")
    assert not (node / "trust" / "seen.json").exists()  # looking remembers nothing


def test_without_a_list_there_is_nothing_to_say(node):
    assert states(subject(node), "trust") == []


def test_a_list_that_is_not_believed_fails(node, put, crls):
    settings = put(2)
    options = ListOptions.of(settings["trust_list"], frozenset({settings["trust_signer"]}))
    assert ListOfOthers(node / "trust", options).standing().version == 2
    put(1)
    looked_at = subject(node, settings=settings)
    assert states(looked_at, "trust") == ["failed"]
    assert "version 2 is" in words(looked_at, "trust")
    assert "older than version 2" in words(looked_at, "trust")


def test_a_list_past_its_promise_is_a_warning(node, put, crls):
    looked_at = subject(node, settings=put(), ahead=timedelta(days=10))
    assert states(looked_at, "trust") == ["warning"]
    assert "overdue" in words(looked_at, "trust")


def test_revocation_lists_of_others_are_looked_at(node, put, crls):
    settings = put(next_update=None)
    (crls / "rubbish.crl").write_bytes(b"rubbish")
    looked_at = subject(node, settings=settings, ahead=timedelta(days=60))
    assert states(looked_at, "trust") == ["failed", "warning", "ok"]
    assert "rubbish.crl" in words(looked_at, "trust")
    assert "2 revocation lists" in words(looked_at, "trust")


def test_sources_from_which_nothing_is_here_are_told(node, put, crls, other):
    url, responder = "http://crl.example/a.crl", "http://ocsp.example/"
    settings = put() | {"crl_sources": f"{url},{url}2", "ocsp_sources": responder}
    (crls / file_of(crls, url).name).write_bytes(other.crls()["issuing.crl"])
    looked_at = subject(node, settings=settings)
    assert states(looked_at, "trust") == ["warning", "warning", "ok"]
    assert "address 2 of CERTLIB_CRL_SOURCES" in words(looked_at, "trust")
    assert "address 1 of CERTLIB_OCSP_SOURCES" in words(looked_at, "trust")
    late = subject(node, settings=settings, ahead=timedelta(days=40))
    assert "address 1, 2 of CERTLIB_CRL_SOURCES" in words(late, "trust")


def test_an_answer_that_holds_is_enough_and_what_is_none_is_named(node, put, crls):
    now = SystemClock().now()
    world = World(now)
    question = Question(URL, world.seal, world.issuing.der)
    path = answer_file_of(node / "trust" / "ocsps", question)
    path.parent.mkdir()
    path.write_bytes(answer(world.seal, world.issuing, at=now))
    looked_at = subject(node, settings=put() | {"ocsp_sources": URL})
    assert states(looked_at, "trust") == ["ok"]
    (path.parent / "rubbish.ocsp").write_bytes(b"rubbish")
    assert states(looked_at, "trust") == ["failed", "ok"]
    assert "rubbish.ocsp" in words(looked_at, "trust")


def test_an_authority_without_any_revocation_list_is_a_warning(node, put):
    looked_at = subject(node, settings=put())
    assert states(looked_at, "trust") == ["warning", "ok"]
    assert "nobody can judge their seals" in words(looked_at, "trust")


def test_a_list_that_cannot_be_read_fails(node, put, crls, monkeypatch):
    settings, whole = put(), files.read

    def down(path, most=-1):
        if path == settings["trust_list"]:
            raise SigningUnavailable(what="I/O")
        return whole(path, most)

    monkeypatch.setattr(files, "read", down)
    assert states(subject(node, settings=settings), "trust") == ["failed"]
