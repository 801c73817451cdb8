"""Writes the table of distributions in docs/licences.md from what is installed.

Usage: python scripts/licences.py docs/licences.md

Between the two marks of that file stands one row for every distribution of requirements.lock, with
the licence that its installed metadata states; everything else in the file is written by hand.
"""

import argparse
import re
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- distributions: begin -->"
END = "<!-- distributions: end -->"

# Metadata is free text in older distributions; the same licence gets one name, that of SPDX.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    # pypdfium2 and PDFium; those of the parts that PDFium brings along lie in the distribution.
    "BSD-3-Clause, Apache-2.0, dependency licenses": "Apache-2.0 AND BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
}
_LONGEST_NAME = 40  # a longer License field holds the licence's text, not its name


def locked(lock: Path) -> Iterator[tuple[str, str]]:
    """Name and version of every distribution in `lock`, in its order."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pinned := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line):
            yield pinned[1], pinned[2]


def licence_of(name: str) -> str:
    """The licence that the installed metadata of `name` states, as an SPDX name where it has one.

    Raises:
        LookupError: the distribution is not installed, or states no licence.
    """
    try:
        stated = cast("Message", metadata(name))
    except PackageNotFoundError:
        raise LookupError(f"{name} is in the lock but not installed") from None
    if expression := stated.get("License-Expression"):
        return str(expression)
    classified = [
        str(line).rsplit(" :: ", 1)[-1]
        for line in stated.get_all("Classifier") or []
        if str(line).startswith("License :: ")
    ]
    field = str(stated.get("License") or "")
    if field and (len(field) <= _LONGEST_NAME or field in _SPDX):
        classified = [field] if len(classified) < 2 else classified  # noqa: PLR2004 -- dual licence
    if not classified:
        raise LookupError(f"{name} states no licence")
    return " OR ".join(sorted({_SPDX.get(each, each) for each in classified}))


def table(lock: Path) -> str:
    """The table in Markdown."""
    rows = [f"| {name} | {version} | {licence_of(name)} |" for name, version in locked(lock)]
    return "\n".join(["| distribution | version | licence |", "| --- | --- | --- |", *rows])


def renewed(text: str, lock: Path) -> str:
    """`text` with the table between the marks made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(lock)}\n{END}{after}"


def main() -> None:
    """Rewrites the given file in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    target = parser.parse_args().target
    text = renewed(target.read_text(encoding="utf-8"), ROOT / "requirements.lock")
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
