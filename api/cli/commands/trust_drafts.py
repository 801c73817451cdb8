"""`certlib trust add | end | sign`: from an authority's certificate to a signed list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from api.cli import options
from api.cli.bilingual import Command, Language
from api.cli.failures import DONE, UsageProblem
from api.cli.screen import Screen
from api.cli.trust_entries import (
    Moment,
    Wanted,
    added,
    certificate_in,
    ended,
    made,
    narrowed,
    strange_codes,
)
from api.cli.trust_screen import signer_json
from certlib.trust import TrustList, Use

_DRAFT: Final = Path("trust-draft.json")
_LIST: Final = Path("trust-list.json")
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


def _draft(function: Any) -> Any:  # noqa: ANN401 - a decorator
    return options.option(
        "--draft",
        type=click.Path(path_type=Path, dir_okay=False),
        default=_DRAFT,
        show_default=True,
        zh="草稿文件。",
        en="The draft.",
    )(function)


@click.command(
    "add",
    cls=Command,
    zh="在草稿中加入一个证书机构（根证书或签发机构证书）；--own 加入本节点自己的机构。",
    en="Enter an authority (a root or an issuing one) into a draft; --own enters this node's own.",
)
@click.argument("certificate", required=False, type=_FILE)
@options.option("--own", is_flag=True, zh="加入本节点自己的机构。", en="This node's own authority.")
@options.option("--name", default="", zh="机构名称。", en="Its name in Chinese.")
@options.option("--name-en", default="", zh="机构英文名称。", en="Its name in English.")
@options.option(
    "--use",
    "uses",
    multiple=True,
    type=click.Choice([use.value for use in Use]),
    zh="用途，可重复：seal 签章，report 核验回执和状态快照，timestamp 时间戳。",
    en="What it is for, repeatable.",
)
@options.option(
    "--issuer",
    "issuers",
    multiple=True,
    zh="只限这些单位的签章（信用代码），可重复；缺省为全部。",
    en="Only seals of these bodies (credit codes), repeatable; by default of all.",
)
@options.option(
    "--type",
    "types",
    multiple=True,
    zh="只限这些证照类型（代码），可重复；缺省为全部。",
    en="Only on these types (codes), repeatable; by default on all.",
)
@options.option(
    "--since",
    type=Moment(),
    zh="自此日（UTC+8）或时刻起；缺省为证书生效时。",
    en="From this day (UTC+8) or instant on; by default since the certificate begins.",
)
@options.option(
    "--until",
    type=Moment(last=True),
    zh="至此日（含，UTC+8），或此时刻前；缺省无终止。",
    en="To the end of this day (UTC+8), or before this instant; by default without an end.",
)
@options.option(
    "--helper",
    "helpers",
    multiple=True,
    type=_FILE,
    zh="中间机构证书，可重复。",
    en="Certificate of an authority between it and its seals, repeatable.",
)
@_draft
@options.option(
    "--from",
    "base",
    type=_FILE,
    zh="以此清单为基础新建草稿。",
    en="Begin the draft from this list.",
)
@options.option("--operator", default="", zh="清单的发布单位。", en="Who keeps the list.")
@options.data_dir
@options.as_json
@options.lang
def add(  # noqa: PLR0913 - one parameter for each option
    *,
    certificate: Path | None,
    own: bool,
    helpers: Sequence[Path],
    draft: Path,
    base: Path | None,
    operator: str,
    data_dir: Path,
    as_json: bool,
    lang: Language,
    **given: Any,
) -> int:
    """One entry more; the same authority may have several."""
    from api.cli import trust_lists
    from api.cli.local import own_authority

    screen, wanted = Screen(lang), Wanted(**given)
    before = _begun(draft, base, operator)
    if own == (certificate is not None):
        raise UsageProblem(
            "请给出机构证书文件，或用 --own，二者选一。",
            "Give an authority's certificate, or --own, one of both.",
        )
    if certificate is not None:
        extra = [certificate_in(path) for path in helpers]
        entry = made(certificate_in(certificate), extra, wanted)
    else:
        entry = narrowed(own_authority(data_dir).trusted(), wanted)
    after = added(replace(before, issued_at=trust_lists.now()), entry)
    trust_lists.write_draft(draft, after)
    for code in strange_codes([entry]):
        screen.error(
            f"请核对代码“{code}”：校验位不符。", f"Compare the code {code}: its check digit is odd."
        )
    _tell_draft(screen, draft, after, entry.sha256, machine=as_json)
    return DONE


@click.command(
    "end",
    cls=Command,
    zh="在草稿中终止对一个机构的信任：--until 之前的签章仍可信；--remove 则全部不再可信。",
    en="End an authority in a draft: with --until what it did before stays good; "
    "with --remove nothing of it does.",
)
@click.argument("fingerprint")
@options.option(
    "--until",
    type=Moment(last=True),
    zh="最后一日（含，UTC+8），或此时刻前。",
    en="Its last day (UTC+8), or before this instant.",
)
@options.option("--remove", is_flag=True, zh="整个删去。", en="Take it out altogether.")
@_draft
@options.option(
    "--from",
    "base",
    type=_FILE,
    zh="以此清单为基础新建草稿。",
    en="Begin the draft from this list.",
)
@options.as_json
@options.lang
def end(  # noqa: PLR0913 - one parameter for each option
    *,
    fingerprint: str,
    until: datetime | None,
    remove: bool,
    draft: Path,
    base: Path | None,
    as_json: bool,
    lang: Language,
) -> int:
    """Cuts every entry of the authority, or takes it out."""
    from api.cli import trust_lists

    if remove == (until is not None):
        raise UsageProblem(
            "请用 --until 或 --remove，二者选一。", "Say --until or --remove, one of both."
        )
    before = _begun(draft, base, "")
    after = ended(replace(before, issued_at=trust_lists.now()), fingerprint, until)
    trust_lists.write_draft(draft, after)
    _tell_draft(Screen(lang), draft, after, fingerprint, machine=as_json)
    return DONE


@click.command(
    "sign",
    cls=Command,
    zh="用本节点的信任清单密钥签署草稿；版本号自动递增。",
    en="Sign a draft with this node's key for lists; the version counts on by itself.",
)
@click.argument("draft", type=_FILE)
@options.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=_LIST,
    show_default=True,
    zh="写到哪里。",
    en="Where it goes.",
)
@options.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=90,
    show_default=True,
    zh="最迟多少天后发布下一版。",
    en="The next one is promised within so many days.",
)
@options.option("--number", type=click.IntRange(1, 2**53 - 1), zh="指定版本号。", en="Its version.")
@options.data_dir
@options.as_json
@options.lang
def sign(  # noqa: PLR0913 - one parameter for each option
    *,
    draft: Path,
    out: Path,
    days: int,
    number: int | None,
    data_dir: Path,
    as_json: bool,
    lang: Language,
) -> int:
    """Says by which fingerprint others name the signer."""
    from api.cli import trust_lists

    screen = Screen(lang)
    found = trust_lists.read_draft(draft)
    assert found is not None  # noqa: S101 - click has seen it there
    before = trust_lists.read_file(out).found.version if out.exists() else 0
    version = number or max(found.version, before + 1)
    if version <= before:
        raise UsageProblem(
            f"{out.name} 已是版本 {before}，新版本号须更大。",
            f"{out.name} is version {before} already: the next must have a higher number.",
        )
    now = trust_lists.now()
    listed = replace(found, version=version, issued_at=now, next_update=now + timedelta(days=days))
    signed = trust_lists.sign(data_dir, listed, out)
    if as_json:
        screen.json({"file": str(out), "version": version, **signer_json(signed)})
        return DONE
    screen.say(
        f"已签署版本 {version}：{out}。请把签名者指纹另行（电话、公文）告知使用单位，"
        "由其填入 CERTLIB_TRUST_SIGNER 或 --signer：",
        f"Signed version {version}: {out}. Tell those who will use it the signer's fingerprint by "
        "another way (telephone, letter), for CERTLIB_TRUST_SIGNER or --signer:",
    )
    screen.say(signed.signer.key_sha256, signed.signer.key_sha256, "bold")
    screen.say(
        f"清单内容 SHA-256（采用它的节点记入审计历史）：{signed.digest}",
        f"SHA-256 of what was signed (a node that believes it records it): {signed.digest}",
    )
    return DONE


def _begun(draft: Path, base: Path | None, operator: str) -> TrustList:
    """The draft, or a new one, from a list that is there or from nothing."""
    from api.cli import trust_lists

    found = trust_lists.read_draft(draft)
    if found is not None and base is not None:
        raise UsageProblem(
            f"已有草稿 {draft.name}：请去掉 --from，或先移走草稿。",
            f"There is a draft {draft.name} already: leave --from out, or move the draft away.",
        )
    if found is None and base is not None:
        listed = trust_lists.read_file(base).found
        found = replace(listed, version=listed.version + 1, next_update=None)
    if found is None:
        if not operator:
            raise UsageProblem(
                "新建草稿请用 --operator 写明发布单位，或用 --from 以现有清单为基础。",
                "A new draft needs --operator, who keeps the list, or --from an earlier list.",
            )
        found = TrustList(1, trust_lists.now(), None, operator, ())
    return replace(found, operator=operator or found.operator)


def _tell_draft(
    screen: Screen, path: Path, found: TrustList, fingerprint: str, *, machine: bool
) -> None:
    number = len(found.authorities)
    if machine:
        screen.json({"draft": str(path), "authority": fingerprint, "entries": number})
        return
    screen.say(
        f"草稿 {path} 现有 {number} 个条目，用 certlib trust sign {path} 签署。",
        f"Entries in the draft {path} now: {number}; certlib trust sign {path} signs it.",
    )
