"""Names that several commands show, in Chinese and English."""

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, str]] = {
    "root": ("根", "root"),
    "type_code": ("证照类型代码", "type code"),
    "issuer_code": ("颁发机构代码", "issuer code"),
    "serial": ("顺序号", "serial"),
    "version": ("版本号", "version"),
    "check": ("校验位", "check character"),
}
"""Parts of an identifier (GB/T 36904)."""
