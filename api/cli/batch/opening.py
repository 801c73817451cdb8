"""Which kind of file it is, by its content rather than by its name."""

from pathlib import Path

from api.cli.batch import jsonl, tables
from api.cli.batch.columns import Defaults, FieldsOf
from api.cli.batch.rows import Source
from api.cli.failures import UsageProblem

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = bytes.fromhex("D0CF11E0A1B11AE1")
_UTF8_MARK = b"\xef\xbb\xbf"


def open_source(path: Path, fields_of: FieldsOf, defaults: Defaults) -> Source:
    """The rows of a JSONL, CSV or XLSX file.

    Raises:
        UsageProblem: it cannot be read, or is of another kind.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
        if head.startswith(_ZIP):
            return tables.xlsx_source(path, fields_of, defaults)
        if head.startswith(_OLD_EXCEL):
            raise UsageProblem(
                "不支持旧版 XLS，请另存为 XLSX。", "Old XLS files are not read: save as XLSX."
            )
        if head.removeprefix(_UTF8_MARK).lstrip()[:1] == b"{":
            return jsonl.source(path)
        if not head.strip():
            raise UsageProblem("文件是空的。", "The file is empty.")
        return tables.csv_source(path, fields_of, defaults)
    except OSError as error:
        raise UsageProblem(f"无法读取文件 {path}。", f"{path} cannot be read.") from error
