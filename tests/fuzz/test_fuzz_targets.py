"""Every target on its corpus, on what once broke it, and on some changes by chance."""

from pathlib import Path
from random import Random

import pytest

from tests.fuzz.__main__ import _NAMES
from tests.fuzz.corpus import CORPORA
from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"
CHANGES = 300

# cryptography warns of names that are too long or too short, which is for their issuers.
pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning")


def _changed(data: bytes, chance: Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(out) + 1)
        piece = chance.choice(
            (b"", chance.randbytes(1), chance.randbytes(4), bytes(out[:at][-20:]))
        )
        out[at : at + chance.choice((0, 1, len(piece), 30))] = piece
    return bytes(out)


@pytest.mark.parametrize("name", TARGETS)
def test_promises_hold_on_the_corpus_and_near_it(name):
    chance = Random(name)
    seeds = CORPORA[name]()
    for data in seeds:
        TARGETS[name](data)
    for _ in range(CHANGES):
        TARGETS[name](_changed(chance.choice(seeds), chance))


@pytest.mark.parametrize("name", TARGETS)
def test_promises_hold_on_nothing(name):
    for data in (b"", b"\0", b"\n" * 100):
        TARGETS[name](data)


@pytest.mark.parametrize(
    "path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_what_was_found_stays_mended(path):
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_a_corpus_and_a_name():
    assert list(TARGETS) == list(CORPORA) == list(_NAMES)
