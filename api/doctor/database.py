"""The database: does it answer, is its schema ours, may the service do what it must and no more."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.model import Check, Finding, Subject, failed, ok, warning

_EACH: Final = 19
"""Connections of one process (docs/operations.md)."""
_BESIDE: Final = 10
_OLDEST: Final = 160_000
_SECONDS: Final = 3.0
_MANY_SECONDS: Final = 60.0
_MOST_NAMED: Final = 4
_ADVICE: Final = (
    "请查看数据库是否运行、网络、登录和口令；新库请先运行 certlib init",
    "see whether it runs, network, login and password; for a new node run certlib init",
)


def _answers(subject: Subject) -> Iterator[Finding]:
    server = instruments.database(subject).server
    if server is None:
        yield ok("数据库文件可读。", "The database file can be read.")
        return
    if server.replica:
        yield failed("所连的是只读副本：请连接主库。", "This is a replica: connect to the primary.")
    if server.encoding != "UTF8":
        yield failed(
            "数据库编码不是 UTF8：请以 ENCODING 'UTF8' 重建。",
            "The database is not encoded in UTF8: make it anew with ENCODING 'UTF8'.",
        )
    if not server.durable:
        yield failed(
            "服务器已关闭 fsync 或 full_page_writes：断电会丢失已签发的证照，请打开。",
            "fsync or full_page_writes is off: a power cut would lose issued certificates, turn "
            "them on.",
        )
    if server.version < _OLDEST:
        yield warning(
            "PostgreSQL 版本低于 16，未经测试。",
            "PostgreSQL is older than 16, which is not tested.",
        )
    if not server.replica and server.durable:
        yield ok("数据库应答正常。", "The database answers.")


def _schema(subject: Subject) -> Iterator[Finding]:
    found = instruments.database(subject)
    if found.revision == found.newest:
        yield ok(f"结构为最新（{found.newest}）。", f"The schema is the newest ({found.newest}).")
    elif not found.revision:
        yield failed(
            "数据库中没有表：请运行 certlib init（或 certlib database roles --apply）。",
            "The database has no tables: run certlib init (or certlib database roles --apply).",
        )
    elif found.known:
        yield failed(
            f"结构为 {found.revision}，本版本需要 {found.newest}：请先备份，"
            "再以所有者登录运行 certlib database upgrade。",
            f"The schema is {found.revision}, this release needs {found.newest}: back up, then run "
            "certlib database upgrade with the owner's login.",
        )
    else:
        yield failed(
            f"结构 {found.revision} 属于更新的版本：请使用该版本的程序。",
            f"The schema {found.revision} is of a newer release: use that release.",
        )


def _clock(subject: Subject) -> Iterator[Finding]:
    server = instruments.database(subject).server
    if server is not None:
        yield clock_finding(server.offset, ("数据库", "the database"))


def clock_finding(offset: float, whose: tuple[str, str]) -> Finding:
    """How far a clock is from ours; both are read to the second."""
    zh = f"本机时钟与{whose[0]}相差 {abs(offset):.0f} 秒：请核对两边的时间同步（NTP）。"
    en = f"Our clock is {abs(offset):.0f} seconds away from that of {whose[1]}: see to NTP on both."
    if abs(offset) > _MANY_SECONDS:
        return failed(zh, en)
    if abs(offset) > _SECONDS:
        return warning(zh, en)
    return ok(f"时钟与{whose[0]}一致。", f"Our clock agrees with {whose[1]}.")


def _connections(subject: Subject) -> Iterator[Finding]:
    server = instruments.database(subject).server
    if server is None:
        return
    places = server.places if server.own_limit < 0 else min(server.places, server.own_limit)
    needed = _EACH * subject.settings.workers + _BESIDE
    if places < needed:
        yield warning(
            f"允许的连接数 {places} 少于所需的 {needed}：请提高 max_connections 或减少进程。",
            f"{places} connections are allowed and {needed} needed: raise max_connections, or "
            "have fewer processes.",
        )
    elif server.places - server.used < _BESIDE:
        yield warning(
            f"空闲连接仅剩 {server.places - server.used} 个：请查明占用者（pg_stat_activity）。",
            f"{server.places - server.used} connections are free: see who holds the others "
            "(pg_stat_activity).",
        )
    else:
        yield ok(
            f"空闲连接 {server.places - server.used} 个。",
            f"{server.places - server.used} connections are free.",
        )


def _rights(subject: Subject) -> Iterator[Finding]:
    if subject.settings.embedded:
        return
    found = instruments.rights(subject)
    again = ("certlib database roles --apply", "then make the login a member of its role only")
    if found.powers:
        listed = ", ".join(found.powers)
        yield failed(
            f"服务的登录权限过大（{listed}）：它可以改写历史。请改用 certlib_application 的成员。",
            f"The service's login has too much power ({listed}) and could rewrite history: use a "
            "login that is only a member of certlib_application.",
        )
    elif found.excess:
        yield failed(
            f"服务的登录有多余权限（{_some(found.excess)}）：请运行 {again[0]} 并核对角色成员。",
            f"The service's login may do too much ({_some(found.excess)}): run {again[0]}, "
            f"{again[1]}.",
        )
    if found.missing:
        yield failed(
            f"服务的登录缺少权限（{_some(found.missing)}）：请运行 {again[0]}。",
            f"The service's login lacks rights ({_some(found.missing)}): run {again[0]}, "
            f"{again[1]}.",
        )
    if not (found.powers or found.excess or found.missing):
        yield ok("服务的登录只有最小权限。", "The service's login has the least rights.")


def _public(subject: Subject) -> Iterator[Finding]:
    if subject.settings.embedded or not subject.settings.status_url:
        return
    seen = instruments.public_sight(subject)
    if seen.excess:
        yield failed(
            f"公开查询的登录看得到不该看的列（{_some(seen.excess)}）："
            "请改用 certlib_status 的成员。",
            f"The public look-up's login can read what it need not ({_some(seen.excess)}): use a "
            "login that is only a member of certlib_status.",
        )
    if seen.missing:
        yield failed(
            f"公开查询的登录看不到所需的列（{_some(seen.missing)}），查询会失败："
            "请运行 certlib database roles --apply。",
            f"The public look-up's login cannot read what it needs ({_some(seen.missing)}): every "
            "look-up fails; run certlib database roles --apply.",
        )
    if not (seen.excess or seen.missing):
        yield ok("公开查询的登录只见所需的列。", "The public look-up's login sees what it must.")


def _key(subject: Subject) -> Iterator[Finding]:
    instruments.check_key(subject)
    yield ok("密钥加密密钥与数据库相符。", "The key-encryption key belongs to this database.")


def _some(names: tuple[str, ...]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" +{rest}" if rest > 0 else "")


CHECKS: Final = (
    Check("database", ("数据库", "Database"), _answers, ("user",), _ADVICE),
    Check("schema", ("数据库结构", "Schema"), _schema, ("database",)),
    Check("database-clock", ("数据库时钟", "Database clock"), _clock, ("database",)),
    Check("connections", ("数据库连接", "Connections"), _connections, ("database",)),
    Check("rights", ("数据库权限", "Rights"), _rights, ("database", "schema")),
    Check("public-rights", ("公开查询权限", "Public rights"), _public, ("database", "schema")),
    Check("key", ("密钥加密密钥", "Key-encryption key"), _key, ("secrets", "schema")),
)
