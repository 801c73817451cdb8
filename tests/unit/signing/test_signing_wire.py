"""What travels over the pipes is read back as it was, and nothing else is read at all."""

import json
from datetime import datetime

import pytest

from certlib.evidence import ChangeFacts, ChangeGrade, ChangeKind
from certlib.ports import TrustMaterial
from signing.evidence import wire
from tests.fakes import evidence

FACTS = evidence.file(
    evidence.signature(claimed_time=evidence.SEALED),
    evidence.document_timestamp(),
    changes=ChangeFacts(ChangeGrade.PERMITTED, (ChangeKind.FORM, ChangeKind.METADATA), ("12 0",)),
    milliseconds=1.5,
)
SIGNER = ("signatures", 0, "message", "chain", "signer")
PLACES = {
    "file": (),
    "number": ("size",),
    "optional number": ("signatures", 0, "certified"),
    "fraction": ("milliseconds",),
    "truth": ("readable",),
    "text": ("content",),
    "moment": (*SIGNER, "not_before"),
    "optional moment": ("signatures", 0, "claimed_time"),
    "grade": ("changes", "grade"),
    "kind of change": ("changes", "kinds", 0),
    "kinds of change": ("changes", "kinds"),
    "texts": ("changes", "objects"),
    "optional texts": (*SIGNER, "usages"),
    "changes": ("changes",),
    "signatures": ("signatures",),
    "optional certificate": SIGNER,
}
VALUES = {
    "nothing": None,
    "a truth": True,
    "a number": 1,
    "a fraction": 1.5,
    "a text": "text",
    "a list": [],
    "a mapping": {},
}
FIT = {
    "number": {"a number"},
    "optional number": {"nothing", "a number"},
    "fraction": {"a number", "a fraction"},
    "truth": {"a truth"},
    "text": {"a text"},
    "optional moment": {"nothing"},
    "kinds of change": {"a list"},
    "texts": {"a list"},
    "optional texts": {"nothing", "a list"},
    "changes": {"a mapping"},
    "signatures": {"a list"},
    "optional certificate": {"nothing"},
}


def plain(facts=FACTS):
    """The facts as they travel."""
    return json.loads(wire.answer_to_bytes(wire.Answer(facts, 1)))["facts"]


def back(said):
    """What the service makes of them."""
    return wire.answer_from_bytes(json.dumps({"facts": said, "memory": 1}).encode()).facts


def told(place, value):
    """The facts as they travel, with another value there."""
    whole = [plain()]
    *above, last = (0, *place)
    inner = whole
    for step in above:
        inner = inner[step]
    inner[last] = value
    return whole[0]


def found(facts, place):
    for step in place:
        facts = facts[step] if isinstance(step, int) else getattr(facts, step)
    return facts


def test_facts_of_every_kind_travel_unchanged():
    answer = wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(FACTS, 7)))
    assert answer == wire.Answer(FACTS, 7)
    assert answer.facts.milliseconds == FACTS.milliseconds
    assert answer.facts.changes.grade is ChangeGrade.PERMITTED
    assert answer.facts.changes.kinds == (ChangeKind.FORM, ChangeKind.METADATA)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("place", PLACES)
def test_value_of_another_kind_is_no_fact(place, value):
    """Whoever judges them counts on their types: a truth is no number, a text no list."""
    said = told(PLACES[place], VALUES[value])
    if value in FIT.get(place, ()):
        kept = found(back(said), PLACES[place])
        assert kept == {"a list": (), "a mapping": ChangeFacts()}.get(value, VALUES[value])
        return
    with pytest.raises(ValueError):
        back(said)


@pytest.mark.parametrize("name", ["size", "readable"])
def test_fact_that_is_missing_is_not_made_up(name):
    said = plain()
    del said[name]
    with pytest.raises(ValueError, match=name):
        back(said)


@pytest.mark.parametrize("place", PLACES)
def test_fact_that_nobody_knows_is_refused(place):
    inner = whole = plain()
    for step in PLACES[place]:
        inner = inner[step]
    if not isinstance(inner, dict):
        return
    inner["verdict"] = "valid"
    with pytest.raises(ValueError, match="verdict"):
        back(whole)


def test_what_travels_is_json_alone():
    said = plain()
    moment = said["signatures"][0]["claimed_time"]
    assert datetime.fromisoformat(moment) == evidence.SEALED
    assert said["changes"]["kinds"] == ["form", "metadata"]


def test_half_a_character_does_not_reach_the_service():
    """No database and no answer can hold it: a question mark takes its place."""
    facts = evidence.file(identifier="\ud800证")
    answer = wire.answer_from_bytes(wire.answer_to_bytes(wire.Answer(facts, 1)))
    assert answer.facts.identifier == "?证"


def test_text_of_an_answer_takes_the_octets_of_utf_8():
    """Its limit is one of octets: escaped, Chinese text would take twice as many."""
    short, long = (
        len(wire.answer_to_bytes(wire.Answer(evidence.file(content="证" * count), 1)))
        for count in (0, 1000)
    )
    assert long - short == 3000


@pytest.mark.parametrize("memory", ["many", None, []])
def test_memory_is_a_number(memory):
    body = json.dumps({"facts": plain(), "memory": memory}).encode()
    with pytest.raises(ValueError):
        wire.answer_from_bytes(body)


@pytest.mark.parametrize("missing", ["facts", "memory"])
def test_answer_has_facts_and_memory(missing):
    said = {"facts": plain(), "memory": 1}
    del said[missing]
    with pytest.raises(ValueError, match=missing):
        wire.answer_from_bytes(json.dumps(said).encode())


def test_trust_travels_each_kind_in_its_place():
    """Whoever mixed them up would take an issuer for an anchor."""
    trust = TrustMaterial((b"\x00seal", b"\xff"), (b"stamp",), (b"list",), (b"issuer",))
    assert wire.trust_from_bytes(wire.trust_to_bytes(trust)) == trust


def test_frame_says_its_kind_and_length():
    whole = wire.frame(wire.ANSWER, b"x" * 70_000)
    assert wire.head(whole[: wire.HEAD]) == (b"A", 70_000)
    assert whole[wire.HEAD :] == b"x" * 70_000
