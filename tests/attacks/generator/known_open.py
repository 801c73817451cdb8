"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_NEGATIVE = (
    "a certificate with a negative serial cannot be loaded (cryptography refuses it), and what "
    "cannot be loaded is called altered; nobody altered it: its maker is not to be trusted"
)

KNOWN_OPEN: Mapping[tuple[str, str], str] = {
    ("signers/theirs-serial-negative", "foreign"): _NEGATIVE,
    ("signers/ours-serial-negative", "own"): _NEGATIVE,
    ("signers/ours-serial-negative", "foreign"): _NEGATIVE,
}
"""(case, policy) → what is wrong, and where."""
