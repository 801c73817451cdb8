"""The guide for issuing departments is true: its second part runs as printed, in order."""

import json
import re
from pathlib import Path

import pytest

from tests.integration.http_process import ISSUER, SECRET, prepare, serving

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[2] / "docs" / "for-issuers.md"


def test_a_department_connects_from_the_guide_alone(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "var"
    prepare(folder)
    with serving(folder) as server:
        client = {"client_id": "transport", "client_secret": SECRET, "department_code": ISSUER}
        demo = {"server": server.url, "clients": [client]}
        (folder / "demo.json").write_text(json.dumps(demo))
        monkeypatch.chdir(tmp_path)
        names = {}
        for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL):
            exec(block, names)
        names["library"].close()
    said = capsys.readouterr().out
    assert "经营范围" in said
    assert "行政区划" in said
    assert "有效" in said
    assert "已吊销" in said
    assert names["cursor"]
    assert (tmp_path / "certificate.pdf").read_bytes().startswith(b"%PDF")
