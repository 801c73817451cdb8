"""Asks a running service what it tells the public, and holds that against the record."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import httpx

from api.audit.database import Row, snapshot
from api.audit.identifiers import check_character, parts_of
from api.audit.jurisdiction import legal_day
from api.audit.ledger import Ledger
from api.audit.report import CannotAudit, Invariant

_MOST: Final = 200
"""Certificates asked for: the ones that changed last, most of what a stale answer would hurt."""
_SECONDS: Final = 10.0
_NOT_FOUND: Final = 404
_OK: Final = 200
_ISSUED, _SUSPENDED = "ISSUED", "SUSPENDED"
_VALID_VIEW = "VALID"
_CERTIFICATE = (
    "SELECT identifier, state, valid_from, valid_to FROM certificates WHERE identifier = '{}'"
)
_LAST_STEP = (
    "SELECT until, automatic FROM state_changes WHERE identifier = '{}' "
    "ORDER BY sequence DESC LIMIT 1"
)

_STALE = ("服务对外应答的状态与登记不符", "the service tells another state than the record")
_VALID = ("登记不在有效状态，服务答“有效”", "called valid by the service, and not in force")
_INVENTED = ("查无此证照，服务未答“查无记录”", "an identifier that does not exist was answered")


@dataclass(frozen=True, slots=True)
class Probe:
    """A service under an address, and the database behind it.

    Attributes:
        now: when the audit began; `started`: what the monotonic clock said then.
    """

    url: str
    database: str
    now: datetime
    started: float

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
        views = self._views(identifier)
        answer = client.get(f"/v1/status/{identifier}")
        said: dict[str, Any] = json.loads(answer.content)
        told = str(said.get("state")) if answer.status_code == _OK else ""
        seen.checked += 1
        # What was decided while we asked is in the record by now, and a day may have ended.
        views |= self._views(identifier)
        seen.expect(told in views, identifier, "stale-answer", _STALE)
        # What else is wrong with it (an inspection overdue) may make it less than valid, not more.
        held = said.get("verdict") != "valid" or _VALID_VIEW in views
        valid.expect(held, identifier, "valid-answer", _VALID)

    def _views(self, identifier: str) -> frozenset[str]:
        """What the certificate is today, as the record has it now."""
        if parts_of(identifier) is None:
            return frozenset()
        passed = timedelta(seconds=monotonic() - self.started)
        today = legal_day((self.now + passed).isoformat())
        with snapshot(self.database) as view:
            rows = list(view.rows(_CERTIFICATE.format(identifier)))
            steps = list(view.rows(_LAST_STEP.format(identifier)))
        step = steps[-1] if steps else {}
        return frozenset(view_on(today, row, step) for row in rows)


def view_on(day: str, row: Row, step: Row) -> str:
    """What the public is told of a stored state on a day; `step` is the last one on record.

    A term that is over is over, whether the certificate was suspended or not. A suspension for a
    period binds no longer than its last day: then it is valid again where the decision said so,
    and otherwise waits for somebody to restore it. Every other state is called by its own name.
    """
    state = str(row["state"])
    if state not in {_ISSUED, _SUSPENDED}:
        return state
    if row["valid_to"] is not None and day > str(row["valid_to"]):
        return "EXPIRED"
    if state == _SUSPENDED:
        until = step.get("until")
        if until is None or day <= str(until):
            return state
        if not step["automatic"]:
            return "SUSPENSION_ENDED"
    return "NOT_YET_EFFECTIVE" if day < str(row["valid_from"]) else _VALID_VIEW


def _invented(rows: list[Row]) -> Iterator[str]:
    """Well-formed identifiers of this node that nobody was ever given."""
    known = {row["identifier"] for row in rows}
    for row in rows[-1:]:
        serial = "Z" * len(row["serial"])
        body = (row["type_code"], row["issuer_code"], serial, "001")
        made = ".".join(("1.2.156.3005.2", *body, check_character("".join(body))))
        if made not in known:
            yield made
