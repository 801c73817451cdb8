"""`certlib preview TYPE`: what certificates of a type look like, without any node."""

import json
from pathlib import Path
from typing import Any

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen
from certlib.catalogue import TypeVersion
from certlib.errors import NotFound

_FORMS = ("original", "duplicate", "annex", "drawing")
_PPI = 110
"""A page of A4 is 910 by 1286 pixels: legible on a screen, some 300 kB."""


@click.command(
    "preview",
    cls=Command,
    zh="预览一种证照：类型定义文件（JSON）或已有类型代码，用字典中的样例排版，无需建库。"
    "定义有误时逐条列出位置和改法。",
    en="Show a type of certificate, from a definition file (JSON) or the code of a shipped type, "
    "with the samples of its dictionary; no node is needed. What is wrong in the definition is "
    "told line by line.",
)
@click.argument("type_", metavar="TYPE_FILE_OR_CODE")
@options.option(
    "--form",
    type=click.Choice(_FORMS),
    default="original",
    zh="形式：正本 original、副本 duplicate、附页 annex、附图 drawing。",
    en="Which form to show.",
)
@options.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("preview.pdf"),
    show_default=True,
    zh="写入的文件：.pdf，或 .png（多页时依次编号）。",
    en="File to write: .pdf, or .png (numbered when there are several pages).",
)
@options.option(
    "--extreme",
    is_flag=True,
    zh="用字典允许的最长内容代替样例。",
    en="The longest values the dictionary allows, in place of the samples.",
)
@options.as_json
@options.lang
def command(
    *, type_: str, form: str, out: Path, extreme: bool, as_json: bool, lang: Language
) -> int:
    """Checks the definition, draws its pages, and says where they lie."""
    screen = Screen(lang)
    if out.suffix not in (".pdf", ".png"):
        raise UsageProblem("--out 应以 .pdf 或 .png 结尾。", "--out must end in .pdf or .png.")
    version = _version(type_)
    if form not in version.forms:
        raise UsageProblem(
            f"该类型没有 {form} 这一形式，只有 {'、'.join(version.forms)}。",
            f"The type has no form {form}, only {', '.join(version.forms)}.",
        )
    written = _written(version, form, out, extreme=extreme)
    if as_json:
        screen.json({"type_code": version.type_code, "files": [str(path) for path in written]})
    else:
        for path in written:
            screen.say(f"已写入 {path}", f"Written: {path}")
    return DONE


def _version(given: str) -> TypeVersion:
    from api.json_schema import JsonSchemaValidator
    from api.shipped import type_files
    from certlib.definitions import new_type_version

    path = Path(given)
    if not path.exists() and path.suffix != ".json":
        for version, _ in type_files():
            if given in (version.type_code, version.name):
                return version
    return new_type_version(_definition(path), JsonSchemaValidator())


def _definition(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8-sig")))
    except FileNotFoundError as error:
        raise UsageProblem(
            f"没有文件或类型代码“{path}”，请核对。", f"There is no file or type {path}: check it."
        ) from error
    except json.JSONDecodeError as error:
        raise UsageProblem(
            f"{path} 第 {error.lineno} 行第 {error.colno} 列不是有效的 JSON。",
            f"{path} is no valid JSON at line {error.lineno}, column {error.colno}.",
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise UsageProblem(
            f"{path} 无法读取，应为 UTF-8 编码的 JSON 对象。",
            f"{path} cannot be read: it must be a JSON object in UTF-8.",
        ) from error


def _written(version: TypeVersion, form: str, out: Path, *, extreme: bool) -> list[Path]:
    from api.preview import preview_images, preview_pdf

    try:
        if out.suffix == ".pdf":
            drawn = [preview_pdf(version, form, extreme=extreme)]
        else:
            drawn = preview_images(version, form, extreme=extreme, ppi=_PPI)
    except NotFound as error:
        raise UsageProblem(
            f"/design：没有版式“{version.design}”，请查阅类型目录中的 README。",
            f"/design: there is no design {version.design}: see the README of the types.",
        ) from error
    pages = dict(zip(_names(out, len(drawn)), drawn, strict=True))
    for path, content in pages.items():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise UsageProblem(
                f"无法写入 {path}，请换一个位置。", f"{path} cannot be written: name another place."
            ) from error
    return list(pages)


def _names(out: Path, count: int) -> list[Path]:
    if count == 1:
        return [out]
    width = len(str(count))
    return [out.with_stem(f"{out.stem}-{number:0{width}}") for number in range(1, count + 1)]
