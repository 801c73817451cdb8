"""A notification counts only with a signature that fits, made a short while ago."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from certlib_client import WebhookRejected, read_webhook

KEY = bytes(range(24))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
BODY = b'{"identifier":"1.2","act":"issue"}'


def signed(body=BODY, at=NOW, key=KEY, event="evt-1"):
    stamp = str(int(at.timestamp()))
    value = base64.b64encode(
        hmac.digest(key, f"{event}.{stamp}.".encode() + body, hashlib.sha256)
    ).decode()
    return {"Webhook-Id": event, "Webhook-Timestamp": stamp, "Webhook-Signature": f"v1,{value}"}


def test_a_good_notification_is_read():
    event = read_webhook(signed(), BODY, SECRET, now=NOW)
    assert (event.event_id, event.sent_at) == ("evt-1", NOW)
    assert event.payload == {"identifier": "1.2", "act": "issue"}


def test_while_a_secret_is_replaced_either_signature_will_do():
    both = signed(key=b"old")["Webhook-Signature"] + " " + signed()["Webhook-Signature"]
    headers = {**signed(), "Webhook-Signature": both}
    assert read_webhook(headers, BODY, SECRET, now=NOW).event_id == "evt-1"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(key=b"another"), BODY),
        (signed(), BODY.replace(b"issue", b"void!")),
        ({**signed(), "Webhook-Id": "evt-2"}, BODY),
        ({**signed(), "Webhook-Timestamp": "soon"}, BODY),
        ({**signed(), "Webhook-Signature": "v2," + signed()["Webhook-Signature"][3:]}, BODY),
        ({**signed(), "Webhook-Signature": ""}, BODY),
        ({}, BODY),
        (signed(at=NOW - timedelta(seconds=301)), BODY),
        (signed(at=NOW + timedelta(seconds=301)), BODY),
        (signed(body=b"{"), b"{"),
    ],
    ids=[
        "key", "body", "id", "stamp", "version", "unsigned", "bare", "old", "future", "no-json",
    ],
)  # fmt: skip
def test_anything_else_is_rejected(headers, body):
    with pytest.raises(WebhookRejected):
        read_webhook(headers, body, SECRET, now=NOW)


def test_a_malformed_secret_is_told():
    with pytest.raises(WebhookRejected, match="secret"):
        read_webhook(signed(), BODY, "whsec_%%%", now=NOW)


def test_the_receivers_own_clock_is_used_where_none_is_given():
    with pytest.raises(WebhookRejected):
        read_webhook(signed(at=datetime(2020, 1, 1, tzinfo=UTC)), BODY, SECRET)
