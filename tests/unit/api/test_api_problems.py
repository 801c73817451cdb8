"""Every error has a line of its own in the one table, and a document in both languages."""

import importlib
import json
import pkgutil
import string

import pytest

import api
import certlib
import keys
import signing
import storage
from api import failures, problems
from api.persons import masked_numbers
from certlib import errors
from certlib.errors import CertlibError, Problem
from certlib.issuing_errors import AlreadyRenewed


def _all_modules():
    for package in (certlib, keys, signing, storage, api):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            skipped = ("__main__", ".versions.", ".env", "migrations.env")
            if not any(part in found.name for part in skipped):
                importlib.import_module(found.name)


def _leaves(base=CertlibError):
    for kind in base.__subclasses__():
        yield kind
        yield from _leaves(kind)


def _ours():
    """The classes of the packages: a test's own class may live on until it is collected."""
    _all_modules()
    packages = {"certlib", "keys", "signing", "storage", "api"}
    return sorted(
        {kind for kind in _leaves() if kind.__module__.split(".")[0] in packages},
        key=lambda kind: kind.__qualname__,
    )


def test_every_error_class_has_an_entry_of_its_own():
    missing = [kind.__qualname__ for kind in _ours() if kind not in problems.TABLE]
    assert missing == []


def test_no_status_is_one_that_we_never_answer():
    """500, 502 and 504 never: a fault of ours is 503 with Retry-After."""
    statuses = {entry.status for entry in problems.TABLE.values()}
    assert statuses.isdisjoint({500, 502, 504})
    assert all(400 <= status <= 503 for status in statuses)


def test_codes_and_titles_are_told_apart():
    codes = [kind.code for kind in problems.TABLE]
    assert len(codes) == len(set(codes))
    titles = [(entry.title, entry.title_en) for entry in problems.TABLE.values()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("kind", list(problems.TABLE), ids=lambda kind: kind.code)
def test_every_document_has_both_languages(kind):
    error = kind(**_values(kind))
    document = problems.document(error, "run-1")
    assert document["code"] == kind.code
    assert document["type"].endswith(kind.code)
    assert document["instance"] == "urn:certlib:request:run-1"
    assert any("\u4e00" <= char <= "\u9fff" for char in document["detail"] + document["title"])
    assert document["detail_en"].isascii() or "“" not in document["detail_en"]
    assert "{" not in document["detail"] + document["detail_en"]


def _values(kind):
    names = {
        name
        for text in (kind.zh, kind.en)
        for _, name, _, _ in string.Formatter().parse(text)
        if name
    }
    return dict.fromkeys(names, "x")


def test_a_leaf_without_a_line_falls_back_to_its_family():
    class Strange(errors.Conflict):
        code = "strange"

    assert problems.entry_of(Strange).status == 409
    assert problems.entry_of(CertlibError).status == 503


def test_what_is_damaged_inside_is_not_told_outside():
    document = problems.document(errors.Corrupt(what="0123abc.0"), "run-7")
    assert "0123abc" not in str(document)
    assert "run-7" in document["detail"]


def test_all_problems_stand_in_one_document():
    listed = (Problem("/a", "x", "甲", "A"), Problem("/b", "y", "乙", "B"))
    document = problems.document(errors.Invalid(problems=listed), "r")
    assert [item["field"] for item in document["problems"]] == ["/a", "/b"]


def test_one_field_at_fault_is_listed_too():
    document = problems.document(errors.UnknownDivision(value="999999", field_path="/d"), "r")
    assert document["problems"][0]["field"] == "/d"


DIGITS = "1.2.156.3005.2.11100000000019713D008.{}.VHL2668ALHCMEUG669MY.001.J"


def test_an_identifier_can_be_read_though_its_issuers_code_is_18_digits():
    """Whoever is sent to another certificate must be able to find it."""
    named = DIGITS.format("114451009999990234")
    document = problems.document(AlreadyRenewed(successor=named, field_path="/s"), "r")
    for text in (document["detail"], document["detail_en"], document["problems"][0]["zh"]):
        assert named in text


@pytest.mark.parametrize(
    "text",
    [
        DIGITS.format("445221198501010019"),
        "编号445221198501010019，" + DIGITS.format("114451009999990234"),
        DIGITS.format("114451009999990234") + "：445221198501010019",
        "1.2.156.3005.2.445221198501010019",
    ],
)
def test_a_persons_number_is_masked_beside_and_inside_an_identifier(text):
    told = masked_numbers(text)
    assert "445221198501010019" not in told
    assert ("114451009999990234" in told) == ("114451009999990234" in text)


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.Overloaded(), "retry-after", "5"),
        (errors.Corrupt(what="x"), "retry-after", "60"),
        (errors.IdempotencyInProgress(), "retry-after", "1"),
        (failures.NotAuthenticated(), "www-authenticate", 'Bearer realm="certlib"'),
    ],
)
def test_headers_say_what_to_do(error, header, value):
    assert problems.response(error, "r").headers[header] == value


def test_somebodys_number_in_a_wrong_place_is_not_repeated():
    """A caller logs what it is told."""
    number = "445221198501010019"
    listed = (Problem(f"/fields/{number}", "x", f"甲{number}", f"A {number}"),)
    said = problems.response(errors.Invalid(problems=listed), "r").body.decode()
    said += problems.response(errors.TypeUnknown(type_code=number), "r").body.decode()
    assert number not in said
    assert "4452" in said


def test_what_is_no_code_is_not_repeated():
    said = problems.document(errors.TypeUnknown(type_code="欧阳明远"), "r")
    assert "欧阳" not in str(said)
    assert "…" in said["detail"]
    known = problems.document(errors.TypeUnknown(type_code="11445200999999015E999"), "r")
    assert "11445200999999015E999" in known["detail"]


def test_half_a_surrogate_pair_does_not_stop_an_answer():
    listed = (Problem("/\ud800", "x", "甲", "A"),)
    assert b"?" in problems.response(errors.Invalid(problems=listed), "r").body


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (errors.IdempotencyMismatch(), "header:Idempotency-Key"),
        (errors.StaleVersion(), "header:If-Match"),
        (errors.OtherNode(), "path:identifier"),
        (errors.CertificateNotFound(field_path="/supersedes"), "/supersedes"),
    ],
)
def test_an_answer_names_the_part_of_the_request_at_fault(error, place):
    """The error's own field where it has one, else the place that the table knows."""
    (said,) = json.loads(problems.response(error, "r").body)["problems"]
    assert said["field"] == place
    assert (said["zh"], said["en"]) == (str(error.as_problem().zh), str(error.as_problem().en))
