"""A small real node to audit: issued, changed, superseded, approved, pending and burned."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from api.audit import AuditOptions, Report, audit, trust_of_register
from api.audit.testimony import EXEMPT, LEFT_OUT
from api.bootstrap import Node, open_node
from api.demo.orders import ISSUERS, PLANNING, TRANSPORT, Term, order
from api.founding import found, type_files
from api.settings import Settings
from certlib.canonical import canonical_bytes
from certlib.catalogue import type_version_from
from certlib.certificate import Decision
from certlib.errors import SigningUnavailable
from certlib.registry import AuditRecord, Client, Intent
from certlib.states import Action
from certlib.usecases.caller import DEPARTMENT_SCOPES, Caller
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.issue import IssueCertificates, IssuingOptions
from certlib.usecases.order import IssueAnswer, IssueOrder, IssueRequest
from certlib.usecases.verify import Question
from storage.encryption import Cipher, Place
from tests.fakes.world import CountingEntropy

DAY = date(2026, 3, 2)
FOUR_EYES = "2026.9"


def settings(folder: Path, database_url: str = "") -> Settings:
    return Settings(
        CERTLIB_DATA_DIR=folder / "var",
        secrets_dir=folder / "secrets",
        demo=True,
        database_url=database_url,
        reader_children=1,
        history_seal_records=20,
    )


def caller(type_code: str = TRANSPORT, person: str = "maker") -> Caller:
    client = f"client-{type_code[-3:]}"
    return Caller(client, ISSUERS[type_code], frozenset(DEPARTMENT_SCOPES), person)


def found_store(folder: Path, database_url: str = "") -> None:
    """Builds the node; every invariant holds in it."""
    folder.mkdir(exist_ok=True)
    node = open_node(settings(folder, database_url))
    with closing(node):
        found(node)
        _put_four_eyes(node)
        _put_clients(node)
        names = {name: issued(node, number) for number, name in enumerate(_NAMES, 1)}
        names["planning"] = issued(node, 50, PLANNING)
        for action, name in ((Action.REVOKE, "revoked"), (Action.SUSPEND, "suspended")):
            decide(node, names[name], action)
        decide(node, names["restored"], Action.SUSPEND, "paused")
        decide(node, names["restored"], Action.RESTORE, "period-served")
        node.verify.record_use(
            caller(), node.verify.by_identifier(names["revoked"], Question()), "r-1"
        )
        names["successor"] = issued(node, 60, supersedes=names["superseded"])
        names["approved"] = issued(
            node, 61, type_version=FOUR_EYES, approved_by=("checker", "chief")
        )
        names["pending"] = _left_pending(node, 62)
        names["burned"] = _left_pending(node, 63)
        node.seal_history.run(everything=True)
        _burn(node, names["burned"])  # what no seal covers yet
    (folder / "names.json").write_text(json.dumps(names))
    (folder / "built").write_text(node.clock.now().isoformat())


_NAMES = ("valid", "revoked", "suspended", "restored", "superseded")


def _order(node: Node, number: int, type_code: str, **changes: Any) -> IssueOrder:
    version = next(item for item, _ in type_files() if item.type_code == type_code)
    term = Term(DAY, DAY, date(2029, 3, 1)) if version.term_years else Term(DAY)
    # By name: the newest version is the one that asks for four eyes.
    return replace(order(version, number, term), **{"type_version": version.version, **changes})


def issued(node: Node, number: int, type_code: str = TRANSPORT, **changes: Any) -> str:
    request = IssueRequest(_order(node, number, type_code, **changes), f"key-{number}")
    answer = node.issue.issue_one(caller(type_code), request)
    assert isinstance(answer, IssueAnswer)
    return answer.identifier


def decide(node: Node, identifier: str, action: Action, reason: str = "") -> None:
    reasons = {Action.REVOKE: "penalty", Action.SUSPEND: "withheld"}
    decision = Decision(action, reason or reasons[action], DAY, "law", "document 1", "authority")
    node.change.change(caller(), ChangeRequest(identifier, decision, f"{action}-{identifier[-9:]}"))


def _put_four_eyes(node: Node) -> None:
    definition = json.loads(
        next(text for item, text in type_files() if item.type_code == TRANSPORT)
    )
    definition |= {"version": FOUR_EYES, "approvals": 1}
    with node.registry.begin() as uow:
        uow.put_type_version(type_version_from(definition), canonical_bytes(definition).decode())
        uow.append_audit([AuditRecord(node.clock.now(), "operator", "publish-type", TRANSPORT)])
        uow.commit()


def _put_clients(node: Node) -> None:
    now = node.clock.now()
    with node.registry.begin() as uow:
        for type_code in (TRANSPORT, PLANNING):
            one = caller(type_code)
            made = Client(one.client_id, "system", one.department_code, one.scopes, "hash", now)
            uow.put_client(made)
            uow.append_audit([AuditRecord(now, "operator", "add-client", made.client_id)])
        uow.commit()


class _NoWorkshop:
    """Seals nothing: what was reserved stays reserved."""

    def __init__(self, node: Node) -> None:
        self.renderer, self.objects = node.renderer, node.objects

    def produce(self, intent: Intent, version: object) -> Any:
        del intent, version
        raise SigningUnavailable(what="test")


def _left_pending(node: Node, number: int) -> str:
    """Reserves, and dies before anything is sealed."""
    before = _intents(node)
    dying = IssueCertificates(
        node.registry,
        node.issue._preflight,
        _NoWorkshop(node),
        node.clock,
        node.entropy,
        IssuingOptions(demonstration=True),
    )
    request = IssueRequest(_order(node, number, TRANSPORT), f"key-{number}")
    dying.issue(caller(), [request])
    return (_intents(node) - before).pop()


def _intents(node: Node) -> set[str]:
    with node.registry.read() as session:
        return {item.identifier for item in session.pending_intents()}


def _burn(node: Node, identifier: str) -> None:
    with node.registry.begin() as uow:
        intent = uow.intent(identifier)
        assert intent is not None
        uow.burn(identifier, "given-up")
        uow.release_idempotency(intent.client_id, intent.route, intent.idempotency_key)
        uow.append_audit([AuditRecord(node.clock.now(), "reconciler", "burn", identifier)])
        uow.commit()


@dataclass
class Store:
    """A copy of the node that a test may spoil.

    Attributes:
        names: what each certificate is there for → its identifier.
    """

    folder: Path
    names: dict[str, str]

    @classmethod
    def copy_of(cls, template: Path, folder: Path) -> "Store":
        shutil.copytree(template, folder, dirs_exist_ok=True)
        store = cls(folder, json.loads((folder / "names.json").read_text()))
        triggers = store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        store.run(*(f"DROP TRIGGER {name}" for (name,) in triggers))
        return store

    @property
    def database(self) -> Path:
        return self.folder / "var" / "certlib.sqlite"

    @property
    def objects(self) -> Path:
        return self.folder / "var" / "objects"

    @property
    def options(self) -> AuditOptions:
        key = self.folder / "secrets" / "kek"
        trust = trust_of_register(self.folder / "var" / "keys" / "register")
        place = f"sqlite:///{self.database}"
        folders = (self.folder / "var" / "keys", self.folder / "secrets")
        return AuditOptions(
            place,
            self.objects,
            (key,),
            trust,
            self.built,
            folders=folders,
            counted=self.folder / "var" / "keys",
        )

    @property
    def built(self) -> datetime:
        """When the node was built: an audit at once, however long the tests take."""
        return datetime.fromisoformat((self.folder / "built").read_text())

    @property
    def cipher(self) -> Cipher:
        key = bytes.fromhex((self.folder / "secrets" / "kek").read_text())
        return Cipher(key, CountingEntropy("planted"))

    def audit(self) -> Report:
        return audit(self.options)

    def found(self) -> set[tuple[str, str]]:
        """(invariant, code) of everything the audit finds."""
        report = self.audit()
        return {(item.name, one.code) for item in report.invariants for one in item.violations}

    def holder_texts(self) -> list[str]:
        """Every holder's code, every name, every number on a face."""
        found = []
        for table, column, key in (
            ("certificate_holders", "code", ("identifier", "position")),
            ("holder_names", "name", ("identifier", "position", "sequence")),
        ):
            for row in self.mappings(f"SELECT * FROM {table}"):
                place = Place(table, column, "\x1f".join(str(row[name]) for name in key))
                found.append(self.cipher.open_text(row[column], place))
        for row in self.mappings("SELECT identifier, content FROM certificates"):
            place = Place("certificates", "content", row["identifier"])
            found.append(json.loads(self.cipher.open(row["content"], place))["ZZBH"])
        return found

    def rows_now(self) -> dict[str, list[list[Any]]]:
        """Every row that the history bears witness to."""
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        names = [str(name) for (name,) in self.rows(query) if name not in EXEMPT]
        return {name: sorted(self._kept(name), key=repr) for name in names}

    def _kept(self, table: str) -> list[list[Any]]:
        left_out = LEFT_OUT.get(table, frozenset())
        rows = self.mappings(f"SELECT * FROM {table}")
        return [[value for name, value in row.items() if name not in left_out] for row in rows]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def run(self, *statements: str) -> None:
        """Changes the database behind everybody's back, no rule in the way."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def put(self, statement: str, *values: Any) -> None:
        """One such change with values."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(statement, values)
            connection.commit()

    def mappings(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def set(self, table: str, change: str, name: str) -> None:
        """UPDATE of the row of one named certificate."""
        self.run(f"UPDATE {table} SET {change} WHERE identifier = '{self.names[name]}'")

    def object_name(self, name: str) -> str:
        query = "SELECT object_name FROM certificate_files WHERE identifier = ?"
        return str(self.value(query, self.names[name]))

    def object_path(self, object_name: str) -> Path:
        return self.objects / object_name[:2] / object_name

    def file_of(self, name: str) -> bytes:
        object_name = self.object_name(name)
        return self.cipher.open_object(self.object_path(object_name).read_bytes(), object_name)

    def put_file(self, name: str, pdf: bytes) -> None:
        """Replaces a file as somebody with key and database would: digests fit everywhere."""
        object_name, digest = self.object_name(name), hashlib.sha256(pdf).hexdigest()
        self.object_path(object_name).write_bytes(self.cipher.seal_object(pdf, object_name))
        self.set("certificate_files", f"sha256 = '{digest}', size = {len(pdf)}", name)


Plant = Callable[[Store], None]
