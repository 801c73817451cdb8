"""`certlib verify --report`: the receipt of an answer in a file, sealed where there are keys."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.cli.failures import UsageProblem
from api.cli.screen import Screen
from api.cli.targets import Target
from api.clock import SystemEntropy
from certlib.canonical import canonical_bytes
from certlib.usecases.report import Origin, number_of, receipt_of
from certlib.usecases.verify import Answer, Question

if TYPE_CHECKING:
    from api.cli.local import Desk

__all__ = ["need_one_file", "show_receipt", "write"]

_ENDINGS: Final = (".pdf", ".json")
_NUMBER_OCTETS: Final = 8


def need_one_file(targets: Sequence[Target], out: Path) -> None:
    """A receipt is of one answer, and its form is told by its name.

    Raises:
        UsageProblem: something else was named.
    """
    if len(targets) != 1 or targets[0].path is None:
        raise UsageProblem(
            "--report 只用于一个文件；标识的核验回执请向服务器索取（Accept: application/pdf）。",
            "--report takes one file; ask a server for the receipt of an identifier "
            "(Accept: application/pdf).",
        )
    if os.path.lexists(out):
        # It may be the file in question, or an earlier receipt: neither is to be lost.
        raise UsageProblem(
            f"{out.name} 已存在，请换一个文件名。",
            f"{out.name} is there already: name another file.",
        )
    if out.suffix.lower() not in _ENDINGS:
        raise UsageProblem(
            f"回执文件名应以 .pdf 或 .json 结尾：{out.name}。",
            f"The receipt's name ends in .pdf or .json: {out.name}.",
        )


def write(
    desk: "Desk", answer: Answer, question: Question, size: int, out: Path
) -> Mapping[str, Any]:
    """Writes the receipt in one step; what is said of it.

    Raises:
        UsageProblem: a PDF without keys, or the file cannot be written.
        SigningUnavailable: the key does not answer.
    """
    pdf = out.suffix.lower() == ".pdf"
    if desk.reports is not None:
        receipt = desk.reports.receipt(answer, question, size)
        content = desk.reports.pdf(receipt) if pdf else desk.reports.json(receipt)
    elif pdf:
        raise UsageProblem(
            "本机没有签章密钥，只能出具未签章的 .json 报告。",
            "There are no keys on this machine: it can write an unsealed .json report only.",
        )
    else:
        number = number_of(SystemEntropy().octets(_NUMBER_OCTETS), answer.report.as_of)
        receipt = receipt_of(answer, question, Origin(), number, size)
        content = canonical_bytes(receipt.as_json()) + b"\n"
    _put(out, content)
    return {"file": str(out), "number": receipt.number, "signed": receipt.signed}


def show_receipt(screen: Screen, answer: Mapping[str, Any]) -> None:
    """Where the receipt lies, and whether it proves anything."""
    receipt = answer.get("receipt")
    if receipt is None:
        return
    name, number = receipt["file"], receipt["number"]
    if receipt["signed"]:
        screen.say(f"  核验回执 {number}：{name}", f"  Receipt {number}: {name}")
        return
    screen.say(
        f"  核验报告 {number}：{name}（未签章，不能作为凭据）",
        f"  Report {number}: {name} (sealed by nobody: it proves nothing)",
        "yellow",
    )


def _put(out: Path, content: bytes) -> None:
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(out)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UsageProblem(
            f"无法写入 {out.name}（{error.strerror}）。",
            f"{out.name} cannot be written ({error.strerror}).",
        ) from error
