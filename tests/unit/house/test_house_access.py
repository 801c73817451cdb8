"""INV-10 is decided in one place: nobody else compares a department's code with the caller's."""

import ast
from collections.abc import Iterator
from pathlib import Path

ALLOWED = {"certlib/access.py"}


def _comparisons(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        if any(
            isinstance(side, ast.Attribute) and side.attr == "department_code" for side in sides
        ):
            yield node.lineno


def test_only_the_policy_compares_departments(root: Path) -> None:
    found = [
        f"{module.relative_to(root)}:{line}"
        for package in ("certlib", "api")
        for module in sorted((root / package).rglob("*.py"))
        if str(module.relative_to(root)) not in ALLOWED
        for line in _comparisons(module.read_text("utf-8"))
    ]
    assert found == [], "ask certlib.usecases.access instead"


def test_the_search_sees_what_it_looks_for() -> None:
    assert list(_comparisons("content.issuer_code != caller.department_code")) == [1]
