"""The object store: reachable, fit, and of the same time as we are."""

from collections.abc import Iterator
from typing import Final

from api.doctor import instruments
from api.doctor.database import clock_finding
from api.doctor.model import Check, Finding, Subject, ok


def _store(subject: Subject) -> Iterator[Finding]:
    instruments.probe_objects(subject)
    if subject.settings.objects == "s3":
        yield ok(
            "存储桶可写、可读、可删，版本控制、对象锁定、加密、条件写入和访问控制无误。",
            "The bucket writes, reads and removes; versioning, object lock, encryption, "
            "conditional writes and privacy are right.",
        )
    else:
        yield ok("文件目录可写、可读、可删。", "The folder of objects writes, reads and removes.")


def _clock(subject: Subject) -> Iterator[Finding]:
    said = instruments.store_time(subject)
    if said is not None:
        offset = (said - subject.clock.now()).total_seconds()
        yield clock_finding(offset, ("对象存储", "the object store"))


_ADVICE: Final = (
    "请查看存储服务、网络、证书和剩余空间",
    "see whether the store runs, network, TLS, and free space",
)
CHECKS: Final = (
    Check("objects", ("对象存储", "Object store"), _store, ("user",), _ADVICE),
    Check("objects-clock", ("对象存储时钟", "Object store's clock"), _clock, ("objects",)),
)
