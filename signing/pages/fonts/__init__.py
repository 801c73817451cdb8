"""The fonts of the pages: where they lie and what each is for.

Two come from PyPI (Noto Serif SC and Noto Sans SC: the whole of Unicode 1.1's ideographs and
Extension A), two lie here: a subset of a kai face for titles and names, and a face for
Extensions B to F, which is read only when a value needs it. Nothing of the system's is used.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

FONTS_FOLDER: Final = Path(__file__).parent


def _noto_folder() -> Path:
    """Found without importing the package, which would import nothing else of use."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name="pylopdf_fonts_zh_cn")
    return Path(spec.origin).parent


NOTO_FOLDER: Final = _noto_folder()

PACKAGED_FONTS: Final = (
    NOTO_FOLDER / "NotoSerifSC-Regular.otf",
    NOTO_FOLDER / "NotoSansSC-Regular.otf",
    FONTS_FOLDER / "CertlibKai.ttf",
    FONTS_FOLDER / "CertlibRare.ttf",
)
"""Every font file a page may use; their digest is part of a certificate's record."""
