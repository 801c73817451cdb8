"""What is said of receipts, and by status snapshots: the part of `certlib.verdicts` for them."""

from collections.abc import Mapping
from typing import Final

from certlib.sentence import Sentence

__all__ = ["BEYOND_THE_RECORD"]

BEYOND_THE_RECORD: Final[Mapping[str, Sentence]] = {
    "receipt-holds": Sentence(
        "核验回执完好：{signer}于{then}出具（{number}），当时结论为“{verdict}”：{said}",
        "回执只证明当时的核验结论；办理业务请重新核验证照现状。",
        "The receipt {number} holds: {signer} answered {verdict_en} as of {then_en}: {said_en}",
        "It proves what was answered then; for a matter of today verify the certificate again.",
    ),
    "receipt-altered": Sentence(
        "核验回执在出具后被改动，或不是本库出具的格式。",
        "请勿采用，保留文件；请对原证照重新核验。",
        "The receipt was altered after it was made, or is of no form of ours.",
        "Do not rely on it, keep it, and verify the certificate itself again.",
    ),
    "receipt-untrusted": Sentence(
        "核验回执的签章不被认可：{problem}。",
        "请勿采用；请对原证照重新核验。",
        "Whoever sealed the receipt is not believed: {problem_en}.",
        "Do not rely on it; verify the certificate itself again.",
    ),
    "receipt-unsigned": Sentence(
        "核验报告未经签章，无法证明由谁出具（{number}，{then}，自称结论“{verdict}”）。",
        "只作内部留存；需要凭据的，请重新核验并取得签章的核验回执。",
        "The report {number} of {then_en}, which says {verdict_en}, is sealed by nobody.",
        "For your own files only; verify again and take a sealed receipt where proof is needed.",
    ),
    # by a status snapshot, on a machine without the record
    "status-as-of": Sentence(
        "截至{then}的登记快照（{age}前）登记有效，此后状态不明。",
        "办理当日业务请联网核验；不可仅凭快照认定现在有效。",
        "On record as valid in the snapshot as of {then_en}, {age_en} ago; not known since.",
        "Ask online for today: the snapshot alone does not say that it is valid now.",
    ),
    "term-ended-since": Sentence(
        "有效期已于{ends}届满；截至{then}的登记快照（{age}前）未见延续，此后不明。",
        "请联网核验是否已延续或换发。",
        "Its term ended on {ends}; no renewal in the snapshot as of {then_en}, {age_en} ago.",
        "Ask online whether it was renewed since.",
    ),
    "not-of-that-day": Sentence(
        "登记快照只说明{then}的状态，不能说明{day}的状态。",
        "请用当日的快照核验，或联网核验。",
        "The snapshot speaks of {then_en}, and cannot tell the status on {day}.",
        "Use the snapshot of that day, or ask online.",
    ),
    "newer-than-snapshot": Sentence(
        "截至{then}的登记快照（{age}前）中没有此文件，可能在此后签发。",
        "请联网核验，或换用较新的快照。",
        "Not in the snapshot as of {then_en}, {age_en} ago; it may have been issued since.",
        "Ask online, or use a newer snapshot.",
    ),
    "absent-then": Sentence(
        "签名可验证，且签章早于登记快照，但截至{then}的快照中无此文件。",
        "请勿采用，立即报告发证机关和系统管理员。",
        "Good signature from before the snapshot as of {then_en}, and not on record in it.",
        "Refuse; report now.",
    ),
}
