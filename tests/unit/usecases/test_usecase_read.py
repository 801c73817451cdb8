"""A department reads its own, whole; a stranger finds nothing there (INV-10)."""

from dataclasses import replace

import pytest

from certlib.errors import CertificateNotFound, Corrupt, ScopeMissing
from certlib.registry import SearchQuery
from tests.unit.usecases.house import CALLER, STRANGER, request


@pytest.fixture
def issued(house):
    return house.issue.issue_one(CALLER, request()).identifier


def test_own_and_others(house, issued):
    assert house.read.certificate(CALLER, issued).identifier == issued
    with pytest.raises(CertificateNotFound):
        house.read.certificate(STRANGER, issued)
    with pytest.raises(CertificateNotFound):
        house.read.file(STRANGER, issued)
    with pytest.raises(CertificateNotFound):
        house.read.history(STRANGER, issued)
    with pytest.raises(ScopeMissing):
        house.read.certificate(replace(CALLER, scopes=frozenset()), issued)


def test_search_stays_inside_the_department(house, issued):
    assert [item.identifier for item in house.read.search(CALLER, SearchQuery()).certificates] == [
        issued
    ]
    assert not house.read.search(STRANGER, SearchQuery()).certificates
    spied = SearchQuery(issuer_codes=frozenset({CALLER.department_code}))
    assert not house.read.search(STRANGER, spied).certificates


def test_pages_follow_one_another(house):
    house.issue.issue(CALLER, [request(f"k{n}", number=f"N{n}") for n in range(5)])
    first = house.read.search(CALLER, SearchQuery(limit=2))
    second = house.read.search(CALLER, SearchQuery(limit=2, after=first.after))
    third = house.read.search(CALLER, SearchQuery(limit=2, after=second.after))
    seen = [item.identifier for page in (first, second, third) for item in page.certificates]
    assert len(set(seen)) == 5
    assert seen == sorted(seen)
    assert third.after == ""


def test_file_is_what_was_recorded(house, issued):
    file, content = house.read.file(CALLER, issued)
    assert len(content) == file.size
    with pytest.raises(CertificateNotFound):
        house.read.file(CALLER, issued, "annex")
    house.objects.remove(file.object_name)
    with pytest.raises(Corrupt):
        house.read.file(CALLER, issued)


def test_history_of_one_certificate(house, issued):
    house.issue.issue_one(CALLER, request("k2", number="N2"))
    assert [record.act for record in house.read.history(CALLER, issued)] == ["reserve", "issue"]


def test_what_is_not_on_record_is_not_found(house):
    with pytest.raises(CertificateNotFound):
        house.read.certificate(CALLER, "1.2.3")
