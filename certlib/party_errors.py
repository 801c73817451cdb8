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
