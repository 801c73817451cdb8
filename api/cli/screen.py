"""What a command says: JSON lines for machines, tables and sentences for people."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from api.cli.bilingual import Language
from api.persons import masked_numbers
from certlib.errors import CertlibError

if TYPE_CHECKING:
    from rich.console import Console

_FILE_WIDTH = 160
"""Columns of a table that goes into a file or another program: nobody's window sets them."""

_COMMANDING: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Categories of characters that a terminal obeys, or that turn the writing round."""
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"

STYLES: Mapping[str, str] = {"valid": "green", "invalid": "red", "indeterminate": "yellow"}
"""Colours of verdicts; the words say the same without them."""


class Screen:
    """Standard output in one language; standard error for progress and errors."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._consoles: dict[bool, Console] = {}

    def pick(self, zh: str, en: str) -> str:
        """The text of this screen's language."""
        return self.language.pick(zh, en)

    def json(self, value: object) -> None:
        """One JSON object on a line of its own, UTF-8 whatever the locale says."""
        # A file name may hold a lone surrogate: written as an escape it stays valid JSON.
        text = json.dumps(value, ensure_ascii=False, default=str)
        text = "".join(json.dumps(char)[1:-1] if _commands(char) else char for char in text)
        click.echo(text.encode("utf-8", "backslashreplace"))

    def say(self, zh: str, en: str, style: str = "") -> None:
        """One line for people."""
        from rich.text import Text

        self.console().print(Text(tame(self.pick(zh, en)), style=style))

    def table(
        self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], title: str = ""
    ) -> None:
        """A table; columns are named in both languages, Chinese is as wide as it looks."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
        for zh, en in columns:
            table.add_column(self.pick(zh, en), overflow="fold")
        for row in rows:
            table.add_row(*[Text(tame(cell)) for cell in row])
        self.console().print(table)

    def console(self, *, error: bool = False) -> "Console":
        """The console of rich on standard output or standard error."""
        from rich.console import Console

        if error not in self._consoles:
            console = Console(
                stderr=error, highlight=False, markup=False, emoji=False, soft_wrap=not error
            )
            if not console.is_terminal:
                console.width = _FILE_WIDTH
            self._consoles[error] = console
        return self._consoles[error]

    def error(self, zh: str, en: str) -> None:
        """One sentence on standard error; it may end in a log, so nobody's number stands in it."""
        click.echo(tame(masked_numbers(self.pick(zh, en))), err=True)

    def failure(self, error: CertlibError) -> None:
        """An error of the library: its sentence, and one line for each problem in it."""
        self.error(error.zh_text, error.en_text)
        for problem in error.problems:
            self.error(f"  {problem.field}：{problem.zh}", f"  {problem.field}: {problem.en}")


def tame(text: str, *, lines: bool = True) -> str:
    """Words that may be a stranger's, such as a file's name, without power over a terminal.

    Args:
        text: what is to be shown.
        lines: whether it may go over several lines; a name may not, it could write a verdict.
    """
    return "".join(
        _REPLACED if _commands(char) or (char == "\n" and not lines) else char for char in text
    )


def _commands(char: str) -> bool:
    return not char.isprintable() and char != "\n" and unicodedata.category(char) in _COMMANDING


def tolerant_streams() -> None:
    """Lets standard streams show � for what the terminal cannot, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
