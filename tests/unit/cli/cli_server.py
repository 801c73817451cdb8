"""A server process on a small demonstration node, which tests may kill and start again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from api.bootstrap import open_node
from api.cli.configuration import settings_for
from api.demo.orders import ISSUERS, TRANSPORT, Term, order
from api.founding import found, type_files
from api.tokens import hash_secret
from certlib.registry import AuditRecord, Client
from certlib.usecases.caller import SCOPES
from certlib.usecases.order import IssueOrder

_SECONDS_TO_START = 60
SECRET = "secret-of-the-test-client"
DAY = date(2026, 3, 2)


def wire(item: IssueOrder) -> dict[str, Any]:
    """An order as `POST /v1/certificates` takes it."""
    return {
        "type_code": item.type_code,
        "issuer_code": item.issuer_code,
        "number": item.number,
        "holders": [
            {"name": holder.name, "code_type": holder.code_type, "code": holder.code}
            for holder in item.holders
        ],
        "issue_date": item.issue_date.isoformat(),
        "valid_from": DAY.isoformat(),
        "valid_to": "2030-03-01",
        "division_code": item.division_code,
        "fields": dict(item.fields),
        "matter_name": item.matter_name,
        "approved_by": list(item.approved_by),
        "made_by": item.made_by,
    }


def orders(first: int, count: int, type_code: str = TRANSPORT) -> list[dict[str, Any]]:
    version = next(item for item, _ in type_files() if item.type_code == type_code)
    made = (order(version, number, Term(DAY, DAY)) for number in range(first, first + count))
    return [wire(replace(item, valid_to=None)) for item in made]


class RunningServer:
    """`certlib serve` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "var"
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._errors = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._found()

    def _found(self) -> None:
        clients = [
            {
                "client_id": f"client-{place}",
                "client_secret": SECRET,
                "name": "test",
                "department_code": code,
                "scopes": list(SCOPES),
            }
            for place, code in enumerate(sorted(set(ISSUERS.values())))
        ]
        with closing(open_node(settings_for(self.data_dir, demo=True))) as node:
            found(node)
            with node.registry.begin() as uow:
                for item in clients:
                    uow.put_client(
                        Client(
                            str(item["client_id"]),
                            "test",
                            str(item["department_code"]),
                            frozenset(SCOPES),
                            hash_secret(SECRET),
                            node.clock.now(),
                        )
                    )
                uow.append_audit([AuditRecord(node.clock.now(), "operator", "found", "clients")])
                uow.commit()
        demo = {"server": self.address, "clients": clients}
        (self.data_dir / "demo.json").write_text(json.dumps(demo))

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "CERTLIB_DEMO": "1",
            "CERTLIB_HOST": "127.0.0.1",
        }
        root = Path(__file__).resolve().parents[3]
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                cwd=root,
                env=environment,
                stdout=errors,
                stderr=errors,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self._errors.read_text())
            time.sleep(0.1)

    def kill(self) -> None:
        """As `kill -9`: nothing is said, nothing is tidied up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
