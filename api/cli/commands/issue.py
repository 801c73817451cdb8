"""`certlib issue FILE`: one certificate for each row, each once, however often it is run."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import click

from api.cli import options
from api.cli.accounts import Credentials
from api.cli.batch.columns import Defaults
from api.cli.batch.opening import open_source
from api.cli.batch.progress import progress
from api.cli.batch.rows import KeyMaker, Source
from api.cli.batch.sender import Result, Sender
from api.cli.bilingual import Command, Language
from api.cli.catalogue import RemoteCatalogue
from api.cli.failures import DONE, FAILED, UsageProblem
from api.cli.patience import Patience
from api.cli.remote import open_server
from api.cli.screen import Screen

_STATUS = {
    "issued": ("已签发", "issued"),
    "replayed": ("此前已签发", "issued before"),
    "checked": ("可签发", "may be issued"),
    "failed": ("失败", "failed"),
}


@click.command(
    "issue",
    cls=Command,
    zh="按文件签发证照：JSONL、CSV 或 XLSX，每行一份。可重复运行，每行只签发一次。"
    "返回 0 全部签发，1 有失败，3 用法有误。",
    en="Issue one certificate for each row of a JSONL, CSV or XLSX file. Run it as often as you "
    "like: each row is issued once. Exit code 0 all issued, 1 some failed, 3 usage.",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.as_json
@options.option(
    "--dry-run",
    is_flag=True,
    zh="只检查，不签发，不占用标识。",
    en="Check only: nothing is issued, no identifier consumed.",
)
@options.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    zh="服务器中断时最长等待秒数。",
    en="How long to wait for a server that does not answer.",
)
@options.option(
    "--type",
    "type_code",
    default="",
    zh="表中没有“证照类型代码”列时使用的类型代码。",
    en="Type code of rows without one of their own.",
)
@options.option(
    "--issuer",
    default="",
    zh="表中没有“证照颁发机构代码”列时使用的单位代码。",
    en="Issuer code of rows without one of their own.",
)
@options.server
@options.lang
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    file: Path,
    as_json: bool,
    dry_run: bool,
    patience: float,
    type_code: str,
    issuer: str,
    data_dir: Path,
    credentials: Credentials,
    lang: Language,
) -> int:
    """Issues; JSON lines as rows are settled, or a table at the end."""
    screen = Screen(lang)
    with closing(open_server(credentials, data_dir)) as server:
        waiting = Patience(patience)
        catalogue = RemoteCatalogue(server, issuer, waiting)
        source = open_source(file, catalogue.fields, Defaults(type_code, issuer))
        sender = Sender(server, waiting, dry_run=dry_run, issuer=issuer)
        results = _results(screen, source, sender)
        counts = (_as_lines if as_json else _as_table)(screen, results)
    if not counts:
        raise UsageProblem("文件中没有数据行。", "The file has no rows.")
    return FAILED if counts["failed"] else DONE


def _results(screen: Screen, source: Source, sender: Sender) -> Iterator[Result]:
    keys = KeyMaker()
    with progress(screen, source.expected) as bar:
        for result in sender.send(keys.keyed(row) for row in source.rows):
            bar.advance(failed=result.status == "failed")
            yield result


def _as_lines(screen: Screen, results: Iterator[Result]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for result in results:
        counts[result.status] += 1
        screen.json(result.as_json())
    return counts


def _as_table(screen: Screen, results: Iterator[Result]) -> Counter[str]:
    settled: list[Result] = []
    try:
        settled.extend(results)
    finally:
        # Also after an interrupt: what was issued is said.
        # Failures stand last, where they are seen after thousands of rows that went well.
        settled.sort(key=lambda item: (item.status == "failed", item.row))
        columns = [("行", "Row"), ("结果", "Result"), ("标识或原因", "Identifier or reason")]
        rows = [
            (str(item.row), screen.pick(*_STATUS[item.status]), _detail(screen, item))
            for item in settled
        ]
        if rows:
            screen.table(columns, rows)
    counts = Counter(item.status for item in settled)
    zh = "，".join(f"{_STATUS[status][0]} {count}" for status, count in sorted(counts.items()))
    en = ", ".join(f"{count} {_STATUS[status][1]}" for status, count in sorted(counts.items()))
    screen.say(f"共 {len(settled)} 行：{zh}", f"{len(settled)} rows: {en}", "bold")
    return counts


def _detail(screen: Screen, item: Result) -> str:
    if item.problem is None:
        return item.identifier
    listed = item.problem.get("problems", ())
    lines = [
        f"{_place(screen, problem)} {screen.pick(problem['zh'], problem['en'])}"
        for problem in listed
    ]
    head = screen.pick(str(item.problem["zh"]), str(item.problem["en"]))
    # One problem says itself all that the head of the document says.
    if [problem["zh"] for problem in listed] != [item.problem["zh"]]:
        lines.insert(0, head)
    return "\n".join(lines)


def _place(screen: Screen, problem: Mapping[str, str]) -> str:
    """Where a person finds it: the cell, where the file has cells."""
    cell = problem.get("cell", "")
    return screen.pick(f"单元格 {cell}", f"cell {cell}") if cell else problem["field"]
