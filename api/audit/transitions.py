"""The states' table once more, from the domain's description: (state, step) → state."""

from collections.abc import Mapping

_ENDINGS = {
    "supersede": "SUPERSEDED",
    "deregister": "DEREGISTERED",
    "annul": "ANNULLED",
    "withdraw": "WITHDRAWN",
    "revoke": "REVOKED",
    "transfer-out": "TRANSFERRED_OUT",
    "void": "VOIDED",
}
_REOPENED = ("SUPERSEDED", "DEREGISTERED", "TRANSFERRED_OUT")
_WHILE_IN_FORCE = ("revoke", "withdraw")
_MUST_DEREGISTER = ("ANNULLED", "WITHDRAWN", "REVOKED")

TABLE: Mapping[tuple[str, str], str] = {
    ("DRAFT", "seal"): "ISSUED",
    ("ISSUED", "suspend"): "SUSPENDED",
    ("SUSPENDED", "restore"): "ISSUED",
    **{(state, step): end for state in ("ISSUED", "SUSPENDED") for step, end in _ENDINGS.items()},
    **{(state, "deregister"): "DEREGISTERED" for state in _MUST_DEREGISTER},
    ("SUPERSEDED", "restore"): "ISSUED",
    **{("SUPERSEDED", step): _ENDINGS[step] for step in _WHILE_IN_FORCE},
    **{(state, step): _ENDINGS[step] for state in _REOPENED for step in ("annul", "void")},
}
"""What is not here is forbidden."""
