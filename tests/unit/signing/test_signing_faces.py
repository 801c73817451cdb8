"""Promises about places of fields: nowhere is nowhere, whichever way a writer says it."""

import pytest

from signing.evidence.faces import has_no_place
from signing.evidence.syntax import Reference


class Plain:
    """A document whose values are all direct."""

    def get(self, entries, key):
        return entries.get(key)


@pytest.mark.parametrize(
    "entries",
    [
        {"/Rect": [0, 0, 0, 0]},
        {"/Rect": [-9999, -9999, -9999, -9999]},
        {"/Rect": [10.5, 7, 10.5, 7]},
        {},
        {"/F": 2, "/Rect": [0, 0, 9, 9]},
    ],
)
def test_field_is_nowhere(entries):
    assert has_no_place(Plain(), entries)


@pytest.mark.parametrize(
    "rectangle",
    [
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [-9999, -9999, 9999, -9999],
        [5, 6, 7, 8],
        [1, 1, 1],
        [b"x", 1, b"x", 1],
        [Reference(1, 0), 1, Reference(1, 0), 1],
        "none",
    ],
)
def test_field_may_be_somewhere(rectangle):
    """A line is drawn by some readers; what is no number could be any."""
    assert not has_no_place(Plain(), {"/F": 4, "/Rect": rectangle})


@pytest.mark.parametrize("face", ["/AP", "/MK"])
def test_field_with_a_face_is_nowhere_at_the_origin_only(face):
    """What a reader makes of a face without room is its own affair."""
    assert not has_no_place(Plain(), {"/Rect": [7, 7, 7, 7], face: {}})
    assert has_no_place(Plain(), {"/Rect": [0, 0, 0, 0], face: {}})
