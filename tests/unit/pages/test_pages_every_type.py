"""Every shipped type, each of its forms, with its samples and with its longest values."""

from functools import cache
from itertools import combinations

import jsonschema
import pytest
from pages_reading import page_sizes, runs, squeezed, words

from api.preview import longest_fields, preview_order
from api.shipped import type_files
from signing.pages.face import face_of

VERSIONS = {version.type_code: version for version, _ in type_files()}
FORMS = [(code, form) for code, version in VERSIONS.items() for form in version.forms]
MARGIN = 40  # points
FOOT = 20


@pytest.fixture(scope="module")
def drawn(renderer):
    """Each page is drawn once for all tests."""

    @cache
    def draw(code, form, extreme):
        wanted = preview_order(VERSIONS[code], form, extreme=extreme)
        return wanted, renderer.render(wanted)

    return draw


def test_all_types_of_the_catalogue_are_here():
    assert len(VERSIONS) == 28


@pytest.mark.parametrize("extreme", [False, True], ids=["samples", "longest"])
@pytest.mark.parametrize(("code", "form"), FORMS)
def test_nothing_overlaps_or_leaves_the_page(drawn, code, form, extreme):
    _, pdf = drawn(code, form, extreme)
    sizes = page_sizes(pdf)
    by_page = {}
    for run in runs(pdf):
        width, height = sizes[run.page]
        assert run.left > MARGIN, run
        assert run.right < width - MARGIN, run
        assert run.top > MARGIN, run
        assert run.bottom < height - FOOT, run
        by_page.setdefault(run.page, []).append(run)
    for found in by_page.values():
        colliding = [(a, b) for a, b in combinations(found, 2) if a.overlaps(b)]
        assert not colliding, colliding[:3]


@pytest.mark.parametrize("extreme", [False, True], ids=["samples", "longest"])
@pytest.mark.parametrize(("code", "form"), FORMS)
def test_every_value_of_the_face_is_text_on_the_page(drawn, code, form, extreme):
    wanted, pdf = drawn(code, form, extreme)
    found = words(pdf)
    for text in _texts(face_of(wanted)):
        assert squeezed(text) in found, text


def _texts(face):
    yield from (face["number"], face["issuer"], face["date"])
    for row in face["rows"]:
        value = row["value"]
        match row["kind"]:
            case "list":
                yield from value
            case "table":
                yield from (cell for line in value["rows"] for cell in line)
            case "pictures":
                yield from (picture["caption"] for picture in value)
            case "text" if value is not None:
                yield value["text"]


@pytest.mark.parametrize("code", VERSIONS)
def test_the_longest_values_are_values_the_schema_allows(code):
    version = VERSIONS[code]
    checker = jsonschema.FormatChecker()
    validator = jsonschema.Draft202012Validator(version.schema, format_checker=checker)
    assert list(validator.iter_errors(longest_fields(version))) == []


@pytest.mark.parametrize("code", VERSIONS)
def test_a_face_with_its_samples_is_one_page_unless_it_is_a_document(drawn, code):
    """Samples of a licence, a card or a proof need no further page."""
    _, pdf = drawn(code, "original", extreme=False)
    documents = {"approval-document", "inspection-report", "official-result"}
    assert len(page_sizes(pdf)) == 1 or VERSIONS[code].design in documents
