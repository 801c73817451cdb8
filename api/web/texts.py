"""The page's own words, and which language a reader wants."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("zh", "en")

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "html_lang": "zh-CN",
        "title": "电子证照核验",
        "library": "电子证照库",
        "public": "公开核验",
        "other_language": "English",
        "demonstration": "演示 · 不具法律效力",
        "next": "下一步",
        "as_of": "截至",
        "facts": "登记信息",
        "type": "证照类型",
        "issuer": "颁发机构",
        "holder": "持证主体",
        "issue_date": "颁发日期",
        "validity": "有效期",
        "to": "至",
        "long_term": "长期",
        "identifier": "电子证照标识",
        "current": "查看现行版本",
        "another": "核验其他证照",
        "field": "请输入电子证照标识",
        "hint": "标识印在证照上，以 1.2.156.3005.2 开头；也可用手机扫描证照上的二维码。",
        "button": "核验",
        "note": "本页显示登记状态。要确认手中的文件未被改动，请由受理窗口上传文件核验。"
        "姓名已按规定脱敏。",
        "ask_title": "这份证照有效吗？",
        "ok": "有效",
        "bad": "不予采用",
        "wait": "需进一步核实",
    },
    "en": {
        "html_lang": "en",
        "title": "Certificate check",
        "library": "Electronic Certificate Library",
        "public": "public check",
        "other_language": "中文",
        "demonstration": "Demonstration · without legal effect",
        "next": "Next step",
        "as_of": "As of",
        "facts": "On record",
        "type": "Certificate",
        "issuer": "Issuer",
        "holder": "Holder",
        "issue_date": "Issued on",
        "validity": "Validity",
        "to": "to",
        "long_term": "no end date",
        "identifier": "Identifier",
        "current": "See the current version",
        "another": "Check another certificate",
        "field": "Enter the certificate's identifier",
        "hint": "It is printed on the certificate and begins with 1.2.156.3005.2; "
        "or scan the code on it with your phone.",
        "button": "Check",
        "note": "This page shows the status on record. To be sure that a file in hand is "
        "unaltered, have the service counter check the file itself. Names are masked by rule.",
        "ask_title": "Is this certificate valid?",
        "ok": "Valid",
        "bad": "Do not accept",
        "wait": "Needs a closer look",
    },
}


def language_of(asked: str, accept_language: str) -> str:
    """The page's language: as asked for, else as the browser prefers, else Chinese."""
    if asked in LANGUAGES:
        return asked
    for item in accept_language.lower().split(","):
        tag = item.partition(";")[0].strip().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return "zh"
