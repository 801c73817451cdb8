"""Departments, types, issue list and clients."""

from dataclasses import replace
from datetime import date

import pytest

from certlib.catalogue import TypeVersion
from certlib.errors import Conflict, Corrupt, Invalid, Unsupported
from certlib.registry import Client, Department, IssueListEntry
from tests.contract.conftest import Store
from tests.fakes import records

DEPARTMENT = Department(
    "11445200999999015E", "揭阳市交通运输局", "市交通局", "445200", "prefecture"
)
ENTRY = IssueListEntry(records.TYPE, records.ISSUER, date(2026, 1, 1), basis="揭府〔2026〕1号")
CLIENT = Client(
    "client", "大厅系统", records.ISSUER, frozenset({"issue", "verify"}), "hash", records.AT
)


def _put(store: Store, *acts: tuple[str, tuple[object, ...]]) -> None:
    with store.registry.begin() as unit:
        for name, values in acts:
            getattr(unit, name)(*values)
        unit.commit()


def test_departments_are_kept_and_renamed(store: Store) -> None:
    renamed = replace(DEPARTMENT, name="揭阳市交通局")
    other = replace(DEPARTMENT, credit_code="0")
    _put(store, ("put_department", (DEPARTMENT,)), ("put_department", (other,)))
    _put(store, ("put_department", (renamed,)))
    with store.registry.read() as session:
        assert session.departments() == [other, renamed]
        assert session.department("1") is None


def test_the_newest_version_is_the_one_kept_last(store: Store) -> None:
    """Names do not sort: 2026.10 comes after 2026.9."""
    versions = [records.type_version(version=name) for name in ("2026.9", "2026.10", "2025.1")]
    _put(store, *(("put_type_version", one) for one in versions))
    with store.registry.read() as session:
        assert session.type_version(records.TYPE) == versions[-1][0]
        assert session.type_version(records.TYPE, "2026.9") == versions[0][0]
        assert session.type_version(records.TYPE, "x") is None
        assert session.type_version("x") is None
        assert [one.version for one in session.type_versions()] == [
            "2026.1", "2026.9", "2026.10", "2025.1",
        ]  # fmt: skip


def test_a_version_is_immutable(store: Store) -> None:
    same = records.type_version()
    _put(store, ("put_type_version", same))
    with pytest.raises(Conflict):
        _put(store, ("put_type_version", records.type_version(name="别的")))
    with store.registry.read() as session:
        assert session.type_versions() == [same[0]]


@pytest.mark.parametrize("definition", ["{}", "[]", "nonsense", '{"type_code": "x"}'])
def test_a_definition_that_is_not_the_version_is_refused(store: Store, definition: str) -> None:
    version: TypeVersion = records.type_version(version="2026.2")[0]
    with pytest.raises(Invalid):
        _put(store, ("put_type_version", (version, definition)))
    with pytest.raises(Invalid):
        _put(store, ("put_type_version", (version, records.type_version()[1])))


def test_an_issue_entry_is_kept_and_ended(store: Store) -> None:
    ended = replace(ENTRY, effective_to=date(2026, 6, 30))
    later = replace(ENTRY, effective_from=date(2026, 7, 1))
    _put(store, ("put_issue_entry", (ENTRY,)), ("put_issue_entry", (later,)))
    _put(store, ("put_issue_entry", (ended,)))
    with store.registry.read() as session:
        assert session.issue_list(records.TYPE, records.ISSUER) == [ended, later]
        assert session.issue_list(records.TYPE, "x") == []


def test_a_period_does_not_end_before_it_starts(store: Store) -> None:
    with pytest.raises(Unsupported):
        _put(store, ("put_issue_entry", (replace(ENTRY, effective_to=date(2025, 1, 1)),)))


def test_a_client_is_kept_and_disabled(store: Store) -> None:
    disabled = replace(CLIENT, disabled_at=records.AT, scopes=frozenset())
    _put(store, ("put_client", (CLIENT,)))
    with store.registry.read() as session:
        assert session.client("client") == CLIENT
        assert session.client("x") is None
    _put(store, ("put_client", (disabled,)))
    with store.registry.read() as session:
        assert session.client("client") == disabled


def test_a_stored_definition_that_cannot_be_read_is_corrupt(store: Store) -> None:
    on = "" if store.engine == "sqlite" else " ON type_versions"
    store.run(f"DROP TRIGGER type_versions_no_update{on}")
    store.run("UPDATE type_versions SET definition = ?", "{}")
    with store.registry.read() as session, pytest.raises(Corrupt):
        session.type_version(records.TYPE)
