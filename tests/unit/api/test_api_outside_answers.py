"""OCSP responders of others are asked by the worker alone, over the one way out, within bounds."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography.x509.ocsp import load_der_ocsp_request

from api.egress.addresses import networks
from api.egress.exchange import Exchange
from api.outside_answers import OutsideAnswers, open_outside_answers
from api.settings import Settings
from certlib.errors import SigningUnavailable
from tests.fakes.answers import NOW, answer
from tests.fakes.responding import URL, World
from tests.unit.keys.keys_world import CountedEntropy, pem, serving

HERE = networks(("127.0.0.0/8",))
TYPE = "application/ocsp-response"
HOUR = timedelta(hours=1)


class Asked:
    """A responder without a network: answers with what is set, and keeps what it was sent."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def __call__(self, content, headers, seconds):
        self.sent.append(content)
        found = self.answers[min(len(self.sent), len(self.answers)) - 1]
        if isinstance(found, Exception):
            raise found
        return found


def answers_of(folder, world, responders, *certificates):
    believed = SimpleNamespace(material=world.material)
    return OutsideAnswers(
        responders, folder, believed, lambda: certificates or (world.seal,), CountedEntropy()
    )


@pytest.fixture
def world():
    return World(authority=False)


def test_an_answer_is_fetched_and_asked_for_again_every_hour(tmp_path, world):
    asked = Asked(answer(world.seal, world.issuing))
    answers = answers_of(tmp_path, world, {URL: asked})
    (first,) = answers.round(NOW)
    assert (first.place, first.fault, first.fresh) == (1, "", True)
    assert list(answers.round(NOW + timedelta(minutes=59))) == []
    (second,) = answers.round(NOW + HOUR)
    assert (second.fault, second.fresh) == ("", False)
    assert len(set(asked.sent)) == 2  # another nonce each time
    assert answers.failing == set()


def test_a_short_life_is_asked_for_again_at_its_half(tmp_path, world):
    asked = Asked(answer(world.seal, world.issuing, days=1 / 48))
    answers = answers_of(tmp_path, world, {URL: asked})
    assert len(list(answers.round(NOW))) == 1
    assert len(list(answers.round(NOW + timedelta(minutes=14)))) == 0
    assert len(list(answers.round(NOW + timedelta(minutes=15)))) == 1


def test_whoever_does_not_answer_keeps_nobody_waiting_and_is_asked_again_soon(tmp_path, world):
    down = Asked(SigningUnavailable(what="responder: unreachable"))
    second = world.issuing.leaf(urls=("http://b.example/",))
    other = Asked(answer(second, world.issuing))
    responders = {URL: down, "http://b.example/": other}
    third = world.issuing.leaf()
    answers = answers_of(tmp_path, world, responders, world.seal, third, second)
    found = [(item.place, item.fault) for item in answers.round(NOW)]
    assert found == [(1, "responder: unreachable"), (2, "")]
    assert (answers.failing, len(down.sent)) == ({1}, 1)
    later = NOW + timedelta(minutes=2)
    down.answers = [b"", answer(third, world.issuing), answer(world.seal, world.issuing)]
    assert [item.place for item in answers.round(later)] == [1, 1]
    assert len(down.sent) == 3


def test_a_round_asks_ten_and_those_that_fail_keep_no_other_away(tmp_path, world):
    seals = [world.issuing.leaf() for _ in range(12)]
    asked = Asked(b"<html>")
    answers = answers_of(tmp_path, world, {URL: asked}, *seals)
    rounds = [len(list(answers.round(NOW + timedelta(minutes=place)))) for place in range(3)]
    assert rounds == [10, 2, 10]
    serials = {load_der_ocsp_request(body).serial_number for body in asked.sent}
    assert len(serials) == 12


