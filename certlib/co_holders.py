"""Several holders of one certificate: a claim on one of them shows no more of the others.

Who consents to a use, any of them or all, is data of the type (`TypeVersion.consent`).
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from certlib.document import Holder
from certlib.holder_changes import HolderKey, key_of
from certlib.holders import mask_code, mask_name


def masked(holder: Holder) -> Holder:
    """A holder for everybody's eyes: persons masked, organisations in full."""
    return Holder(
        mask_name(holder.name, holder.code_type),
        holder.code_type,
        mask_code(holder.code_type, holder.code),
    )


def shown_to(holders: Iterable[Holder], claims: AbstractSet[HolderKey]) -> tuple[Holder, ...]:
    """Holders as somebody sees them who has a claim on those of these keys; all others masked.

    Args:
        holders: of one certificate, in their order.
        claims: `Chronicle.belonging` says which keys are a holder's own.
    """
    return tuple(item if key_of(item) in claims else masked(item) for item in holders)
