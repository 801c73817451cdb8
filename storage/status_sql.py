"""The statement behind every status look-up, whole and in its short form."""

_GONE = """
       (WITH RECURSIVE own (code_type, code_hash, since) AS (
            SELECT h.code_type, h.code_hash, CAST(NULL AS DATE) FROM certificate_holders h
            WHERE h.identifier = c.identifier
              AND NOT EXISTS (SELECT 1 FROM certificate_holders o
                              WHERE o.identifier = h.identifier AND o.position <> h.position)
            UNION
            SELECT n.code_type, n.code_hash, e.effective_from
            FROM own JOIN holder_change_parties b
              ON b.code_hash = own.code_hash AND b.code_type = own.code_type
                AND b.role || '' = 'before'
            JOIN holder_changes e ON e.event_id = b.event_id AND e.kind = 'recoded'
            JOIN holder_change_parties n ON n.event_id = e.event_id AND n.role || '' = 'after'
            WHERE e.effective_from <= :today
              AND (own.since IS NULL OR e.effective_from >= own.since)
              AND NOT EXISTS (SELECT 1 FROM voided_events v WHERE v.event_id = e.event_id))
        SELECT e.kind FROM own JOIN holder_change_parties b
          ON b.code_hash = own.code_hash AND b.code_type = own.code_type
            AND b.role || '' = 'before'
        JOIN holder_changes e ON e.event_id = b.event_id
        WHERE e.kind IN ('merged', 'died', 'dissolved') AND e.effective_from <= :today
          AND (own.since IS NULL OR e.effective_from >= own.since)
          AND NOT EXISTS (SELECT 1 FROM voided_events v WHERE v.event_id = e.event_id)
        ORDER BY e.effective_from LIMIT 1)"""
_ROW = """
SELECT c.identifier, c.state, c.valid_from, c.valid_to, c.type_code, c.issuer_code,
       c.row_version, c.renewal_pending_since, c.changed_at, c.issue_date, c.type_version, c.paper,
       c.duties_since,
       (SELECT 1 FROM restrictions r
        WHERE r.identifier = c.identifier AND r.effective_from <= :today
          AND (r.effective_to IS NULL OR r.effective_to >= :today)
          AND (r.lifted_on IS NULL OR r.lifted_on > :today) LIMIT 1) IS NOT NULL,
       s.action, s.reason_code, s.begins, s.effective_from, s.until, s.automatic, s.personal,
       s.granted_on, s.results,
       CASE WHEN CASE WHEN COALESCE(c.holder_hash, '') <> ''
                      THEN (SELECT 1 FROM holder_change_parties b
                            WHERE b.code_hash = c.holder_hash AND b.role || '' = 'before' LIMIT 1)
                      ELSE (SELECT 1 FROM certificate_holders h WHERE h.identifier = c.identifier
                            AND (SELECT 1 FROM holder_change_parties b
                                 WHERE b.code_hash = h.code_hash AND b.role || '' = 'before'
                                 LIMIT 1) IS NOT NULL LIMIT 1) END IS NOT NULL
            THEN {touched} END
FROM certificates c LEFT JOIN certificate_standing s ON s.identifier = c.identifier
WHERE c.identifier = :identifier
"""
STATUS_SQL = _ROW.format(touched=_GONE)
"""One row. Restrictions count when they are in force today (`Restriction.in_force`).

The last column says why the sole holder is no more, under its own codes one after the other
(`Standing.gone`); they are compared by keyed hash, nothing is decrypted. It is asked only where
something happened to a holder at all; the holders themselves are looked at where the row names no
sole one, being older than the column or of several. All that is asked of `certificates` stands in
one index: SQLite reads no row, and nothing of a long content that the row may carry.

Where EXISTS or a join would be usual there are scalars, and a role that no index can be asked for:
a plan is made once and kept. PostgreSQL would answer EXISTS from a hash of a whole table, and find
parties by role: good plans for a small table, and bad ones after a large import.
"""

UNTOUCHED_SQL = _ROW.format(touched="'?'")
"""The same row of a certificate to whose holders nothing happened; of others, '?' at the end.

PostgreSQL makes ready all of a statement at every run, also what it then never reaches: what
happens to one holder in a thousand is left to a second question.
"""


def of_many(sql: str) -> str:
    """The statement for asyncpg, for the identifiers of the array `$1` on the day `$2`."""
    many = sql.replace("c.identifier = :identifier", "c.identifier = ANY($1::text[])")
    return many.replace(":today", "$2")
