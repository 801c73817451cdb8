"""One incremental update (ISO 32000-2, 7.5.6) that ends with a signature and its gap.

The cross-reference is a classical table, as typst writes it: 7.5.8.4 wants the kind to stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signing.gap import PreparedSeal, SealedFile
from signing.rendered import Structure

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Revision"]

_RANGE = b"/ByteRange [0 %d %d %d]"
_RANGE_WIDTH = len(_RANGE % (10**9, 10**9, 10**9))
_CLOSING = b">>\nendobj\n"


class Revision:
    """Objects behind a file, in the order in which they are put.

    Args:
        before: the structure of the file; numbers go on where it ends.
    """

    def __init__(self, before: Structure) -> None:
        self._before = before
        self._next = before.size
        self._end = before.length
        self._pieces: list[bytes] = []
        self._places: dict[int, int] = {}

    def reserve(self) -> int:
        """A fresh object number."""
        number = self._next
        self._next += 1
        return number

    def put(self, number: int, body: bytes) -> None:
        """The object `number`, new or instead of the one before."""
        piece = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        self._places[number] = self._end
        self._end += len(piece)
        self._pieces.append(piece)

    def add(self, body: bytes) -> int:
        """A new object; its number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def signed(
        self, base: SealedFile, signature: tuple[int, bytes], room: int, after: Structure
    ) -> PreparedSeal:
        """The file with this revision, the signature dictionary last.

        Args:
            base: the file before it.
            signature: number of the dictionary, and its entries but for range and contents.
            room: bytes of CMS.
            after: what is known of catalogue, page and form then; lengths follow here.
        """
        number, entries = signature
        opening = b"%d 0 obj\n<<%b" % (number, entries)
        self._places[number] = self._end
        start = self._end + len(opening) + _RANGE_WIDTH + len(b"/Contents ")
        end = start + 2 * room + 2
        table = end + len(_CLOSING)
        identifier = base.state.copy().digest()[:16].hex().encode()
        tail = _CLOSING + self._table() + self._trailer(identifier, table)
        span = _RANGE % (start, end, len(tail))
        text = b"".join((*self._pieces, opening, span.ljust(_RANGE_WIDTH), b"/Contents "))
        state = base.state.copy()
        state.update(text)
        return PreparedSeal(
            pieces=(*base.pieces, text),
            tail=tail,
            room=room,
            state=state,
            digest=_over(state, tail),
            structure=after._replace(length=end + len(tail), size=self._next, previous=table),
        )

    def _table(self) -> bytes:
        """7.5.4; a section for each run of numbers."""
        lines: list[bytes] = [b"xref\n"]
        places, numbers = self._places, sorted(self._places)
        first = 0
        for index, number in enumerate(numbers, 1):
            if index == len(numbers) or numbers[index] != number + 1:
                lines.append(b"%d %d\n" % (numbers[first], index - first))
                lines += [b"%010d 00000 n \n" % places[item] for item in numbers[first:index]]
                first = index
        return b"".join(lines)

    def _trailer(self, identifier: bytes, table: int) -> bytes:
        before = self._before
        return (
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[%b<%b>]/Prev %d>>\n"
            b"startxref\n%d\n%%%%EOF\n"
        ) % (
            self._next,
            before.root,
            before.info,
            before.identifier,
            identifier,
            before.previous,
            table,
        )


def _over(state: _Hash, tail: bytes) -> bytes:
    covering = state.copy()
    covering.update(tail)
    return covering.digest()
