"""The page of the API document: our own files alone, under a policy of its own."""

import hashlib
import json
import re
from html import unescape
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_the_page_names_our_own_files_alone(world):
    page = world.browser.get("/docs/api")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text)
    assert links
    assert all(link.startswith("/") and not link.startswith("//") for link in links)
    for link in links:
        assert world.browser.get(link).status_code == 200
    (theme,) = re.findall(r'theme="([^"]+)"', page.text)
    assert json.loads(unescape(theme))["colors"]


def test_its_policy_lets_nothing_inline_run(world):
    policy = world.browser.get("/docs/api").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert "script-src" not in world.browser.get("/problems").headers["content-security-policy"]


def test_both_languages_are_there(world):
    assert '<html lang="zh-CN">' in world.browser.get("/docs/api").text
    assert '<html lang="en">' in world.browser.get("/docs/api?lang=en").text


def test_the_script_is_the_one_whose_licence_is_on_record():
    """Shipped as its makers published it: docs/licences.md names version, licence and digest."""
    folder = _ROOT / "api" / "web" / "static"
    digest = hashlib.sha256((folder / "redoc.standalone.js").read_bytes()).hexdigest()
    licences = (_ROOT / "docs" / "licences.md").read_text("utf-8")
    assert digest in licences
    for name in ("redoc.LICENSE.txt", "redoc.standalone.js.LICENSE.txt"):
        assert (folder / name).is_file()
        assert name in licences
