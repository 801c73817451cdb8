"""The typst compiler: one, kept, with our fonts and nothing from the network or the system."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from signing.pages.fonts import FONTS_FOLDER, NOTO_FOLDER

__all__ = ["Typesetter"]

_STANDARDS: Final = ["a-3a", "ua-1"]


class Typesetter:
    """Documents from sources under one folder. One thread at a time.

    The compiler is made at the first document, not before: it holds the fonts it has used in
    memory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._compiler: Any = None

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
        import typst

        if self._compiler is None:
            fonts = typst.Fonts(
                include_system_fonts=False,
                include_embedded_fonts=False,
                font_paths=[NOTO_FOLDER, FONTS_FOLDER],
            )
            self._compiler = typst.Compiler(root=self._root, font_paths=fonts)
        return self._compiler.compile(**options)
