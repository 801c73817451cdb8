"""Cases that today's code answers wrongly; each must be taken out when it is mended."""

from collections.abc import Mapping

_RECORD = (
    "file_checks.unknown_file_findings asks authority and original only where the identifier is on "
    "record: a file with an identifier of this node that is not on record passes under `foreign`"
)
_LIST = (
    "verify._record_facts asks the issue list only for a record: an identifier of ours without one "
    "leaves `authorised` None, although type and issuer stand in the identifier"
)
_ORPHAN = (
    "changes._analysed: pyHanko's policy ignores orphans (ignore_orphaned_objects); an appended "
    "object that nothing reaches explains no byte"
)

KNOWN_OPEN: Mapping[tuple[str, str], str] = {
    ("genuine/absent-from-the-record", "foreign"): _RECORD,
    ("genuine/seal-of-a-revoked-key", "foreign"): _RECORD,
    ("genuine/others-type", "foreign"): _RECORD,
    ("genuine/others-name", "foreign"): _RECORD,
    ("genuine/others-type", "own"): _LIST,
    ("genuine/others-name", "own"): _LIST,
    ("saving/theirs-orphan", "foreign"): _ORPHAN,
    ("saving/certified-orphan", "foreign"): _ORPHAN,
}
"""(case, policy) → what is wrong, and where."""
