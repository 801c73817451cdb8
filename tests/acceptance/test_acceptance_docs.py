"""The page of the API document in a real browser: it draws, and asks nobody but us."""

import json
import time

import pytest

from tests.acceptance.chromium import Chromium

pytestmark = pytest.mark.slow

_DRAWN = "document.querySelectorAll('[data-section-id]').length"
_ASKED = "JSON.stringify(performance.getEntriesByType('resource').map(entry => entry.name))"


def test_every_operation_is_drawn_and_nothing_comes_from_elsewhere(node):
    with Chromium() as browser:
        session = browser.open(f"{node.url}/docs/api")
        for _ in range(60):
            time.sleep(0.5)
            drawn = browser.evaluate(session, _DRAWN)
            if drawn:
                break
        text = browser.evaluate(session, "document.body.innerText")
        asked = json.loads(browser.evaluate(session, _ASKED))
    assert drawn > 30
    for word in ("/v1/certificates", "/v1/changes", "/v1/webhooks", "吊销", "Idempotency-Key"):
        assert word in text
    assert "Something went wrong" not in text
    elsewhere = [item for item in asked if not item.startswith((node.url, f"blob:{node.url}"))]
    assert elsewhere == []
    assert any(address.endswith("/openapi.json") for address in asked)
