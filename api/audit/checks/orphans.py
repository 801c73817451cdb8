"""INV-1: no sealed file in the object store without a record."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from api.audit.ledger import Ledger, object_name
from api.audit.objects import Objects
from api.audit.report import Invariant

_ORPHAN = ("文件没有登记", "the object has no record")
_STRANGE = ("文件目录中有不属于存储的文件", "the folder holds what is no object")
_SHARED = ("多份登记共用一个存储键", "several records share one storage key")


def check(
    ledger: Ledger, objects: Objects, names: Iterable[str], strange: Sequence[str]
) -> Invariant:
    """Compares the names that were listed before the snapshot with what the snapshot knows.

    Listed first: whatever lay there by then had its intent committed before. An object that has
    gone meanwhile was swept by the pipeline, and is no orphan.
    """
    found = Invariant("INV-1")
    recorded = {row["object_name"] for rows in ledger.files.values() for row in rows}
    reserved = set(_reserved(ledger))
    for name in names:
        found.checked += 1
        if name in recorded or name in reserved or objects.read(name) is None:
            continue
        found.broken(name, "orphan", *_ORPHAN)
    for path in strange:
        found.broken(path, "not-an-object", *_STRANGE)
    added = [row for rows in ledger.additions.values() for row in rows]
    keys = Counter(row["storage_key"] for row in (*ledger.intents.values(), *added))
    for key, count in keys.items():
        found.expect(count == 1, key, "storage-key-shared", _SHARED)
    return found


def _reserved(ledger: Ledger) -> Iterator[str]:
    """Names under which something may lie that is not on record yet."""
    yield from _coming(ledger)
    for row in ledger.intents.values():
        if row["status"] == "pending":
            for form, copy_number in json.loads(row["forms"]):
                yield object_name(row["storage_key"], form, copy_number)
    for rows in ledger.additions.values():
        for row in rows:
            if row["status"] == "pending":
                yield object_name(row["storage_key"], row["form"], row["copy_number"])


def _coming(ledger: Ledger) -> Iterator[str]:
    """Next revisions of files that are being lifted, or were when something died."""
    for identifier, rows in ledger.care.items():
        names = {row["sha256"]: row["object_name"] for row in ledger.files.get(identifier, ())}
        for row in rows:
            if row["coming"] and row["sha256"] in names:
                stem = str(names[row["sha256"]]).rpartition(".")[0]
                yield f"{stem}.{row['coming']}"
