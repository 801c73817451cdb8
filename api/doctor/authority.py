"""Keys, seals, revocation lists and timestamps: what can sign today, and for how long."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok, warning

if TYPE_CHECKING:
    from keys.trust_store import TrustStanding

_SOON: Final = timedelta(days=90)
_SHORT: Final = timedelta(days=2)
_MOST_NAMED: Final = 3
_RESPONDER: Final = "ocsp"


def _keys(subject: Subject) -> Iterator[Finding]:
    found = instruments.authority(subject)
    for name, error in found.unusable[:_MOST_NAMED]:
        yield failed(
            f"密钥 {name} 无法使用：{error.zh_text}请从备份恢复 DATA_DIR/keys。",
            f"The key {name} cannot be used: {error.en_text} Restore DATA_DIR/keys from its "
            "backup.",
        )
    if not found.unusable:
        number = sum(item.state == "current" for item in found.keys)
        yield ok(
            f"在用密钥 {number} 个，均可使用。", f"{number} keys are in use, all of them work."
        )


def _certificates(subject: Subject) -> Iterator[Finding]:
    """The last day of every certificate in use; a department without a valid seal cannot issue."""
    now, keys = subject.clock.now(), instruments.authority(subject).keys
    sealed = {item.issuer_code for item in keys if item.state == "current"}
    expired = [
        item.name
        for item in keys
        if item.state == "expired"
        and item.purpose != _RESPONDER
        and (not item.issuer_code or item.issuer_code not in sealed)
    ]
    ending = [
        f"{item.name} ({item.not_after:%Y-%m-%d})"
        for item in sorted(keys, key=lambda item: item.not_after)
        if item.state == "current" and item.not_after - now < _SOON and item.purpose != _RESPONDER
    ]
    if expired:
        yield failed(
            f"证书已过期：{_some(expired)}。相应单位不能签发，请更换（docs/operations.md）。",
            f"Certificates have expired: {_some(expired)}. Those cannot seal: renew them "
            "(docs/operations.md).",
        )
    if ending:
        yield warning(
            f"证书将在 90 天内到期：{_some(ending)}。请安排更换。",
            f"Certificates end within 90 days: {_some(ending)}. Arrange their renewal.",
        )
    if not expired and not ending:
        yield ok("签章和机构证书均在有效期内。", "Seal and authority certificates are valid.")


def _crls(subject: Subject) -> Iterator[Finding]:
    now = subject.clock.now()
    overdue = [item.name for item in instruments.authority(subject).crls if item.next_update <= now]
    if overdue:
        yield subject.late(
            f"吊销列表已过期（{_some(overdue)}）：服务启动后会自动更新；"
            "若服务在运行，请查日志中的 crls。",
            f"Revocation lists are overdue ({_some(overdue)}): a start makes new ones; if the "
            "service runs, look for “crls” in its log.",
        )
    else:
        yield ok("吊销列表未过期。", "The revocation lists are fresh.")


def _responders(subject: Subject) -> Iterator[Finding]:
    """They live for days: a running service renews them well before their end."""
    now, keys = subject.clock.now(), instruments.authority(subject).keys
    ended = [
        item.name for item in keys if item.purpose == _RESPONDER and item.not_after - now < _SHORT
    ]
    if ended:
        yield subject.late(
            f"OCSP 应答证书即将或已经到期（{_some(ended)}）：服务启动后会自动更换；"
            "若服务在运行，请查日志中的 crls。",
            f"Certificates of the OCSP responder end or have ended ({_some(ended)}): a start makes "
            "new ones; if the service runs, look for “crls” in its log.",
        )
    else:
        yield ok("OCSP 应答证书有效。", "The OCSP responder can answer.")


def _timestamps(subject: Subject) -> Iterator[Finding]:
    instruments.own_timestamp(subject)
    yield ok("时间戳机构可签发。", "The timestamp authority issues.")


def _remote(subject: Subject) -> Iterator[Finding]:
    if subject.settings.history_tsa_url:
        instruments.remote_timestamp(subject)
        yield ok(
            "历史封签所用的外部时间戳可用，时钟一致。",
            "The authority that stamps the history answers, and its clock agrees with ours.",
        )


def _sources(subject: Subject) -> Iterator[Finding]:
    """Authorities elsewhere that stamp seals; one is enough, and the file may name our own, too."""
    asked = instruments.timestamp_sources(subject)
    for one in asked:
        if one.error is not None:
            what = one.error.values.get("what", one.error.code)
            yield warning(
                f"外部时间戳机构 {one.name} 不可用（{what}）：请查看网络、信任清单和其证书。",
                f"The timestamp authority {one.name} does not stamp ({what}): see the network, the "
                "trust list and its certificate.",
            )
    if asked and all(one.error is None for one in asked):
        yield ok(
            f"{len(asked)} 个外部时间戳机构均可用。",
            f"All {len(asked)} timestamp authorities elsewhere stamp.",
        )


def _trust(subject: Subject) -> Iterator[Finding]:
    """The signed list of other authorities, and their revocation lists."""
    found, now = instruments.trust(subject), subject.clock.now()
    if found.problem is not None:
        yield failed(
            f"信任清单文件未被采用，现行版本 {found.version}：{found.problem.zh_text}"
            "请用 certlib trust check 核对，并向发布单位索取。",
            f"The trust list that lies there is not in force, version {found.version} is: "
            f"{found.problem.en_text} See certlib trust check, and ask its operator.",
        )
    if found.late(now):
        yield warning(
            f"信任清单（版本 {found.version}）已过应更新时间，请向发布单位索取新版。",
            f"A newer trust list than version {found.version} is overdue: ask its operator.",
        )
    yield from _others_crls(found, now)
    yield from _silent_sources(subject)
    missing = found.uncovered(instruments.authority(subject).root)
    if missing:
        yield warning(
            f"没有“{_some(missing)}”的吊销列表，其签章无法判定，请放入 DATA_DIR/trust/crls。",
            "There is no revocation list of some authorities in the trust list "
            f"({len(missing)}), so nobody can judge their seals: bring theirs to "
            "DATA_DIR/trust/crls.",
        )
    if found.configured and found.problem is None and not found.late(now):
        yield ok(
            f"信任清单版本 {found.version} 有效。",
            f"Trust list version {found.version} is in force.",
        )


def _others_crls(found: "TrustStanding", now: datetime) -> Iterator[Finding]:
    if found.crls.bad:
        yield failed(
            f"DATA_DIR/trust/crls 中有不是吊销列表的文件：{_some(found.crls.bad)}，请更换。",
            f"In DATA_DIR/trust/crls lie files that are no revocation lists: "
            f"{_some(found.crls.bad)}. Replace them.",
        )
    if found.ocsps.bad:
        yield failed(
            f"DATA_DIR/trust/ocsps 中有不是 OCSP 应答的文件：{_some(found.ocsps.bad)}，请删除。",
            f"In DATA_DIR/trust/ocsps lie files that are no OCSP answers: "
            f"{_some(found.ocsps.bad)}. Remove them.",
        )
    if found.overdue(now):
        yield warning(
            f"其他机构的吊销列表有 {found.overdue(now)} 份已过期，请更新 DATA_DIR/trust/crls。",
            f"{found.overdue(now)} revocation lists of others are overdue: bring new ones to "
            "DATA_DIR/trust/crls.",
        )


def _silent_sources(subject: Subject) -> Iterator[Finding]:
    """Sources of the settings from which nothing is here: the worker has not reached them."""
    lists, responders = instruments.silent_sources(subject)
    if lists:
        named = _some([str(place) for place in lists])
        yield warning(
            f"CERTLIB_CRL_SOURCES 第 {named} 个地址没有取得有效的吊销列表，"
            "请查日志 revocation list not fetched。",
            f"From address {named} of CERTLIB_CRL_SOURCES no list that holds is here: look for "
            "“revocation list not fetched” in the log.",
        )
    if responders:
        named = _some([str(place) for place in responders])
        yield warning(
            f"CERTLIB_OCSP_SOURCES 第 {named} 个地址没有取得有效的应答，"
            "请查日志 OCSP answer not fetched，并核对证书所写的应答地址。",
            f"From address {named} of CERTLIB_OCSP_SOURCES no answer that holds is here: look for "
            "“OCSP answer not fetched” in the log, and at the address that certificates name.",
        )


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" +{rest}" if rest > 0 else "")


def _token(subject: Subject) -> Iterator[Finding]:
    """The hardware token answers, takes the PIN, and can sign as seals need it."""
    settings = subject.settings
    if settings.pkcs11_module is None:
        return
    found = instruments.token(subject)
    if not any(name.startswith("ECDSA") for name in found):
        yield failed(
            f"密码机“{settings.pkcs11_token}”不支持 ECDSA 签名，不能用于签章。",
            f"The token {settings.pkcs11_token} does not sign with ECDSA: no seals by it.",
        )
    else:
        yield ok(
            f"密码机“{settings.pkcs11_token}”可用（{_some(found)}）。",
            f"The token {settings.pkcs11_token} answers and signs ({_some(found)}).",
        )


_TOKEN_ADVICE: Final = (
    "请核对 CERTLIB_PKCS11_MODULE、CERTLIB_PKCS11_TOKEN 和 PIN（连续输错会锁定密码机）后再试",
    "look at CERTLIB_PKCS11_MODULE, CERTLIB_PKCS11_TOKEN and the PIN: a few wrong ones lock it",
)
_ADVICE: Final = (
    "请从备份恢复 DATA_DIR/keys；新库请先运行 certlib init",
    "restore DATA_DIR/keys from its backup; for a new node run certlib init",
)
CHECKS: Final = (
    Check("token", ("密码机", "Token"), _token, (), _TOKEN_ADVICE),
    Check("keys", ("密钥", "Keys"), _keys, ("user", "secrets", "signers"), _ADVICE),
    Check("certificates", ("证书有效期", "Certificates"), _certificates, ("keys",)),
    Check("crls", ("吊销列表", "Revocation lists"), _crls, ("keys",)),
    Check("ocsp", ("证书状态应答", "OCSP responder"), _responders, ("keys",)),
    Check("trust", ("信任清单", "Trust list"), _trust, ("keys",)),
    Check("timestamps", ("时间戳", "Timestamps"), _timestamps, ("keys",)),
    Check("timestamp-sources", ("外部时间戳机构", "Timestamp authorities elsewhere"), _sources),
    Check("history-timestamps", ("外部时间戳", "Remote timestamps"), _remote),
)
