"""Previews of every shipped type: samples that fill one face, longest values that find room."""

import jsonschema
import pytest
from pages_reading import page_sizes, squeezed, words

from api.preview import longest_fields, preview_order
from api.shipped import type_files
from certlib.catalogue import NumberSource
from signing.rendered import recognised

VERSIONS = {version.type_code: version for version, _ in type_files()}
FORMS = [(code, form) for code, version in VERSIONS.items() for form in version.forms]
DOCUMENTS = {"approval-document", "inspection-report", "official-result"}


def test_all_types_of_the_catalogue_are_here():
    assert len(VERSIONS) == 28
    assert len({version.design for version in VERSIONS.values()}) == 7


@pytest.mark.parametrize(("code", "form"), FORMS)
def test_samples_fill_one_face_unless_the_type_is_a_document(renderer, code, form):
    wanted = preview_order(VERSIONS[code], form)
    pdf = renderer.render(wanted)
    assert len(page_sizes(pdf)) == 1 or VERSIONS[code].design in DOCUMENTS
    found = words(pdf)
    assert squeezed(wanted.content.holders[0].name) in found
    assert squeezed(wanted.content.number) in found
    assert recognised(pdf), "another form of PDF: sealing it takes fifty times as long"


@pytest.mark.parametrize(("code", "form"), FORMS)
def test_the_longest_values_find_room(renderer, code, form):
    """Where they stand, and that nothing is cut, is asked of every family and type elsewhere."""
    pdf = renderer.render(preview_order(VERSIONS[code], form, extreme=True))
    assert page_sizes(pdf)
    assert recognised(pdf)


@pytest.mark.parametrize("code", VERSIONS)
def test_the_longest_values_are_values_the_schema_allows(code):
    checker = jsonschema.FormatChecker()
    validator = jsonschema.Draft202012Validator(VERSIONS[code].schema, format_checker=checker)
    assert list(validator.iter_errors(longest_fields(VERSIONS[code]))) == []


@pytest.mark.parametrize("code", VERSIONS)
def test_a_preview_says_of_its_holder_what_the_holder_is(code):
    """性别 and 出生日期 agree with the holder's own number; a type without numbers shows none."""
    version = VERSIONS[code]
    content = preview_order(version).content
    assert bool(content.number) is (version.numbering.source is not NumberSource.NONE)
    for item in version.fields:
        holder = content.holders[0]
        if item.repeats == "birth":
            assert content.fields[item.key].replace("-", "") == holder.code[6:14]
        if item.repeats == "sex":
            assert content.fields[item.key] == "女男"[int(holder.code[16]) % 2]
