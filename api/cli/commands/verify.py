"""`certlib verify TARGET…`: is this certificate good? Files here, identifiers at a server."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli import options
from api.cli.accounts import Credentials
from api.cli.bilingual import Command, Language
from api.cli.contents import content_of
from api.cli.failures import USAGE, UsageProblem
from api.cli.receipts import need_one_file, show_receipt, write
from api.cli.remote_verify import RemoteVerifier
from api.cli.reports import VERDICTS, report_json, show_report
from api.cli.screen import Screen
from api.cli.snapshot_age import tell_age
from api.cli.targets import Target, targets_of
from api.cli.trust_age import TrustAge
from api.cli.trust_entries import signers_named
from certlib.evidence import FileFacts
from certlib.usecases.verify import Answer as Found
from certlib.usecases.verify import Question
from certlib.verification import POLICIES, Facts, Verdict, judge, worst

if TYPE_CHECKING:
    from api.cli.local import Desk

_CODES = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.INDETERMINATE: 2}
_MOST_JOBS = 16

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where record and trust lie, how many files are read at once, where a receipt goes."""

    data_dir: Path
    trust: Path | None
    signers: frozenset[str]
    jobs: int
    report: Path | None = None
    snapshot: Path | None = None


@click.command(
    "verify",
    cls=Command,
    zh="核验证照文件、文件夹或标识。文件在本机核验（有登记数据时一并核对），标识向服务器查询。"
    "返回 0 有效，1 无效，2 无法判定，3 用法有误；多个目标时无效优先于无法判定优先于有效。",
    en="Verify files, folders or identifiers. Files are read on this machine, with the record "
    "when it is at hand; identifiers are asked of a server. Exit code 0 valid, 1 invalid, "
    "2 indeterminate, 3 usage; over several targets invalid beats indeterminate beats valid.",
)
@click.argument("named", nargs=-1, required=True, metavar="TARGET...")
@options.as_json
@options.option(
    "--policy",
    type=click.Choice(sorted(POLICIES)),
    default="own",
    show_default=True,
    zh="own：本库证照，须在登记内；foreign：其他机构签名的文件。",
    en="own: certificates of this library, which must be on record; foreign: any signed file.",
)
@options.option(
    "--on",
    "on_day",
    type=click.DateTime(["%Y-%m-%d"]),
    zh="同时按受理日（UTC+8）判定，如 2026-01-31。",
    en="Judge for this acceptance day (UTC+8), such as 2026-01-31.",
)
@options.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="CERTLIB_TRUST",
    zh="信任目录（签名的 trust-list.json，或 trust.pem 和 trust.json），代替本库的信任。",
    en="Folder of trust (a signed trust-list.json, or trust.pem and trust.json), instead of "
    "what this node believes.",
)
@options.option(
    "--trust-signer",
    "signer",
    default="",
    envvar="CERTLIB_TRUST_SIGNER",
    metavar="SHA256",
    zh="该目录中信任清单签名者的指纹，可用逗号分隔多个。",
    en="Fingerprint of whoever may have signed the list in that folder; commas between several.",
)
@options.option(
    "--jobs",
    type=click.IntRange(1, _MOST_JOBS),
    default=2,
    show_default=True,
    zh="同时核验的文件数。",
    en="Files that are read at the same time.",
)
@options.option(
    "--snapshot",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    zh="状态快照文件（certlib snapshot export），与 --trust 同用：不用本机登记数据，按快照核验。",
    en="A status snapshot (certlib snapshot export), with --trust: asked instead of any record.",
)
@options.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    zh="把核验回执写入此文件（.pdf 或 .json），只用于一个文件；"
    "本机没有签章密钥时写未签章的 .json。",
    en="Write the receipt of the answer to this file (.pdf or .json), for one file only; "
    "without keys on this machine an unsealed .json.",
)
@options.server
@options.lang
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    named: Sequence[str],
    as_json: bool,
    policy: str,
    on_day: datetime | None,
    trust: Path | None,
    signer: str,
    jobs: int,
    report: Path | None,
    snapshot: Path | None,
    data_dir: Path,
    credentials: Credentials,
    lang: Language,
) -> int:
    """Answers every target in the order named; the exit code tells the worst verdict."""
    screen = Screen(lang)
    targets = targets_of(named)
    if report is not None:
        need_one_file(targets, report)
    if snapshot is not None and trust is None:
        raise UsageProblem(
            "--snapshot 须与 --trust 同用：快照由谁签名，由信任目录判断。",
            "--snapshot needs --trust: a folder of trust says whose snapshots are believed.",
        )
    on: date | None = None if on_day is None else on_day.date()
    question = Question(on=on, policy=POLICIES[policy])
    with ExitStack() as stack:
        place = Place(
            data_dir, trust, signers_named(signer, "--trust-signer"), jobs, report, snapshot
        )
        answer = _answering(stack, screen, targets, question, place, credentials)
        seen: list[Verdict] = []
        for result in _in_order(answer, targets, jobs):
            seen.append(Verdict(result["verdict"]))
            if as_json:
                screen.json(result)
            else:
                brief = len(targets) > 1 and seen[-1] is Verdict.VALID
                show_report(screen, result.get("file") or result["identifier"], result, brief=brief)
                show_receipt(screen, result)
    if not as_json and len(targets) > 1:
        _sum_up(screen, seen)
    return _CODES[worst(seen)] if seen else USAGE


