"""`certlib revoke` and its seven sisters: one decision on one certificate, given to a server."""

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from api.cli import options
from api.cli.accounts import Credentials
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, UsageProblem
from api.cli.remote import open_server, quoted
from api.cli.screen import Screen
from api.clock import SystemClock
from certlib import ids
from certlib.calendar import legal_day
from certlib.canonical import digest
from certlib.states import REASONS, Action, State

_MOST_KEY = 128
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _command(action: Action, zh: str, en: str) -> click.Command:
    """The command of one action; all are the same but for their words and what is their own."""
    reasons = [reason.code for reason in REASONS[action]]
    listed_zh = "，".join(f"{reason.code} {reason.zh}" for reason in REASONS[action])
    listed_en = ", ".join(f"{reason.code} ({reason.en})" for reason in REASONS[action])

    @click.command(action.value, cls=Command, zh=zh, en=en)
    @click.argument("identifier")
    @options.option(
        "--reason",
        type=click.Choice(reasons),
        default=reasons[0] if len(reasons) == 1 else None,
        required=len(reasons) > 1,
        zh=f"原因：{listed_zh}。",
        en=f"Reason: {listed_en}.",
    )
    @options.option("--legal-basis", default="", zh="法律依据。", en="Law and article.")
    @options.option("--document", default="", zh="决定文号。", en="Number of the decision.")
    @options.option("--authority", default="", zh="决定机关。", en="Who decided.")
    @options.option("--note", default="", zh="备注。", en="Note.")
    @options.option(
        "--effective",
        type=click.DateTime(["%Y-%m-%d"]),
        zh="法律上的生效日（UTC+8），默认今天。",
        en="Legal day from which it counts (UTC+8); today by default.",
    )
    @options.option(
        "--if-match",
        type=click.IntRange(min=1),
        metavar="VERSION",
        zh="仅当登记版本为此值时执行。",
        en="Only when the record has this version.",
    )
    @options.option(
        "--key",
        default="",
        zh="幂等键；默认由决定内容得出，重复运行等同一次。",
        en="Idempotency key; by default made of the decision: twice is once.",
    )
    @_own_options(action)
    @options.as_json
    @options.server
    @options.lang
    def command(  # noqa: PLR0913 - one parameter for each option
        *,
        identifier: str,
        if_match: int | None,
        key: str,
        as_json: bool,
        data_dir: Path,
        credentials: Credentials,
        lang: Language,
        **decision: Any,
    ) -> int:
        screen = Screen(lang)
        issuer = issuer_of(identifier)
        body = _body(decision)
        headers = {"Idempotency-Key": key[:_MOST_KEY] or _key(identifier, action, body)}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        path = f"/v1/certificates/{quoted(identifier)}/{action.value}"
        with closing(open_server(credentials, data_dir)) as server:
            answer = server.post(path, body, issuer, headers)
        if not answer.good:
            raise answer.refusal()
        _show(screen, answer.body, as_json=as_json)
        return DONE

    return command


def _own_options(action: Action) -> Callable[[_Command], _Command]:
    """What one action alone may carry."""

    def add(command: _Command) -> _Command:
        for option in reversed(_OWN.get(action, ())):
            command = option(command)
        return command

    return add


_OWN: Mapping[Action, tuple[Callable[[Any], Any], ...]] = {
    Action.SUSPEND: (
        options.option(
            "--until",
            type=click.DateTime(["%Y-%m-%d"]),
            zh="暂扣（暂停）的最后一日。",
            en="Last day of the suspension.",
        ),
        options.option(
            "--automatic",
            is_flag=True,
            zh="期满自动恢复。",
            en="The right revives by itself the day after.",
        ),
    ),
    Action.TRANSFER_OUT: (
        options.option(
            "--receiver",
            "receiving_authority",
            required=True,
            zh="转入机关。",
            en="The authority that keeps it from now on.",
        ),
        options.option(
            "--receiver-division",
            "receiving_division",
            required=True,
            zh="转入地行政区划代码，六位。",
            en="Its division, six digits.",
        ),
    ),
}


def issuer_of(identifier: str) -> str:
    """The issuer's code in an identifier: whose client may act.

    Raises:
        UsageProblem: the identifier is mistyped.
    """
    parsed = ids.parse(identifier)
    if parsed.identifier is None:
        first = parsed.problems[0]
        raise UsageProblem(first.zh, first.en)
    return parsed.identifier.issuer_code


def _body(decision: Mapping[str, Any]) -> dict[str, Any]:
    effective: datetime | None = decision["effective"]
    day = legal_day(SystemClock().now()) if effective is None else effective.date()
    until: datetime | None = decision.get("until")
    own = {
        "until": None if until is None else until.date().isoformat(),
        "automatic": decision.get("automatic"),
        "receiving_authority": decision.get("receiving_authority"),
        "receiving_division": decision.get("receiving_division"),
    }
    return {
        **{name: value for name, value in own.items() if value},
        "reason_code": decision["reason"],
        "effective_from": day.isoformat(),
        "legal_basis": decision["legal_basis"],
        "document_number": decision["document"],
        "authority": decision["authority"],
        "note": decision["note"],
    }


def _key(identifier: str, action: Action, body: Mapping[str, Any]) -> str:
    return digest({"identifier": identifier, "action": action.value, "decision": body})


def _show(screen: Screen, said: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        screen.json(said)
        return
    state = str(said.get("state", ""))
    zh = State(state).zh if state in State.__members__ else state
    identifier, version = said.get("identifier", ""), said.get("row_version", "")
    day = said.get("effective_from", "")
    screen.say(
        f"{zh}：{identifier}，自 {day} 起，登记版本 {version}。",
        f"{state}: {identifier}, from {day}, record version {version}.",
    )
    for warning in said.get("warnings", ()):
        screen.say(str(warning["zh"]), str(warning["en"]), "yellow")


revoke = _command(
    Action.REVOKE, "吊销证照：行政处罚。", "Revoke a certificate: an administrative penalty."
)
annul = _command(
    Action.ANNUL, "撤销证照：原许可决定违法。", "Annul a certificate: the grant was unlawful."
)
withdraw = _command(
    Action.WITHDRAW,
    "撤回证照：法律修改或客观情况重大变化。",
    "Withdraw a certificate: the law or the circumstances changed.",
)
deregister = _command(
    Action.DEREGISTER, "注销证照：权利依法终止。", "Deregister a certificate: the right has ended."
)
void = _command(Action.VOID, "作废证照：签发有误。", "Void a certificate: it was issued in error.")
suspend = _command(Action.SUSPEND, "暂扣或暂停证照。", "Suspend a certificate.")
transfer_out = _command(
    Action.TRANSFER_OUT,
    "办理转出：由其他机关管理。",
    "Transfer a certificate to another authority.",
)
restore = _command(Action.RESTORE, "恢复被暂扣或暂停的证照。", "Restore a suspended certificate.")
