"""Loads the demo through the normal way of a certificate; running it again changes nothing."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from api.bootstrap import Node
from api.demo.lives import Life, lives, ordinary
from api.demo.orders import BIRTH, ISSUERS, PLANNING, TRANSPORT, order
from api.shipped import type_files
from api.tokens import hash_secret, new_secret
from certlib.calendar import legal_day
from certlib.catalogue import TypeVersion
from certlib.errors import CertlibError, StoreUnavailable
from certlib.registry import AuditRecord, Client
from certlib.usecases.caller import DEPARTMENT_SCOPES, REGISTRATION_SCOPES, TYPES, VERIFY, Caller
from certlib.usecases.change_state import ChangeRequest
from certlib.usecases.issue import Outcome
from certlib.usecases.order import IssueAnswer, IssueRequest

MANY = (TRANSPORT, BIRTH, PLANNING)
"""Types of which the demo has certificates in every state."""
PER_TYPE = 100
FEW = 2
"""How many certificates the demo has of each other open type."""
_EVERY_FORM = 20
"""Each so many certificates have all the forms of their type: 正本, 副本, 附页, 附图."""
_GROUP = 20
_CONSUMER = "11445200990090016H"
_REGISTRARS = frozenset({"11445200990090235U", "11445200990090067R"})
"""The bureaus that register enterprises (市场监管) and civil affairs (民政)."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A certificate of the demo: its life and its request."""

    life: Life
    request: IssueRequest
    caller: Caller


def load(node: Node, progress: Progress = lambda _done, _of: None) -> dict[str, Any]:
    """Issues the demo's certificates and writes `DATA_DIR/demo.json`; answers its content.

    Raises:
        StoreUnavailable: the folder or the store cannot be written; run it again.
    """
    path = node.settings.data_dir / "demo.json"
    kept = _read(path)
    if kept.get("complete"):
        return kept
    # Kept before anything is issued: a crash in the middle must find the same day and secrets.
    as_of = kept.get("as_of") or legal_day(node.clock.now()).isoformat()
    clients = kept.get("clients") or _found_clients(node)
    report: dict[str, Any] = {"as_of": as_of, "clients": clients, "complete": False}
    _write(path, report)
    _register(node, clients)
    plan = list(_plan(date.fromisoformat(as_of)))
    answers = _issue(node, plan, progress)
    identifiers = _live(node, plan, answers)
    report |= {
        "server": node.settings.url,
        "complete": True,
        "identifiers": identifiers,
        "types": sorted({item.request.order.type_code for item in plan}),
        "certificates": len(answers),
        "files": _files(node, plan, answers),
    }
    _write(path, report)
    return report


def _found_clients(node: Node) -> list[dict[str, Any]]:
    with node.registry.read() as session:
        names = {item.credit_code: item.short_name for item in session.departments()}
    return [
        _client(node, f"demo-issuer-{place}", code, names[code], _scopes(code))
        for place, code in enumerate(_issuing(), start=1)
    ] + [_client(node, "demo-consumer", _CONSUMER, names[_CONSUMER], (VERIFY, TYPES))]


def _client(
    node: Node, client_id: str, department: str, name: str, scopes: Iterable[str]
) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "client_secret": new_secret(node.entropy),
        "name": f"{name}业务系统（演示）",
        "department_code": department,
        "scopes": list(scopes),
    }


def _register(node: Node, clients: Iterable[dict[str, Any]]) -> None:
    now = node.clock.now()
    with node.registry.begin() as uow:
        for item in clients:
            made = Client(
                client_id=item["client_id"],
                name=item["name"],
                department_code=item["department_code"],
                scopes=frozenset(item["scopes"]),
                secret_hash=hash_secret(item["client_secret"]),
                created_at=now,
            )
            uow.put_client(made)
            details = {"department": made.department_code, "scopes": sorted(made.scopes)}
            uow.append_audit([AuditRecord(now, "operator", "add-client", made.client_id, details)])
        uow.commit()


def _issuing() -> list[str]:
    """Issuing bodies, those of the types with many certificates first."""
    first = sorted(ISSUERS[code] for code in MANY)
    return [*first, *sorted(set(ISSUERS.values()) - set(first))]