def test_a_source_fails_until_every_certificate_has_its_answer(tmp_path, world):
    asked = Asked(b"<html>", answer(world.seal, world.issuing))
    answers = answers_of(tmp_path, world, {URL: asked})
    assert [item.fault for item in answers.round(NOW)] == ["no-answer"]
    assert answers.failing == {1}
    assert [item.fault for item in answers.round(NOW + timedelta(minutes=2))] == [""]
    assert answers.failing == set()


def test_what_is_not_asked_about_any_more_fails_no_more(tmp_path, world):
    answers = answers_of(tmp_path, world, {URL: Asked(b"")})
    list(answers.round(NOW))
    answers.certificates = lambda: ()
    assert list(answers.round(NOW)) == []
    assert answers.failing == set()


def test_authorities_of_the_trust_list_are_asked_about_too(tmp_path):
    world = World()
    asked = Asked(answer(world.issuing.der, world.root))
    answers = answers_of(tmp_path, world, {URL: asked}, b"rubbish")
    assert [item.fault for item in answers.round(NOW)] == [""]


def test_nobody_is_asked_where_no_responder_is_named(tmp_path):
    answers = OutsideAnswers({}, tmp_path, None, None, None)
    assert list(answers.round(NOW)) == []


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path, world):
    (tmp_path / "file").write_bytes(b"")
    asked = Asked(answer(world.seal, world.issuing))
    answers = answers_of(tmp_path / "file" / "ocsps", world, {URL: asked})
    (found,) = answers.round(NOW)
    assert found.fault.startswith("key folder")


@pytest.mark.parametrize(
    ("status", "kind", "body", "fault"),
    [
        (302, TYPE, b"", "responder answers 302"),
        (200, "text/html", b"", "responder: answers something else"),
        (200, TYPE, bytes(70_000), "responder: answer too long"),
        (200, TYPE, bytes(60_000), "no-answer"),
    ],
)
def test_hostile_servers_are_told_in_a_word(tmp_path, world, status, kind, body, fault):
    with serving(lambda _: (status, kind, body)) as url:
        world.seal = world.issuing.leaf(urls=(url,))
        post = Exchange(url, HERE, whose="responder")
        answers = answers_of(tmp_path, world, {url: post})
        assert [item.fault for item in answers.round(NOW)] == [fault]


def test_an_address_inside_is_not_called_unless_its_network_is_named(tmp_path, world, monkeypatch):
    called = []
    with serving(lambda body: called.append(body) or (200, TYPE, b"")) as url:
        world.seal = world.issuing.leaf(urls=(url,))
        monkeypatch.setenv("CERTLIB_OCSP_SOURCES", url)
        for network, fault in (("", "responder: address refused"), ("127.0.0.0/8", "no-answer")):
            monkeypatch.setenv("CERTLIB_CRL_NETWORKS", network)
            settings = Settings(data_dir=tmp_path, demo=True)
            believed = SimpleNamespace(material=world.material)
            authority = SimpleNamespace(public_certificates=lambda: {"seal.cer": world.seal})
            answers = open_outside_answers(settings, believed, authority, CountedEntropy())
            assert [item.fault for item in answers.round(NOW)] == [fault]
    assert len(called) == 1


def test_pinned_timestamp_authorities_are_asked_about(tmp_path, world, monkeypatch):
    (tmp_path / "tsa.pem").write_bytes(pem(world.seal))
    (tmp_path / "sources.toml").write_text(
        '[[source]]\nname = "own"\n[[source]]\nname = "a"\nurl = "http://a.example/"\n'
        'certificates = "tsa.pem"\n[[source]]\nname = "b"\nurl = "http://b.example/"\n'
    )
    monkeypatch.setenv("CERTLIB_TIMESTAMP_SOURCES", str(tmp_path / "sources.toml"))
    settings = Settings(data_dir=tmp_path, demo=True)
    authority = SimpleNamespace(public_certificates=lambda: {"a.cer": b"own"})
    answers = open_outside_answers(settings, None, authority, CountedEntropy())
    assert list(answers.certificates()) == [b"own", world.seal]
