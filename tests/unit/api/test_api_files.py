"""The file over HTTP: whole, in part, conditionally, and named after nobody."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import ranges
from api.failures import RangeNotSatisfiable


@pytest.fixture
def path(world):
    return f"/v1/certificates/{world.issued()}/file"


def _get(world, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.browser.get(path, headers=world.bearer() | named)


def test_the_file_comes_with_its_digest_as_etag(world, path):
    answer = _get(world, path)
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/pdf"
    assert "private" in answer.headers["cache-control"]


def test_its_name_holds_nothing_of_the_holder(world, path):
    name = _get(world, path).headers["content-disposition"]
    assert name.startswith('attachment; filename="certificate-')
    assert "filename*=UTF-8''%E7%94%B5" in name
    for part in ("揭阳", "91445202", "%E6%8F%AD%E9%98%B3"):
        assert part not in name


def test_a_part_is_206(world, path):
    whole = _get(world, path).content
    answer = _get(world, path, Range="bytes=5-9")
    assert (answer.status_code, answer.content) == (206, whole[5:10])
    assert answer.headers["content-range"] == f"bytes 5-9/{len(whole)}"
    assert _get(world, path, Range="bytes=-4").content == whole[-4:]
    assert _get(world, path, Range=f"bytes={len(whole) - 3}-").content == whole[-3:]


def test_beyond_the_end_is_416(world, path):
    answer = _get(world, path, Range="bytes=9999999-")
    assert (answer.status_code, answer.json()["code"]) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"].startswith("bytes */")


def test_if_range_decides_between_part_and_whole(world, path):
    tag = _get(world, path).headers["etag"]
    assert _get(world, path, Range="bytes=0-0", If_Range=tag).status_code == 206
    assert _get(world, path, Range="bytes=0-0", If_Range='"other"').status_code == 200


def test_an_unchanged_file_is_304(world, path):
    tag = _get(world, path).headers["etag"]
    answer = _get(world, path, If_None_Match=tag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_head_has_the_headers_and_no_body(world, path):
    whole = _get(world, path)
    answer = world.browser.ask("HEAD", path, headers=world.bearer() | {"Range": "bytes=0-0"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(whole.content))


def test_a_form_that_does_not_exist(world, path):
    assert _get(world, path + "?form=annex").json()["code"] == "certificate-not-found"
    answer = _get(world, path + "?form=poster")
    assert answer.json()["problems"][0]["field"] == "query:form"


def test_bytes_that_are_not_those_on_record_are_never_served(world, path):
    """A damaged object is an incident with a code, told without the object's name (INV-2)."""
    [name] = world.house.objects.names()
    world.house.objects.remove(name)
    world.house.objects.put_once(name, b"something else")
    answer = _get(world, path)
    assert (answer.status_code, answer.json()["code"]) == (503, "corrupt")
    assert name not in answer.text
    assert answer.json()["instance"].split(":")[-1] in answer.json()["detail"]


@given(st.text(st.characters(codec="ascii"), max_size=30), st.integers(0, 50))
def test_any_range_header_is_a_part_the_whole_or_416(text, size):
    for header in (text, "bytes=" + text):
        try:
            part = ranges.wanted(header, None, '"t"', size)
        except RangeNotSatisfiable:
            continue
        if part is not None:
            assert 0 <= part[0] <= part[1] < size


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 50))
def test_ranges_say_what_slices_say(first, last, size):
    content = bytes(range(size))
    try:
        part = ranges.wanted(f"bytes={first}-{last}", None, '"t"', size)
    except RangeNotSatisfiable:
        assert first >= size
        return
    if part is None:
        assert last < first
    else:
        assert content[part[0] : part[1] + 1] == content[first : last + 1]