def _plan(today: date) -> Iterable[_Planned]:
    # Of several versions of a type one is issued; a type that no body is listed for is none's.
    versions = {item.type_code: item for item, _ in type_files() if item.type_code in ISSUERS}
    for code in MANY:
        yield from _many(versions[code], today)
    for code, version in versions.items():
        if code not in MANY and version.open_on(today):
            for number in range(1, FEW + 1):
                yield _planned(version, number, ordinary(today, number, version.term_years))


def _many(version: TypeVersion, today: date) -> Iterable[_Planned]:
    special = lives(today, long_term=version.term_years is None)
    for number, life in enumerate(special, start=1):
        yield _planned(version, number, life)
    for number in range(len(special) + 1, PER_TYPE + 1):
        yield _planned(version, number, ordinary(today, number, version.term_years))


def _planned(version: TypeVersion, number: int, life: Life) -> _Planned:
    return _Planned(life, _request(version, number, life), _caller(version))


def _request(version: TypeVersion, number: int, life: Life) -> IssueRequest:
    made = order(version, number, life.term, every_form=number % _EVERY_FORM == 1)
    return IssueRequest(made, f"demo-{version.type_code}-{number}")


def _caller(version: TypeVersion) -> Caller:
    code = ISSUERS[version.type_code]
    place = _issuing().index(code) + 1
    return Caller(f"demo-issuer-{place}", code, frozenset(_scopes(code)), person="demo-officer")


def _scopes(code: str) -> Iterable[str]:
    return REGISTRATION_SCOPES if code in _REGISTRARS else DEPARTMENT_SCOPES


def _issue(node: Node, plan: list[_Planned], progress: Progress) -> list[IssueAnswer]:
    """Answers in the order of the plan: each body issues its own, a group at a time."""
    answers: dict[str, IssueAnswer] = {}
    for caller in dict.fromkeys(item.caller for item in plan):
        mine = [item.request for item in plan if item.caller == caller]
        for start in range(0, len(mine), _GROUP):
            group = mine[start : start + _GROUP]
            outcomes = node.issue.issue(caller, group)
            for request, outcome in zip(group, outcomes, strict=True):
                answers[request.key] = _answered(outcome)
            progress(len(answers), len(plan))
    return [answers[item.request.key] for item in plan]


def _answered(outcome: Outcome) -> IssueAnswer:
    if isinstance(outcome, CertlibError):
        raise outcome
    return outcome


def _live(node: Node, plan: list[_Planned], answers: list[IssueAnswer]) -> dict[str, list[str]]:
    """Takes each certificate through its life; answers identifiers by view."""
    found: dict[str, list[str]] = {}
    for item, answer in zip(plan, answers, strict=True):
        for step, decision in enumerate(item.life.steps):
            key = f"demo-{answer.identifier}-{step}"
            node.change.change(item.caller, ChangeRequest(answer.identifier, decision, key))
        if item.life.replaced:
            _replace(node, item, answer)
        found.setdefault(item.life.view.value, []).append(answer.identifier)
    return found


def _replace(node: Node, item: _Planned, answer: IssueAnswer) -> None:
    newer = replace(item.request.order, supersedes=answer.identifier, supersede_reason="change")
    request = IssueRequest(newer, f"{item.request.key}-2")
    _answered(node.issue.issue(item.caller, [request])[0])


def _files(node: Node, plan: list[_Planned], answers: list[IssueAnswer]) -> list[dict[str, str]]:
    """One PDF of each type laid out for looking at, valid ones."""
    folder = node.settings.data_dir / "demo"
    folder.mkdir(exist_ok=True)
    listed = []
    for type_code in sorted({item.request.order.type_code for item in plan}):
        place = next(
            number
            for number, item in enumerate(plan)
            if item.request.order.type_code == type_code
            and not item.life.steps
            and item.life.view.value == "VALID"
        )
        answer, caller = answers[place], plan[place].caller
        _, content = node.read.file(caller, answer.identifier)
        path = folder / f"{type_code}.pdf"
        path.write_bytes(content)
        listed.append({"identifier": answer.identifier, "path": str(path)})
    return listed


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StoreUnavailable(what=path.name) from error
    return kept


def _write(path: Path, report: dict[str, Any]) -> None:
    """In one step, readable by the owner only: it holds secrets of the demo's clients."""
    temporary = path.with_suffix(".new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(json.dumps(report, ensure_ascii=False, indent=2).encode())
            handle.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError as error:
        raise StoreUnavailable(what=path.name) from error
