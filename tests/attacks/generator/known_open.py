"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_FACE = (
    "changes._analysed: pyHanko lets a new signature field lie anywhere on an approved page; its "
    "face must not cover what was shown before (compare the pages as rendered)"
)
_VALUE = (
    "changes._analysed: pyHanko takes a new face of a field for filling it in, although its value "
    "is the old one"
)
_HULL = (
    "metadata.metadata_of: our marks are looked for in the newest catalog alone; a later one "
    "without them makes our file 'not a certificate' instead of altered"
)
_NEGATIVE = (
    "a certificate with a negative serial cannot be loaded (cryptography refuses it), and what "
    "cannot be loaded is called altered; nobody altered it: its maker is not to be trusted"
)

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
    ("signers/theirs-serial-negative", "foreign"): _NEGATIVE,
    ("signers/ours-serial-negative", "own"): _NEGATIVE,
    ("signers/ours-serial-negative", "foreign"): _NEGATIVE,
    ("cycles/ours-catalog-is-its-pages", "own"): _HULL,
    ("cycles/ours-catalog-is-its-pages", "foreign"): _HULL,
}
"""(case, policy) → what is wrong, and where."""
