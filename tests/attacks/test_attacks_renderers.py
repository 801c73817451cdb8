"""What three independent readers show of a file that we call valid is the same page.

A verdict speaks of bytes, a clerk looks at a page: a file that shows one thing here and another
there must not be called valid. Readers of the screen (Poppler, PDFium, MuPDF) draw; their rasters
are compared cell by cell with a stated tolerance for the smoothing of edges, their text letter by
letter.
"""

import csv
import os
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from random import Random

import pymupdf
import pytest
from showing import READERS, TOLERANCE, difference

from certlib.ports import TrustMaterial
from certlib.verification import FOREIGN, Check, Facts, Outcome, Verdict, judge
from signing.evidence.reader import InProcessEvidenceReader
from tests.attacks.generator.families import CASES
from tests.attacks.generator.ground import Ground
from tests.attacks.generator.papers import look, paper_objects, words
from tests.unit.signing.signing_pki import make_page

_CORPORA = Path(os.environ.get("CERTLIB_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))

# Of these nothing differs but the signature, the certificates or the timestamp.
_SAME_PAGES = ("signers/", "messages/", "attributes/", "timestamps/", "gap/", "dss/garbage")
# Heavy on purpose: other readers take minutes, or crash.
_HEAVY = ("bombs/", "counts/")

ACCEPTED = [
    case
    for case in CASES
    if Verdict.VALID in case.foreign.verdicts and not case.name.startswith((*_SAME_PAGES, *_HEAVY))
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _quiet():
    """MuPDF prints what it thinks of a file."""
    before = pymupdf.TOOLS.mupdf_display_errors()
    pymupdf.TOOLS.mupdf_display_errors(False)
    yield
    pymupdf.TOOLS.mupdf_display_errors(before)


def shown(pdf: bytes, folder: Path):
    return {name: read(pdf, folder) for name, read in READERS.items()}


def assert_same(pdf: bytes, folder: Path) -> None:
    found = shown(pdf, folder)
    for one, other in combinations(found, 2):
        assert difference(found[one], found[other]) <= TOLERANCE, (one, other)
        assert found[one].text == found[other].text, (one, other)


@pytest.mark.parametrize("lines", [3, 60])
def test_sealed_pages(ground, tmp_path, lines):
    pdf = ground.sealed(page=make_page(ground.content.canonical(), lines))
    assert_same(pdf, tmp_path)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_files_that_are_accepted(ground, tmp_path, case):
    pdf = case.build(ground, Random(f"1/{case.name}"))
    verdict = ground.judged(pdf, "foreign").report.verdict
    if verdict is not Verdict.VALID:
        assert len(case.foreign.verdicts) > 1, verdict
        return  # borne, and refused: nobody is told that it is a page to rely on
    assert_same(pdf, tmp_path)


def _corpus() -> list[str]:
    manifest = _CORPORA / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("pyhanko/")]
    return [row["file"] for row in rows if row["expected"] in ("valid", "valid-extended")]


CORPUS = _corpus()
DIFFERENCES = {
    "pyhanko/separate-annots-kids-indir.pdf": (
        "MuPDF",
        "It draws no face of a signature whose field and widget are two objects; all else is same.",
    ),
}
"""Readers that show something else, and what that is."""


@pytest.mark.skipif(not CORPUS, reason="public corpora absent: set CERTLIB_CORPORA to their folder")
def test_the_corpus_has_files_that_are_accepted():
    assert len(CORPUS) >= 15


@pytest.mark.parametrize("name", CORPUS)
def test_files_of_the_corpus_that_are_accepted(tmp_path, name):
    pdf = (_CORPORA / name).read_bytes()
    facts = InProcessEvidenceReader(TrustMaterial).read(pdf)
    report = judge(Facts(file=facts), FOREIGN, datetime(2026, 1, 1, tzinfo=UTC))
    outcomes = {item.check: item.outcome for item in report.findings}
    if {outcomes.get(Check.INTEGRITY), outcomes.get(Check.CHANGES)} != {Outcome.PASS}:
        return  # refused, or not to be checked here: tests of the corpus say which may be
    found = shown(pdf, tmp_path)
    for one, other in combinations(found, 2):
        if DIFFERENCES.get(name, ("", ""))[0] in (one, other):
            assert difference(found[one], found[other]) > TOLERANCE, "no longer different"
        else:
            assert difference(found[one], found[other]) <= TOLERANCE, (one, other)
            assert found[one].text == found[other].text, (one, other)


# --- the comparison itself ----------------------------------------------------------------------


def test_another_digit_shows(ground, tmp_path):
    here = shown(ground.paper(), tmp_path)
    there = shown(ground.paper(content=words(b"Pay 900 to the bearer")), tmp_path)
    for name in READERS:
        assert difference(here[name], there[name]) > TOLERANCE, name
        assert here[name].text != there[name].text, name


def test_another_value_of_a_field_shows(ground, tmp_path):
    here = shown(ground.paper(), tmp_path)
    there = shown(ground.paper(more={10: look(b"refused at once")}), tmp_path)
    for name in READERS:
        assert difference(here[name], there[name]) > TOLERANCE, name
        assert here[name].text != there[name].text, name


def test_another_number_of_pages_shows(ground, tmp_path):
    pages = {
        **paper_objects(),
        2: b"<< /Type /Pages /Count 2 /Kids [3 0 R 3 0 R] >>",
    }
    here, there = shown(ground.paper(), tmp_path), shown(ground.paper(more=pages), tmp_path)
    for name in READERS:
        assert difference(here[name], there[name]) == 1.0, name


def test_another_size_of_the_page_shows(ground, tmp_path):
    here = shown(ground.paper(), tmp_path)
    there = shown(ground.paper(page=b"/Rotate 90"), tmp_path)
    for name in READERS:
        assert difference(here[name], there[name]) == 1.0, name
