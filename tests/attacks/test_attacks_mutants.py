"""Ten thousand mutants of real certificates: none accepted, none crashes, none takes long.

`make mutants N=1000000` runs more; `--mutants-seed` tries others than those of every day.
"""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from certlib.evidence import ChangeFacts, ChangeGrade
from certlib.usecases.verify import Question
from certlib.verification import FOREIGN, OWN, Verdict
from signing.evidence.reader import read_facts
from tests.attacks.attacks_forging import content_stream, revision
from tests.attacks.mutation import invariants, tlv
from tests.attacks.mutation.invariants import Judge
from tests.attacks.mutation.making import mutant
from tests.attacks.mutation.originals import Originals

# cryptography warns of names that are too long or too short, which is for their issuers.
pytestmark = pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning")

PARTS = 4
EACH = 2_500


@pytest.fixture(scope="session")
def originals(tmp_path_factory):
    return Originals(tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="session")
def judge(originals):
    return Judge(originals)


@pytest.fixture(scope="session")
def seed(request):
    return request.config.getoption("--mutants-seed")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutant_is_accepted_or_breaks_the_reader(originals, judge, seed, part):
    found = []
    for number in range(part * EACH, (part + 1) * EACH):
        made = mutant(originals.files, seed, number)
        found += [(made.recipe, offence) for offence in judge.offences(made.pdf)]
    assert found == []


def test_same_seed_same_mutants(originals, seed, tmp_path):
    again = Originals(tmp_path)
    assert [item.pdf for item in again.files] == [item.pdf for item in originals.files]
    for number in range(40):
        assert mutant(originals.files, seed, number) == mutant(again.files, seed, number)


def test_the_originals_are_what_the_policies_accept(originals):
    """Otherwise no mutant could fail to be accepted."""
    for item in originals.files:
        originals.facts.facts = read_facts(item.pdf, originals.trust)
        foreign = originals.elsewhere.by_file(item.pdf, Question(policy=FOREIGN)).report
        assert foreign.verdict is Verdict.VALID, item.name
        if item.ours and not item.name.endswith("lifted"):
            own = originals.own.by_file(item.pdf, Question(policy=OWN)).report
            assert own.verdict is Verdict.VALID, item.name


@pytest.mark.parametrize(
    ("change", "offence"),
    [
        pytest.param("page", "foreign: valid, readers show another page", id="page"),
        pytest.param("byte", "foreign: valid, its covered bytes", id="covered-byte"),
        pytest.param("gap", "own: nothing odd was seen", id="gap"),
        pytest.param("tail", "foreign: valid, what follows is unexplained", id="tail"),
    ],
)
def test_a_lenient_reader_would_be_found_out(originals, judge, monkeypatch, change, offence):
    """A reader that says of every mutant what is true of the original."""
    ours, paper = originals.files[0].pdf, originals.ground.paper()
    forged, honest = {
        "page": (revision(paper, {4: content_stream(b"Pay 900")}), paper),
        "byte": (paper.replace(b"Pay 100", b"Pay 900"), paper),
        "gap": (ours.replace(b"00>", b"01>"), ours),
        "tail": (paper + b"\n", paper),
    }[change]
    facts = read_facts(honest, originals.trust)
    if change == "tail":
        originals.facts.facts = facts
        answer = originals.elsewhere.by_file(honest, Question(policy=FOREIGN))
        monkeypatch.setattr(
            originals, "elsewhere", SimpleNamespace(by_file=lambda *_, **__: answer)
        )
        facts = replace(facts, changes=ChangeFacts(ChangeGrade.UNEXPLAINED))
    monkeypatch.setattr(invariants, "read_facts", lambda pdf, trust: facts)
    assert [item for item in judge.offences(forged) if item.startswith(offence)]


@pytest.mark.parametrize("place", [0, 1], ids=["seal", "token"])
def test_a_certificate_that_came_twice_is_odd(originals, judge, place):
    """Found by chance in a timestamp: the set of certificates is not signed."""
    pdf = originals.files[0].pdf
    (start, end), root = tlv.opened_gap(pdf)
    sets = [
        item for item in root.walk() if item.tag == 0xA0 and len(item.children[0].children) == 3
    ]
    assert len(sets) == 2
    sets[place].children.append(sets[place].children[0])
    digits = root.encoded().hex().encode().ljust(end - start - 2, b"0")
    assert judge.offences(pdf[: start + 1] + digits + pdf[end - 1 :]) == ()


def test_an_unforeseen_exception_is_found_out_even_where_the_signature_is_broken(
    originals, judge, monkeypatch
):
    def broken(_document):
        raise KeyError

    monkeypatch.setattr("signing.evidence.reader.metadata_of", broken)
    forged = originals.ground.paper().replace(b"Pay 100", b"Pay 900")
    assert judge.offences(forged) == ("crash: KeyError",)


def test_an_endless_reader_is_found_out(originals, judge, monkeypatch):
    def endless(pdf, trust):
        while True:
            pass

    monkeypatch.setattr(invariants, "MOST_SECONDS", 0.05)
    monkeypatch.setattr(invariants, "read_facts", endless)
    assert judge.offences(b"%PDF-1.7") == ("slow",)


def test_a_changed_digit_of_a_message_of_ours_is_altered_whatever_it_said(originals):
    """Also where nobody can read any more who signed: no department is accused in its place."""
    codes = set()
    for item in originals.files:
        if not item.ours:
            continue
        begin = item.pdf.rindex(b"/Contents <") + len(b"/Contents <")
        end = begin + len(item.pdf[begin : item.pdf.index(b">", begin)].rstrip(b"0"))
        for place in range(begin, end, max(1, (end - begin) // 150)):
            changed = bytearray(item.pdf)
            changed[place] ^= 0x01
            originals.facts.facts = read_facts(bytes(changed), originals.trust)
            report = originals.own.by_file(bytes(changed), Question(policy=OWN)).report
            codes.add(report.code)
    # The zeros that were the end of a number; a part of the message that nobody signs.
    assert codes <= {"altered", "seal-not-on-record"}
    assert "altered" in codes
