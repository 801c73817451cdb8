"""The catalogue of problems that departments read is the one in the code."""

from pathlib import Path

from api import problem_catalogue
from api.problems import TABLE

_KEPT = Path(__file__).parents[3] / "docs" / "problems.md"


def test_the_kept_catalogue_is_current():
    """`make openapi` writes it anew."""
    assert _KEPT.read_text("utf-8") == problem_catalogue.text()


def test_every_code_has_a_line():
    text = problem_catalogue.text()
    assert all(f"| `{kind.code}` |" in text for kind in TABLE)
    assert "{" not in text
