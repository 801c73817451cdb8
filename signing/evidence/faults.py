"""Why a file cannot be read, and how much a reader may spend on it before it says so."""

from dataclasses import dataclass

__all__ = ["Budget", "ReadingFaultError"]

_MEBIBYTE = 1024 * 1024


class ReadingFaultError(Exception):
    """The file cannot be read; `fault` is a word of `FileFacts.fault`."""

    def __init__(self, fault: str, detail: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.detail = detail


@dataclass(slots=True)
class Budget:
    """What is left to spend on one file; a hostile file says `too much` and is not read on.

    Attributes:
        values: values of objects (names, numbers, arrays, …), all objects together.
        scanned: bytes of file parsed; objects that overlap each other use it up.
        entries: cross-reference entries, all sections together.
        decoded: bytes that filters written in C may bring forth.
        slow: bytes that filters written in Python may bring forth.
        lenient: objects that had to be read with leniency.
        visits: values that are looked at again: followed, compared, inherited.
    """

    values: int = 400_000
    scanned: int = 8 * _MEBIBYTE
    entries: int = 250_000
    decoded: int = 64 * _MEBIBYTE
    slow: int = 4 * _MEBIBYTE
    lenient: int = 200
    visits: int = 200_000

    @classmethod
    def of(cls, size: int) -> "Budget":
        """For a file of so many bytes: each byte may be parsed a few times."""
        return cls(scanned=8 * _MEBIBYTE + 4 * size)

    @classmethod
    def of_history(cls, size: int) -> "Budget":
        """For all revisions of a file together: each shows most of it once more."""
        return cls(
            values=1_200_000,
            scanned=8 * _MEBIBYTE + 48 * size,
            entries=1_000_000,
            decoded=192 * _MEBIBYTE,
            visits=600_000,
        )

    def spend_values(self, count: int) -> None:
        """Counts values.

        Raises:
            ReadingFaultError: there are too many.
        """
        self.values -= count
        if self.values < 0:
            raise ReadingFaultError("too-large", "values")

    def spend_scanned(self, count: int) -> None:
        """Counts bytes that were parsed.

        Raises:
            ReadingFaultError: objects lie inside each other.
        """
        self.scanned -= count
        if self.scanned < 0:
            raise ReadingFaultError("malformed", "overlapping-objects")

    def spend_entries(self, count: int) -> None:
        """Counts cross-reference entries.

        Raises:
            ReadingFaultError: there are too many.
        """
        self.entries -= count
        if self.entries < 0:
            raise ReadingFaultError("too-large", "cross-reference-entries")

    def spend_decoded(self, count: int) -> None:
        """Counts bytes that a filter brought forth.

        Raises:
            ReadingFaultError: a decompression bomb.
        """
        self.decoded -= count
        if self.decoded < 0:
            raise ReadingFaultError("malformed", "decompression-limit")

    def spend_slow(self, count: int) -> None:
        """Counts bytes that a filter written in Python brought forth.

        Raises:
            ReadingFaultError: a decompression bomb.
        """
        self.slow -= count
        if self.slow < 0:
            raise ReadingFaultError("malformed", "decompression-limit")

    def spend_visits(self, count: int) -> None:
        """Counts values that are looked at again.

        Raises:
            ReadingFaultError: there are too many.
        """
        self.visits -= count
        if self.visits < 0:
            raise ReadingFaultError("too-large", "references")

    def spend_lenient(self) -> None:
        """Counts objects that had to be read with leniency.

        Raises:
            ReadingFaultError: hardly anything in the file is well-formed.
        """
        self.lenient -= 1
        if self.lenient < 0:
            raise ReadingFaultError("malformed", "object-syntax")
