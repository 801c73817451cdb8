"""What can be wrong with departments, mandates and holders' changes: leaves of the error tree."""

from certlib.errors import Refused


class ActsForPrincipal(Refused):
    """An entrusted unit would issue in its own name."""

    code = "acts-for-principal"
    zh = "本单位受委托办理此类证照，应以委托机关名义签发：请在 issuer_code 填 {principal}。"
    en = (
        "Your body is entrusted with this type and issues in its principal's name:"
        " give {principal} as issuer_code."
    )


class DepartmentEnded(Refused):
    """The department no longer exists, or its functions have passed on."""

    code = "department-ended"
    zh = "{name}自{day}起不再办理此类证照，承接单位：{successor}，请由承接单位办理。"
    en = "{name} no longer issues this type from {day} on; its successor does: {successor}."
