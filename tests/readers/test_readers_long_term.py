"""Long-term seals: who of the five understands them, and in which words the others do not."""

import pytest

from tests.readers import pages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVERYBODY = {"pyHanko", "PDFBox", "pdfsig", "MuPDF", "OpenSSL"}
SAID = {
    "pdfsig": "Signature is Valid.; Signature has not yet been verified.",
    "MuPDF": "The signature is valid but there have been edits since signing.",
    "OpenSSL": "CMS Verification successful; ",
}
"""Of B-LTA, by those who do not read document timestamps; docs/verification.md tells the same."""


@pytest.fixture(scope="module", params=pages.WRITERS)
def files(request):
    order = pages.sample(pages.versions()[0])
    page = pages.page_of(order)
    return {
        level: pages.sealed(page, order.content, pages.KEYS[0], level, request.param)
        for level in pages.LONG_TERM
    }


def test_material_under_the_seal_disturbs_nobody(readers, files):
    found = {name: read(files["B-LT"].pdf) for name, read in readers.items()}
    assert {name for name, answer in found.items() if answer.holds} == EVERYBODY, found


def test_archive_timestamp_holds_for_whoever_reads_such(readers, files):
    found = {name: read(files["B-LTA"].pdf) for name, read in readers.items()}
    for name in ("pyHanko", "PDFBox"):
        assert (found[name].holds, found[name].signatures) == (True, 2), found[name]
    for name, words in SAID.items():
        assert found[name].said.startswith(words), found[name]


@pytest.mark.parametrize("level", pages.LONG_TERM)
def test_change_under_the_seal_is_seen_by_all(readers, files, level):
    place = files[level].pdf.index(b"/EmbeddedFile")
    changed = files[level].changed(place, 0x01)
    found = {name: read(changed) for name, read in readers.items()}
    assert not any(answer.holds for answer in found.values()), found
