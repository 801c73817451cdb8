"""Verdicts on identifiers, asked of a server. A server that does not answer is no verdict."""

from pathlib import Path
from threading import Lock
from typing import Any

from api.cli.accounts import Credentials
from api.cli.failures import CommandFailure, ServerBusy, ServerUnreachable
from api.cli.remote import Answer, Server, open_server
from api.cli.reports import report_json
from api.clock import SystemClock
from certlib import ids
from certlib.usecases.verify import Question
from certlib.verification import Facts, judge

_PATH = "/v1/verifications"


class RemoteVerifier:
    """Asks the server that the options or `demo.json` name; connects when first asked."""

    def __init__(self, credentials: Credentials, data_dir: Path) -> None:
        self._credentials = credentials
        self._data_dir = data_dir
        self._server: Server | None = None
        self._opening = Lock()

    def close(self) -> None:
        """Closes the connection, if there is one."""
        if self._server is not None:
            self._server.close()

    def by_identifier(self, text: str, question: Question) -> dict[str, Any]:
        """`verdict`, `code`, `findings`, `sentence`, `next_step` for an identifier.

        Raises:
            UsageProblem: no credentials.
            ServerRefused: the server refuses the question.
        """
        parsed = ids.parse(text)
        if not parsed.grade.usable:
            # Mistyped is mistyped, whatever a server would say.
            part = parsed.problems[0].field if parsed.problems else ""
            return _judged(Facts(malformed_part=part), question)
        body: dict[str, Any] = {"identifier": text, "policy": question.policy.name}
        if question.on is not None:
            body["on"] = question.on.isoformat()
        try:
            answer = self._opened().post(_PATH, body)
            if not answer.good:
                raise answer.refusal()
        except (ServerUnreachable, ServerBusy):
            return _judged(Facts(unavailable="server"), question)
        return _shaped(answer)

    def _opened(self) -> Server:
        with self._opening:
            if self._server is None:
                self._server = open_server(self._credentials, self._data_dir)
            return self._server


def _judged(facts: Facts, question: Question) -> dict[str, Any]:
    report = judge(facts, question.policy, SystemClock().now())
    return report_json(report, of_file=False)


def _shaped(answer: Answer) -> dict[str, Any]:
    """The server's answer under the names that this command promises."""
    try:
        names = ("verdict", "code", "findings", "sentence", "next_step")
        said = {name: answer.body[name] for name in names}
    except (KeyError, TypeError) as error:
        raise CommandFailure(
            "服务器的应答无法识别，请核对服务器版本。",
            "The server's answer is not understood: compare the versions.",
        ) from error
    return {**said, "as_of": answer.body.get("as_of")}
