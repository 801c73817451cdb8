"""A conclusion in words: what stands, and what to do next, in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Sentence"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A conclusion and what to do next, in Chinese and English."""

    zh: str
    next_zh: str
    en: str
    next_en: str

    def filled(self, values: Mapping[str, Any]) -> "Sentence":
        """The sentence with its placeholders filled; an absent value shows as —."""
        known = _Dashed(values)
        return Sentence(
            self.zh.format_map(known),
            self.next_zh.format_map(known),
            self.en.format_map(known),
            self.next_en.format_map(known),
        )

    def also(self, other: "Sentence") -> "Sentence":
        """This one, and what has to be said beside it."""
        return Sentence(
            f"{self.zh}另：{other.zh}",
            f"{self.next_zh}{other.next_zh}",
            f"{self.en} Also: {other.en}",
            f"{self.next_en} {other.next_en}",
        )


class _Dashed(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"
