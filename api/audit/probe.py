"""Asks a running service what it tells the public, and holds that against the record."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from api.audit.database import Row, snapshot
from api.audit.identifiers import check_character, parts_of
from api.audit.ledger import Ledger
from api.audit.report import CannotAudit, Invariant

_MOST: Final = 200
"""Certificates asked for: the ones that changed last, most of what a stale answer would hurt."""
_SECONDS: Final = 10.0
_NOT_FOUND: Final = 404
_OK: Final = 200
_VIEWS: Final[Mapping[str, frozenset[str]]] = {
    "ISSUED": frozenset({"VALID", "EXPIRED", "NOT_YET_EFFECTIVE"})
}
"""What a stored state may be called on a day; any other state is called by its own name."""

_STALE = ("服务对外应答的状态与登记不符", "the service tells another state than the record")
_VALID = ("登记不在有效状态，服务答“有效”", "called valid by the service, and not in force")
_INVENTED = ("查无此证照，服务未答“查无记录”", "an identifier that does not exist was answered")


@dataclass(frozen=True, slots=True)
class Probe:
    """A service under an address, and the database behind it."""

    url: str
    database: str

    def ask(self, ledger: Ledger, invariants: Mapping[str, Invariant]) -> None:
        """Notes what is wrong under INV-6 and INV-14.

        Raises:
            CannotAudit: the service does not answer.
        """
        seen, valid = invariants["INV-6"], invariants["INV-14"]
        newest = sorted(ledger.certificates.values(), key=lambda row: str(row["changed_at"]))
        try:
            with httpx.Client(base_url=self.url, timeout=_SECONDS, trust_env=False) as client:
                for row in reversed(newest[-_MOST:]):
                    self._compare(client, row, seen, valid)
                for identifier in _invented(newest):
                    answer = client.get(f"/v1/status/{identifier}")
                    valid.checked += 1
                    held = answer.status_code == _NOT_FOUND
                    valid.expect(held, identifier, "invented-answered", _INVENTED)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            name = type(error).__name__
            raise CannotAudit(
                f"服务没有应答（{name}）。", f"The service does not answer ({name})."
            ) from error

    def _compare(self, client: httpx.Client, row: Row, seen: Invariant, valid: Invariant) -> None:
        identifier = row["identifier"]
        answer = client.get(f"/v1/status/{identifier}")
        said: dict[str, Any] = json.loads(answer.content)
        told = str(said.get("state")) if answer.status_code == _OK else ""
        seen.checked += 1
        # What was decided while we asked is in the record by now.
        fits = _fits(told, row["state"]) or _fits(told, self._state_now(identifier))
        seen.expect(fits, identifier, "stale-answer", _STALE)
        held = said.get("verdict") != "valid" or row["state"] in _VIEWS
        valid.expect(held or fits, identifier, "valid-answer", _VALID)

    def _state_now(self, identifier: str) -> str:
        if parts_of(identifier) is None:
            return ""
        query = f"SELECT state FROM certificates WHERE identifier = '{identifier}'"  # noqa: S608 - of the form of an identifier
        with snapshot(self.database) as view:
            return next((str(row["state"]) for row in view.rows(query)), "")


def _fits(told: str, state: str) -> bool:
    return told in _VIEWS.get(state, {state})


def _invented(rows: list[Row]) -> Iterator[str]:
    """Well-formed identifiers of this node that nobody was ever given."""
    known = {row["identifier"] for row in rows}
    for row in rows[-1:]:
        serial = "Z" * len(row["serial"])
        body = (row["type_code"], row["issuer_code"], serial, "001")
        made = ".".join(("1.2.156.3005.2", *body, check_character("".join(body))))
        if made not in known:
            yield made
