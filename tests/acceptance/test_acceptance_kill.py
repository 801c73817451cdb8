"""kill -9 of the server in the middle of 500 rows, several times: 500 certificates, each once."""

import json
import subprocess
import sys
import time

import pytest

from api.demo.orders import ISSUERS, TRANSPORT
from tests.acceptance.node_process import NodeProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROWS = {"embedded": 500, "servers": 150}
KILLS = 4
MOST = max(ROWS.values())


@pytest.fixture
def orders(tmp_path):
    """500 orders of one department as JSON lines, as its business system would write them."""
    from datetime import date

    from api.demo.lives import Term
    from api.demo.orders import order
    from api.founding import type_files

    version = next(item for item, _ in type_files() if item.type_code == TRANSPORT)
    term = Term(date(2026, 10, 1), date(2026, 10, 1), date(2030, 9, 30))
    path = tmp_path / "orders.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for number in range(MOST):
            made = order(version, 5000 + number, term)
            lines.write(
                json.dumps(
                    {
                        "type_code": made.type_code,
                        "issuer_code": made.issuer_code,
                        "number": made.number,
                        "holders": [
                            {"name": item.name, "code_type": item.code_type, "code": item.code}
                            for item in made.holders
                        ],
                        "issue_date": made.issue_date.isoformat(),
                        "valid_from": made.valid_from.isoformat(),
                        "valid_to": made.valid_to.isoformat(),
                        "division_code": made.division_code,
                        "fields": dict(made.fields),
                    },
                    ensure_ascii=False,
                )
                + "\n"
            )
    return path


@pytest.mark.parametrize("stores", ROWS, indirect=True)
def test_killed_in_the_middle(tmp_path, orders, stores):
    """In the larger profile with two processes, the parent killed: nobody says goodbye either."""
    rows_sent = ROWS["servers" if stores else "embedded"]
    lines = orders.read_text("utf-8").splitlines(keepends=True)[:rows_sent]
    orders.write_text("".join(lines), "utf-8")
    more = {"CERTLIB_WORKERS": "2"} if stores else {}
    node = NodeProcess(tmp_path / "var", stores={**stores, **more})
    node.run("init")
    added = node.run("clients", "add", "killer", "--department", ISSUERS[TRANSPORT], "--json")
    secret = json.loads(added.stdout)["client_secret"]
    node.environment |= {"CERTLIB_CLIENT_ID": "killer", "CERTLIB_CLIENT_SECRET": secret}
    node.start()
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "issue",
        str(orders),
        "--json",
        "--server",
        node.url,
    ]
    client = subprocess.Popen(
        command, env=node.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(KILLS):
        time.sleep(4)
        if client.poll() is not None:
            break
        node.kill()
        time.sleep(0.5)
        node.start()
    client.communicate(timeout=900)
    # Then the same command again.
    again = node.run("issue", str(orders), "--json", "--server", node.url, timeout=900)
    rows = [json.loads(line) for line in again.stdout.splitlines()]
    assert len(rows) == rows_sent
    assert {row["status"] for row in rows} <= {"issued", "replayed"}
    identifiers = {row["identifier"] for row in rows}
    assert len(identifiers) == rows_sent
    third = node.run("issue", str(orders), "--json", "--server", node.url, timeout=900)
    repeated = [json.loads(line) for line in third.stdout.splitlines()]
    assert {row["status"] for row in repeated} == {"replayed"}
    assert {row["identifier"] for row in repeated} == identifiers
    node.stop()
    audit = node.run("audit", "--json", check=False)
    assert audit.returncode == 0, audit.stdout[-1500:]
    assert json.loads(audit.stdout)
