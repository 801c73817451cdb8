"""The typst compiler: kept, with our fonts and nothing from the network or the system."""

from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Final

from signing.pages.fonts import FONTS_FOLDER, NOTO_FOLDER

__all__ = ["Typesetter"]

_STANDARDS: Final = ["a-3a", "ua-1"]


class Typesetter:
    """Documents from sources under one folder, `at_once` of them at once; more threads wait.

    Compilers are made with the first documents, not before, and share the fonts that they hold in
    memory. One is not re-entrant, but typst lets other Python threads run while it works.
    """

    def __init__(self, root: Path, at_once: int = 1) -> None:
        self._root = root
        self._places = BoundedSemaphore(at_once)
        self._making = Lock()
        self._fonts: Any = None
        self._idle: list[Any] = []

    def pdf(self, source: Path | bytes, inputs: dict[str, str], moment: datetime) -> bytes:
        """PDF/A-3a and PDF/UA-1; `moment` is the only time the document knows.

        Raises:
            typst.TypstError: the source is at fault, or says so itself.
        """
        pdf: bytes = self._compile(
            input=source,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=_STANDARDS,
            timestamp=moment,
        )
        return pdf

    def png(
        self, source: Path | bytes, inputs: dict[str, str], moment: datetime, ppi: float
    ) -> list[bytes]:
        """Each page as a PNG image of `ppi` pixels an inch.

        Raises:
            typst.TypstError: the source is at fault, or says so itself.
        """
        pages = self._compile(
            input=source, format="png", sys_inputs=inputs, timestamp=moment, ppi=ppi
        )
        return [pages] if isinstance(pages, bytes) else list(pages)

    def _compile(self, **options: Any) -> Any:  # noqa: ANN401 - typst's own words
        with self._places:
            compiler = self._taken()
            try:
                return compiler.compile(**options)
            finally:
                self._idle.append(compiler)

    def _taken(self) -> Any:  # noqa: ANN401 - typst's own compiler
        import typst

        with self._making:
            if self._idle:
                return self._idle.pop()
            if self._fonts is None:
                self._fonts = typst.Fonts(
                    include_system_fonts=False,
                    include_embedded_fonts=False,
                    font_paths=[NOTO_FOLDER, FONTS_FOLDER],
                )
            return typst.Compiler(root=self._root, font_paths=self._fonts)
