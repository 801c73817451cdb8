"""The renderer: orders to pages.

Same order, same bytes: values enter as data (`sys.inputs`), the document's dates come from the
content, and typst derives the file identifier from what it wrote.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta, timezone
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.errors import Corrupt, Invalid, NotFound, Problem
from certlib.page_errors import FaceOverflow, PictureUnusable
from certlib.ports import DesignDigests, PageOrder
from signing.pages.coverage import first_unprintable
from signing.pages.face import face_of
from signing.pages.fonts import PACKAGED_FONTS
from signing.pages.qr import qr_svg
from signing.pages.rows import field_problems
from signing.pages.typesetter import Typesetter

__all__ = ["TypstRenderer"]

DESIGNS_FOLDER: Final = Path(__file__).parent / "designs"
_CHINA: Final = timezone(timedelta(hours=8))
_OVERFLOW: Final = "face-overflow"
_IMAGE: Final = re.compile(rb"/Subtype\s*/Image\b")
_ONE_PICTURE: Final = (
    b'#set document(title: "x", date: datetime(year: 2000, month: 1, day: 1))\n'
    b'#set text(lang: "zh")\n= x\n#image(bytes(sys.inputs.svg), format: "svg", alt: "x")'
)


class TypstRenderer:
    """Renders pages; implements `certlib.ports.Renderer`. Threads may share one.

    Args:
        designs: the folder of the designs.
        at_once: how many pages are made at the same time, by as many threads.
    """

    def __init__(self, designs: Path = DESIGNS_FOLDER, *, at_once: int = 1) -> None:
        self._designs = designs
        self._typesetter = Typesetter(designs, at_once)
        self._digests: dict[str, DesignDigests] = {}

    def render(self, order: PageOrder) -> bytes:
        """The unsealed PDF (PDF/A-3a and PDF/UA-1), deterministic.

        Raises:
            FaceOverflow: the values do not fit on the face at the smallest size allowed.
            Invalid: a value is not what its schema says; every such field is listed.
            NotFound: the design does not exist.
            Corrupt: the design itself is at fault.
        """
        design = self._design_file(order.type_version.design)
        face = face_of(order)
        with _faults(design):
            pdf = self._typesetter.pdf(design, _inputs(order, face), _moment(order.content))
            self._need_pictures(pdf, face)
        # ISO 19005-3 section 6.1.9 wants a line end; typst leaves it out after %%EOF.
        return pdf + b"\n"

    def preview(self, order: PageOrder, ppi: float = 110.0) -> list[bytes]:
        """The pages of `order` as PNG images, for people to look at.

        Raises:
            FaceOverflow, Invalid, NotFound, Corrupt: as `render` does.
        """
        design = self._design_file(order.type_version.design)
        inputs = _inputs(order, face_of(order))
        with _faults(design):
            return self._typesetter.png(design, inputs, _moment(order.content), ppi)

    def unprintable(self, text: str) -> str:
        """The first character of `text` that no font can draw, or ""."""
        return first_unprintable(text)

    def problems(self, fields: Mapping[str, Any], version: TypeVersion) -> Sequence[Problem]:
        """What the page would refuse of fields that pass their schema."""
        return field_problems(fields, version)

    def digests(self, design: str) -> DesignDigests:
        """What the design is made of: its files with the shared ones, the fonts, typst itself."""
        if design not in self._digests:
            self._digests[design] = self._digests_of(design)
        return self._digests[design]

    def _need_pictures(self, pdf: bytes, face: Mapping[str, Any]) -> None:
        """The typesetter leaves out a picture that it cannot read, in silence.

        Raises:
            Invalid: it has done so, in spite of all that was checked before.
        """
        pictures = dict(_pictures(face))
        if len(_IMAGE.findall(pdf)) >= len(set(pictures.values())):
            return
        moment = datetime(2000, 1, 1, tzinfo=_CHINA)
        lost = [
            PictureUnusable(field_path=path).as_problem()
            for path, svg in pictures.items()
            if not _IMAGE.search(self._typesetter.pdf(_ONE_PICTURE, {"svg": svg}, moment))
        ]
        raise Invalid(field_path=lost[0].field if lost else "", problems=tuple(lost))

    def _digests_of(self, design: str) -> DesignDigests:
        shared = sorted(path for path in self._designs.iterdir() if path.is_file())
        own = sorted(path for path in self._design_file(design).parent.iterdir() if path.is_file())
        return DesignDigests(
            template=_digest((path.relative_to(self._designs), path) for path in [*shared, *own]),
            fonts=_fonts_digest(),
            typst=hashlib.sha256(f"typst-py {version('typst')}".encode()).hexdigest(),
        )

    def _design_file(self, design: str) -> Path:
        # Looked up among those there are: what somebody wrote is never part of a path.
        for path in self._designs.glob("*/design.typ"):
            if path.parent.name == design:
                return path
        raise NotFound(what="design")


@contextmanager
def _faults(design: Path) -> Iterator[None]:
    """What typst says, in our words."""
    import typst

    try:
        yield
    except typst.TypstError as error:
        if _OVERFLOW in error.message:
            raise FaceOverflow from None  # the diagnostic may quote personal data
        raise Corrupt(what=f"design {design.parent.name}") from error


def _inputs(order: PageOrder, face: Mapping[str, Any]) -> dict[str, str]:
    return {
        "face": json.dumps(face, ensure_ascii=False),
        "qr": qr_svg(order.verify_url),
        "certificate": order.attachment.decode("utf-8"),
    }


def _pictures(face: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each picture of the face: the JSON pointer of its value, and what is drawn."""
    for row in face["rows"]:
        path = f"/fields/{row['key']}"
        if row["kind"] == "picture":
            yield path, row["value"]["svg"]
        elif row["kind"] == "pictures":
            for index, picture in enumerate(row["value"]):
                yield f"{path}/{index}/image", picture["svg"]


def _moment(content: Content) -> datetime:
    """Midnight of the day of issue at UTC+8: the only time a page knows."""
    return datetime.combine(content.issue_date, time(), _CHINA)


def _digest(files: Iterable[tuple[Path, Path]]) -> str:
    """Digest over names and contents, each with its length so that nothing can shift."""
    found = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        found.update(f"{name.as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


@cache
def _fonts_digest() -> str:
    return _digest((Path(path.name), path) for path in PACKAGED_FONTS)
