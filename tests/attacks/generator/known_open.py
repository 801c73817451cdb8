"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_BOUNDS = (
    "worker._answer: a byte range of twenty digits is beyond what the child may say, so our own "
    "file with such a range is 'unreadable' instead of altered; the layout should bound it"
)
_CIRCLE = (
    "no reader of ours walks from a page to its parents: readers inherit what they find there "
    "(ISO 32000-1, 7.7.3.4), and disagree where that is a circle"
)
_LENGTH = (
    "a stream whose /Length does not lead to endstream is taken as it is where nobody reads it; "
    "readers that follow /Length and readers that look for endstream see two things"
)
_PLACES = ("metadata", "attachment", "content")

KNOWN_OPEN: Mapping[tuple[str, str], str] = {
    ("forgery/byte-range-huge", "own"): _BOUNDS,
    ("forgery/byte-range-huge", "foreign"): _BOUNDS,
    ("cycles/page-parent-is-itself", "foreign"): _CIRCLE,
    ("cycles/pages-parent-circle", "foreign"): _CIRCLE,
    **{
        (name, "foreign"): _LENGTH
        for name in (
            *(
                f"cycles/length-{what}"
                for what in ("of-itself", "in-a-circle", "of-a-stream-of-it")
            ),
            *(f"bombs/{place}-length-{sign}" for place in _PLACES for sign in ("huge", "negative")),
        )
    },
}
"""(case, policy) → what is wrong, and where."""
