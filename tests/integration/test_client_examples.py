"""The client's guide is true: every example in it runs against a real server."""

import asyncio
import re
from pathlib import Path

import pytest

from certlib_client import Credentials, Library
from tests.integration.http_process import SECRET, prepare, serving

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[2] / "docs" / "client.md"


def _examples():
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("client") / "data"
    prepare(folder)
    with serving(folder) as running:
        yield running


def test_the_guide_runs_as_printed(server, capsys):
    issue, verify, receipt, awaited, wrong, webhook = _examples()
    names = {
        "url": server.url,
        "client_id": "transport",
        "client_secret": SECRET,
        "webhook_secret": "whsec_AAAA",
    }
    exec(issue, names)
    assert names["pdf"].startswith(b"%PDF")
    names["identifier"] = names["issued"].identifier
    exec(verify, names)
    assert "有效" in capsys.readouterr().out
    exec(receipt, names)
    assert names["receipt"].number in capsys.readouterr().out
    exec(awaited, names)
    (status,) = asyncio.run(names["states"]())
    assert status.found
    assert names["identifier"] in capsys.readouterr().out
    exec(wrong, names)
    assert capsys.readouterr().out.strip()
    exec(webhook, names)
    assert names["receive"]({}, b"") == 400
    exec(issue, names)
    assert names["issued"].replayed  # the same key: the same certificate


def test_every_method_speaks_to_the_real_api(server):
    with Library(server.url, Credentials("transport", SECRET, "zhang.min")) as library:
        (code,) = {
            item["type_code"] for item in library.types() if item["name"] == "道路运输经营许可证"
        }
        order = {
            "type_code": code,
            "number": "粤交运管许可揭字445230000777号",
            "holders": [
                {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
            ],
            "issue_date": "2026-03-02",
            "valid_to": "2030-03-01",
            "division_code": "445202",
            "fields": {
                "KZ_DZ": "揭阳市榕城区", "KZ_FDDBR": "欧阳明远", "KZ_JJXZ": "有限责任公司",
                "KZ_JYFW": "道路普通货物运输",
            },
        }  # fmt: skip
        assert library.check(order)["issuable"] is True
        start = library.changes("now").after
        first, second = library.issue_batch(
            [("b-1", order), ("b-2", {**order, "division_code": "000000"})]
        )
        assert first.issued is not None
        assert second.issued is None
        assert second.problem["code"] == "invalid"
        identifier = first.issued.identifier
        assert library.type_versions(code)["type_code"] == code
        record = library.certificate(identifier)
        assert library.certificate(identifier, reveal=True).raw["holders"][0]["name"]
        decision = {
            "reason_code": "paused", "effective_from": "2026-03-03", "legal_basis": "条例第一条",
            "document_number": "揭交决〔2026〕1号", "authority": "揭阳市交通运输局",
        }  # fmt: skip
        suspended = library.suspend(identifier, decision, if_match=record.etag)
        assert suspended.state == "SUSPENDED"
        lifted = {**decision, "reason_code": "decision-lifted"}
        assert library.restore(identifier, lifted).state == "ISSUED"
        assert library.verify(identifier).valid
        fields = {"type_code": code, "number": order["number"]}
        assert library.verify_fields(fields).valid
        assert "restore" in [item["act"] for item in library.history(identifier)]
        page = library.changes(start)
        assert {item.identifier for item in page.changes} == {identifier}
        assert page.changes[-1].recorded_at.tzinfo is not None
        ended = library.revoke(identifier, {**decision, "reason_code": "penalty"})
        assert ended.state == "REVOKED"
        revoked = {**decision, "reason_code": "revoked"}
        assert library.deregister(identifier, revoked).state == "DEREGISTERED"
        assert (
            library.void(identifier, {**decision, "reason_code": "issuing-error"}).state == "VOIDED"
        )
