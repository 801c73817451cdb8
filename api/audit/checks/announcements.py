"""INV-8: every act is announced once, and nothing is announced that was not issued."""

from collections import defaultdict
from hashlib import sha256

from api.audit.checks import feed
from api.audit.database import Row, Snapshot
from api.audit.ledger import Ledger
from api.audit.report import Invariant
from api.audit.transitions import TABLE
from api.audit.unsealing import DoesNotOpen, Opener

_SILENT = ("变更没有对应的通知", "a line of the feed was never announced")
_UNISSUED = ("通知的证照未签发", "an event about a certificate that was not issued")
_AHEAD = ("通知的版本超前于登记", "an event about a version that does not exist")
_TWICE = ("同一通知向同一接收方登记了两次", "one event is on its way twice to one receiver")
_NO_EVENT = ("投递没有对应的通知", "a delivery of an event that does not exist")
_NO_HOOK = ("投递没有对应的接收方", "a delivery to a receiver that does not exist")
_TOPIC = ("通知的主题与操作不符", "the event is announced as something else than the act")
_CLOSED = ("通知内容无法解密", "the event does not decrypt")
_EVENTS = "SELECT event_id, identifier, topic, payload FROM outbox"
_FEED = "SELECT identifier, row_version, act FROM certificate_changes WHERE sequence >= {}"
_PAPER = "paper-"
_TOPICS = {
    **{step: "certificate.state-changed" for _, step in TABLE},
    "issue": "certificate.issued",
    "add-form": "certificate.form-added",
}
_DELIVERIES = (
    "SELECT d.delivery_id, d.webhook_id, d.event_id, w.webhook_id AS known, c.identifier, "
    "c.row_version FROM webhook_deliveries d "
    "LEFT JOIN webhooks w ON w.webhook_id = d.webhook_id "
    "LEFT JOIN certificate_changes c ON c.sequence = d.sequence"
)
_DIGITS = 32


def check(snapshot: Snapshot, ledger: Ledger, opener: Opener) -> Invariant:
    """Events against certificates, the feed against events, deliveries against both."""
    found = Invariant("INV-8")
    events: dict[str, str] = {}
    for row in snapshot.rows(_EVENTS):
        found.checked += 1
        events[row["event_id"]] = row["topic"]
        subject = row["identifier"] or row["event_id"]
        found.expect(_opens(row, opener), subject, "event-does-not-open", _CLOSED)
        _check_event(found, ledger, row["event_id"], row["identifier"])
    topics: dict[str, set[str]] = defaultdict(set)
    for row in snapshot.rows(_FEED.format(feed.began(snapshot))):
        event = f"{row['identifier']}:{row['row_version']}"
        found.expect(event in events, row["identifier"], "not-announced", _SILENT)
        if row["act"] not in feed.BESIDE:
            topics[event].add(_topic_of(row["act"]))
    for event, expected in topics.items():
        held = events.get(event, "") in {"", *expected}
        found.expect(held, event.rpartition(":")[0], "announced-as-other", _TOPIC)
    seen: set[tuple[str, str]] = set()
    for row in snapshot.rows(_DELIVERIES):
        found.checked += 1
        once = (row["webhook_id"], row["event_id"])
        found.expect(once not in seen, row["delivery_id"], "delivered-twice", _TWICE)
        seen.add(once)
        event = f"{row['identifier']}:{row['row_version']}"
        right = event in events and row["event_id"] == _told_as(event)
        found.expect(right, row["delivery_id"], "no-event", _NO_EVENT)
        found.expect(row["known"] is not None, row["delivery_id"], "no-receiver", _NO_HOOK)
    return found


def _opens(row: Row, opener: Opener) -> bool:
    try:
        opener.column(bytes(row["payload"] or b""), "outbox", "payload", row["event_id"])
    except DoesNotOpen:
        return False
    return True


def _topic_of(act: str) -> str:
    """What an act is announced as (docs/api.md, topics)."""
    if act.startswith(_PAPER):
        return "certificate.paper-changed"
    return _TOPICS.get(act, "certificate.changed")


def _told_as(event: str) -> str:
    """The id under which receivers hear of an event of the outbox (docs/storage.md)."""
    return "evt_" + sha256(event.encode()).hexdigest()[:_DIGITS]


def _check_event(found: Invariant, ledger: Ledger, event_id: str, identifier: str) -> None:
    if not identifier:
        return  # of no certificate
    certificate = ledger.certificates.get(identifier)
    if not found.expect(certificate is not None, identifier, "announced-unissued", _UNISSUED):
        return
    version = event_id.rpartition(":")[2]
    if certificate is not None and version.isdigit():
        held = int(version) <= certificate["row_version"]
        found.expect(held, identifier, "announced-ahead", _AHEAD)
