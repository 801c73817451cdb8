"""Every type through the API: issued, verified as valid, and carried through three endings.

The application runs in this process; pages, seals, timestamps and readers are the real ones.
"""

from contextlib import closing

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from api.app import create_app
from api.bootstrap import open_node
from api.demo.lives import ordinary
from api.demo.orders import ISSUERS, order
from api.founding import found
from api.settings import Settings
from api.shipped import type_files
from api.tokens import hash_secret
from certlib.calendar import legal_day
from certlib.catalogue import TypeStatus
from certlib.registry import Client
from certlib.usecases.caller import SCOPES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SECRET = "0123456789abcdef" * 4
VERSIONS = {version.type_code: version for version, _ in type_files()}
OPEN = [code for code, version in VERSIONS.items() if version.status is TypeStatus.PUBLISHED]
CLOSED = sorted(set(VERSIONS) - set(OPEN))

ENDINGS = {
    "deregistered": (("revoke", "penalty"), ("deregister", "revoked")),
    "annulled": (("annul", "fraud"),),
    "voided": (("void", "issuing-error"),),
}
"""The verdict's code after the steps that lead to it."""


class Desk:
    """Clients of the departments that issue, each with a person who seals."""

    def __init__(self, node, portal):
        self.today = legal_day(node.clock.now())
        self._portal = portal
        transport = httpx.ASGITransport(app=create_app(node))
        self._http = httpx.AsyncClient(transport=transport, base_url="http://site", timeout=60)
        self._bearers = {}

    def ask(self, method, path, **given):
        async def asked():
            return await self._http.request(method, path, **given)

        return self._portal.call(asked)

    def act(self, issuer, path, key, **given):
        headers = self._bearer(issuer) | {"Idempotency-Key": key}
        return self.ask("POST", path, headers=headers, **given)

    def get(self, issuer, path):
        return self.ask("GET", path, headers=self._bearer(issuer))

    def verify(self, issuer, **given):
        return self.ask("POST", "/v1/verifications", headers=self._bearer(issuer), **given).json()

    def _bearer(self, issuer):
        if issuer not in self._bearers:
            form = {"grant_type": "client_credentials", "act": "test-sealer"}
            answer = self.ask("POST", "/oauth2/token", data=form, auth=(issuer, SECRET))
            self._bearers[issuer] = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return self._bearers[issuer]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("all-types") / "var", demo=True)
    with closing(open_node(settings)) as node, start_blocking_portal("asyncio") as portal:
        found(node)
        with node.registry.begin() as uow:
            for issuer in sorted(set(ISSUERS.values())):
                secret, now = hash_secret(SECRET), node.clock.now()
                uow.put_client(Client(issuer, issuer, issuer, frozenset(SCOPES), secret, now))
            uow.commit()
        yield Desk(node, portal)


def _body(code, number, today):
    version = VERSIONS[code]
    term = ordinary(today, number, version.term_years).term
    made = order(version, number, term, every_form=number == 1)
    return {
        "type_code": code,
        "issuer_code": made.issuer_code,
        "number": made.number,
        "holders": [
            {"name": item.name, "code_type": item.code_type, "code": item.code}
            for item in made.holders
        ],
        "issue_date": made.issue_date.isoformat(),
        "valid_from": made.valid_from and made.valid_from.isoformat(),
        "valid_to": made.valid_to and made.valid_to.isoformat(),
        "division_code": made.division_code,
        "fields": dict(made.fields),
        "forms": [{"form": item.kind} for item in made.forms],
        "approved_by": list(made.approved_by),
        "made_by": made.made_by,
    }


def _issued(desk, code, number):
    body = _body(code, number, desk.today)
    answer = desk.act(ISSUERS[code], "/v1/certificates", f"{code}-{number}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("code", OPEN)
def test_a_type_lives_from_issue_to_three_endings(desk, code):
    issuer, version = ISSUERS[code], VERSIONS[code]
    first = _issued(desk, code, 1)
    assert {item["form"] for item in first["files"]} == set(version.forms)
    pdf = desk.get(issuer, f"/v1/certificates/{first['identifier']}/file")
    assert pdf.status_code == 200
    by_file = desk.verify(issuer, files={"file": ("a.pdf", pdf.content, "application/pdf")})
    assert (by_file["verdict"], by_file["code"]) == ("valid", "valid")

    certificates = [first, _issued(desk, code, 2), _issued(desk, code, 3)]
    for certificate, (ending, steps) in zip(certificates, ENDINGS.items(), strict=True):
        identifier = certificate["identifier"]
        status = desk.ask("GET", f"/v1/status/{identifier}").json()
        assert status["code"] == "valid"
        for action, reason in steps:
            decision = {
                "reason_code": reason,
                "effective_from": desk.today.isoformat(),
                "legal_basis": "《中华人民共和国行政许可法》第六十九条",
                "document_number": "揭证演决〔2026〕1号",
                "authority": "揭阳市发证机关（演示）",
            }
            path = f"/v1/certificates/{identifier}/{action}"
            done = desk.act(issuer, path, f"{action}-{identifier[-30:]}", json=decision)
            assert done.status_code == 200, done.text
        told = desk.verify(issuer, json={"identifier": identifier})
        assert (told["verdict"], told["code"]) == ("invalid", ending)
    by_file = desk.verify(issuer, files={"file": ("a.pdf", pdf.content, "application/pdf")})
    assert (by_file["verdict"], by_file["code"]) == ("invalid", "deregistered")


@pytest.mark.parametrize("code", CLOSED)
def test_a_withdrawn_type_is_on_record_and_not_issued(desk, code):
    body = _body(code, 1, desk.today)
    answer = desk.act(ISSUERS[code], "/v1/certificates", "closed", json=body)
    assert answer.status_code >= 400
    assert answer.json()["code"] == "type-not-published"
    known = desk.get(ISSUERS[code], f"/v1/types/{code}").json()
    assert known["versions"][0]["status"] == "withdrawn"


def test_the_catalogue_has_27_open_types_and_one_withdrawn():
    assert (len(OPEN), CLOSED) == (27, ["114452009900901633001"])
