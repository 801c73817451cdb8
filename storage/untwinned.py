"""Numbers on paper without a certificate: some types print their holder's own number there.

The column is text and was clear once: a sealed number begins with a mark that no number on a face
has, so that both are read.
"""

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Final

from certlib.paper import UntwinnedPrint
from storage.encryption import Place
from storage.link import Link

_MARK: Final = "\x1fsealed:"


def with_number_sealed(link: Link, found: UntwinnedPrint) -> UntwinnedPrint:
    """The print as it is kept."""
    sealed = link.cipher.seal_text(found.number, _place(found))
    return replace(found, number=_MARK + b64encode(sealed).decode("ascii"))


def untwinned_of(link: Link, kept: UntwinnedPrint) -> UntwinnedPrint:
    """The print that was kept.

    Raises:
        Corrupt: its number does not open.
    """
    if not kept.number.startswith(_MARK):
        return kept
    sealed = b64decode(kept.number.removeprefix(_MARK))
    return replace(kept, number=link.cipher.open_text(sealed, _place(kept)))


def _place(found: UntwinnedPrint) -> Place:
    row = f"{found.issuer_code}\x1f{found.type_code}\x1f{found.print_number}"
    return Place("untwinned_prints", "number", row)
