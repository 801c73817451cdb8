"""What findings and faults say: less than a verdict, in Chinese and English."""

from collections.abc import Mapping

FINDINGS: Mapping[str, tuple[str, str]] = {
    "on-record": (
        "与签发登记中的文件{which}逐字节一致。",
        "Byte for byte the file on record{which_en}.",
    ),
    "on-record-then": (
        "与截至{then}的登记快照中的文件逐字节一致。",
        "Byte for byte a file on record in the snapshot as of {then_en}.",
    ),
    "valid": ("截至{as_of}登记有效。", "On record as valid as of {as_of_en}."),
    "digest-holds": ("签名覆盖的内容未被改动。", "What the signature covers is unchanged."),
    "unchanged": ("签章之后没有任何改动。", "Nothing was changed after sealing."),
    "changes-permitted": ("签章之后只有允许的补充。", "Only permitted additions after sealing."),
    "sealed": ("签章有效：{signer}。", "The seal is good: {signer}."),
    "sealed-on-record": ("签章单位与签发登记一致。", "Sealed by the issuer on record."),
    "authorised": (
        "签章单位在签发之日有权签发此类证照。",
        "The issuer was authorised for this type on the day of issue.",
    ),
    "authority-unknown": (
        "未能查询签章单位的发证权限。",
        "The issuer's authority could not be asked.",
    ),
    "issuer-changed": (
        "发证机关自{date}起已{kind}{name}，原证照和印章继续有效。",
        "From {date} on the issuer {kind_en} {name}; its certificates and seals stay valid.",
    ),
    "matches": ("所填信息与登记一致。", "What was given matches the record."),
    "original": ("这是电子证照原件。", "This is the original file."),
    "purpose-copy": ("这是加注件，用途：{purpose}。", "A purpose copy, made for: {purpose}."),
    "file-unknown": ("不是登记在册的原件文件。", "Not a file on record."),
    "no-signature": ("文件没有电子签名。", "The file carries no signature."),
    "not-checked": ("未检查。", "Not checked."),
    "duty-current": ("{duty}：下次应于{due}前完成。", "{duty_en}: next due by {due}."),
    "duty-conditional": (
        "{duty}：限期整改（{date}），下次应于{due}前完成。",
        "{duty_en}: passed with conditions on {date}, next due by {due}.",
    ),
    "duty-overdue-noted": (
        "{duty}逾期：应于{due}前完成；不影响证照效力。",
        "{duty_en} was due by {due}; that takes nothing from the certificate.",
    ),
    "duty-failed-noted": (
        "{duty}不合格（{date}）；不影响证照效力。",
        "{duty_en} of {date} was not passed; that takes nothing from the certificate.",
    ),
    "holder-merged-noted": (
        "证照记载的持证人{sealed}已并入{name}，证照尚未变更，请向发证机关申请变更。",
        "The certificate names {sealed}, merged into {name}, who has to apply for the change.",
    ),
    "holder-ended-noted": (
        "证照记载的一位持证人已死亡（或已注销、终止），请核对继承、清算或变更情况。",
        "A holder on it has died or was dissolved: look at succession or liquidation.",
    ),
    "recorded-otherwise": (
        "{day}当日登记为“{then}”；{recorded}登记“{action}”（自{date}起），现认定该日为“{now}”。",
        (
            "On {day} the record said {then_en}; by a step recorded on {recorded} ({action_en}, "
            "from {date}) that day now counts as {now_en}."
        ),
    ),
    "recorded-uncorrected": (
        "{day}当日登记的是更正前的版本（{earlier}）；{recorded}更正，现以本版本为准，更正项：{fields}。",
        (
            "On {day} the record held the version before correction ({earlier}); corrected on "
            "{recorded}, this version counts now. Corrected: {fields_en}."
        ),
    ),
}
"""Sentences of findings that say less than a verdict would: (Chinese, English)."""

FAULTS: Mapping[str, tuple[str, str]] = {
    "empty": ("文件是空的", "it is empty"),
    "not-pdf": ("不是PDF文件", "it is no PDF"),
    "truncated": ("文件不完整", "it is truncated"),
    "encrypted": ("文件已加密", "it is encrypted"),
    "malformed": ("文件结构损坏", "its structure is broken"),
    "too-large": ("文件过大或结构过于复杂", "it is too large or too complex"),
    "timeout": ("核验超时", "reading took too long"),
    "memory": ("核验内存超限", "reading took too much memory"),
    "crashed": ("核验进程异常退出", "the reader stopped"),
    "busy": ("核验服务繁忙", "the readers are busy"),
}
"""Faults of `FileFacts.fault` in words."""

PARTS: Mapping[str, tuple[str, str]] = {
    "": ("内容", "its content"),
    "root": ("根", "the root"),
    "type_code": ("证照类型代码", "the type code"),
    "issuer_code": ("颁发机构代码", "the issuer code"),
    "serial": ("顺序号", "the serial"),
    "version": ("版本号", "the version"),
    "check": ("校验位", "the check character"),
}
"""Parts of an identifier in words."""

