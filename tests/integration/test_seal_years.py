"""Six years on, with a real node: what was cared for can be judged by the file alone."""

import hashlib
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from api.bootstrap import open_node
from api.founding import found
from certlib.canonical import canonical_bytes
from certlib.catalogue import type_version_from
from certlib.errors import SigningUnavailable
from certlib.preservation import CarePlan
from certlib.registry import AuditRecord
from certlib.usecases.seal_health import seal_health
from certlib.usecases.verify import Question
from certlib.verification import OWN
from certlib.verification.signature_validation import conclusions
from tests.unit.audit import audit_store
from tests.unit.audit.audit_store import TRANSPORT, Store, issued, type_files

MONTHS, MONTH = 73, timedelta(days=30)
LONG = "2026.9"


class MovedClock:
    def __init__(self):
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def now(self):
        return self.moment


class Stamps:
    """The node's timestamps, which can be taken away."""

    def __init__(self, stamps):
        self._token = stamps.token
        self.away = False

    def token(self, imprint, algorithm="sha256"):
        if self.away:
            raise SigningUnavailable(what="timestamp authority")
        return self._token(imprint, algorithm)


@pytest.fixture
def aged(tmp_path_factory):
    """A node with a file of each kind; nobody has cared for them yet."""
    folder = tmp_path_factory.mktemp("years")
    clock = MovedClock()
    node = open_node(audit_store.settings(folder), clock=clock)
    with closing(node):
        found(node)
        audit_store._put_clients(node)
        put_long_type(node)
        stamps = Stamps(node.timestamps)
        object.__setattr__(node.timestamps, "token", stamps.token)
        names = {"plain": issued(node, 1), "long": issued(node, 2, type_version=LONG)}
        stamps.away = True
        names["lowered"] = issued(node, 3)
        stamps.away = False
        yield node, clock, names


def put_long_type(node):
    definition = json.loads(
        next(text for item, text in type_files() if item.type_code == TRANSPORT)
    )
    definition |= {"version": LONG, "seal_level": "B-LTA"}
    with node.registry.begin() as uow:
        uow.put_type_version(type_version_from(definition), canonical_bytes(definition).decode())
        uow.append_audit([AuditRecord(node.clock.now(), "operator", "publish-type", TRANSPORT)])
        uow.commit()


def record(node, name):
    with node.registry.read() as session:
        return session.certificate(name)


def judged(node, clock, pdf):
    """What the file alone says: problems of its signatures, of now."""
    facts = node.preserve._reader.read(pdf)
    return facts, [item.problem for item in conclusions(facts.signatures, OWN, clock.now())]


def test_six_years_on_every_file_can_be_judged_by_itself(aged):
    node, clock, names = aged
    before = {kind: record(node, name) for kind, name in names.items()}
    levels = {kind: (found.target_level, found.reached_level) for kind, found in before.items()}
    assert levels == {
        "plain": ("B-T", "B-T"), "long": ("B-LTA", "B-LTA"), "lowered": ("B-T", "B-B"),
    }  # fmt: skip
    assert seal_health(node.registry, clock.now()).below == 1
    first = {kind: node.objects.get(found.files[0].object_name) for kind, found in before.items()}
    assert all(problems == [""] * len(problems) for _, problems in
               (judged(node, clock, pdf) for pdf in first.values()))  # fmt: skip
    for _ in range(MONTHS):
        clock.moment += MONTH
        node.preserve.run()
    health = seal_health(node.registry, clock.now())
    assert health.green, health
    for kind, name in names.items():
        found = record(node, name)
        newest = found.files[-1]
        pdf = node.objects.get(newest.object_name)
        facts, problems = judged(node, clock, pdf)
        assert problems == [""] * len(facts.signatures), kind
        assert pdf.startswith(first[kind])
        for known in (pdf, first[kind]):  # an earlier download is as good on record
            # Its term ended meanwhile; of the file itself nothing is left undecided.
            assert node.verify.by_file(known, Question()).report.code == "expired"
            with node.registry.read() as session:
                assert session.file(hashlib.sha256(known).hexdigest()) is not None
    # What nobody has cared for is what this is about.
    assert judged(node, clock, first["lowered"])[1] == ["expired"]
    lifted = record(node, names["lowered"])
    assert [file.level for file in lifted.files][:2] == ["B-B", "B-LTA"]


