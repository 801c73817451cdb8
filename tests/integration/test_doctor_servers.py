"""The doctor over PostgreSQL and S3: least rights, a fit bucket, and what is wrong with others."""

import os
from pathlib import Path

import psycopg
import pytest
from minio.commonconfig import GOVERNANCE
from minio.objectlockconfig import DAYS, ObjectLockConfig

from api.settings import Settings
from storage import roles
from tests.integration.http_process import prepare
from tests.unit.doctor.conftest import states, subject, words

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def larger(servers, tmp_path_factory):
    """A founded node of the larger profile: its folder, and its settings as an operator's."""
    folder = tmp_path_factory.mktemp("doctor-larger")
    given = servers.environment(folder / "secrets", servers.database(), servers.bucket())
    prepare(folder / "var", **given)
    return folder / "var", given


@pytest.fixture
def of(larger, monkeypatch):
    folder, given = larger
    for name in list(os.environ):
        if name.startswith("CERTLIB_"):
            monkeypatch.delenv(name)

    def with_(**changes):
        for name, value in (given | changes).items():
            monkeypatch.setenv(name, value)
            if name.endswith("_FILE") and name.removesuffix("_FILE") in changes:
                monkeypatch.delenv(name)
        assert Settings(CERTLIB_DATA_DIR=folder, demo=True).objects == "s3"
        return subject(folder)

    return with_


def _secret(larger, name):
    return Path(larger[1][name]).read_text().strip()


def _failing(found):
    from api.doctor.examination import examine

    return [(item.check, item.en) for item in examine(found) if item.state.value == "failed"]


def test_a_good_node(of):
    from api.doctor.examination import examine

    found = {item.check: item.state.value for item in examine(of())}
    assert "failed" not in found.values()
    assert {"rights", "public-rights", "connections", "database-clock", "objects-clock"} <= set(
        found
    )
    assert found["rights"] == found["public-rights"] == found["objects"] == found["locks"] == "ok"


def test_nothing_is_left_in_the_bucket(of, larger, servers):
    client, bucket = servers.seaweed.client(), larger[1]["CERTLIB_S3_BUCKET"]

    def everything():
        listed = client.list_objects(bucket, recursive=True, include_version=True)
        return [(item.object_name, item.version_id) for item in listed]

    before = everything()
    assert states(of(), "objects") == ["ok"]
    assert everything() == before


@pytest.fixture
def owner(larger):
    url = _secret(larger, "CERTLIB_MIGRATION_URL_FILE")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
        for statement in roles.grants():
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("grant", "named"),
    [
        ("GRANT UPDATE ON audit_history TO certlib_application", "UPDATE (act) audit_history"),
        ("GRANT DELETE ON audit_history TO certlib_application", "DELETE audit_history"),
        ("GRANT TRUNCATE ON certificates TO certlib_application", "TRUNCATE certificates"),
        ("GRANT UPDATE (valid_to) ON certificates TO certlib_application", "UPDATE (valid_to)"),
        ("GRANT INSERT ON alembic_version TO certlib_application", "INSERT alembic_version"),
        ("REVOKE INSERT ON outbox FROM certlib_application", "lacks rights (INSERT outbox)"),
    ],
)
def test_rights_that_are_not_the_least(of, owner, grant, named):
    owner.execute(grant)
    found = of()
    assert states(found, "rights") == ["failed"]
    assert named in words(found, "rights")


def test_a_service_that_runs_as_the_owner(of, larger):
    url = _secret(larger, "CERTLIB_MIGRATION_URL_FILE")
    found = of(CERTLIB_DATABASE_URL=url)
    assert states(found, "rights") == ["failed"]
    assert "owner" in words(found, "rights")


def test_a_public_login_that_sees_holders(of, larger):
    url = _secret(larger, "CERTLIB_DATABASE_URL_FILE")
    found = of(CERTLIB_STATUS_URL=url)
    assert states(found, "public-rights") == ["failed"]
    assert "audit_" in words(found, "public-rights")


def test_a_public_login_that_does_not_see_enough(of, owner):
    """As after an upgrade that could not give the groups their rights."""
    owner.execute("REVOKE SELECT (holder_hash) ON certificates FROM certlib_status")
    found = of()
    assert states(found, "public-rights") == ["failed"]
    assert "cannot read what it needs (certificates.holder_hash)" in words(found, "public-rights")


def test_a_database_that_is_not_there(of, servers):
    found = of(CERTLIB_DATABASE_URL=servers.postgres.url("nowhere", "service"))
    assert states(found, "database") == ["failed"]


def test_an_empty_database(of, servers):
    name = servers.postgres.database()
    found = of(CERTLIB_DATABASE_URL=servers.postgres.url(name, "service"))
    assert states(found, "schema") == ["failed"]
    assert "certlib init" in words(found, "schema")


def test_a_bucket_that_is_not_there(of, servers):
    found = of(CERTLIB_S3_BUCKET=servers.seaweed.bucket())
    assert states(found, "objects") == ["failed"]
    assert "no such bucket" in words(found, "objects")


def test_a_bucket_without_lock(of, servers):
    client, name = servers.seaweed.client(), servers.seaweed.bucket()
    client.make_bucket(name)
    assert "failed" in states(of(CERTLIB_S3_BUCKET=name), "objects")


def test_a_bucket_that_locks_what_is_not_published(of, servers):
    """Refused before anything is written, so no locked garbage stays."""
    client, name = servers.seaweed.client(), servers.bucket()
    client.set_object_lock_config(name, ObjectLockConfig(GOVERNANCE, 1, DAYS))
    found = of(CERTLIB_S3_BUCKET=name)
    assert states(found, "objects") == ["failed"]
    assert "default retention" in words(found, "objects")
    assert list(client.list_objects(name, recursive=True, include_version=True)) == []


def test_a_store_that_is_away(of):
    found = of(CERTLIB_S3_ENDPOINT="http://127.0.0.1:9", CERTLIB_S3_TIMEOUT="1")
    assert states(found, "objects") == ["failed"]


def test_no_secret_is_shown(of, larger, servers):
    """Of a whole examination of a node whose stores refuse it."""
    from api.doctor.examination import examine

    found = of(CERTLIB_S3_SECRET_KEY="wrong-key-of-forty-characters-in-length-")
    said = " ".join(f"{item.zh} {item.en}" for item in examine(found))
    assert "wrong-key" not in said
    assert servers.seaweed.application.secret not in said
    assert [name for name, _ in _failing(found)] == ["objects"]
