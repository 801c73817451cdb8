"""Settings: what the whole node is told, before anything is opened."""

from collections.abc import Iterator
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import parse_qs, urlsplit

from api.doctor.model import Check, Finding, Subject, failed, ok, warning
from api.settings import SECRETS, known_variables

_ALIKE: Final = 0.8
_LOCAL_NAMES: Final = frozenset({"localhost", ""})
_VERIFYING: Final = frozenset({"verify-full", "verify-ca"})


def _variables(subject: Subject) -> Iterator[Finding]:
    """A name that nobody reads is a setting that somebody believes to be set."""
    for name in subject.strangers:
        near = get_close_matches(name, known_variables(), 1, _ALIKE)
        zh = f"，是否应为 {near[0]}？" if near else "。"
        en = f": {near[0]} is meant?" if near else "."
        yield warning(f"不认识的环境变量 {name}，未起作用{zh}", f"{name} is no setting{en}")


def _addresses(subject: Subject) -> Iterator[Finding]:
    settings = subject.settings
    if settings.demo:
        yield warning(
            "演示模式：印章标注“演示 · 不具法律效力”。正式运行请取消 CERTLIB_DEMO。",
            "Demo mode: seals say so and count for nothing. Unset CERTLIB_DEMO for real work.",
        )
        return
    address = urlsplit(settings.public_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        yield failed(
            "CERTLIB_PUBLIC_URL 不是网址，应如 https://zz.example.gov.cn。",
            "CERTLIB_PUBLIC_URL is no address: it must be like https://zz.example.gov.cn.",
        )
    elif address.scheme != "https" or _is_local(address.hostname):
        yield warning(
            "CERTLIB_PUBLIC_URL 写入每个二维码，沿用数十年，应为公众可访问的 https 地址。",
            "CERTLIB_PUBLIC_URL goes into every QR code for decades: it should be a public https "
            "address.",
        )


def _connections(subject: Subject) -> Iterator[Finding]:
    """What crosses a network must be encrypted, and the other end known."""
    settings = subject.settings
    for name in ("database_url", "status_url"):
        url = urlsplit(getattr(settings, name))
        mode = parse_qs(url.query).get("sslmode", [""])[-1]
        if url.hostname and not _is_local(url.hostname) and mode not in _VERIFYING:
            yield warning(
                f"CERTLIB_{name.upper()} 未核验服务器：请加 sslmode=verify-full 和 sslrootcert。",
                f"CERTLIB_{name.upper()} does not verify the server: add sslmode=verify-full and "
                "sslrootcert.",
            )
    endpoint = urlsplit(settings.s3_endpoint)
    if (
        settings.objects == "s3"
        and endpoint.scheme != "https"
        and not _is_local(endpoint.hostname or "")
    ):
        yield warning(
            "CERTLIB_S3_ENDPOINT 未加密：请改用 https，并以 CERTLIB_S3_CA_FILE 指定其机构。",
            "CERTLIB_S3_ENDPOINT is not encrypted: use https, with CERTLIB_S3_CA_FILE.",
        )
    proxies = [ip_network(item.strip()) for item in settings.trusted_proxies.split(",") if item]
    if any(item.prefixlen == 0 for item in proxies):
        yield warning(
            "CERTLIB_TRUSTED_PROXIES 信任任何地址：来访者可自报地址，绕过限速。",
            "CERTLIB_TRUSTED_PROXIES trusts everybody: callers can name any address and so pass "
            "the rate limits.",
        )


def _by_file(subject: Subject) -> Iterator[Finding]:
    """The environment of a process is seen by more people than a file of mode 0400."""
    settings = subject.settings
    for name in SECRETS:
        value, path = getattr(settings, name), getattr(settings, f"{name}_file")
        secret = value and path is None and ("@" in value or not name.endswith("_url"))
        if secret:
            setting = f"CERTLIB_{name.upper()}"
            yield warning(
                f"{setting} 直接写在环境变量中：请写入权限为 0400 的文件，改用 {setting}_FILE。",
                f"{setting} stands in the environment: put it into a file of mode 0400 and set "
                f"{setting}_FILE.",
            )


def _settings(subject: Subject) -> Iterator[Finding]:
    found = [
        *_variables(subject),
        *_addresses(subject),
        *_connections(subject),
        *_by_file(subject),
    ]
    yield from found
    if not found:
        yield ok("设置可读，未见问题。", "The settings can be read and are sane.")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES or host.startswith("/")


CHECKS: Final = (Check("settings", ("设置", "Settings"), _settings),)
