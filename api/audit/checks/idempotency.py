"""INV-4: same idempotency key, same certificate and bytes."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.unsealing import DoesNotOpen, Opener

_TWO = ("同一幂等键签发了多份证照", "one key has led to several certificates")
_LOST = ("已签发的证照没有幂等记录", "a published certificate's key is not on record as done")
_IDLE = ("幂等键在处理中，但没有对应的签发意图", "a key is running with no intent behind it")
_NOT_OPEN = ("幂等键保存的应答无法解密", "the kept answer does not decrypt")
_OTHER = ("幂等键保存的应答与登记不符", "the kept answer is not what the record says")
_NO_CERTIFICATE = ("幂等键指向不存在的证照", "the key names a certificate that does not exist")
_KEYS = "SELECT client_id, route, key, status, identifier, answer FROM idempotency"
_ISSUE = "issue"

_Key = tuple[str, str, str]


def check(snapshot: Snapshot, ledger: Ledger, opener: Opener) -> Invariant:
    """Every key, and every intent's key."""
    found = Invariant("INV-4")
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
            _check_done(found, row, ledger, opener)
        elif not any(intent["status"] == "pending" for intent in by_key.get(key, ())):
            found.broken(_named(key), "running-without-intent", *_IDLE)
    for key, intents in by_key.items():
        found.expect(len(intents) == 1, _named(key), "two-certificates", _TWO)
        for intent in intents:
            kept = intent["status"] != "published" or done.get(key) == intent["identifier"]
            found.expect(kept, intent["identifier"], "key-not-done", _LOST)
    return found


def _check_done(found: Invariant, row: Row, ledger: Ledger, opener: Opener) -> None:
    identifier = row["identifier"]
    certificate = ledger.certificates.get(identifier)
    if certificate is None and identifier in ledger.drafts:
        return  # an act on a draft: there is no certificate yet, and perhaps never will be
    if certificate is None:
        found.broken(_named(_key(row, "key")), "key-without-certificate", *_NO_CERTIFICATE)
        return
    place = "\x1f".join(_key(row, "key"))
    try:
        clear = opener.column(bytes(row["answer"] or b""), "idempotency", "answer", place)
    except DoesNotOpen:
        found.broken(identifier, "answer-does-not-open", *_NOT_OPEN)
        return
    answer: Mapping[str, Any] = json.loads(clear)
    same = answer.get("identifier") == identifier
    same = same and answer.get("row_version", 0) <= certificate["row_version"]
    if row["route"] == _ISSUE:
        digests = {file["sha256"] for file in ledger.files.get(identifier, ())}
        same = same and answer.get("sha256") in digests
    found.expect(same, identifier, "answer", _OTHER)


def _key(row: Row, column: str) -> _Key:
    return row["client_id"], row["route"], row[column]


def _named(key: _Key) -> str:
    return "/".join(key)