SERVICES: Mapping[str, tuple[str, str]] = {
    "registry": ("签发登记", "the registry"),
    "server": ("证照库服务", "the server"),
    "issue-list": ("发证清单", "the issue list"),
    "file": ("文件", "the file"),
    "reader": ("文件核验服务", "the reader of files"),
}
"""Dependencies in words, for `cannot-tell`."""

DISTRUST: Mapping[str, tuple[str, str]] = {
    "no-anchors": ("没有可用的信任名单", "there is no trust list at hand"),
    "no-path": ("不是受信任机构签发", "no trusted authority issued it"),
    "path-invalid": ("证书链不成立", "its chain does not hold"),
    "name-constraints": ("证书链不允许该单位名称", "its authority may not certify that name"),
    "too-many-paths": ("证书链过多，未予核验", "it has too many chains to be checked"),
    "too-many-certificates": ("携带的证书过多，未予核验", "it carries too many certificates"),
    "equal-subjects": ("携带多张同名证书，未予核验", "it carries several of one name"),
    "expired": ("签章时证书已过期", "it had expired when used"),
    "not-yet-valid": ("签章时证书尚未生效", "it was not yet valid when used"),
    "revoked": ("证书已被吊销", "it was revoked"),
    "revocation-unknown": ("未能查询证书吊销状态", "its revocation could not be asked"),
    "revocation-stale": ("证书吊销列表已过期", "the revocation list is out of date"),
    "key-usage": ("证书不得用于签章", "it may not be used to seal"),
    "key-purpose": ("证书用途与此不符", "it is for another purpose"),
    "signer-is-authority": ("以机构根证书直接签章", "an authority's own key was used"),
    "certificate-malformed": ("证书格式有误", "it is malformed"),
    "duplicate-extensions": ("证书含有重复的扩展项", "it has an extension twice"),
    "critical-extension": ("证书含有无法识别的关键扩展项", "it has an unknown critical extension"),
    "serial-number": ("证书序列号不合规", "its serial number breaks the rules"),
    "validity-order": ("证书有效期起止颠倒", "its validity ends before it begins"),
    "weak-algorithm": ("证书链所用算法已不安全", "its chain rests on an algorithm no longer safe"),
    "clock-behind": (
        "本机时钟早于信任名单的发布时间，请校准时钟",
        "this machine's clock is behind its own trust list: set it",
    ),
    "authority-unknown": ("签发机构不在信任名单内", "its authority is not on the trust list"),
    "authority-not-for-use": (
        "信任名单不允许该用途",
        "its authority is trusted for something else",
    ),
    "authority-not-yet": ("签章时尚未列入信任名单", "its authority was not yet trusted then"),
    "authority-ended": ("签章时已移出信任名单", "its authority was no longer trusted then"),
    "authority-not-for-issuer": (
        "信任名单不允许该机构为此单位签发",
        "its authority is not trusted for this department",
    ),
    "authority-not-for-type": (
        "信任名单不允许该机构用于此类证照",
        "its authority is not trusted for this type",
    ),
    "timestamp": ("时间戳不可信", "the timestamp is not trusted"),
    "signing-certificate": (
        "签名未载明所用证书",
        "its signed attributes do not say by which certificate it was made",
    ),
    "token-signature": ("时间戳签名有误", "the timestamp's signature is wrong"),
    "timestamp-form": ("时间戳格式有误", "the timestamp is malformed"),
    "timestamp-imprint": ("时间戳属于其他文件", "the timestamp belongs to something else"),
    "timestamp-order": ("时间戳先后颠倒", "the timestamps contradict each other"),
    "timestamp-period": (
        "时间戳时间不在其证书有效期内",
        "the timestamp lies outside its certificate's validity",
    ),
    "timestamp-future": ("时间戳晚于当前时间", "the timestamp lies in the future"),
    "sealed-later": ("签章晚于所问日期", "it was sealed after the day that is asked about"),
    "existence-unproven": (
        "不能证明所问日期前已签章",
        "nothing proves that it was sealed by the day that is asked about",
    ),
    "unsupported": ("所用算法无法核验", "its algorithm cannot be checked here"),
    "weak-seal": ("签名算法已不安全", "its algorithm is no longer safe"),
}
"""Problems of a seal's chain or timestamp in words; another slug speaks for itself."""


TODAY_WORDS: Mapping[str, tuple[str, str]] = {
    "restricted": ("有限制", "restricted"),
    "renewal-restricted": ("有效期届满待延续，且有限制", "expired awaiting renewal, restricted"),
    "restriction-blocks": ("有限制，本事项不得使用", "barred from this matter by a restriction"),
    "holder-ended": ("持证人已死亡或终止", "without its holder, who has died or was dissolved"),
    "holder-merged": ("持证人已并入其他单位", "named after a holder that was merged into another"),
    "inspection-overdue-blocks": ("定期检验等义务逾期", "overdue in a periodic duty"),
    "inspection-failed-blocks": ("定期检验等不合格", "not passed in a periodic duty"),
}
"""What stands in the way of a valid certificate today, in words, for `valid-then`."""


def worded(table: Mapping[str, tuple[str, str]], key: str) -> tuple[str, str]:
    """(Chinese, English) of `key`; a key that the table lacks stands for itself."""
    return table.get(key, (key, key))
