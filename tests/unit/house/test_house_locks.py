"""The lock files: complete, hashed, and silent about where packages come from."""

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock")
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?: \\)?")


def pins(lock: Path) -> dict[str, set[str]]:
    """Versions by name; more than one when they differ by Python or platform."""
    found: dict[str, set[str]] = {}
    for name, version in _PIN.findall(lock.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(root: Path, name: str) -> None:
    """Every line is a pin or one of its SHA-256 hashes: no address, no option, no path."""
    for line in (root / name).read_text(encoding="utf-8").splitlines():
        stripped = line.strip()
        assert _HASH.fullmatch(stripped) or re.fullmatch(
            r"[a-z0-9-]+==[\w.+!]+(?: ; [\w '\"<>=!.()]+)? \\", stripped
        ), line
        assert "://" not in line


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(root: Path, name: str) -> None:
    """A pin without a hash would install whatever answers to the name."""
    blocks = re.split(r"\n(?=\S)", (root / name).read_text(encoding="utf-8").strip())
    assert len(blocks) > 10
    assert [block for block in blocks if not _HASH.search(block)] == []


def test_tests_run_what_is_shipped(root: Path) -> None:
    """The development lock holds every distribution of the runtime lock at the same version."""
    runtime, development = (pins(root / name) for name in LOCKS)
    assert {name: development.get(name) for name in runtime} == runtime


def test_every_declared_dependency_is_locked(root: Path) -> None:
    """pyproject.toml and the locks were changed together."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    for declared, lock in (
        (project["project"]["dependencies"], LOCKS[0]),
        (project["dependency-groups"]["dev"], LOCKS[1]),
    ):
        names = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in declared}
        assert names - set(pins(root / lock)) == set()
