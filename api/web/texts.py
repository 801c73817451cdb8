"""The page's own words, and which language a reader wants."""

from collections.abc import Mapping
from typing import Final

from api.web.file_texts import FILE_WORDS

LANGUAGES: Final = ("zh", "en")

_SITE: Final[Mapping[str, Mapping[str, str]]] = {
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
        "note": "按标识核验显示登记状态；要确认手中的文件未被改动，请核验文件本身。"
        "姓名已按规定脱敏。",
        "ask_title": "这份证照有效吗？",
        "ok": "有效",
        "bad": "不予采用",
        "wait": "需进一步核实",
        "docs": "接口文档",
        "docs_none": "阅读本页需要启用脚本；文档原文见",
        "problems": "错误代码目录",
        "problems_lead": "接口的每个错误都是一份问题说明（RFC 9457），其 type 指向这里的一页。",
        "problem_code": "代码",
        "problem_status": "状态",
        "problem_meaning": "含义",
        "problem_mend": "请按说明更正请求后重新发送；problems 逐项列出有误的字段。",
        "problem_token": "请在 /oauth2/token 重新取得令牌，再发送同一请求。",
        "problem_rights": "重发不会改变结果：请使用有权的凭据，或联系证照库管理单位。",
        "problem_conflict": "请重新读取记录，确认后再决定如何办理。",
        "problem_retry": "请等待 Retry-After 所示秒数后重发同一请求。",
        "problem_same_key": "结果可能未知：请以相同的 Idempotency-Key 重发，或重新读取记录后再定。",
        "problems_note": "代码不变，可据以编程；文字供人阅读，可能改进；“…”处填入具体内容。",
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
        "note": "An identifier leads to the status on record; to be sure that a file in hand is "
        "unaltered, check the file itself. Names are masked by rule.",
        "ask_title": "Is this certificate valid?",
        "ok": "Valid",
        "bad": "Do not accept",
        "wait": "Needs a closer look",
        "docs": "API documentation",
        "docs_none": "This page needs scripts; the document itself is",
        "problems": "Catalogue of errors",
        "problems_lead": "Every error of the API is a problem document (RFC 9457) whose type leads "
        "to a page here.",
        "problem_code": "Code",
        "problem_status": "Status",
        "problem_meaning": "Meaning",
        "problem_mend": "Correct the request as it says and send it anew; problems lists every "
        "field at fault.",
        "problem_token": "Get a new token at /oauth2/token and send the same request again.",
        "problem_rights": "Sending it again changes nothing: use credentials that may do this, "
        "or ask the library's operator.",
        "problem_conflict": "Read the record again, then decide.",
        "problem_retry": "Wait as many seconds as Retry-After says, then send the same request.",
        "problem_same_key": "The outcome may be unknown: send it again with the same "
        "Idempotency-Key, or read the record first.",
        "problems_note": "Codes are stable: branch on them. Sentences are for people and may "
        "improve; an answer says the particulars in place of “…”.",
    },
}


WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    language: {**words, **FILE_WORDS[language]} for language, words in _SITE.items()
}
"""Every word of every page, by language."""


def language_of(asked: str, accept_language: str) -> str:
    """The page's language: as asked for, else as the browser prefers, else Chinese."""
    if asked in LANGUAGES:
        return asked
    for item in accept_language.lower().split(","):
        tag = item.partition(";")[0].strip().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return "zh"