@pytest.fixture
def cared(aged):
    """A month on, after the job: what was below its level has its next revision."""
    node, clock, names = aged
    clock.moment += MONTH
    node.preserve.run()
    return node, clock, names


def violations(folder, clock):
    made = Store(folder, {})
    (folder / "built").write_text(clock.now().isoformat())
    return made.found()


def copied(node, clock, tmp_path):
    """The node, to be spoilt behind its back: without the triggers that would stop it."""
    folder = shutil.copytree(node.settings.data_dir.parent, tmp_path / "copy")
    (folder / "built").write_text(clock.now().isoformat())
    made = Store(folder, {})
    triggers = made.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    made.run(*(f"DROP TRIGGER {name}" for (name,) in triggers))
    return made


def test_the_auditor_finds_nothing_amiss(cared):
    node, clock, _ = cared
    node.seal_history.run(everything=True)
    assert violations(node.settings.data_dir.parent, clock) == set()


def test_other_dates_are_reckoned_by_an_act_of_their_own(cared):
    """An operator, or a release, sets another lead: certificates' rows change, and say why."""
    node, clock, names = cared
    before = record(node, names["plain"]).care_due_at
    node.preserve._plan = CarePlan(timedelta(days=400))
    assert node.preserve.run().looked == len(names)
    assert record(node, names["plain"]).care_due_at < before
    node.seal_history.run(everything=True)
    assert violations(node.settings.data_dir.parent, clock) == set()


def test_the_auditor_finds_revisions_that_are_none(cared, tmp_path):
    """Another file in place of the one before, its own seal good: the older download is lost."""
    node, clock, names = cared
    made = copied(node, clock, tmp_path)
    plain, lowered = names["plain"], names["lowered"]
    first = record(node, lowered).files[0].sha256
    for statement, expected in (
        (f"UPDATE certificates SET reached_level = 'B-T' WHERE identifier = '{lowered}'", "level"),
        (f"UPDATE seal_care SET sha256 = '{first}' WHERE identifier = '{lowered}'", "care-differs"),
        (f"DELETE FROM seal_care WHERE identifier = '{plain}'", "care-differs"),
    ):  # fmt: skip
        made.run(statement)
        assert ("INV-2", expected) in made.found()


def test_the_auditor_wants_every_earlier_file_to_be_the_beginning_of_the_next(cared, tmp_path):
    """The bytes that were served first may not be taken back, whatever digest is on record."""
    node, clock, names = cared
    made, lowered = copied(node, clock, tmp_path), names["lowered"]
    first, second = record(node, lowered).files[:2]
    made.run(
        f"UPDATE certificate_files SET size = {first.size - 1} WHERE sha256 = '{first.sha256}'"
    )
    assert ("INV-2", "not-appended") in made.found()
    made.run(f"UPDATE certificate_files SET revision = 7 WHERE sha256 = '{second.sha256}'")
    assert ("INV-2", "revision-gap") in made.found()


def test_the_auditor_knows_which_object_may_lie_there_unrecorded(cared, tmp_path):
    """What a crash left under the announced name is no orphan; under another it is one."""
    node, clock, names = cared
    made, plain = copied(node, clock, tmp_path), names["plain"]
    stem = record(node, plain).files[0].object_name.removesuffix(".0")
    made.object_path(f"{stem}.1").write_bytes(b"what a crash left")
    assert ("INV-1", "orphan") in made.found()
    made.run(f"UPDATE seal_care SET coming = 1 WHERE identifier = '{plain}'")
    assert ("INV-1", "orphan") not in made.found()
