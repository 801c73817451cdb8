"""Names with characters younger than 2002, for a library that knows none.

asn1crypto compares distinguished names by the Unicode of RFC 3454 and raises for every character
that came later: the rare ones of persons' and places' names (CJK extensions C and on) among them.
Whoever bears such a name has signed no worse for it. Where the library gives up, names are compared
as `signing.evidence.certificates` does.
"""

from asn1crypto.x509 import NameTypeAndValue

from signing.evidence.certificates import prepared

__all__ = ["let_compare"]

_by_the_library = NameTypeAndValue._ldap_string_prep  # noqa: SLF001 - it has no other handle


def let_compare() -> None:
    """From here on asn1crypto, and pyHanko by it, compare such names, too."""
    NameTypeAndValue._ldap_string_prep = _prepared  # noqa: SLF001


def _prepared(self: NameTypeAndValue, text: str) -> str:
    try:
        return str(_by_the_library(self, text))
    except ValueError:
        return prepared(text)
