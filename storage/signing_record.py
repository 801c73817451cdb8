"""What a signer reads of the record: pending intents, nothing of what they say of anybody."""

from datetime import datetime

from sqlalchemy import Row, bindparam, select

from certlib.document import Form
from certlib.registry import IntentStatus
from certlib.registry.signing import AwaitedSeal
from storage.engines import EngineOptions, SameFile, engines
from storage.faults import translating
from storage.plans import forms_from
from storage.prepared import Prepared
from storage.tables import CertificateRow, FormIntentRow, IntentRow, table

__all__ = ["SqlSigningRecord"]

_INTENTS, _ADDED, _CERTIFICATES = table(IntentRow), table(FormIntentRow), table(CertificateRow)
_PENDING = Prepared(
    select(
        _INTENTS.c.issuer_code,
        _INTENTS.c.storage_key,
        _INTENTS.c.attempts,
        _INTENTS.c.lease_until,
        _INTENTS.c.forms,
    )
    .where(_INTENTS.c.identifier == bindparam("identifier"))
    .where(_INTENTS.c.status == IntentStatus.PENDING)
)
_TO_ADD = Prepared(
    select(
        _CERTIFICATES.c.issuer_code,
        _ADDED.c.storage_key,
        _ADDED.c.attempts,
        _ADDED.c.lease_until,
    )
    .join(_CERTIFICATES, _CERTIFICATES.c.identifier == _ADDED.c.identifier)
    .where(_ADDED.c.identifier == bindparam("identifier"))
    .where(_ADDED.c.form == bindparam("form"))
    .where(_ADDED.c.copy_number == bindparam("copy_number"))
    .where(_ADDED.c.status == IntentStatus.PENDING)
)


class SqlSigningRecord:
    """`certlib.registry.signing.SigningRecord` on SQLite or PostgreSQL.

    No transaction of it writes: SQLite is told `query_only`, PostgreSQL READ ONLY. Threads may
    share one.
    """

    def __init__(self, options: EngineOptions) -> None:
        """Connects at the first question."""
        self._engines = engines(options)
        path = str(options.address.database)
        self._file = SameFile(path) if self._engines.is_sqlite else None

    def awaited(self, identifier: str, form: Form) -> AwaitedSeal | None:
        """The file of this certificate and form that is to be sealed, if there is one.

        Raises:
            StoreUnavailable: the record does not answer.
        """
        if self._file is not None:
            self._file.check()
        with translating(), self._engines.read.connect() as connection, connection.begin():
            for row in _PENDING.rows(connection, {"identifier": identifier}):
                if form in forms_from(row.forms):
                    return _awaited(row, form)
            asked = {"form": form.kind, "copy_number": form.copy_number}
            for row in _TO_ADD.rows(connection, {"identifier": identifier, **asked}):
                return _awaited(row, form)
        return None

    def close(self) -> None:
        """Closes every connection."""
        self._engines.close()


def _awaited(row: Row[tuple[str, str, int, datetime | None]], form: Form) -> AwaitedSeal:
    lease = "" if row.lease_until is None else row.lease_until.isoformat()
    return AwaitedSeal(
        issuer_code=row.issuer_code,
        file=f"{row.storage_key}/{form.kind}/{form.copy_number}",
        attempt=f"{row.attempts}/{lease}",
    )
