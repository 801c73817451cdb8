"""`certlib show IDENTIFIER`: the record of a certificate, as a server has it."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from api.cli import options
from api.cli.accounts import Credentials
from api.cli.bilingual import Command, Language
from api.cli.catalogue import RemoteCatalogue
from api.cli.commands.change import issuer_of
from api.cli.failures import DONE, CommandFailure
from api.cli.remote import Server, open_server, quoted
from api.cli.screen import Screen
from api.cli.words import ACTS
from certlib.states import Action, State, reason_text

_LINES: tuple[tuple[str, str, str], ...] = (
    ("identifier", "电子证照标识", "Identifier"),
    ("name", "证照名称", "Certificate"),
    ("number", "证照编号", "Number"),
    ("issuer_name", "颁发机构", "Issuer"),
    ("issue_date", "颁发日期", "Issued on"),
    ("valid_from", "有效期起始", "Valid from"),
    ("valid_to", "有效期截止", "Valid to"),
    ("division_code", "管辖属地", "Division"),
    ("matter_name", "关联事项", "Matter"),
    ("row_version", "登记版本", "Record version"),
    ("recorded_at", "登记时间", "Recorded at"),
    ("superseded_by", "换发为", "Superseded by"),
)


@click.command(
    "show",
    cls=Command,
    zh="查看一份证照的登记：内容、状态、文件、历次变更。默认脱敏。",
    en="Show a certificate's record: content, state, files, changes. Masked by default.",
)
@click.argument("identifier")
@options.option(
    "--reveal",
    is_flag=True,
    zh="显示未脱敏的内容（记入审计）。",
    en="Show what is masked (kept in the history).",
)
@options.option(
    "--history",
    is_flag=True,
    zh="同时列出全程留痕。",
    en="List every act on record too.",
)
@options.as_json
@options.server
@options.lang
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    identifier: str,
    reveal: bool,
    history: bool,
    as_json: bool,
    data_dir: Path,
    credentials: Credentials,
    lang: Language,
) -> int:
    """Asks for the record and prints it."""
    screen = Screen(lang)
    issuer = issuer_of(identifier)
    path = f"/v1/certificates/{quoted(identifier)}"
    titles: Mapping[str, str] = {}
    with closing(open_server(credentials, data_dir)) as server:
        record = _read(server, path + ("?reveal=true" if reveal else ""), issuer)
        acts = _read(server, f"{path}/history", issuer) if history else {}
        if not as_json:
            titles = _titles(screen, server, str(record.get("type_code", "")), issuer)
    if as_json:
        screen.json({**record, "acts": acts.get("acts", [])} if history else record)
        return DONE
    _show(screen, record, titles)
    _show_acts(screen, acts)
    return DONE


def _read(server: Server, path: str, issuer: str) -> Mapping[str, Any]:
    answer = server.get(path, issuer)
    if not answer.good:
        raise answer.refusal()
    said: Mapping[str, Any] = answer.body
    return said


def _titles(screen: Screen, server: Server, type_code: str, issuer: str) -> Mapping[str, str]:
    """Titles of the type's fields; without the catalogue their keys have to do."""
    try:
        fields = RemoteCatalogue(server, issuer).fields(type_code)
    except CommandFailure:
        return {}
    return {key: screen.pick(spec.title, spec.title_en) for key, spec in fields.items()}


def _value(value: object) -> str:
    """A field's value for people: one line for each item of a list."""
    match value:
        case list():
            return "\n".join(_value(item) for item in value)
        case Mapping():
            return "  ".join(str(item) for item in value.values())
        case _:
            return str(value)


def _show(screen: Screen, record: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    rows = [(screen.pick("状态", "State"), _state(screen, str(record.get("state", ""))))]
    rows += [(screen.pick(zh, en), str(record[key])) for key, zh, en in _LINES if record.get(key)]
    for holder in record.get("holders", ()):
        who = f"{holder['name']}  {holder['code_type']} {holder['code']}"
        rows.append((screen.pick("持证主体", "Holder"), who))
    fields: Mapping[str, object] = record.get("fields", {})
    ordered = sorted(fields, key=[*titles, *fields].index)
    rows += [(titles.get(key, key), _value(fields[key])) for key in ordered]
    for file in record.get("files", ()):
        rows.append((screen.pick("文件", "File"), f"{file['level']} {file['sha256']}"))
    screen.table([("项目", "Item"), ("内容", "Value")], rows)
    steps = [
        (
            str(step["effective_from"]),
            _action(screen, str(step["action"])),
            _reason(screen, str(step["action"]), str(step["reason_code"])),
            " ".join(str(step[key]) for key in ("authority", "document_number") if step.get(key)),
            str(step["recorded_at"]),
        )
        for step in record.get("history", ())
    ]
    columns = [
        ("生效日", "Effective"),
        ("变更", "Step"),
        ("原因", "Reason"),
        ("决定", "Decision"),
        ("登记时间", "Recorded at"),
    ]
    screen.table(columns, steps)


def _show_acts(screen: Screen, acts: Mapping[str, Any]) -> None:
    if not acts:
        return
    rows = [
        (
            str(act["sequence"]),
            str(act["at"]),
            str(act["actor"]),
            screen.pick(ACTS.get(str(act["act"]), str(act["act"])), str(act["act"])),
        )
        for act in acts.get("acts", ())
    ]
    columns = [("序号", "No."), ("时间", "At"), ("经办", "Actor"), ("行为", "Act")]
    screen.table(columns, rows)


def _state(screen: Screen, state: str) -> str:
    return screen.pick(State(state).zh, state) if state in State.__members__ else state


def _reason(screen: Screen, action: str, code: str) -> str:
    if action not in {item.value for item in Action}:
        return code
    reason = reason_text(Action(action), code)
    return screen.pick(reason.zh, reason.en)


def _action(screen: Screen, action: str) -> str:
    known = {item.value: item.zh for item in Action}
    return screen.pick(known.get(action, action), action)
