"""README, architecture, decisions and licences say what is there."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from api.settings import Settings

SECTIONS = ["## Context", "## Decision", "## Consequences", "## Non-goals"]
ONE_PAGE = 80  # lines


@pytest.fixture(scope="module")
def licences(root: Path) -> ModuleType:
    """scripts/licences.py, which is a program and not in a package."""
    spec = importlib.util.spec_from_file_location("licences", root / "scripts" / "licences.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_targets(root: Path) -> set[str]:
    """The words that `make` understands."""
    return set(
        re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md"])
def test_every_make_command_of_a_document_is_a_target(root: Path, name: str) -> None:
    """Whoever types what the document says gets what it says."""
    named = commands_of((root / name).read_text(encoding="utf-8"))
    assert named
    assert named - make_targets(root) == set()


def test_the_readme_names_the_two_commands(root: Path) -> None:
    """One stated line, then `make run` and `make test`, do all the set-up."""
    text = (root / "README.md").read_text(encoding="utf-8")
    assert "apt install git make python3-venv" in text
    assert {"run", "test"} <= commands_of(text)


def commands_of(markdown: str) -> set[str]:
    """The words after `make` where a line of code, or code in a sentence, begins with it."""
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL))
    return set(re.findall(r"^`?(?:[A-Z_]+=\S+ )*make ([a-z]+)", code, re.MULTILINE))


def test_every_make_target_explains_itself(root: Path) -> None:
    """`make` alone lists every target with one line each."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    declared = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    assert set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)) == declared


def test_links_between_documents_lead_somewhere(texts: dict[Path, str], root: Path) -> None:
    """No relative link of a Markdown file is broken."""
    broken = [
        f"{name}: {target}"
        for name, text in texts.items()
        if name.suffix == ".md"
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
        if "://" not in target and not (root / name.parent / target).exists()
    ]
    assert broken == []


def test_the_architecture_names_every_package(root: Path, committed: tuple[Path, ...]) -> None:
    """A package that exists has its paragraph."""
    packages = {name.parts[0] for name in committed if name.parts[1:] == ("__init__.py",)}
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert {name for name in packages if f"`{name}/`" not in text} == set()


def test_every_setting_is_documented_with_its_default(root: Path) -> None:
    """The table of settings is the class of settings."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `CERTLIB_"))
    assert set(re.findall(r"`CERTLIB_(\w+)`", rows)) == {
        name.upper() for name in Settings.model_fields
    }
    for name, field in Settings.model_fields.items():
        row = next(line for line in rows.splitlines() if f"`CERTLIB_{name.upper()}`" in line)
        if field.default not in (None, "", False):
            assert f"`{field.default}`" in row, name


def test_paths_that_documents_name_exist(texts: dict[Path, str], root: Path) -> None:
    """`package/module.py` in a guide or decision of ours is a file that is there."""
    packages = "certlib|keys|signing|storage|api|scripts|docs|tests|bench"
    missing = [
        f"{name}: {path}"
        for name, text in texts.items()
        if name.suffix == ".md" and name.name != "CHANGELOG.md"
        for path in re.findall(rf"`((?:{packages})/(?:[\w.-]+/)*(?:[\w-]+\.[a-z]+)?)`", text)
        if not (root / path).exists()
    ]
    assert missing == []


def test_every_decision_has_its_sections(root: Path) -> None:
    """An ADR of one page: context, decision, consequences, non-goals; numbered without a gap."""
    decisions = sorted((root / "docs" / "adr").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"^## .*$", text, re.MULTILINE) == SECTIONS, path.name
        assert re.match(rf"# {path.name[:4]} · \S", text), path.name
        assert len(text.splitlines()) <= ONE_PAGE, path.name


def test_every_distribution_states_its_licence(root: Path, licences: ModuleType) -> None:
    """docs/licences.md lists what is installed, as its metadata states it (`make licences`)."""
    text = (root / "docs" / "licences.md").read_text(encoding="utf-8")
    assert licences.renewed(text, root / "requirements.lock") == text


def test_no_node_loads_what_would_bind_its_users(root: Path, licences: ModuleType) -> None:
    """Neither GPL nor AGPL among what runs; the LGPL stays with psycopg, which is replaceable."""
    copyleft = {
        name: licences.licence_of(name)
        for name, _ in licences.locked(root / "requirements.lock")
        if "GPL" in licences.licence_of(name)
    }
    assert copyleft == {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}


def test_every_committed_font_and_data_file_states_its_licence(
    root: Path, committed: tuple[Path, ...]
) -> None:
    """docs/licences.md names each font, and each folder or file of data."""
    text = (root / "docs" / "licences.md").read_text(encoding="utf-8")
    carried = [name for name in committed if name.suffix in {".ttf", ".otf", ".woff2", ".csv"}]
    carried = [name for name in carried if name.parts[0] not in {"tests", "bench", "docs"}]
    assert [name for name in carried if name.name not in text] == []
