"""What can be wrong with departments, mandates and holders' changes: leaves of the error tree."""

from certlib.errors import Conflict, NotFound, Refused


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


class HolderChangeContradicts(Conflict):
    """Another change of the holder is on record that leaves no room for this one."""

    code = "holder-change-contradicts"
    zh = (
        "该主体已登记“{kind}”（自{day}起），与本次变更矛盾：请核对；原登记有误的，请先将其作废"
        "（编号 {event_id}）。"
    )
    en = (
        "A change {kind_en} of this holder is on record from {day} and contradicts this one: check"
        " them, and declare {event_id} void first if it was an error."
    )


class EventNotFound(NotFound):
    """No dated event of that id."""

    code = "event-not-found"
    zh = "没有该编号的变更记录，请核对编号。"
    en = "There is no change of that id: check it."


class EventVoid(Conflict):
    """The event was declared an error before."""

    code = "event-void"
    zh = "该变更记录已于{at}作废。"
    en = "This change was declared void at {at}."


class DepartmentUnknown(NotFound):
    """No registered body has that code."""

    code = "department-unknown"
    zh = "没有代码为“{credit_code}”的单位，请核对或先登记该单位。"
    en = "No body {credit_code} is registered: check the code, or register the body first."


class DepartmentRegistered(Conflict):
    """A body of that code is registered already."""

    code = "department-registered"
    zh = "该单位已登记：修改请带 If-Match 重试。"
    en = "That body is registered: to change it, send If-Match."


class SuccessionContradicts(Conflict):
    """The successions on record leave no room for this one."""

    code = "succession-contradicts"
    zh = "与已登记的承接关系矛盾：{name}自{day}起已由{successor}承接，请核对。"
    en = "It contradicts what is on record: from {day} on {successor} stands in place of {name}."


class MandateKnown(Conflict):
    """The issue list has that entry, or one that overlaps it."""

    code = "mandate-known"
    zh = "发证清单中已有同一单位、类型、名义且期间重叠的条目，请核对。"
    en = "The issue list has an entry of this body, type and name in that period: check it."
