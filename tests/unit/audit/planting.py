"""What tests plant behind the registry's back, and how they look for it."""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from api.audit.canonical import canonical
from storage import witness
from storage.tables import CertificateRow, table
from tests.unit.audit.audit_store import Plant, Store

ROWS = {"row-changed", "row-gone", "row-unknown"}


def check_planted(store: Store, plant: Plant, expected: set[tuple[str, str]]) -> None:
    """Finds what was planted and nothing else; rows that were changed are always found too."""
    before, history = store.rows_now(), lines_of(store)
    plant(store)
    found = store.found()
    rows = {item for item in found if item[1] in ROWS}
    assert found - rows == expected
    if lines_or_none(store) == history:
        # Whatever else finds it: the history remembers how every row was.
        assert bool(rows) == (store.rows_now() != before)


Line = dict[str, Any]


def self_signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "history")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def lines_or_none(store: Store) -> list[Line] | None:
    try:
        return lines_of(store)
    except ValueError:
        return None


def lines_of(store: Store) -> list[Line]:
    names = ("sequence", "at", "actor", "act", "target", "details", "previous")
    found = store.rows(f"SELECT {', '.join(names)} FROM audit_history ORDER BY sequence")
    lines = [dict(zip(names, row, strict=True)) for row in found]
    return [{**line, "details": json.loads(line["details"])} for line in lines]


def rewrite(store: Store, kept: Callable[[int, int], bool]) -> None:
    """The chain made anew from its first record, as somebody with the database could."""
    lines = lines_of(store)
    last = lines[-1]["sequence"]
    write_anew(store, [line for line in lines if kept(line["sequence"], last)])


def write_anew(store: Store, lines: Iterable[Line]) -> None:
    made, previous, sequence = list(lines), "", 0
    store.run("DELETE FROM audit_history")
    for sequence, line in enumerate(made, 1):
        new = {**line, "sequence": sequence, "previous": previous}
        digest = hashlib.sha256(canonical(new)).hexdigest()
        values = {**new, "details": canonical(new["details"]).decode(), "digest": digest}
        marks = ", ".join("?" * len(values))
        names = ", ".join(values)
        store.put(f"INSERT INTO audit_history ({names}) VALUES ({marks})", *values.values())
        previous = digest
    store.put("UPDATE audit_head SET sequence = ?, digest = ?", sequence, previous)


def put_header(store: Store, header: Line) -> None:
    made = canonical(header)
    signature = store.value("SELECT signature FROM history_batches WHERE number = 2")
    digest = hashlib.sha256(made + signature).hexdigest()
    store.put(
        "UPDATE history_batches SET header = ?, digest = ? WHERE number = 2", made.decode(), digest
    )


def sign_off(store: Store, act: str, acts: int, other: str = "") -> None:
    store.set("certificates", "paper = 'synced'", "valid")
    of = table(CertificateRow)
    (row,) = store.mappings("SELECT * FROM certificates WHERE identifier = ?", store.names["valid"])
    said = {store.names["valid"]: {"certificates": {"": witness.digest(store.cipher, of, row)}}}
    lines = lines_of(store)
    last = lines[-1]
    if other:
        lines.append({**last, "act": other, "target": store.names["revoked"], "details": {}})
    lines.append({**last, "act": act, "target": "rows", "details": {"acts": acts, "rows": said}})
    write_anew(store, lines)
