"""Every type through the API: issued, verified as valid, and carried through three endings.

The application runs in this process; pages, seals, timestamps and readers are the real ones.
"""

import json
import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

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

ROOT = Path(__file__).resolve().parents[2]
SECRET = "0123456789abcdef" * 4
VERSIONS = {version.type_code: version for version, _ in type_files()}
OPEN = [code for code, version in VERSIONS.items() if version.status is TypeStatus.PUBLISHED]
CLOSED = sorted(set(VERSIONS) - set(OPEN))

ADVERTISING = "11445200990090315F"
GUIDE = (ROOT / "docs" / "for-issuers.md").read_text("utf-8")
EXAMPLE = json.loads((ROOT / "docs" / "examples" / "outdoor-advertising.json").read_text("utf-8"))

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

    def act(self, issuer, path, key, person="test-sealer", **given):
        headers = self._bearer(issuer, person) | {"Idempotency-Key": key}
        return self.ask("POST", path, headers=headers, **given)

    def get(self, issuer, path):
        return self.ask("GET", path, headers=self._bearer(issuer))

    def verify(self, issuer, **given):
        return self.ask("POST", "/v1/verifications", headers=self._bearer(issuer), **given).json()

    def _bearer(self, issuer, person="test-sealer"):
        if (issuer, person) not in self._bearers:
            form = {"grant_type": "client_credentials", "act": person}
            answer = self.ask("POST", "/oauth2/token", data=form, auth=(issuer, SECRET))
            bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            self._bearers[issuer, person] = bearer
        return self._bearers[issuer, person]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("all-types") / "var", demo=True)
    with closing(open_node(settings)) as node, start_blocking_portal("asyncio") as portal:
        found(node)
        with node.registry.begin() as uow:
            for issuer in sorted({*ISSUERS.values(), ADVERTISING}):
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


def test_the_guides_example_is_published_and_issued_as_the_guide_says(desk):
    """docs/for-issuers.md, minutes 9 and 10: the calls as they stand there, on today's day."""
    text = GUIDE.replace("2027-01-01", desk.today.isoformat())
    versions = re.search(r"V=\$BASE(\S+)", text)[1]
    calls = re.findall(
        r"curl -s (\S+) .*?\$([A-Z]+).*?Key: (\S+)\".*?--json (.+?)\n(?=curl|```)", text, re.DOTALL
    )
    assert [who for _, who, _, _ in calls] == ["AUTHOR", "REVIEWER", "AUTHOR", "OPERATOR"]
    for place, who, key, said in calls:
        path = place.replace("$V", versions).replace("$BASE", "")
        body = {"definition": EXAMPLE} if "ad.json" in said else json.loads(said.strip(" '"))
        answer = desk.act(ADVERTISING, path, key, person=who.lower(), json=body)
        assert answer.status_code in (200, 201), answer.text

    answer = desk.act(
        ADVERTISING,
        "/v1/certificates",
        "ad-5",
        json={
            "type_code": EXAMPLE["type_code"],
            "number": "揭城管广许〔2026〕0001 号",
            "holders": [
                {"name": "揭阳市示例广告有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
            ],
            "issue_date": desk.today.isoformat(),
            "valid_to": (desk.today + timedelta(days=365)).isoformat(),
            "division_code": "445202",
            "fields": {
                "KZ_SZDD": "揭阳市榕城区东山街道黄岐山大道 1 号",
                "KZ_GGLX": "灯箱",
                "KZ_MJ": "12.00",
                "KZ_AQZRR": "郑思源",
            },
        },
    )
    assert answer.status_code == 201, answer.text
    assert desk.ask("GET", f"/v1/status/{answer.json()['identifier']}").json()["code"] == "valid"


def test_the_catalogue_has_27_open_types_and_one_withdrawn():
    assert (len(OPEN), CLOSED) == (27, ["114452009900901633001"])
