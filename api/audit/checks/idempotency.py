"""INV-4: same idempotency key, same certificate and bytes."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.audit.database import Row, Snapshot
from api.audit.history import Record
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.scope import Scope
from api.audit.testimony import TARGET
from api.audit.unsealing import DoesNotOpen, Opener

_TWO = ("同一幂等键签发了多份证照", "one key has led to several certificates")
_LOST = ("已签发的证照没有幂等记录", "a published certificate's key is not on record as done")
_IDLE = ("幂等键在处理中，但没有对应的签发意图", "a key is running with no intent behind it")
_NOT_OPEN = ("幂等键保存的应答无法解密", "the kept answer does not decrypt")
_OTHER = ("幂等键保存的应答与登记不符", "the kept answer is not what the record says")
_NO_CERTIFICATE = ("幂等键指向不存在的证照", "the key names a certificate that does not exist")
_NO_ACT = ("幂等键对应的操作不在审计历史中", "the history knows no act for the key")
_KEYS = (
    "SELECT client_id, route, key, status, identifier, answer, created_at AS recorded_at "
    "FROM idempotency"
)
_ISSUE = "issue"
_ROOT = "1.2.156.3005.2."

_Key = tuple[str, str, str]


class Keys:
    """Walks along the history and remembers acts on anything but certificates.

    A key is claimed for an act on a certificate, a draft, or something else: a department, a type,
    an event of holders, a webhook, blank forms. Of the latter nothing is listed here: whatever
    kind it is, the history holds the act itself, by that client, under the name of the key's route.
    """

    def __init__(self) -> None:
        self._acts: set[_Key] = set()

    def see(self, record: Record) -> None:
        """Takes the next record."""
        if record.target != TARGET and not record.target.startswith(_ROOT):
            self._acts.add((record.actor.partition("/")[0], record.act, record.target))

    def hold(self, row: Row) -> bool:
        """Whether the act of a key that is done was seen."""
        return (row["client_id"], row["route"], row["identifier"]) in self._acts


@dataclass(frozen=True, slots=True)
class _Desk:
    """What each key is held against."""

    found: Invariant
    ledger: Ledger
    opener: Opener
    keys: Keys
    scope: Scope


def check(
    snapshot: Snapshot, ledger: Ledger, opener: Opener, keys: Keys, scope: Scope
) -> Invariant:
    """Every key, and every intent's key."""
    found = Invariant("INV-4")
    desk = _Desk(found, ledger, opener, keys, scope)
    by_key: dict[_Key, list[Row]] = defaultdict(list)
    added = [row for rows in ledger.additions.values() for row in rows]
    for intent in (*ledger.intents.values(), *added):
        if intent["status"] != "burned":
            by_key[_key(intent, "idempotency_key")].append(intent)
    done: dict[_Key, str] = {}
    for row in snapshot.rows(_KEYS):
        found.checked += 1
        key = _key(row, "key")
        if row["status"] == "done":
            done[key] = row["identifier"]
            _check_done(desk, row)
        elif not any(intent["status"] == "pending" for intent in by_key.get(key, ())):
            found.broken(_named(key), "running-without-intent", *_IDLE)
    for key, intents in by_key.items():
        found.expect(len(intents) == 1, _named(key), "two-certificates", _TWO)
        for intent in intents:
            kept = intent["status"] != "published" or done.get(key) == intent["identifier"]
            found.expect(kept, intent["identifier"], "key-not-done", _LOST)
    return found


def _check_done(desk: _Desk, row: Row) -> None:
    found, identifier = desk.found, row["identifier"]
    certificate = desk.ledger.certificates.get(identifier)
    subject = _named(_key(row, "key")) if certificate is None else identifier
    answer = _answer(row, desk.opener)
    if not found.expect(answer is not None, subject, "answer-does-not-open", _NOT_OPEN):
        return
    if certificate is not None:
        same = _is_of(answer or {}, row, certificate, desk.ledger)
        found.expect(same, identifier, "answer", _OTHER)
    elif identifier in desk.ledger.drafts:
        # There is no certificate yet, and perhaps never will be.
        same = (answer or {}).get("identifier") == identifier
        found.expect(same, subject, "answer", _OTHER)
    elif identifier.startswith(_ROOT):
        found.broken(subject, "key-without-certificate", *_NO_CERTIFICATE)
    elif desk.scope.whole or desk.scope.young(row):
        found.expect(desk.keys.hold(row), subject, "key-without-act", _NO_ACT)


def _answer(row: Row, opener: Opener) -> Mapping[str, Any] | None:
    place = "\x1f".join(_key(row, "key"))
    try:
        clear = opener.column(bytes(row["answer"] or b""), "idempotency", "answer", place)
    except DoesNotOpen:
        return None
    answer: Mapping[str, Any] = json.loads(clear)
    return answer


def _is_of(answer: Mapping[str, Any], row: Row, certificate: Row, ledger: Ledger) -> bool:
    """Whether an answer speaks of its certificate as the record does."""
    same = answer.get("identifier") == row["identifier"]
    same = same and answer.get("row_version", 0) <= certificate["row_version"]
    if row["route"] == _ISSUE:
        digests = {file["sha256"] for file in ledger.files.get(row["identifier"], ())}
        same = same and answer.get("sha256") in digests
    return bool(same)


def _key(row: Row, column: str) -> _Key:
    return row["client_id"], row["route"], row[column]


def _named(key: _Key) -> str:
    return "/".join(key)
