"""docs/cli.md says what is there."""

import re
from pathlib import Path

import click
import pytest

from api.audit.report import INVARIANTS
from api.cli import app
from api.cli.batch.columns import _TITLES

_ROOT = Path(__file__).resolve().parents[3]
GUIDE = (_ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", app.program.list_commands(click.Context(app.program)))
def test_each_command_stands_in_the_guide(name: str):
    """By name, in the first table."""
    assert re.search(rf"`{name}[` ]", GUIDE)


def test_each_column_stands_in_the_guide():
    """English and Chinese; short names stand in the standard."""
    names = [name for key, titles in _TITLES.items() for name in (key, *titles) if name]
    wanted = [name for name in names if not name.isupper() and name not in {"name", "issuer_name"}]
    assert [name for name in wanted if name not in GUIDE] == []


def test_each_code_of_the_auditor_stands_in_the_guide():
    """So that a script can branch on it."""
    folder = _ROOT / "api" / "audit" / "checks"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)", \*?_[A-Z]', text))
    assert len(codes) > 30
    assert {code for code in codes if f"`{code}`" not in GUIDE} == set()
    assert all(name in GUIDE for name in INVARIANTS)


def test_each_example_exists():
    """Links to files of the repository."""
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", GUIDE):
        assert (_ROOT / "docs" / target).exists(), target
