"""The history in a folder: writing it, proving it, and what a person sees of both."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.failures import DONE, FAILED, UsageProblem
from api.cli.screen import Screen
from api.clock import SystemClock

if TYPE_CHECKING:
    from api.audit import Trust
    from api.audit.proof import Inclusion, Proof

_SHOWN = 50
"""Faults that a table lists; JSON has all."""


def export_history(
    screen: Screen, database: str, trust: "Trust", folder: Path, days: Sequence[str]
) -> int:
    """`certlib audit --export`.

    Raises:
        CannotAudit: the database cannot be read, the folder cannot be written.
        UsageProblem: a day is no day.
    """
    from api.audit.export import Period, export

    first, last = (day_of(text) for text in days)
    made = export(database, trust, folder, Period(first, last), SystemClock().now())
    screen.say(
        f"已导出第 {made.first} 至 {made.last} 批，记录 {made.records} 条，"
        f"尚未封签 {made.unsealed} 条；核验方法见 {folder / 'README.md'}。",
        f"Exported batches {made.first} to {made.last} with {made.records} records, "
        f"{made.unsealed} not sealed yet; {folder / 'README.md'} says how to check them.",
    )
    return DONE


def prove_history(
    screen: Screen, folder: Path, trust: Sequence[Path], record: str, *, as_json: bool
) -> int:
    """`certlib audit --prove`: of a folder, or of the proof of one record.

    Raises:
        CannotAudit: neither of the two, or no root to believe.
    """
    from api.audit import trust_of_files
    from api.audit.proof import own_trust, prove, prove_inclusion

    if folder.is_dir():
        anchors = trust_of_files(trust) if trust else own_trust(folder)
        proof = prove(folder, anchors, record)
        _write_proofs(folder, proof)
    elif trust:
        proof = prove_inclusion(folder, trust_of_files(trust))
    else:
        raise UsageProblem(
            "核验单条记录的证明文件须用 --trust 指定信任根。",
            "The proof of one record needs the root that you believe: --trust FILE.",
        )
    if as_json:
        screen.json(proof.as_json())
    else:
        _show(screen, proof, own=not trust)
    missing = bool(record) and not proof.found
    if missing and not as_json:
        screen.error(f"导出中没有“{record}”的记录。", f"There is no record of {record}.")
    return DONE if proof.holds and not missing else FAILED


def day_of(text: str) -> date | None:
    """A day that somebody typed; None when nothing was.

    Raises:
        UsageProblem: it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageProblem(
            f"“{text}”不是日期，应为 2026-01-31 的形式。",
            f"{text} is no day: write it as 2026-01-31.",
        ) from None


def _write_proofs(folder: Path, proof: "Proof") -> None:
    """One file for each record that was asked for, beside the batches."""
    for one in proof.found:
        if one.batch is not None and proof.holds:
            place = _place(folder, one)
            place.parent.mkdir(exist_ok=True)
            content = json.dumps(one.as_json(), ensure_ascii=False, indent=1) + "\n"
            place.write_text(content, "utf-8")


def _place(folder: Path, one: "Inclusion") -> Path:
    return folder / "proofs" / f"record-{one.record['sequence']}.json"


def _show(screen: Screen, proof: "Proof", *, own: bool) -> None:
    if proof.faults:
        columns = [("对象", "Subject"), ("问题", "Fault")]
        faults = [(one.subject, screen.pick(one.zh, one.en)) for one in proof.faults[:_SHOWN]]
        screen.table(columns, faults)
    if proof.found:
        columns = [("序号", "Sequence"), ("时间", "At"), ("操作", "Act"), ("批次", "Batch")]
        rows = [one.summary() for one in proof.found]
        unsealed = screen.pick("未封签", "not sealed")
        names = ("sequence", "at", "act")
        lines = [
            (*(str(row[name]) for name in names), str(row["batch"] or unsealed)) for row in rows
        ]
        screen.table(columns, lines)
    for fingerprint in proof.roots:
        screen.say(f"信任：{fingerprint}", f"Believed: {fingerprint}")
    if own:
        screen.say(
            "以上信任根取自导出目录本身，请与另行公布的指纹核对，或用 --trust 指定。",
            "This came with the export: compare it with the fingerprint published elsewhere, or "
            "give your own with --trust.",
            "yellow",
        )
    _conclude(screen, proof)


def _line(screen: Screen, said: Mapping[str, Any]) -> tuple[str, ...]:
    batch = said["batch"] or screen.pick("未封签", "not sealed")
    return str(said["sequence"]), said["at"], said["act"], str(batch)


def _conclude(screen: Screen, proof: "Proof") -> None:
    screen.say(
        f"第 {proof.first} 至 {proof.last} 批（{proof.since} 至 {proof.until}），"
        f"记录 {proof.records} 条，尚未封签 {proof.unsealed} 条。",
        f"Batches {proof.first} to {proof.last} ({proof.since} to {proof.until}), "
        f"{proof.records} records, {proof.unsealed} not sealed yet.",
    )
    if not proof.whole:
        screen.say(
            f"导出从第 {proof.first} 批开始，之前的记录不在其中。",
            f"The export begins with batch {proof.first}: what came before is not in it.",
        )
    if proof.holds:
        screen.say("核验通过。", "Proved.", "bold green")
    else:
        screen.say("核验不通过。", "Not proved.", "bold red")
