"""All checks in their order; whatever one of them raises is a finding, never the end."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from api.doctor import (
    authority,
    clock,
    database,
    folders,
    objects,
    pages,
    record,
    service,
    setup,
    signers,
)
from api.doctor.model import Check, Finding, State, Subject, failed, warning
from certlib.errors import CertlibError, Unavailable

__all__ = ["CHECKS", "examine"]

CHECKS: Final[tuple[Check, ...]] = (
    *setup.CHECKS,
    *folders.CHECKS,
    *database.CHECKS,
    *objects.CHECKS,
    *signers.CHECKS,
    *authority.CHECKS,
    *clock.CHECKS,
    *pages.CHECKS,
    *record.CHECKS,
    *service.CHECKS,
)
_TITLES: Final = {check.name: check.title for check in CHECKS}


def examine(
    subject: Subject,
    checks: Iterable[Check] = CHECKS,
    told: Callable[[Check], None] = lambda _check: None,
) -> Iterator[Finding]:
    """Findings as they come; never raises.

    Args:
        subject: the node.
        checks: what to look at.
        told: is called before each check, for whoever waits.
    """
    broken: dict[str, str] = {}
    for check in checks:
        missing = [broken[name] for name in check.needs if name in broken]
        if missing:
            broken[check.name] = missing[0]
            yield replace(_not_looked(missing[0]), check=check.name)
            continue
        told(check)
        for finding in _looked(check, subject):
            if finding.state is State.FAILED:
                broken[check.name] = check.name
            yield replace(finding, check=check.name)


def _looked(check: Check, subject: Subject) -> list[Finding]:
    found: list[Finding] = []
    try:
        # One by one: what was found before a fault is told all the same.
        found.extend(check.look(subject))
    except Unavailable as error:
        what = error.values.get("what", error.code)
        (zh, en), (do_zh, do_en) = check.title, check.advice
        found.append(
            failed(f"{zh}不可用（{what}）：{do_zh}。", f"{en}: no answer ({what}): {do_en}.")
        )
    except CertlibError as error:
        found.append(failed(error.zh_text, error.en_text))
    except Exception as error:  # noqa: BLE001 - the doctor never falls ill itself
        name = type(error).__name__
        found.append(
            failed(
                f"检查时出现意外错误（{name}），请查看服务日志并报告。",
                f"The check met an unforeseen error ({name}): see the service's log, report it.",
            )
        )
    return found


def _not_looked(missing: str) -> Finding:
    zh, en = _TITLES.get(missing, (missing, missing))
    return warning(f"未检查：请先处理“{zh}”。", f"Not looked at: see to “{en}” first.")
