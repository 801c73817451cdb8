"""Imports run one way, and a bad one is seen: each contract is broken on purpose in a copy."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGES = ("certlib", "certlib_client", "keys", "signing", "storage", "api")

# what is wrong → the contract that sees it, and what to append to which modules
PLANTED = {
    "an adapter imports the entry point": ("layers", {"storage/planted.py": "api.settings"}),
    "one adapter imports another": ("layers", {"signing/planted.py": "keys.vault"}),
    "the domain imports an adapter": ("layers", {"certlib/masking.py": "storage.engines"}),
    "a module has no place": ("domain", {"certlib/planted.py": "certlib.errors"}),
    "a value imports a use case": ("domain", {"certlib/ids.py": "certlib.usecases.read"}),
    "judgement imports a port": ("domain", {"certlib/verification/model.py": "certlib.ports"}),
    "values of one layer import each other": ("domain", {"certlib/holders.py": "certlib.ids"}),
    "the domain opens files": ("pure", {"certlib/divisions.py": "pathlib"}),
    "the domain reads the clock": ("pure", {"certlib/calendar.py": "time"}),
    "the domain draws randomness": ("pure", {"certlib/ids.py": "secrets"}),
    "the domain knows a framework": ("pure", {"certlib/usecases/read.py": "pydantic"}),
    "a route builds an adapter": ("bootstrap", {"api/planted.py": "storage.engines"}),
    "two siblings import each other": (
        "siblings",
        {"keys/vault.py": "keys.planted", "keys/planted.py": "keys.vault"},
    ),
    "the auditor shares code with the record": (
        "auditor",
        {"api/audit/planted.py": "storage.link"},
    ),
    "the client takes a shape from the service": (
        "client",
        {"certlib_client/planted.py": "certlib.ids"},
    ),
    "the auditor shares code with the domain": ("auditor", {"api/audit/planted.py": "certlib.ids"}),
}


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages' modules and the contracts, apart from the working tree."""
    target = tmp_path_factory.mktemp("imports")
    for package in PACKAGES:
        for module in (root / package).rglob("*.py"):
            place = target / module.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, place)
    shutil.copy(root / "pyproject.toml", target)
    return target


@pytest.fixture(scope="module")
def names(root: Path) -> dict[str, str]:
    """The contracts' names by their ids."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {each["id"]: each["name"] for each in settings["tool"]["importlinter"]["contracts"]}


def broken(folder: Path, *options: str) -> set[str]:
    """Names of the contracts that the packages in `folder` break."""
    environment = {
        "PYTHONPATH": str(folder),
        "PATH": os.environ["PATH"],
        "COLUMNS": "200",
        "LANG": "C.UTF-8",
    }
    linter = Path(sys.executable).with_name("lint-imports")
    command = [str(linter), "--no-logo", "--no-cache", *options]
    ran = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    assert "Contracts:" in ran.stdout, ran.stdout + ran.stderr
    found = set(re.findall(r"^(.*?) BROKEN", ran.stdout, re.MULTILINE))
    assert ran.returncode == (1 if found else 0)
    return found


def test_all_contracts_hold(copy: Path) -> None:
    """As committed, no contract is broken."""
    assert broken(copy) == set()


def test_every_contract_is_tried(names: dict[str, str]) -> None:
    """A contract that nobody has seen broken is a guess."""
    assert {contract for contract, _ in PLANTED.values()} == set(names)


@pytest.mark.parametrize("case", PLANTED)
def test_a_bad_import_breaks_its_contract(
    copy: Path, tmp_path: Path, names: dict[str, str], case: str
) -> None:
    """What the contract forbids, planted, is seen."""
    contract, planted = PLANTED[case]
    shutil.copytree(copy, tmp_path / "planted")
    for module, wrong in planted.items():
        with (tmp_path / "planted" / module).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {wrong}\n")
    assert names[contract] in broken(tmp_path / "planted", "--contract", contract)
