"""What a person names to be verified: files, folders of files, identifiers."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.cli.failures import UsageProblem

_PREFIX = "1.2.156."
"""Whatever begins like this was meant as an identifier, mistyped or not."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file, or else an identifier; `name` is how the answer calls it."""

    name: str
    path: Path | None = None


def targets_of(named: Sequence[str]) -> list[Target]:
    """Every target in the order named; a folder stands for the PDF files below it, by name.

    Raises:
        UsageProblem: something is neither there nor an identifier, or a folder holds no PDF.
    """
    return [target for text in named for target in _targets(text)]


def _targets(text: str) -> Iterator[Target]:
    path = Path(text)
    try:
        there = text != "" and path.exists()
        folder = there and path.is_dir()
    except (OSError, ValueError):  # a name no file system would have
        folder = there = False
    if folder:
        yield from _folder(path)
    elif there:
        yield Target(text, path)
    elif text.startswith(_PREFIX):
        yield Target(text)
    else:
        raise UsageProblem(
            f"没有文件“{text}”，也不是电子证照标识。",
            f"There is no file {text}, and it is no certificate identifier.",
        )


def _folder(folder: Path) -> Iterator[Target]:
    found = sorted(_below(folder))
    if not found:
        raise UsageProblem(
            f"文件夹“{folder}”中没有 PDF 文件。",
            f"The folder {folder} holds no PDF file.",
        )
    for path in found:
        yield Target(str(path), path)


def _below(folder: Path) -> Iterator[Path]:
    """Every PDF file below a folder; one that cannot be looked into is told, not passed over."""

    def fail(error: OSError) -> None:
        raise UsageProblem(
            f"无法读取文件夹“{error.filename}”（{error.strerror}）。",
            f"The folder {error.filename} cannot be read ({error.strerror}).",
        ) from error

    for above, _, names in os.walk(folder, onerror=fail):
        for name in names:
            path = Path(above, name)
            if path.suffix.lower() == ".pdf" and path.is_file():
                yield path
