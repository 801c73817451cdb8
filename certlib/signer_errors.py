"""What a signer answers instead of a signature: leaves of the error tree."""

from certlib.errors import Corrupt, Unavailable


class SignatureRefused(Corrupt):
    """A signature was asked for that nothing on record calls for."""

    code = "signature-refused"
    zh = "签章进程拒绝签名（{what}）：登记中没有相应的签发意图，请查看日志并联系运维人员。"
    en = (
        "The signer refused ({what}): nothing on record calls for it. See the log, tell operations."
    )


class SigningLimited(Unavailable):
    """A key has signed as often as it may in a minute or on a day."""

    code = "signing-limited"
    zh = "密钥 {key} 已达签名次数上限（{what}），请稍后用同一 Idempotency-Key 重试。"
    en = "The key {key} has signed as often as it may ({what}): retry later with the same key."
    retry_after = 60
