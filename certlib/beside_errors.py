"""What may be wrong with what stands beside a certificate's state."""

from certlib.errors import Conflict, NotFound


class RenewalOpen(Conflict):
    """An application for renewal waits for its decision already."""

    code = "renewal-open"
    zh = "已有延续申请待决定，请先登记其决定。"
    en = "An application for renewal is undecided already: record its decision first."


class NoRenewalOpen(Conflict):
    """There is no undecided application."""

    code = "renewal-not-open"
    zh = "没有待决定的延续申请，请先登记申请。"
    en = "No application for renewal is undecided: record the application first."


class RestrictionExists(Conflict):
    """The same restriction is on record."""

    code = "restriction-exists"
    zh = "同一限制（类型、机关、文号、起始日相同）已登记，请核对。"
    en = "This restriction (kind, authority, document, first day) is on record: check it."


class RestrictionUnknown(NotFound):
    """No such restriction is in force."""

    code = "restriction-not-found"
    zh = "没有可解除的此项限制，请核对类型、机关和文号。"
    en = "No such restriction is there to be lifted: check kind, authority and document."


class RestrictionAmbiguous(Conflict):
    """Several restrictions fit what was given."""

    code = "restriction-ambiguous"
    zh = "符合条件的限制不止一项，请补充机关、文号或起始日。"
    en = "Several restrictions fit: add authority, document number or first day."


class DeliveryRecorded(Conflict):
    """Another delivery is on record."""

    code = "delivery-recorded"
    zh = "送达已登记，不能重复登记，请核对。"
    en = "The delivery is on record already: check it."
