"""`certlib keys request` and `certlib keys import`: seals that an outside authority certifies."""

from pathlib import Path

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen

_ALGORITHMS = ("ecdsa-p256-sha256", "rsa-3072-sha256")


@click.command(
    "request",
    cls=Command,
    zh="为单位的下一枚印章生成密钥和证书申请（PKCS#10），交外部机构签发。",
    en="Make a key and a PKCS#10 request for a department's next seal, for an outside authority.",
)
@click.argument("code")
@options.option(
    "--algorithm",
    type=click.Choice(_ALGORITHMS),
    default=_ALGORITHMS[0],
    show_default=True,
    zh="密钥算法。",
    en="Algorithm of the key.",
)
@options.option(
    "--out",
    type=click.Path(path_type=Path),
    zh="写入此文件；默认输出 PEM。",
    en="Write it to this file; by default PEM on the output.",
)
@options.data_dir
@options.as_json
@options.lang
def request(
    *, code: str, algorithm: str, out: Path | None, data_dir: Path, as_json: bool, lang: Language
) -> int:
    """The same request again while it has no answer."""
    from api.cli.key_life import request_seal

    screen = Screen(lang)
    made = request_seal(data_dir, code, algorithm)
    if out is not None:
        _write(out, made.pem)
    if as_json:
        screen.json({"key": made.key, "issuer_code": code, "request": made.pem.decode()})
    elif out is None:
        click.echo(made.pem, nl=False)
    else:
        screen.say(
            f"已生成密钥 {made.key}，申请在 {out}；签发后运行 certlib keys import。",
            f"Made key {made.key}, its request is {out}: then certlib keys import the answer.",
        )
    return DONE


@click.command(
    "import",
    cls=Command,
    zh="导入外部机构签发的证书（PEM、DER 或 PKCS#7），核对后作为单位的下一枚印章。",
    en="Take an outside authority's answer (PEM, DER, PKCS#7): checked, it is the next seal.",
)
@click.argument("file", type=click.Path(path_type=Path))
@options.data_dir
@options.as_json
@options.lang
def import_(*, file: Path, data_dir: Path, as_json: bool, lang: Language) -> int:
    """Importing twice is once."""
    from api.cli.key_life import import_answer

    screen = Screen(lang)
    info = import_answer(data_dir, file)
    if as_json:
        screen.json(
            {
                "issuer_code": info.issuer_code,
                "seal_name": info.seal_name,
                "fingerprint": info.fingerprint,
                "not_before": info.not_before.isoformat(),
                "not_after": info.not_after.isoformat(),
            }
        )
    else:
        screen.say(
            f"已导入“{info.seal_name}”，有效至 {info.not_after:%Y-%m-%d}，自其生效起用于签章。",
            f"Imported {info.seal_name}, good until {info.not_after:%Y-%m-%d}: it seals from its"
            " first day on.",
        )
    return DONE


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageProblem(
            f"无法写入 {path}（{error.strerror}）。", f"Cannot write {path} ({error.strerror})."
        ) from None
