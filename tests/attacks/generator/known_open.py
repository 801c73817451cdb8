"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_ORPHAN = (
    "changes._analysed: pyHanko's policy ignores orphans (ignore_orphaned_objects); an appended "
    "object that nothing reaches explains no byte"
)
_FACE = (
    "changes._analysed: pyHanko lets a new signature field lie anywhere on an approved page; its "
    "face must not cover what was shown before (compare the pages as rendered)"
)
_LOOKS = (
    "changes._analysed: pyHanko lets /DA, /DR and /NeedAppearances of the form change at every "
    "level, P=1 too; readers then draw fields anew, in white or with another font"
)
_VALUE = (
    "changes._analysed: pyHanko takes a new face of a field for filling it in, although its value "
    "is the old one"
)
_PERMS = (
    "layout._document_problem: /Perms names another signature dictionary than any field shows; "
    "that is `canonical` only, so a replaced certification passes under `foreign`"
)
_HULL = (
    "metadata.metadata_of: our marks are looked for in the newest catalog alone; a later one "
    "without them makes our file 'not a certificate' instead of altered"
)
_NEGATIVE = (
    "a certificate with a negative serial cannot be loaded (cryptography refuses it), and what "
    "cannot be loaded is called altered; nobody altered it: its maker is not to be trusted"
)
_LEADING = (
    "the reader looks for the header within the first kilobyte: what stands before it (another "
    "file) is neither named nor refused (ISO 32000-2, 7.5.2: the first byte)"
)
_TOKENS = (
    "slow: the reader parses millions of tokens (arrays, escapes of a name, entries of a "
    "dictionary) until the child is killed; it needs a budget of tokens"
)
_OF_TOKENS = ("escaped-name", "wide-array", "same-key-many-times", "references", "half-references")


_POLICIES = ("own", "foreign")

KNOWN_OPEN: Mapping[tuple[str, str], str] = {
    ("saving/theirs-orphan", "foreign"): _ORPHAN,
    ("saving/certified-orphan", "foreign"): _ORPHAN,
    ("certified/sneaky-signature-approval", "foreign"): _FACE,
    ("certified/sneaky-signature-untrusted-approval", "foreign"): _FACE,
    ("certified/sneaky-signature-over-the-page-approval", "foreign"): _FACE,
    ("certified/sneaky-field-unsigned-approval", "foreign"): _FACE,
    **{
        (f"{name}-{level}", "foreign"): _VALUE
        for name in ("dss/wrong-form-in-disguise", "certified/face-without-value")
        for level in ("approval", 2, 3)
    },
    ("certified/signature-replaced", "foreign"): _PERMS,
    **{
        (f"shadow/replace-default-appearance-{level}", "foreign"): _LOOKS
        for level in ("approval", 1, 2, 3)
    },
    ("signers/theirs-serial-negative", "foreign"): _NEGATIVE,
    ("signers/ours-serial-negative", "own"): _NEGATIVE,
    ("signers/ours-serial-negative", "foreign"): _NEGATIVE,
    **{
        (f"polyglots/signed-leading-{name}", "foreign"): _LEADING
        for name in ("zip", "html", "jpeg", "elf", "shell", "kilobyte", "postscript")
    },
    **{
        (f"bombs/{place}-{name}", policy): _TOKENS
        for name in _OF_TOKENS
        for place in ("catalog", "page", "seal")
        for policy in _POLICIES
    },
    ("cycles/ours-catalog-is-its-pages", "own"): _HULL,
    ("cycles/ours-catalog-is-its-pages", "foreign"): _HULL,
}
"""(case, policy) → what is wrong, and where."""
