"""Every write lost, or done and reported as failed, on both profiles with real servers.

Embedded: at the system's border. Larger: a proxy cuts the connection to PostgreSQL or to the S3
store before the request, or after it was done and before the answer. Whatever happens: no 2xx
that is not durable, no certificate lost, none invented, and the reconciler puts it in order.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from certlib.certificate import Decision
from certlib.errors import CertlibError, Conflict, StoreUnavailable
from certlib.page_errors import FaceOverflow
from certlib.states import Action, State
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.verify import Question
from storage import EngineOptions, S3ObjectStore, S3Options, SqlRegistry, StatusReader
from storage.unit_of_work import SqlUnitOfWork
from tests.fakes.profiles import Servers
from tests.fakes.proxy import Harm, Proxy
from tests.unit.usecases.house import CALLER, House, build, request

LOST, DONE = "lost", "done"


@dataclass
class Site:
    """A house over one profile, and what can go wrong with it."""

    house: House
    database: Proxy | None = None
    bucket: Proxy | None = None
    resources: list[Callable[[], None]] = field(default_factory=list)

    def harm(self, proxy: Proxy | None, way: str) -> None:
        """Before a write: it gets lost on its way there, or its answer on its way back."""
        if proxy is None:
            if way == LOST:
                raise StoreUnavailable(what="EIO")
        elif way == LOST:
            proxy.set(Harm(refuse=True))
        else:
            proxy.cutting_answers = True

    def after(self, proxy: Proxy | None, way: str) -> None:
        if proxy is None and way == DONE:
            raise StoreUnavailable(what="EIO")

    def heal(self) -> None:
        for proxy in (self.database, self.bucket):
            if proxy is not None:
                proxy.heal()

    def close(self) -> None:
        for end in self.resources:
            end()


def _on_servers(servers: Servers) -> Site:
    database = servers.database()
    proxies = Proxy(str(servers.postgres.socket)), Proxy(("127.0.0.1", servers.seaweed.port))
    url = f"postgresql://service@127.0.0.1:{proxies[0].port}/{database}?sslmode=disable"
    login = servers.seaweed.application
    s3 = S3Options(
        f"http://127.0.0.1:{proxies[1].port}",
        servers.bucket(),
        login.access,
        login.secret,
        timeout=2,
    )
    made: list[Any] = []

    def stores(cipher: Any, clock: Any, entropy: Any) -> tuple[SqlRegistry, S3ObjectStore]:
        registry = SqlRegistry(EngineOptions(url, timeout=2), cipher, clock, locking=True)
        objects = S3ObjectStore(s3, cipher, entropy)
        made.extend([registry.close, objects.close])
        return registry, objects

    house = build(Path(), stores)
    return Site(house, *proxies, [*made, *(proxy.stop for proxy in proxies)])


@pytest.fixture(params=["embedded", "servers"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "embedded":
        house = build(tmp_path)
        made = Site(house, resources=[house.registry.close])
    else:
        made = _on_servers(request.getfixturevalue("servers"))
    yield made
    made.close()


@pytest.fixture
def larger(servers: Servers) -> Iterator[Site]:
    made = _on_servers(servers)
    yield made
    made.close()


def _at_commit(site: Site, monkeypatch: pytest.MonkeyPatch, nth: int, way: str) -> None:
    """The `nth` commit from now on."""
    real, seen = SqlUnitOfWork.commit, []

    def commit(unit: SqlUnitOfWork) -> None:
        seen.append(1)
        if len(seen) != nth:
            real(unit)
            return
        site.harm(site.database, way)
        real(unit)
        site.after(site.database, way)

    monkeypatch.setattr(SqlUnitOfWork, "commit", commit)


def _at_put(site: Site, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    real = site.house.objects.put_once

    def put_once(name: str, content: bytes) -> None:
        site.harm(site.bucket, way)
        real(name, content)
        site.after(site.bucket, way)

    monkeypatch.setattr(site.house.objects, "put_once", put_once)


def _is_in_order(site: Site, issued: int) -> None:
    """As many certificates as orders, each with its file, and nothing else anywhere."""
    house = site.house
    house.clock.pass_time(seconds=120)
    for _ in range(3):
        house.reconcile.run()
    counts = house.counts()
    assert counts.pop("INTENT") == 0
    assert sum(counts.values()) == issued
    assert len(house.objects.names()) == issued
    with house.registry.read() as session:
        found = [
            session.certificate(record.target)
            for record in session.audit_trail(limit=10_000)
            if record.act == "issue"
        ]
    assert len(found) == issued
    for certificate in found:
        assert house.read.bytes_of(certificate.files[0])


WRITES = {
    "reserve": lambda site, patch, way: _at_commit(site, patch, 1, way),
    "store": _at_put,
    "publish": lambda site, patch, way: _at_commit(site, patch, 2, way),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [LOST, DONE])
@pytest.mark.parametrize("write", WRITES)
def test_each_write_of_an_issue(
    site: Site, monkeypatch: pytest.MonkeyPatch, write: str, way: str
) -> None:
    """The caller hears 503; the same key, later, gets the one certificate."""
    house = site.house
    with monkeypatch.context() as patch:
        WRITES[write](site, patch, way)
        with pytest.raises(StoreUnavailable):
            house.issue.issue_one(CALLER, request())
    site.heal()
    house.clock.pass_time(seconds=120)
    house.reconcile.run()
    answer = house.issue.issue_one(CALLER, request())
    assert house.issue.issue_one(CALLER, request()).identifier == answer.identifier
    assert house.verify.by_identifier(answer.identifier, Question()).report.code == "valid"
    _is_in_order(site, 1)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [LOST, DONE])
@pytest.mark.parametrize("write", WRITES)
def test_each_write_of_a_group(
    site: Site, monkeypatch: pytest.MonkeyPatch, write: str, way: str
) -> None:
    """Rows of a group end each for itself; sent again, each order has one certificate."""
    house = site.house
    rows = [request(f"k-{number}", number=f"N-{number}") for number in range(4)]
    with monkeypatch.context() as patch:
        WRITES[write](site, patch, way)
        outcomes = house.issue.issue(CALLER, rows)
    site.heal()
    house.clock.pass_time(seconds=120)
    house.reconcile.run()
    again = house.issue.issue(CALLER, rows)
    identifiers = {outcome.identifier for outcome in again}
    assert len(identifiers) == 4
    told = {one.identifier for one in outcomes if not isinstance(one, CertlibError)}
    assert told <= identifiers
    _is_in_order(site, 4)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [LOST, DONE])
def test_a_revocation(site: Site, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Acknowledged only when it is durable; sent again with its key, done once."""
    house = site.house
    identifier = house.issue.issue_one(CALLER, request()).identifier
    day = house.certificate(identifier).content.issue_date
    decision = Decision(Action.REVOKE, "penalty", day, "《条例》", "1号", "某局")
    order = ChangeRequest(identifier, decision, "revoke-key", 1)
    with monkeypatch.context() as patch:
        _at_commit(site, patch, 1, way)
        with pytest.raises(StoreUnavailable):
            house.change.change(CALLER, order)
    site.heal()
    house.change.change(CALLER, order)
    after = house.certificate(identifier)
    assert (after.state, len(after.history)) == (State.REVOKED, 2)
    assert house.verify.by_identifier(identifier, Question()).report.code == "revoked"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", [LOST, DONE])
