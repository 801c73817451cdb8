"""The drill of a lost key on this machine, beside a server; may be broken off anywhere."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, Final

from api.bootstrap import Node, open_node
from api.cli.failures import UsageProblem
from api.cli.key_loss import end_key, lost_key, past
from api.cli.local import need_node
from certlib.usecases.compromise import HandleCompromise, Handled, LostKey, Remedy
from certlib.usecases.halt import HaltSealing, need_two
from certlib.usecases.once import instant_text

__all__ = ["Drill", "Outcome", "drill", "line"]

_EVERYWHERE_SECONDS: Final = 10.0
"""By then every process has stopped using the key."""
_ROUNDS: Final = 45
_ROUND_SECONDS: Final = 2.0
"""An order that a killed run left is let go after a minute; the reconciler then finishes it."""
COLUMNS: Final = (
    "identifier",
    "type_code",
    "state",
    "sha256",
    "stored_at",
    "proven_at",
    "outcome",
    "successor",
)


@dataclass(frozen=True, slots=True)
class Drill:
    """What the operator asks for.

    Attributes:
        key: name of a seal's key; `since`: an instant, aware UTC, not in the future.
        dry_run: nothing is halted, revoked or changed: the list alone.
        out: a file for the list, CSV by its ending, JSON lines otherwise.
    """

    key: str
    since: str
    by: tuple[str, str]
    remedy: Remedy
    reason: str = ""
    dry_run: bool = False
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went: numbers by outcome, and whether somebody has to look at some.

    Attributes:
        under_way: orders from before the halt that had not come to their end at the listing: the
            key may have sealed them, and they are not in the list.
    """

    counts: Mapping[str, int]
    under_way: int = 0

    @property
    def open(self) -> int:
        """Certificates that may still count under the lost key: run it again, or look at them."""
        done = {"listed", "ended", "voided", "reissued"}
        left = sum(number for name, number in self.counts.items() if name not in done)
        return left + self.under_way


def drill(data_dir: Path, asked: Drill, told: Callable[[Handled], None]) -> Outcome:
    """Halts the key, revokes its certificate, lists what it has sealed since, and acts.

    Args:
        data_dir: of the node.
        asked: what is to be done.
        told: hears of each certificate as it is done.

    Raises:
        UsageProblem: no such seal, or a time in the future.
        CommandFailure: the signers' part is next; then run it again.
        CertlibError: the record, the keys or the objects do not answer; run it again.
    """
    need_two(*asked.by)
    with closing(open_node(need_node(data_dir), beside=True)) as node:
        lost = _lost(node, asked)
        work = HandleCompromise(
            node.registry, node.objects, node.reader, node.clock, node.change, node.revise
        )
        counts: Counter[str] = Counter()
        under_way = 0
        with _list(asked.out) as write:
            if not asked.dry_run:
                work.note(lost, asked.by, asked.remedy)
                _give_up(node, lost, asked)
                under_way = _still_under_way(node, work, lost)
            for done in _handled(node, work, lost, asked):
                counts[done.outcome] += 1
                write(line(done))
                told(done)
        return Outcome(counts, under_way)


def _lost(node: Node, asked: Drill) -> LostKey:
    since = past(asked.since, node.clock.now())
    item = lost_key(node.authority, asked.key)
    return LostKey(item.name, item.fingerprint, item.issuer_code, since)


def _give_up(node: Node, lost: LostKey, asked: Drill) -> None:
    """The stop first: it reaches every machine; then the lists, then the next seal."""
    HaltSealing(node.registry, node.clock).halt(asked.by, asked.reason, lost.name, final=True)
    with node.registry.read() as session:
        department = session.department(lost.issuer_code)
    names = {} if department is None else {department.credit_code: department.name}
    end_key(node.authority, lost.name, lost.since, names)
    sleep(_EVERYWHERE_SECONDS)


def _still_under_way(node: Node, work: HandleCompromise, lost: LostKey) -> int:
    """Waits until what may be sealed by the key is public or burned; how many are left.

    A row of a batch that was sealed before the halt becomes public with the others, minutes after.
    """
    until = node.clock.now()
    for _ in range(_ROUNDS):
        if not work.under_way(lost, until):
            return 0
        sleep(_ROUND_SECONDS)
        node.reconcile.run()
    return work.under_way(lost, until)


def _handled(node: Node, work: HandleCompromise, lost: LostKey, asked: Drill) -> Iterator[Handled]:
    remedy = Remedy.LIST if asked.dry_run else asked.remedy
    waiting = []
    for item in work.affected(lost):
        done = work.handle(lost, item, remedy, asked.by)
        if done.outcome == "waits":
            waiting.append(item)
        else:
            yield done
    for _ in range(_ROUNDS):
        if not waiting:
            return
        sleep(_ROUND_SECONDS)
        node.reconcile.run()
        still = []
        for item in waiting:
            done = work.handle(lost, item, remedy, asked.by)
            if done.outcome == "waits":
                still.append(item)
            else:
                yield done
        waiting = still
    for item in waiting:
        yield work.handle(lost, item, remedy, asked.by)


def line(done: Handled) -> dict[str, Any]:
    """What the list says of one certificate; nothing of its holder."""
    item = done.item
    return {
        "identifier": item.identifier,
        "type_code": item.type_code,
        "state": item.view.value,
        "sha256": item.file,
        "stored_at": instant_text(item.stored_at),
        "proven_at": "" if item.proven is None else instant_text(item.proven),
        "outcome": done.outcome,
        "successor": done.successor,
    }


@contextmanager
def _list(path: Path | None) -> Iterator[Callable[[dict[str, Any]], object]]:
    """What writes a line to the file, or nowhere."""
    if path is None:
        yield lambda _: None
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UsageProblem(
            f"无法写入 {path}（{error.strerror}）。", f"Cannot write {path} ({error.strerror})."
        ) from None
    with stream:
        if path.suffix.lower() == ".csv":
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            yield writer.writerow
        else:
            yield lambda row: print(json.dumps(row, ensure_ascii=False), file=stream)
