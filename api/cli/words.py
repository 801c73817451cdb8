"""Names that several commands show, in Chinese and English."""

from collections.abc import Mapping

from certlib.paper import PaperAct
from certlib.states import Action

PARTS: Mapping[str, tuple[str, str]] = {
    "root": ("根", "root"),
    "type_code": ("证照类型代码", "type code"),
    "issuer_code": ("颁发机构代码", "issuer code"),
    "serial": ("顺序号", "serial"),
    "version": ("版本号", "version"),
    "check": ("校验位", "check character"),
}
"""Parts of an identifier (GB/T 36904)."""
ACTS: Mapping[str, str] = {
    **{item.value: item.zh for item in Action},
    **{f"paper-{item.value}": f"纸质件{item.zh}" for item in PaperAct},
    "paper-print": "登记纸质件",
    "reserve": "受理并预留标识",
    "burn": "作废标识",
    "issue": "签发入库",
    "make": "制证",
    "approve": "审核通过",
    "return": "退回",
    "discard": "撤销制证",
    "seal": "签发",
    "add-form": "增发正副本等",
    "lift-seal": "签章续期",
    "burn-form": "增发未成",
    "reveal": "查看未脱敏内容",
    "verify": "核验",
    "renewal-application": "登记延续申请",
    "renewal-decision": "登记延续决定",
    "restrict": "登记限制",
    "lift-restriction": "解除限制",
    "deliver": "送达",
    "periodic-result": "登记定期义务结果",
    "holder-changed": "持证主体变化",
    "holder-change-voided": "撤销持证主体变化登记",
}
"""Acts of a certificate's history in Chinese; in English they are said by their codes."""
