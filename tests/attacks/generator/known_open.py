"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_FACE = (
    "rendering.compared paints over the whole rectangle of a new signature field, so its face may "
    "lie over words that were signed; within it the page as signed must be blank"
)
_VALUE = (
    "differences._changed takes a new face of a field for filling it in, although its value is "
    "the old one"
)
_HULL = (
    "metadata.metadata_of: our marks are looked for in the newest catalog alone; a later one "
    "without them makes our file 'not a certificate' instead of altered"
)
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
    ("certified/sneaky-signature-approval", "foreign"): _FACE,
    ("certified/sneaky-signature-untrusted-approval", "foreign"): _FACE,
    ("certified/sneaky-signature-over-the-page-approval", "foreign"): _FACE,
    ("certified/sneaky-field-unsigned-approval", "foreign"): _FACE,
    **{
        (f"{name}-{level}", "foreign"): _VALUE
        for name in ("dss/wrong-form-in-disguise", "certified/face-without-value")
        for level in ("approval", 2, 3)
    },
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
    ("cycles/ours-catalog-is-its-pages", "own"): _HULL,
    ("cycles/ours-catalog-is-its-pages", "foreign"): _HULL,
}
"""(case, policy) → what is wrong, and where."""
