"""Grows a registry: copies of its first certificates, made by the engine itself.

Identifiers, hashes and keys are of their own, so that every table and index has its real size.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, literal, select, text

from storage import EngineOptions
from storage.engines import engines
from storage.tables import CertificateFileRow, Row, SealCareRow, table
from tests.fakes import records
from tests.fakes.postgres import PostgresServer

SEEDS = 2_000
"""Certificates that are there before anything is copied."""
CARE_ENDS = 16
"""So many days of the next years on which seals end, as many files on each."""

_CARE, _FILES = table(SealCareRow), table(CertificateFileRow)
_COPIED = (
    "intents",
    "certificates",
    "certificate_holders",
    "holder_names",
    "certificate_files",
    "face_numbers",
    "state_changes",
    "idempotency",
    "outbox",
)
_OWN = {
    # Columns whose value no two rows share; everything else is as in the seed.
    "identifier": "{name}",
    "number_hash": "{hash}",
    "code_hash": "{hash}",
    "holder_hash": "{hash}",
    "name_hash": "{hash}",
    "sha256": "{hash}",
    "storage_key": "substr({hash}, 1, 32)",
    "object_name": "{hash}",
    "idempotency_key": "{hash}",
    "key": "{hash}",
    "event_id": "{hash}",
    "serial": "{serial}",
}


@dataclass(frozen=True)
class Engine:
    """How one engine says what the copies need."""

    name: str
    url: str
    hash: str
    serial: str
    series: str
    analyse: str
    in_haste: tuple[str, ...] = ()


def sqlite(folder: str) -> Engine:
    return Engine(
        "sqlite",
        f"sqlite:///{folder}/registry.db",
        "lower(hex(randomblob(32)))",
        "printf('%020d', CAST(substr(s.{column}, {place}, 20) AS INTEGER) + k.k * {seeds})",
        "(WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times}) "
        "SELECT k FROM n)",
        "ANALYZE",
        # For the copies alone; the connection is closed after them.
        ("PRAGMA cache_size=-4000000", "PRAGMA synchronous=OFF", "PRAGMA temp_store=MEMORY"),
    )


def postgresql(server: PostgresServer) -> Engine:
    return Engine(
        "postgresql",
        server.url(server.database()),
        "(md5(random()::text) || md5(random()::text))",
        "lpad((substr(s.{column}, {place}, 20)::bigint + k.k * {seeds})::text, 20, '0')",
        "(SELECT generate_series(1, {times}) AS k)",
        "VACUUM ANALYZE",
    )


def grow(engine: Engine, options: EngineOptions, have: int, size: int) -> None:
    """Copies the seeds until there are `size` certificates."""
    first, last = have // SEEDS, size // SEEDS - 1
    if last < first:
        return
    made = engines(options)
    place = len(f"1.2.156.3005.2.{records.TYPE}.{records.ISSUER}.") + 1
    series = engine.series.format(times=last)
    with made.write.connect() as connection:
        for pragma in engine.in_haste:  # outside of any transaction
            connection.connection.cursor().execute(pragma)
        for name in _COPIED:
            columns = [column.name for column in Row.metadata.tables[name].columns]
            keyed = "identifier" in columns
            values = ", ".join(_value(engine, column, place) for column in columns)
            of_seeds = f"WHERE substr(s.identifier, {place}, 20) <= '{SEEDS:020d}'" if keyed else ""
            listed = ", ".join(f'"{column}"' for column in columns)
            connection.execute(
                text(
                    f"INSERT INTO {name} ({listed}) SELECT {values} FROM {series} k "
                    f"CROSS JOIN {name} s {of_seeds} {'AND' if keyed else 'WHERE'} k.k >= {first}"
                )
            )
            connection.commit()
        take_care(connection)
        connection.commit()
    level = {"isolation_level": "AUTOCOMMIT"} if engine.name == "postgresql" else {}
    with made.write.connect().execution_options(**level) as connection:
        connection.exec_driver_sql(engine.analyse)
    made.close()


def take_care(connection: Connection) -> None:
    """A row for each file, as the job leaves it: at its level, its end known."""
    connection.execute(text("DELETE FROM seal_care"))
    for digit in range(CARE_ENDS):
        ends = records.AT + timedelta(days=30 + 240 * digit)
        of_digit = _FILES.c.sha256.startswith(f"{digit:x}", autoescape=True)
        values = {
            "target_level": _FILES.c.level,
            "type_code": literal(records.TYPE),
            "below": literal(value=False),
            "basis": literal("timestamp"),
            "algorithms": literal("digest:sha256 key:ecdsa-p256"),
            "reason": literal("timestamp"),
            "plan": literal("plan-1"),
            "attempts": literal(0),
            "last_error": literal(""),
            "coming": literal(0),
            **{name: literal(ends, _CARE.c[name].type) for name in ("proof_ends_at", "ends_at")},
            "due_at": literal(ends - timedelta(days=60), _CARE.c.due_at.type),
            "retry_at": _FILES.c.stored_at,
        }
        columns = [column.name for column in _CARE.columns]
        chosen = [values.get(name, _FILES.c.get(name)) for name in columns]
        rows = select(*chosen).where(_FILES.c.kind == "original", of_digit)
        connection.execute(insert(_CARE).from_select(columns, rows))


def _value(engine: Engine, column: str, place: int) -> str:
    if column not in _OWN:
        return f's."{column}"'
    serial_at = 1 if column == "serial" else place
    serial = engine.serial.format(column=column, place=serial_at, seeds=SEEDS)
    name = f"substr(s.identifier, 1, {place - 1}) || {serial} || substr(s.identifier, {place + 20})"
    return _OWN[column].format(name=name, hash=engine.hash, serial=serial)
