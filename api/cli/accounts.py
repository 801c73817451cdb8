"""Credentials: given by the caller, or the demo's own from `demo.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.cli.failures import UsageProblem

LOCAL = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Account:
    """One client's credentials."""

    client_id: str
    secret: str = field(repr=False)
    department: str = ""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Finds the client that may act for a department."""

    given: Account | None = None
    known: Sequence[Account] = ()

    def for_department(self, code: str) -> Account:
        """The given credentials, or the department's own; any of them when no code is asked.

        Raises:
            UsageProblem: there are none.
        """
        if self.given is not None:
            return self.given
        for account in self.known:
            if code in {"", account.department}:
                return account
        raise UsageProblem(
            f"没有单位“{code}”的客户端凭据，请用 --client-id 和 --client-secret-file 提供。",
            f"No credentials for department {code}: give --client-id and --client-secret-file.",
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to call, and as whom."""

    server: str
    accounts: Accounts


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the options say; empty where nothing was given. `act`: the acting person's account."""

    server: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    secret_file: Path | None = None
    act: str = ""


def connection(given: Credentials, data_dir: Path) -> Connection:
    """Options first, then `data_dir/demo.json`.

    Raises:
        UsageProblem: credentials are half given, or `demo.json` cannot be read.
    """
    demo = _demo(data_dir / "demo.json")
    server = given.server or str(demo.get("server") or LOCAL)
    account = _given(given)
    known = [] if account is not None else _known(demo)
    if account is None and not known:
        raise UsageProblem(
            "缺少客户端凭据：请设置 CERTLIB_CLIENT_ID 和 CERTLIB_CLIENT_SECRET，"
            f"或用 --data-dir 指明含 demo.json 的目录（{data_dir} 中没有）。",
            "No credentials: set CERTLIB_CLIENT_ID and CERTLIB_CLIENT_SECRET, or name the folder "
            f"of a demo.json with --data-dir ({data_dir} has none).",
        )
    return Connection(server, Accounts(account, known))


def _given(given: Credentials) -> Account | None:
    secret = given.secret
    if given.secret_file is not None:
        secret = _text(given.secret_file).strip()
    if bool(given.client_id) != bool(secret):
        raise UsageProblem(
            "客户端编号和密钥须同时提供。",
            "Give the client's id and its secret together.",
        )
    return Account(given.client_id, secret) if secret else None


def _demo(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(_text(path))
    except ValueError as error:
        raise _unreadable(path) from error
    if not isinstance(content, Mapping):
        raise _unreadable(path)
    return content


def _known(demo: Mapping[str, Any]) -> list[Account]:
    try:
        return [
            Account(
                str(client["client_id"]),
                str(client["client_secret"]),
                str(client["department_code"]),
            )
            for client in demo.get("clients", ())
        ]
    except (KeyError, TypeError) as error:
        raise UsageProblem(
            "demo.json 的内容不完整，请重新运行 certlib demo。",
            "demo.json is not complete: run certlib demo again.",
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> UsageProblem:
    return UsageProblem(f"无法读取 {path}。", f"{path} cannot be read.")
