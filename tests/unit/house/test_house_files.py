"""What every committed file promises: no machine, no registry, no giant module."""

import re
from pathlib import Path

import pytest

LONGEST = {"code": 400, "tests": 600}  # lines; tests are lists of promises, read one at a time

# Spelt in pieces, so that this file may be committed too.
_REGISTRIES = [
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "registry." + "npmjs.org",
    "deb." + "debian.org",
    "security." + "debian.org",
    "snapshot." + "debian.org",
]
_MACHINE_PATHS = re.compile(
    r"(?<![\w.~$}*-])/(?:"
    + "|".join(["wo" + "rk/", "ro" + "ot/", "ho" + r"me/\w", "Us" + r"ers/\w", "t" + r"mp/\w"])
    + ")"
)


def test_no_committed_file_names_a_package_registry(texts: dict[Path, str]) -> None:
    """Where packages come from is the affair of the machine that installs them."""
    found = [
        f"{name}: {host}" for name, text in texts.items() for host in _REGISTRIES if host in text
    ]
    assert found == []


def test_no_committed_file_holds_a_path_of_one_machine(texts: dict[Path, str]) -> None:
    """A path that exists on one machine only is a promise to nobody else."""
    found = [
        f"{name}: {match.group()}"
        for name, text in texts.items()
        if (match := _MACHINE_PATHS.search(text))
    ]
    assert found == []


@pytest.mark.parametrize("line", ["cd /wo" + "rk/main", "x=/ho" + "me/li/x", '"/t' + 'mp/data"'])
def test_the_search_sees_what_it_looks_for(line: str) -> None:
    """The pattern above would find such a line."""
    assert _MACHINE_PATHS.search(line)


def test_no_module_is_longer_than_a_reader_can_hold(texts: dict[Path, str]) -> None:
    """At most 400 lines a module: beyond that it is two modules."""
    longest = {
        name: count
        for name, text in texts.items()
        if name.suffix == ".py"
        and (count := len(text.splitlines()))
        > LONGEST["tests" if name.parts[0] == "tests" else "code"]
    }
    assert longest == {}


def test_no_module_has_a_name_that_says_nothing(committed: tuple[Path, ...]) -> None:
    """A module is named after its noun; a drawer for everything has none."""
    empty = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert [name for name in committed if name.suffix == ".py" and name.stem in empty] == []


def test_pictures_in_documents_stay_small(root: Path, committed: tuple[Path, ...]) -> None:
    """At most 300 kB each, the sheet of all types 3 MB: they are cloned by everybody, for ever."""
    pictures = [name for name in committed if name.parts[:2] == ("docs", "images")]
    most = {"gallery.png": 3_000_000}
    sizes = {name: (root / name).stat().st_size for name in pictures}
    assert [name for name in pictures if sizes[name] > most.get(name.name, 300_000)] == []
