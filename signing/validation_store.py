"""The document security store (DSS): ISO 32000-2, 12.8.4.3; EN 319 142-1, 5.4.2.

Without VRI, which 5.4.2.3 leaves open: material belongs to the file, and which signature it serves
follows from the chains. What stands in the store stays there; what comes is added.
"""

import re
from functools import lru_cache

from certlib.ports import ValidationMaterial
from signing.plain_objects import references, stream
from signing.rendered import PlainFile
from signing.revision import Revision

__all__ = ["NAMES", "Held", "held", "put_store"]

NAMES = (b"/Certs", b"/CRLs", b"/OCSPs")
"""The three arrays, in the order of the fields of `ValidationMaterial`."""

_ARRAY = re.compile(rb"(/Certs|/CRLs|/OCSPs) \[((?:\d{1,7} 0 R ?)+)\]")
_STORE = re.compile(rb"(?:(?:/Certs|/CRLs|/OCSPs) \[(?:\d{1,7} 0 R ?)+\])+")

Held = dict[bytes, dict[bytes, int]]
"""Of each array: data of a stream → its object number, in their order."""


def held(file: PlainFile, number: int) -> Held:
    """What a store of our own writing holds; nothing where `number` is 0.

    Raises:
        ValueError: it is of another form.
    """
    if not number:
        return {}
    entries = file.dictionary(number)
    if not _STORE.fullmatch(entries):
        raise ValueError(NAMES[0])
    return {
        name: {file.stream(int(item))[1]: int(item) for item in listed.split()[::3]}
        for name, listed in _ARRAY.findall(entries)
    }


def put_store(
    revision: Revision, number: int, material: ValidationMaterial, before: Held | None = None
) -> int:
    """Lays what is new of the material into the revision, and the store that names all of it.

    Args:
        revision: it gains the objects.
        number: of the store that there is; 0 where there is none.
        material: what the store shall hold then, beside what it holds.
        before: what it holds.

    Returns:
        The number of the store; `number` where nothing was new.
    """
    arrays, fresh = [], False
    for name, wanted in zip(NAMES, _encoded(material), strict=True):
        known = (before or {}).get(name, {})
        added = [revision.add(body) for data, body in wanted if data not in known]
        numbers = (*known.values(), *added)
        fresh = fresh or bool(added)
        if numbers:
            arrays.append(b"%b [%b]" % (name, references(numbers)))
    if fresh:
        number = number or revision.reserve()
        revision.put(number, b"<<%b>>" % b"".join(arrays))
    return number


@lru_cache(maxsize=64)
def _encoded(material: ValidationMaterial) -> tuple[tuple[tuple[bytes, bytes], ...], ...]:
    """Data and stream of each member, each once: most seals of a day share them."""
    arrays = (material.certificates, material.crls, material.ocsps)
    return tuple(tuple((data, stream(data)) for data in dict.fromkeys(array)) for array in arrays)