def test_giving_up(site: Site, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A burned identifier is never used again, and leaves no file behind."""
    house = site.house
    with monkeypatch.context() as patch:
        WRITES["publish"](site, patch, LOST)
        with pytest.raises(StoreUnavailable):
            house.issue.issue_one(CALLER, request())
    site.heal()
    assert len(house.objects.names()) == 1
    house.clock.pass_time(seconds=120)
    monkeypatch.setattr("certlib.usecases.reconcile.publish", _refuse)
    with monkeypatch.context() as patch:
        _at_commit(site, patch, 2, way)  # the first one takes the lease
        with suppress(StoreUnavailable):  # a round that fails is a round that comes again
            house.reconcile.run()
    site.heal()
    house.clock.pass_time(seconds=120)
    house.reconcile.run()
    monkeypatch.undo()
    assert house.counts()["INTENT"] == 0
    assert house.objects.names() == []
    assert house.issue.issue_one(CALLER, request()).identifier
    _is_in_order(site, 1)


def _refuse(*_: object) -> None:
    raise FaceOverflow


@pytest.mark.timeout(120)
def test_a_lock_that_was_set_and_not_noted_is_set_again(larger: Site) -> None:
    from certlib.usecases.lock_files import LockFiles

    house, proxy = larger.house, larger.database
    house.issue.issue_one(CALLER, request())
    # Counted from the day of issue by the house, and held against today by the server.
    work = LockFiles(house.registry, house.objects, 36_500)
    house.clock.moment = house.clock.moment.replace(year=2099)
    real = house.objects.retain

    def retain(name: str, until: Any) -> None:
        real(name, until)
        proxy.set(Harm(refuse=True))

    house.objects.retain = retain
    with pytest.raises(StoreUnavailable):
        work.run()
    house.objects.retain = real
    larger.heal()
    assert work.run().locked == 1
    assert work.run().locked == 0
    with pytest.raises(Conflict):
        house.objects.remove(house.objects.names()[0])


@pytest.mark.timeout(180)
def test_postgresql_restarted_and_gone_for_a_while(larger: Site, servers: Servers) -> None:
    """While it is away nothing is valid and nothing is confirmed; then all goes on by itself."""
    house = larger.house
    identifier = house.issue.issue_one(CALLER, request()).identifier
    reader = StatusReader(house.registry._options, house.clock)
    assert reader.status(identifier) is not None
    for crash in (False, True):
        servers.postgres.halt(crash=crash)
        with pytest.raises(StoreUnavailable):
            house.issue.issue_one(CALLER, request("k-2", number="N-2"))
        with pytest.raises(StoreUnavailable):
            reader.status(identifier)
        report = house.verify.by_identifier(identifier, Question()).report
        assert (report.verdict, report.code) == ("indeterminate", "cannot-tell")
        servers.postgres.resume()
        assert reader.status(identifier) is not None
        assert house.verify.by_identifier(identifier, Question()).report.code == "valid"
    reader.close()
    house.issue.issue_one(CALLER, request("k-2", number="N-2"))
    _is_in_order(larger, 2)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_s3_store_restarted_and_gone_for_a_while(larger: Site, servers: Servers) -> None:
    """The record still answers; what needs a file says so, and is made good afterwards."""
    house = larger.house
    first = house.issue.issue_one(CALLER, request()).identifier
    servers.seaweed.halt()
    with pytest.raises(StoreUnavailable):
        house.issue.issue_one(CALLER, request("k-2", number="N-2"))
    assert house.verify.by_identifier(first, Question()).report.code == "valid"
    with pytest.raises(StoreUnavailable):
        house.read.file(CALLER, first)
    house.clock.pass_time(seconds=120)
    assert house.reconcile.run().failed == 1
    servers.seaweed.resume()
    house.clock.pass_time(seconds=120)
    assert house.reconcile.run().published == 1
    assert house.issue.issue_one(CALLER, request("k-2", number="N-2")).replayed
    assert house.read.file(CALLER, first)[1]
    _is_in_order(larger, 2)


@pytest.mark.timeout(120)
def test_a_store_that_corrupts_what_it_is_given_or_gives(larger: Site) -> None:
    """No certificate with other bytes than were sealed, no file with other bytes than recorded."""
    house, proxy = larger.house, larger.bucket

    def flip(part: bytes) -> bytes:
        return part[:-9] + bytes([part[-9] ^ 8]) + part[-8:] if len(part) > 200 else part

    proxy.set(Harm(flip_request=flip))
    with pytest.raises(CertlibError):
        house.issue.issue_one(CALLER, request())
    assert "ISSUED" not in house.counts()
    larger.heal()
    house.clock.pass_time(seconds=120)
    house.reconcile.run()
    identifier = house.issue.issue_one(CALLER, request()).identifier
    proxy.set(Harm(flip=flip))
    with pytest.raises(CertlibError):
        house.read.file(CALLER, identifier)
    larger.heal()
    assert house.read.file(CALLER, identifier)[1]
    _is_in_order(larger, 1)


@pytest.mark.timeout(120)
def test_stores_that_are_slow_are_slow_and_right(larger: Site) -> None:
    for proxy in (larger.database, larger.bucket):
        proxy.set(Harm(delay=0.05))
    assert larger.house.issue.issue_one(CALLER, request()).identifier
    larger.heal()
    _is_in_order(larger, 1)
