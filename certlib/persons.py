"""Which accounts are one person: the one way in which four-eyes rules compare persons."""

import unicodedata
from collections.abc import Iterable


def person_key(account: str) -> str:
    """What stands for the person behind an account; "" where none is stated.

    Client systems write one account in several ways: in capitals, in full-width letters, with
    spaces about it. None of that makes a second person (Unicode NFKC and case folding).
    """
    # Folding may undo the normal form (U+0345), so that it is sought once more.
    folded = unicodedata.normalize("NFKC", account).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def persons(accounts: Iterable[str]) -> frozenset[str]:
    """The different persons behind the accounts; empty ones are nobody."""
    return frozenset(key for key in map(person_key, accounts) if key)


def same_person(one: str, other: str) -> bool:
    """Whether two accounts are one person; nobody is the same as nobody."""
    return person_key(one) in persons((other,))
