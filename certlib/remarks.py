"""Remarks: what is odd about an input that is accepted all the same.

They stand in the tree of errors for their stable codes and sentences, and are never raised; an
operation that must not accept the oddity lists them among its problems.
"""

from certlib.errors import Invalid


class LegacyCheckCharacter(Invalid):
    """An identifier whose check character follows the wrong dialect."""

    code = "identifier-legacy-check"
    zh = "电子证照标识的校验位按旧算法计算，可以查询，但不应再签发此类标识。"
    en = "The check character follows the legacy dialect: good for look-up, not for issuing."


class IssuerCodeNonstandard(Invalid):
    """An identifier whose issuer code is no valid credit code."""

    code = "identifier-issuer-nonstandard"
    zh = "电子证照标识中的颁发机构代码不是有效的统一社会信用代码，可能由外地签发，请核对。"
    en = "The issuer code in the identifier is no valid credit code: foreign, perhaps; check it."


class TypeCodeNonstandard(Invalid):
    """A type code whose defining body has no valid credit code."""

    code = "identifier-type-nonstandard"
    zh = "证照类型代码前18位不是有效的统一社会信用代码，请核对证照类型。"
    en = "The type code does not begin with a valid credit code: check the certificate type."


class IdentityDivision(Invalid):
    """An identity number whose division never was, or had ended before the birth."""

    code = "identity-division-unknown"
    zh = "公民身份号码前6位不是出生时或其后使用过的行政区划代码，请核对；无误可以继续。"
    en = "The identity number begins with no division of its bearer's time: check it, or go on."
