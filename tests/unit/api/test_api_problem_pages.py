"""Where `type` of a problem document leads: a page for each code, Chinese first, English beside."""

import shutil

import pytest

from api.problems import TABLE
from tests.unit.api.api_world import open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory, template, api_portal):
    """One world for all pages: to look at them changes nothing."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(template, folder)
    made = open_world(folder, api_portal)
    yield made
    made.parts.status.close()
    made.house.registry.close()


def test_the_type_of_a_problem_leads_to_its_page(world):
    problem = world.browser.get("/v1/status/x").json()
    assert problem["type"] == "/problems/identifier-malformed"
    page = world.browser.get(problem["type"])
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.text.index(problem["title"]) < page.text.index(problem["title_en"])


@pytest.mark.parametrize("kind", list(TABLE), ids=lambda kind: kind.code)
def test_every_code_has_its_page_in_both_languages(world, kind):
    entry = TABLE[kind]
    for lang in ("zh", "en"):
        page = world.browser.get(f"/problems/{kind.code}?lang={lang}")
        assert page.status_code == 200
        for said in (entry.title, entry.title_en, kind.code, str(entry.status)):
            assert said in page.text
        assert "{" not in page.text


def test_the_catalogue_lists_every_code(world):
    page = world.browser.get("/problems", headers={"Accept-Language": "en"}).text
    assert page.index("Catalogue of errors") < page.index("错误代码目录")
    for kind in TABLE:
        assert f'href="/problems/{kind.code}?lang=en"' in page


def test_an_unknown_code_has_no_page(world):
    answer = world.browser.get("/problems/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "path-unknown")
