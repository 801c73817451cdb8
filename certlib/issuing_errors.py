"""What can be wrong with drafts, persons and files of one certificate: leaves of the error tree."""

from certlib.errors import Conflict, NotFound, Refused, TransitionForbidden


class FormTaken(Conflict):
    """The certificate has that file already, or somebody is just adding it."""

    code = "form-taken"
    zh = "该证照已有{form}，或正在制作中，请核对份号。"
    en = "The certificate has its {form_en} already, or it is being made: check the number."


class PersonMissing(Refused):
    """An act that counts for four eyes came from a client that states no person."""

    code = "person-missing"
    zh = "此步骤须由具体人员办理：请在申请令牌时用 act 写明经办人账号。"
    en = "A person must do this: state the person's account as `act` when you ask for the token."


class SealerNotSeparate(Refused):
    """The type wants a sealer (签发人) apart, and one call does not show one."""

    code = "sealer-not-separate"
    zh = (
        "该类型的签发人须与制证人、审核人分开：请经 /v1/drafts 分步办理，"
        "或由签发人调用并在 made_by 写明制证人。"
    )
    en = (
        "This type needs a sealer who neither made nor approved it: go by /v1/drafts, or let the"
        " sealer call and name the maker in made_by."
    )


class NotYetApproved(Conflict):
    """A draft is to be sealed before enough persons have approved it."""

    code = "not-yet-approved"
    zh = "待签发证照尚缺审核（需{wanted}人，已有{given}人），请先完成审核。"
    en = "The draft needs {wanted} approvals and has {given}: have it approved first."


class AlreadyRenewed(Conflict):
    """Another version takes over from this one already."""

    code = "already-renewed"
    zh = (
        "该版本已有后续版本，请对后续版本 {successor} 办理；"
        "后续版本尚未生效而须先行变更的，请先将其作废，变更后重新办理。"
    )
    en = (
        "Another version follows this one already: act on {successor}. Where that one is yet to "
        "take effect and something must change before, void it, make the change, issue it anew."
    )


class RenewalWaits(TransitionForbidden):
    """A renewal that is yet to take effect is to be followed by another version."""

    code = "renewal-waits"
    zh = (
        "该版本是延续，自{day}起生效，尚未生效，不能再变更、延续、补换或更正：请先将其作废，"
        "对现行版本 {before} 办理后重新延续；或待其生效后办理。"
    )
    en = (
        "This version is a renewal that takes effect on {day}: nothing follows it before. Void it,"
        " act on {before}, which is in force, and renew that again; or wait for the day."
    )


class RestrictedTransfer(Conflict):
    """The right is seized or frozen: it does not go to another holder."""

    code = "restricted-transfer"
    zh = "该证照处于{kind}状态（{who}），不能变更持证人，请先办理解除。"
    en = "The right is {kind_en} ({who}): it goes to no other holder before that is lifted."


class DraftNotFound(NotFound):
    """No draft under this identifier, or another department's."""

    code = "draft-not-found"
    zh = "没有这份待签发证照，请核对标识。"
    en = "There is no such draft: check the identifier."


class DraftEnded(Conflict):
    """The draft has been sealed, returned or discarded."""

    code = "draft-ended"
    zh = "这份待签发证照已{status_zh}，不能再办理。"
    en = "The draft has been {status}: nothing more can be done with it."


class SamePerson(Refused):
    """Four eyes: the second person is one who took part before."""

    code = "same-person"
    zh = "须由未参与前一步骤的其他人员办理，请换人操作。"
    en = "A person who took part before cannot do this: somebody else must."
