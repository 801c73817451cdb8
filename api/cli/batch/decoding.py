"""Text files from offices: UTF-8 with or without a mark, UTF-16 with one, GB18030 when certain."""

import codecs
from collections.abc import Callable

from api.cli.failures import UsageProblem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, makes_sense: Callable[[str], bool]) -> str:
    """The text of a file.

    Nearly every sequence of bytes is some GB18030 text, so that one is believed only when
    `makes_sense` finds in the text what must be there, such as the titles of known columns.

    Raises:
        UsageProblem: the encoding cannot be told for certain.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strict(content, encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        text = _strict(content, "gb18030")
        if makes_sense(text):
            return text
        raise _unclear() from None


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unclear() from error


def _unclear() -> UsageProblem:
    return UsageProblem(
        "无法确定文件的文字编码，请另存为 UTF-8。",
        "The encoding of the file cannot be told for certain: save it as UTF-8.",
    )
