"""Corners of the command line: odd cells, strange servers, files that vanish."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from api.cli import remote_verify
from api.cli.accounts import Account, Accounts, Credentials
from api.cli.batch import tables, workbook
from api.cli.batch.columns import Defaults, FieldSpec
from api.cli.batch.opening import open_source
from api.cli.bilingual import Language
from api.cli.commands import show
from api.cli.failures import CommandFailure, ServerRefused, UsageProblem
from api.cli.remote import Answer, Server
from api.cli.remote_verify import RemoteVerifier
from api.cli.screen import Screen
from certlib.usecases.verify import Question
from certlib.verification import OWN

GOOD = "1.2.156.3005.2.11445200999999015E001.11445200999999015E.4452002026A0000001.001.A"
TOKEN = {"access_token": "t", "expires_in": 900}


def site(answer: httpx.Response, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """A server in the verifier's reach that gives this answer to every question."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json=TOKEN)
        seen.append(request)
        return answer

    def opened(*_: object) -> Server:
        accounts = Accounts(Account("a", "b"))
        return Server("http://test", accounts, transport=httpx.MockTransport(handle))

    monkeypatch.setattr(remote_verify, "open_server", opened)
    return seen


def verifier(tmp_path: Path) -> RemoteVerifier:
    return RemoteVerifier(Credentials(), tmp_path)


def test_the_servers_verdict_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """With the question as it was put; members that this command does not promise are left out."""
    said: dict[str, Any] = {
        "verdict": "valid",
        "code": "valid",
        "findings": [],
        "sentence": {"zh": "", "en": ""},
        "next_step": {"zh": "", "en": ""},
        "as_of": "2026-03-02T00:00:00Z",
    }
    seen = site(httpx.Response(200, json={**said, "subject": {}}), monkeypatch)
    remote = verifier(tmp_path)
    assert remote.by_identifier(GOOD, Question(policy=OWN)) == said
    assert remote.by_identifier(GOOD, Question(policy=OWN)) == said
    assert len(seen) == 2
    remote.close()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_no_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int):
    """Indeterminate, cannot tell."""
    site(httpx.Response(status), monkeypatch)
    said = verifier(tmp_path).by_identifier(GOOD, Question())
    assert (said["verdict"], said["code"]) == ("indeterminate", "cannot-tell")


def test_a_refusing_server_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """No scope to verify says nothing about the certificate."""
    site(httpx.Response(403, json={"detail_en": "no scope"}), monkeypatch)
    with pytest.raises(ServerRefused, match="no scope"):
        verifier(tmp_path).by_identifier(GOOD, Question())


@pytest.mark.parametrize("body", [{}, [], {"verdict": "valid"}, "text"])
def test_an_answer_of_another_shape_is_never_a_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: Any
):
    """Least of all `valid`."""
    site(httpx.Response(200, json=body), monkeypatch)
    with pytest.raises(CommandFailure):
        verifier(tmp_path).by_identifier(GOOD, Question())


def test_a_folder_in_a_files_place_is_said(tmp_path: Path):
    """And a file that has gone meanwhile."""
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageProblem):
            open_source(path, lambda _: {}, Defaults())


def test_a_csv_file_beyond_all_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Before it is read."""
    path = tmp_path / "rows.csv"
    path.write_text("number,holder_name\n1,a\n")
    monkeypatch.setattr(tables, "_MOST_CSV", 5)
    with pytest.raises(UsageProblem):
        open_source(path, lambda _: {}, Defaults())


def test_an_endless_cell_is_said(tmp_path: Path):
    """A quote that never ends, past what a CSV field may hold."""
    path = tmp_path / "rows.csv"
    path.write_text('number,holder_name\n1,"' + "x" * 200_000)
    with pytest.raises(UsageProblem):
        list(open_source(path, lambda _: {}, Defaults()).rows)


FIELDS = {
    "KZ_L": FieldSpec("列", kind="array", items="object"),
    "KZ_O": FieldSpec("对象", kind="object"),
    "KZ_B": FieldSpec("真", kind="boolean"),
    "KZ_T": FieldSpec("文", kind="string"),
}


@pytest.mark.parametrize(
    ("title", "cell", "expected"),
    [
        ("列", "[not json", "[not json"),
        ("列", "plain", "plain"),
        ("对象", '{""a"": 1}', {"a": 1}),
        ("真", "perhaps", "perhaps"),
        ("真", "false", False),
        ("KZ_NEW", "x", "x"),
    ],
)
def test_what_does_not_fit_goes_to_the_server_as_it_is(
    tmp_path: Path, title: str, cell: str, expected: object
):
    """The server names the field and what is wrong with it."""
    path = tmp_path / "rows.csv"
    path.write_text(f'number,holder_name,type_code,{title}\n1,a,T,"{cell}"\n', encoding="utf-8")
    (row,) = open_source(path, lambda _: FIELDS, Defaults()).rows
    assert row.order is not None
    assert list(row.order["fields"].values()) == [expected]


@pytest.mark.parametrize(
    ("value", "expected"), [(True, "TRUE"), (False, "FALSE"), (-1.25, "-1.25"), (0, "0")]
)
def test_truth_and_numbers_in_text_fields(tmp_path: Path, value: object, expected: str):
    """As a person reads them in the cell."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["number", "holder_name", "type_code", "KZ_T"])
    book.active.append(["1", "a", "T", value])
    path = tmp_path / "rows.xlsx"
    book.save(path)
    (row,) = open_source(path, lambda _: FIELDS, Defaults()).rows
    assert row.order is not None
    assert row.order["fields"]["KZ_T"] == expected


def test_a_length_of_time_is_refused_by_cell():
    """No field holds one."""
    cell = workbook._typed(timedelta(hours=30), "B2", "[h]:mm")
    assert cell.problem is not None
    assert "B2" in cell.problem[0]


def test_a_catalogue_that_does_not_answer_is_no_reason_to_show_nothing():
    """Keys stand in the titles' place."""

    class Silent:
        def get(self, *_: object) -> Answer:
            return Answer(503, {})

    silent: Any = Silent()
    assert show._titles(Screen(Language.EN), silent, "T", "A") == {}


def test_values_for_people():
    """One line for each item of a list."""
    assert show._value(["a", {"x": 1, "y": "b"}]) == "a\n1  b"
    assert show._value(36) == "36"


def test_columns_of_an_empty_header_cell_are_passed_over(tmp_path: Path):
    """A table with an unnamed column at its edge."""
    path = tmp_path / "rows.csv"
    path.write_text("number,holder_name,\n1,a,b\n")
    (row,) = open_source(path, lambda _: {}, Defaults()).rows
    assert row.order == {
        "number": "1",
        "holders": [{"name": "a", "code_type": "", "code": ""}],
        "fields": {},
    }
