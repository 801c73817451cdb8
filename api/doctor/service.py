"""A running service, asked as its clients ask it."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from api.doctor.database import clock_finding
from api.doctor.model import Check, Finding, State, Subject, failed, ok

_SECONDS: Final = 10.0


def _service(subject: Subject) -> Iterator[Finding]:
    if not subject.url:
        return
    try:
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            answer = client.get(f"{subject.url}/readyz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        yield failed(
            f"服务未应答（{kind}）：请查看进程、端口、证书和反向代理。",
            f"The service does not answer ({kind}): see process, port, TLS and reverse proxy.",
        )
        return
    faults = _faults(answer)
    if faults is None:
        yield failed(
            f"该地址应答的不是本服务（HTTP {answer.status_code}）：请核对地址和反向代理。",
            f"Something else answers there (HTTP {answer.status_code}): check the address and the "
            "reverse proxy.",
        )
    elif faults:
        yield failed(
            f"服务在运行，但部件不可用：{faults}。",
            f"The service runs, and parts do not: {faults}.",
        )
    else:
        yield ok("服务在运行，各部件可用。", "The service runs, all its parts work.")
    yield from _clock(subject, answer)


def _faults(answer: httpx.Response) -> str | None:
    """What `/readyz` says does not work; None when it is none of ours."""
    try:
        parts = answer.json()["parts"]
        return ", ".join(f"{part['name']} ({part['fault']})" for part in parts if part["fault"])
    except (ValueError, KeyError, TypeError):
        return None


def _clock(subject: Subject, answer: httpx.Response) -> Iterator[Finding]:
    """Another machine may serve; said only when its clock is off."""
    try:
        said = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    offset = (said - subject.clock.now()).total_seconds()
    found = clock_finding(offset, ("该服务", "that service"))
    if found.state is not State.OK:
        yield found


CHECKS: Final = (Check("service", ("运行中的服务", "Running service"), _service),)