def _answering(
    stack: ExitStack,
    screen: Screen,
    targets: Sequence[Target],
    question: Question,
    place: Place,
    credentials: Credentials,
) -> Callable[[Target], Answer]:
    """Opens what these targets need, and nothing else; answers one target."""
    desk: Desk | None = None
    if place.snapshot is not None or any(target.path is not None for target in targets):
        from api.cli.local import open_local

        children = min(place.jobs, len(targets))
        opened = open_local(place.data_dir, place.trust, children, place.signers, place.snapshot)
        desk = stack.enter_context(closing(opened))
        tell_age(screen, desk)
    remote, age = RemoteVerifier(credentials, place.data_dir), TrustAge(screen)
    stack.callback(remote.close)

    def answer(target: Target) -> Answer:
        started = time.perf_counter()
        if target.path is None and desk is not None and place.snapshot is not None:
            report = desk.verify.by_identifier(target.name, question).report
            result = {"identifier": target.name, **report_json(report, of_file=False)}
        elif target.path is None or desk is None:
            result = {"identifier": target.name, **remote.by_identifier(target.name, question)}
        else:
            found, size = _examined(desk, target.path, question)
            age.tell(found.report)
            said = _of_file(desk, found, size, question, place.report)
            result = {"file": target.name, **said}
        elapsed = (time.perf_counter() - started) * 1000
        return {**result, "milliseconds": round(elapsed, 1)}

    return answer


def _in_order(
    answer: Callable[[Target], Answer], targets: Sequence[Target], jobs: int
) -> Iterator[Answer]:
    """Answers as they come, in the order of the targets."""
    pool = ThreadPoolExecutor(max_workers=min(jobs, len(targets)))
    try:
        yield from pool.map(answer, targets)
    finally:
        # After an interrupt nobody waits for the rest.
        pool.shutdown(wait=False, cancel_futures=True)


def _of_file(desk: "Desk", found: Found, size: int, question: Question, out: Path | None) -> Answer:
    answer = report_json(found.report, of_file=True)
    if out is not None:
        answer["receipt"] = write(desk, found, question, size, out)
    return answer


def _examined(desk: "Desk", path: Path, question: Question) -> tuple[Found, int]:
    """What is to be said of the file, and its size as far as it was read."""
    at = desk.clock.now()
    try:
        content = content_of(path, desk.most + 1)
    except OSError:
        # It is there and this machine cannot read it: that says nothing against the file.
        facts = Facts(unavailable="file")
        return Found(judge(facts, question.policy, at)), 0
    if len(content) > desk.most:
        too_large = FileFacts(sha256="", size=len(content), readable=False, fault="too-large")
        return Found(judge(Facts(file=too_large), question.policy, at)), len(content)
    return desk.verify.by_file(content, question), len(content)


def _sum_up(screen: Screen, seen: Sequence[Verdict]) -> None:
    counts = [(word, seen.count(Verdict(verdict))) for verdict, word in VERDICTS.items()]
    screen.say(
        "共 " + str(len(seen)) + " 项：" + "，".join(f"{zh} {n}" for (zh, _), n in counts),
        f"{len(seen)} targets: " + ", ".join(f"{n} {en.lower()}" for (_, en), n in counts),
        "bold",
    )
