"""The HTTP client of a running server: tokens, problem documents, no retries of its own."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from api.cli.accounts import Account, Accounts, Credentials, connection
from api.cli.failures import ServerBusy, ServerRefused, ServerUnreachable, UsageProblem

BUSY = frozenset({429, 502, 503, 504})
"""Statuses after which the same call may succeed."""
_UNAUTHORISED = 401
_MARGIN = 30.0
"""Seconds before its end at which a token is not used any more."""
TIMEOUT = httpx.Timeout(60.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; `body` is decoded JSON, or {} when it was something else."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3

    def refusal(self) -> ServerRefused:
        """The problem document as a failure, in the server's own words (RFC 9457)."""
        said = problem_of(self)
        kind = ServerBusy if self.status in BUSY else ServerRefused
        listed = [item for item in said["problems"] if isinstance(item, Mapping)]
        # A single problem in the very words of the whole has been said already.
        lines = [item for item in listed if item.get("zh") != said["zh"]]
        zh = [said["zh"], *(f"  {item.get('field')}：{item.get('zh')}" for item in lines)]
        en = [said["en"], *(f"  {item.get('field')}: {item.get('en')}" for item in lines)]
        return kind("\n".join(zh), "\n".join(en))


def problem_of(answer: Answer) -> dict[str, Any]:
    """`code`, `zh`, `en` and `problems` of a refusal, whatever the server sent."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    plain = f"HTTP {answer.status}"
    problems = body.get("problems")
    return {
        "code": str(body.get("code") or plain),
        "status": answer.status,
        "zh": str(body.get("detail") or plain),
        "en": str(body.get("detail_en") or body.get("detail") or plain),
        "problems": problems if isinstance(problems, list) else [],
    }


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    ends: float


class Server:
    """One server, called as the client of whichever department an act belongs to.

    Args:
        address: scheme, host and port.
        accounts: finds credentials for a department.
        act: account of the acting person, or "".
        transport: another way to carry requests, for tests.
    """

    def __init__(
        self,
        address: str,
        accounts: Accounts,
        *,
        act: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self._accounts = accounts
        self._act = act
        self._tokens: dict[str, _Token] = {}
        try:
            # Never through a proxy of the environment: credentials go to the named server only.
            self._http = httpx.Client(
                base_url=self.address, timeout=TIMEOUT, transport=transport, trust_env=False
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise ServerUnreachable(self.address) from error

    def close(self) -> None:
        """Closes connections."""
        self._http.close()

    def get(self, path: str, department: str = "") -> Answer:
        """Reads, as that department's client.

        Raises:
            ServerUnreachable: no answer.
            ServerRefused: the credentials are not accepted.
            UsageProblem: no credentials for that department.
        """
        return self._call(self._accounts.for_department(department), "GET", path)

    def post(
        self,
        path: str,
        body: object,
        department: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Acts, as that department's client; raises as `get` does."""
        account = self._accounts.for_department(department)
        return self._call(account, "POST", path, body, headers)

    def _call(
        self,
        account: Account,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = self._once(account, method, path, body, headers)
        if answer.status == _UNAUTHORISED:
            # The server may have started anew, with another token key.
            self._tokens.pop(account.client_id, None)
            answer = self._once(account, method, path, body, headers)
        return answer

    def _once(
        self,
        account: Account,
        method: str,
        path: str,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        sent = {**(headers or {}), "Authorization": f"Bearer {self._token(account)}"}
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return self._send(self._http.build_request(method, path, content=content, headers=sent))

    def _token(self, account: Account) -> str:
        kept = self._tokens.get(account.client_id)
        if kept is not None and time.monotonic() < kept.ends:
            return kept.value
        form = {
            "grant_type": "client_credentials",
            "client_id": account.client_id,
            "client_secret": account.secret,
        }
        if self._act:
            form["act"] = self._act
        answer = self._send(self._http.build_request("POST", "/oauth2/token", data=form))
        if answer.status in BUSY:
            raise answer.refusal()
        if not answer.good or "access_token" not in answer.body:
            raise UsageProblem(
                f"服务器不接受客户端“{account.client_id}”的凭据，请核对编号和密钥。",
                f"The server does not accept the credentials of {account.client_id}: check them.",
            )
        ends = time.monotonic() + float(answer.body.get("expires_in", 0)) - _MARGIN
        token = _Token(str(answer.body["access_token"]), ends)
        self._tokens[account.client_id] = token
        return token.value

    def _send(self, request: httpx.Request) -> Answer:
        try:
            response = self._http.send(request)
        except httpx.HTTPError as error:
            raise ServerUnreachable(self.address) from error
        body: Any = {}
        with suppress(ValueError):
            body = response.json()
        return Answer(response.status_code, body, response.headers)


def open_server(credentials: Credentials, data_dir: Path) -> Server:
    """The server that the options or `data_dir/demo.json` name; nothing is sent yet.

    Raises:
        UsageProblem: no credentials, or half of them.
    """
    place = connection(credentials, data_dir)
    return Server(place.server, place.accounts, act=credentials.act)


def quoted(identifier: str) -> str:
    """An identifier as one segment of a path, whatever was typed."""
    return quote(identifier, safe="")
