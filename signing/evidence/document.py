"""A PDF through its cross-references: objects are read when they are looked at, and only then."""

from collections.abc import Sequence
from dataclasses import dataclass

from signing.evidence.crossref import COMPRESSED, FREE, USED, Entry, Section
from signing.evidence.faults import Budget, ReadingFaultError
from signing.evidence.filters import FilterProblemError, decoded
from signing.evidence.recovery import bodies, object_stream_numbers
from signing.evidence.syntax import (
    IndirectObject,
    PdfDictionary,
    PdfValue,
    Reference,
    Stream,
    SyntaxProblemError,
    indirect_object,
    skip_space,
    value_at,
)

__all__ = ["Document"]

_LONGEST_CHAIN = 10
_HUGE = 1 << 40


@dataclass(frozen=True, slots=True)
class _ObjectStream:
    content: bytes
    held: list[tuple[int, int]]
    ends: list[int]


class Document:
    """A parsed file.

    Attributes:
        data: the whole file.
        sections: its cross-reference sections, the newest first.
        entries: of all sections, the newest entry of each number.
        trailer: of the newest section.
        notes: slugs of what two readers could understand differently, as far as it was seen
            (`signing.evidence.structure` looks at all of it).
        ambiguous: numbers of objects that could be read with leniency only.
        kept: values of objects that have been looked at.
        structure: the notes of `signing.evidence.structure`, once it has looked.
        budget: what is left to spend on it.
    """

    def __init__(
        self, data: bytes, sections: Sequence[Section], notes: set[str], budget: Budget
    ) -> None:
        self.data = data
        self.sections = tuple(sections)
        self.notes = notes
        self.ambiguous: set[int] = set()
        self.structure: frozenset[str] | None = None
        self.entries: dict[int, Entry] = {}
        for section in reversed(self.sections):
            self.entries.update(section.merged)
        self.trailer = self.sections[0].trailer
        self.budget = budget
        self._before: Document | None = None
        self.kept: dict[int, PdfValue] = {}
        self._streams: dict[int, _ObjectStream | None] = {}
        self._reading: set[int] = set()
        self._bodies: dict[int, tuple[int, int]] | None = None
        self._last: dict[int, int] | None = None
        self._places: list[int] | None = None

    @property
    def bodies(self) -> dict[int, tuple[int, int]]:
        """`signing.evidence.recovery.bodies` of this file."""
        if self._bodies is None:
            self._bodies = bodies(self.data)
        return self._bodies

    @property
    def body_places(self) -> list[int]:
        """Their offsets, in file order."""
        if self._places is None:
            self._places = sorted(self.bodies)
        return self._places

    @property
    def catalog(self) -> PdfDictionary:
        """The document catalogue (ISO 32000-2, 7.7.2).

        Raises:
            ReadingFaultError: there is none.
        """
        found = self.get(self.trailer, "/Root")
        if not isinstance(found, dict):
            raise ReadingFaultError("malformed", "catalog")
        return found

    def get(self, holder: PdfValue, key: str) -> PdfValue:
        """The entry of a dictionary or stream with its reference followed; else None."""
        entries = holder.entries if isinstance(holder, Stream) else holder
        return self.resolved(entries.get(key)) if isinstance(entries, dict) else None

    def resolved(self, value: PdfValue) -> PdfValue:
        """What a reference leads to; None where that is nothing; other values are themselves.

        Raises:
            ReadingFaultError: the budget is spent.
        """
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(value, Reference):
                return value
            value = self.value(value)
        return None

    def value(self, reference: Reference) -> PdfValue:
        """The newest value of an object, or None when there is none that can be read."""
        number = reference.number
        entry = self.entries.get(number)
        if entry is None or entry[0] not in (USED, COMPRESSED):
            return None
        if (entry[2] if entry[0] == USED else 0) != reference.generation:
            self.notes.add("generation-mismatch")
            return None
        if number in self.kept:
            return self.kept[number]
        if number in self._reading or len(self._reading) > _LONGEST_CHAIN:
            return None
        self._reading.add(number)
        try:
            found = self._read(number, entry)
        finally:
            self._reading.discard(number)
        self.kept[number] = found
        return found

    def same_place(self, number: int, entry: Entry, later: "Document") -> bool:
        """Whether an object was read here, and lies where it lies in a later revision."""
        found = self.kept.get(number)
        if self.entries.get(number) != entry or found is None or number in self.ambiguous:
            return False
        if entry[0] == COMPRESSED:
            return self.entries.get(entry[1]) == later.entries.get(entry[1])
        length = found.entries.get("/Length") if isinstance(found, Stream) else None
        return not isinstance(length, Reference)  # what it leads to may have changed since

    def object_at(self, position: int) -> IndirectObject:
        """The object that begins exactly at `position`, without leniency.

        Raises:
            SyntaxProblemError: no well-formed object stands there.
            ReadingFaultError: the budget is spent.
        """
        return indirect_object(self.data, position, self.length_of, self.budget)

    def leniently_at(self, position: int) -> PdfValue:
        """The value of the object there, as a lenient reader takes it; None where there is none.

        Raises:
            ReadingFaultError: the budget is spent.
        """
        try:
            return indirect_object(
                self.data, position, self.length_of, self.budget, lenient=True
            ).value
        except SyntaxProblemError:
            return None

    def value_at(self, position: int) -> tuple[PdfValue, int]:
        """The value at `position` of the file, without leniency, and the offset after it.

        Raises:
            SyntaxProblemError: no well-formed value stands there.
            ReadingFaultError: the budget is spent.
        """
        return value_at(self.data, position, self.budget)

    def continues(self, before: "Document") -> None:
        """Takes over what was read of an earlier revision, with which this file begins."""
        self._before = before

    def reference(self, number: int) -> Reference:
        """The reference to the newest object of that number."""
        kind, _, generation = self.entries.get(number, (FREE, 0, 0))
        return Reference(number, generation if kind == USED else 0)

    def spend_visits(self, count: int) -> None:
        """Counts values that are looked at once more, for whatever reason.

        Raises:
            ReadingFaultError: there are too many.
        """
        self.budget.spend_visits(count)

    def length_of(self, reference: Reference) -> int | None:
        """What an indirect `/Length` says."""
        found = self.resolved(reference)
        return found if isinstance(found, int) else None

    def content(self, stream: PdfValue, most: int = _HUGE) -> bytes:
        """The decoded bytes of a stream; nothing where it is none or cannot be decoded.

        Raises:
            ReadingFaultError: a decompression bomb.
        """
        if not isinstance(stream, Stream):
            return b""
        try:
            return self._decoded(stream)[:most]
        except FilterProblemError:
            self.notes.add("undecodable-stream")
            return b""

    def held_at(self, position: int) -> list[tuple[int, int]] | None:
        """Numbers and offsets in the object stream that begins there; None when it is none.

        Raises:
            SyntaxProblemError: no well-formed object stands there.
            ReadingFaultError: the budget is spent.
        """
        found = self.object_at(position).value
        stream = self._opened_stream(found) if isinstance(found, Stream) else None
        return stream.held if stream is not None else None

    def _read(self, number: int, entry: Entry) -> PdfValue:
        before = self._before
        if before is not None and before.same_place(number, entry, self):
            return before.kept[number]
        if entry[0] == COMPRESSED:
            return self._compressed(number, entry)
        found = self._at(number, entry[1])
        if found is None or (found.number, found.generation) != (number, entry[2]):
            self.notes.add("object-header-mismatch")
            return self._rescued(number)
        return found.value

    def _at(self, number: int, offset: int) -> IndirectObject | None:
        try:
            return self.object_at(offset)
        except SyntaxProblemError:
            self.budget.spend_lenient()
        try:
            place = skip_space(self.data, offset)
            self.budget.spend_scanned(place - offset)
            found = indirect_object(self.data, place, self.length_of, self.budget, lenient=True)
        except SyntaxProblemError:
            return None
        self.notes.add("lenient-syntax")
        self.ambiguous.add(number)
        return found

    def _rescued(self, number: int) -> PdfValue:
        """The last body of that number, as readers find it that rebuild a file."""
        self.notes.add("repaired")
        self.ambiguous.add(number)
        if self._last is None:
            self._last = {own: place for place, (own, _) in self.bodies.items()}
        place = self._last.get(number)
        if place is None:
            return None
        self.budget.spend_lenient()
        found = self._at(number, place)
        return found.value if found is not None else None

    def _compressed(self, number: int, entry: Entry) -> PdfValue:
        stream = self._object_stream(entry[1])
        if stream is None:
            self.notes.add("object-header-mismatch")
            return None
        if entry[2] >= len(stream.held) or stream.held[entry[2]][0] != number:
            self.notes.add("object-header-mismatch")
            return None
        try:
            found, end = value_at(stream.content, stream.held[entry[2]][1], self.budget)
        except SyntaxProblemError:
            self.notes.add("lenient-syntax")
            self.ambiguous.add(number)
            return None
        if end > stream.ends[entry[2]]:
            self.notes.add("overlapping-held-objects")
            self.ambiguous.add(number)
        return found

    def _object_stream(self, container: int) -> _ObjectStream | None:
        if container not in self._streams:
            self._streams[container] = None
            entry = self.entries.get(container, (FREE, 0, 0))
            stream = self.value(Reference(container, entry[2])) if entry[0] == USED else None
            if isinstance(stream, Stream):
                self._streams[container] = self._opened_stream(stream)
        return self._streams[container]

    def _opened_stream(self, stream: Stream) -> _ObjectStream | None:
        if stream.entries.get("/Type") != "/ObjStm":
            self.notes.add("lenient-syntax")  # 7.5.7, table 16: some readers ask for it
        if "/Extends" in stream.entries:
            self.notes.add("extended-object-stream")
        try:
            content = self._decoded(stream)
            held = object_stream_numbers(stream, content)
        except (FilterProblemError, SyntaxProblemError):
            return None
        self.budget.spend_entries(len(held))
        # Readers that cut a value where the next one begins know of no other end.
        ends = [*(place for _, place in held[1:]), len(content)]
        if any(place >= end for (_, place), end in zip(held, ends, strict=True)):
            self.notes.add("overlapping-held-objects")
        if len({number for number, _ in held}) < len(held):
            self.notes.add("shadowed-objects")
        return _ObjectStream(content, held, ends)

    def _decoded(self, stream: Stream) -> bytes:
        entries = {
            key: self._plain(value)
            for key, value in stream.entries.items()
            if key in ("/Filter", "/DecodeParms", "/DP")
        }
        return decoded(entries, self.data[stream.start : stream.end], self.budget)

    def _plain(self, value: PdfValue) -> PdfValue:
        """Filters and their parameters with every reference followed; they are two levels deep."""
        value = self.resolved(value)
        # More filters than that are refused anyway; many streams may name the same long list.
        items = value[:_LONGEST_CHAIN] if isinstance(value, list) else [value]
        plain = [
            {key: self.resolved(entry) for key, entry in item.items()}
            if isinstance(item, dict)
            else item
            for item in map(self.resolved, items)
        ]
        return plain if isinstance(value, list) else plain[0]
