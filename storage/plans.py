"""What an intent or draft plans beside its content: which files, and how a version before ends."""

import json
from collections.abc import Sequence
from datetime import date

from certlib.canonical import canonical_bytes
from certlib.certificate import Decision
from certlib.document import Form
from certlib.states import Action
from storage.encryption import Cipher, Place


def forms_text(forms: Sequence[Form]) -> str:
    """`[["original",0],["duplicate",1]]`."""
    return canonical_bytes([[form.kind, form.copy_number] for form in forms]).decode()


def forms_from(text: str) -> tuple[Form, ...]:
    """The forms behind `forms_text`."""
    return tuple(Form(kind, copy_number) for kind, copy_number in json.loads(text))


_SAID = ("reason_code", "legal_basis", "document_number", "authority", "note")


def seal_decision(cipher: Cipher, place: Place, decision: Decision | None) -> bytes | None:
    """Ciphertext of a superseding decision's canonical JSON; its note may speak of a person."""
    if decision is None:
        return None
    plain = {name: getattr(decision, name) for name in _SAID}
    plain["effective_from"] = decision.effective_from.isoformat()
    return cipher.seal(canonical_bytes(plain), place)


def open_decision(cipher: Cipher, place: Place, sealed: bytes | None) -> Decision | None:
    """The decision behind `seal_decision`.

    Raises:
        Corrupt: it does not decrypt there.
    """
    if sealed is None:
        return None
    plain = json.loads(cipher.open(bytes(sealed), place))
    day = date.fromisoformat(plain.pop("effective_from"))
    return Decision(Action.SUPERSEDE, effective_from=day, **plain)
