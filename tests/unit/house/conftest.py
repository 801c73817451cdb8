"""The repository as its readers find it: the files that are, or are about to be, committed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return _ROOT


@pytest.fixture(scope="session")
def committed() -> tuple[Path, ...]:
    """Every file that git keeps, relative to the repository."""
    # A clone owned by somebody else (a build user, a mounted volume) is still ours to read.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True).stdout
    names = (Path(name) for name in listed.decode().split("\0") if name)
    return tuple(name for name in names if (_ROOT / name).is_file())


@pytest.fixture(scope="session")
def texts(committed: tuple[Path, ...]) -> dict[Path, str]:
    """The text of every committed file that is text."""
    return dict(_decoded(committed))


def _decoded(names: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    for name in names:
        content = (_ROOT / name).read_bytes()
        if b"\0" in content:
            continue
        try:
            yield name, content.decode("utf-8")
        except UnicodeDecodeError:
            continue
