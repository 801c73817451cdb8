"""What the system says to people: one sentence and one next step for each situation.

The code is stable, the text is data. No two situations share a sentence. `{name}` is filled by
`Sentence.filled`; the caller always shows 截至{时间} (as of) beside it.
"""

from collections.abc import Mapping

from certlib.sentence import Sentence
from certlib.verdicts_offline import BEYOND_THE_RECORD

__all__ = ["SENTENCES", "Sentence"]


SENTENCES: Mapping[str, Sentence] = {
    "valid": Sentence(
        "有效：截至{as_of}登记有效，文件{which}与签发时一致。",
        "除法律、行政法规另有规定外可作为办理依据，请勿再收纸质件。",
        "Valid and unaltered{which_en}: as of {as_of_en} on record as valid.",
        "Accept; ask for no paper unless a law requires it.",
    ),
    "valid-on-record": Sentence(
        "登记有效：截至{as_of}登记有效（未核验文件）。",
        "除法律、行政法规另有规定外可作为办理依据，请勿再收纸质件；持有文件时可上传核验。",
        "On record as valid as of {as_of_en}; no file was checked.",
        "Accept; ask for no paper unless a law requires it. Upload the file if you hold one.",
    ),
    "not-yet-effective": Sentence(
        "尚未生效：自{date}起生效。",
        "请在生效后办理，或按受理日核验。",
        "Not yet effective: effective from {date}.",
        "Wait until {date}, or check by the acceptance day.",
    ),
    "expired": Sentence(
        "有效期已届满：{date}期满，未见延续记录。",
        "请确认是否已依法申请延续。",
        "Expired on {date}, no renewal on record.",
        "Ask whether a renewal is pending.",
    ),
    "renewal-pending": Sentence(
        "有效期已届满，延续申请审查中。",
        "请以发证机关的延续决定为准，可先行收件。",
        "Expired, renewal under review.",
        "Take the application in; the issuer decides.",
    ),
    "renewal-granted": Sentence(
        "有效期已届满，已准予延续（{document}），新证照尚未入库。",
        "可先行收件；以延续决定为准，请稍后核验新证照。",
        "Expired; the renewal is granted ({document}), the new certificate is not here yet.",
        "Take the application in; rely on the renewal's decision, and check again later.",
    ),
    "suspended": Sentence(
        "{kind}中{period}：{authority}{document}。",
        "暂缓采用，联系决定机关。",
        "Suspended ({kind_en}{period_en}): {authority} {document}.",
        "Hold; contact the authority.",
    ),
    "suspension-ended": Sentence(
        "{kind}期限已满（至{until}），尚未登记恢复：{authority}{document}。",
        "暂缓采用，请向决定机关核实是否已恢复。",
        "The suspension ({kind_en}) ended on {until}, but no restoration is on record: "
        "{authority} {document}.",
        "Hold; ask the authority whether it was restored.",
    ),
    "revoked": Sentence(
        "已吊销：因行政处罚（{document}）自{date}失效。",
        "不予采用；当事人可查询决定及救济途径。",
        "Revoked as a penalty ({document}), from {date}.",
        "Do not accept; remedies are in the decision.",
    ),
    "annulled": Sentence(
        "已撤销：原许可决定被依法撤销，{extent}。",
        "不予采用；已依此办理的事项请提交复核。",
        "Annulled: the grant itself was annulled by law, {extent_en}.",
        "Do not accept; have reliant cases reviewed.",
    ),
    "withdrawn": Sentence(
        "已撤回：因法律修改或客观情况重大变化。",
        "不予采用；补偿事宜咨询决定机关。",
        "Withdrawn: the law or the circumstances changed.",
        "Do not accept; ask the authority about compensation.",
    ),
    "deregistered": Sentence(
        "已注销（原因：{reason}）。",
        "不予采用；需继续从事请重新申请。",
        "Deregistered (cause: {reason_en}).",
        "Do not accept; reapply if needed.",
    ),
    "voided": Sentence(
        "签发有误，已作废：不代表持证人资格被取消。",
        "请使用更正版本。",
        "Voided, an issuing error; nothing is taken from the holder.",
        "Use the corrected version.",
    ),
    "superseded": Sentence(
        "已换发：本版本已被替代。",
        "请核验现行版本{successor}。",
        "Superseded: a newer version replaced this one.",
        "Check the current version {successor}.",
    ),
    "corrected": Sentence(
        "已更正：本版本记载有误，自{date}起以更正版本为准。",
        "请核验更正版本{successor}；已依本版本办理的，请核对更正内容。",
        "Corrected: this version was wrong; from {date} on the corrected one counts.",
        "Check the corrected version {successor}; compare what relied on this one.",
    ),
    "transferred-out": Sentence(
        "已办理转出：由{receiver}{place}管理。",
        "请向转入地发证机关核验。",
        "Transferred out: kept by {receiver}{place_en}.",
        "Check with the receiving authority.",
    ),
    "draft": Sentence(
        "待签发：已制证，尚未签章，不具效力。",
        "请等待发证机关签发。",
        "Made but not sealed: without effect.",
        "Wait until the issuer seals it.",
    ),
    "restricted": Sentence(
        "登记有效，但有限制：{kind}（{authority}{document}）。",
        "请按事项规定判断是否可用。",
        "On record, with a restriction: {kind_en} ({authority} {document}).",
        "Decide by the matter's rule.",
    ),
    "renewal-restricted": Sentence(
        "有效期已届满，延续申请未办结，且设有限制：{kind}（{authority}{document}）。",
        "可先行收件；请按事项规定判断限制的影响，以延续决定为准。",
        "Expired, its renewal not settled, and restricted: {kind_en} ({authority} {document}).",
        "Take the application in; decide by the matter's rule, and rely on the renewal's decision.",
    ),
    "restriction-blocks": Sentence(
        "登记有效，但本事项不得使用：{kind}（{authority}{document}）。",
        "不予采用；限制解除后再行核验。",
        "On record, but its restriction ({kind_en}) bars this matter.",
        "Do not accept; check again when the restriction is lifted.",
    ),
    "inspection-overdue": Sentence(
        "登记有效，但{duty}逾期：应于{due}前完成。",
        "可以采用；请提示持证人尽快补办，并按事项规定判断。",
        "On record as valid, but overdue: {duty_en} was due by {due}.",
        "May be accepted; remind the holder, and decide by the matter's rule.",
    ),
    "inspection-failed": Sentence(
        "登记有效，但{duty}不合格（{date}）。",
        "可以采用；请提示持证人整改，并按事项规定判断。",
        "On record as valid, but not passed: {duty_en} of {date}.",
        "May be accepted; remind the holder, and decide by the matter's rule.",
    ),
    "inspection-overdue-blocks": Sentence(
        "{duty}逾期，暂不得使用：应于{due}前完成。",
        "不予采用；持证人补办后再行核验。",
        "Not to be used while overdue: {duty_en} was due by {due}.",
        "Do not accept; check again when the holder has caught up.",
    ),
    "inspection-failed-blocks": Sentence(
        "{duty}不合格（{date}），暂不得使用。",
        "不予采用；整改并复检合格后再行核验。",
        "Not to be used: {duty_en} of {date} was not passed.",
        "Do not accept; check again when it has been passed.",
    ),
    "paper-void": Sentence(
        "纸质件已声明作废，电子证照有效。",
        "请以电子证照为准。",
        "Paper declared void; electronic valid.",
        "Rely on the electronic certificate.",
    ),
    "paper-lost": Sentence(
        "纸质件已挂失，电子证照有效。",
        "请以电子证照为准，纸质件不予采用。",
        "Paper reported lost; electronic valid.",
        "Rely on the electronic certificate; do not accept the paper.",
    ),
    "paper-copy-void": Sentence(
        "{form}的纸质件（印制编号{print_number}）已声明作废，电子证照有效。",
        "请以电子证照为准，不收该份纸质件。",
        "The paper of {form_en} (print number {print_number}) is declared void; electronic valid.",
        "Rely on the electronic certificate; do not accept that sheet.",
    ),
    "paper-copy-lost": Sentence(
        "{form}的纸质件（印制编号{print_number}）已挂失，电子证照有效。",
        "请以电子证照为准；见到该份纸质件的，请联系发证机关。",
        "The paper of {form_en} (print number {print_number}) is reported lost; electronic valid.",
        "Rely on the electronic certificate; tell the issuer where that sheet turned up.",
    ),
    "not-found": Sentence(
        "查无记录：不等于证照不真实，可能尚未入库。",
        "核对编号；可发起协查，或收取纸质原件。",
        "Not found; not proof of forgery.",
        "Recheck, inquire, or take the paper original.",
    ),
    "identifier-malformed": Sentence(
        "标识有误：{part}不符合编码规则。",
        "请逐位核对标识，或扫描证照上的二维码。",
        "The identifier is mistyped: {part_en} breaks the coding rule.",
        "Compare it character by character, or scan the code on the certificate.",
    ),
    "several-found": Sentence(
        "查到多个证照，无法确定是哪一个。",
        "请补充标识或证照编号后再核验。",
        "Several certificates fit; which one is meant cannot be told.",
        "Add the identifier or the number and check again.",
    ),
    "other-node": Sentence(
        "属{region}证照库管理。",
        "已转省级平台查询，请稍候或按编号查询。",
        "Kept by another node ({region_en}).",
        "Routed to the province.",
    ),
    "mismatch": Sentence(
        "信息不一致：{fields}与登记不符。",
        "请核对该项；曾更名请选曾用名。",
        "Differs from the record: {fields_en}.",
        "Correct it, or try the former name.",
    ),
    "name-changed": Sentence(
        "姓名（名称）已变更：登记现为{name}。",
        "请按现名办理。",
        "The name has changed: now on record as {name}.",
        "Use the current name.",
    ),
    "code-changed": Sentence(
        "证件号码（代码）已变更：登记现为{code}。",
        "请按现号码（代码）办理。",
        "The holder's code has changed: now on record as {code}.",
        "Use the current code.",
    ),
    "holder-divided": Sentence(
        "登记的持证主体已分立，不能据登记确认由谁承继本证照。",
        "请核对分立协议或文件，或联系发证机关确认。",
        "The holder was divided; the record cannot tell who took this certificate over.",
        "Look at the papers of the division, or ask the issuer.",
    ),
    "holder-merged": Sentence(
        "证照记载的持证人{sealed}已并入{name}，证照尚未变更。",
        "{name}应凭合并登记文件向发证机关申请变更；变更前请向发证机关核实能否使用。",
        "The certificate names {sealed}, which was merged into {name}, and has not been changed.",
        "{name} has to apply to the issuer for the change; until then ask the issuer.",
    ),
    "holder-ended": Sentence(
        "持证人已死亡（或已注销、终止），证照尚未办理注销。",
        "请向颁证机关核实；颁证机关应依法办理注销。",
        "The holder has died or was dissolved; the certificate is not deregistered yet.",
        "Ask the issuer, who has to deregister it by law.",
    ),
    "altered": Sentence(
        "文件在签发后被改动。",
        "请勿采用，保留文件，按编号调取原件。",
        "Altered after sealing.",
        "Refuse the file, keep it, fetch the original.",
    ),
    "seal-not-on-record": Sentence(
        "签名可验证，但签发登记中无此文件。",
        "请勿采用，立即报告发证机关和系统管理员。",
        "Good signature, not on record.",
        "Refuse; report now.",
    ),
    "seal-untrusted": Sentence(
        "签名完好，但签章证书不在信任名单内：{problem}。",
        "请勿仅凭此文件办理，核实签章单位后再定。",
        "The signature is intact, but its certificate is not trusted: {problem_en}.",
        "Do not rely on the file alone; establish who sealed it.",
    ),
    "annotated": Sentence(
        "签章的内容未变，但签章后增改了批注；签章单位允许批注，批注可能遮盖原文。",
        "请勿以批注为准，取得不带批注的文件，或在阅读器中隐藏批注后核对。",
        "What was sealed is unchanged; since then remarks came or changed, as the signer permits:"
        " they may cover what was sealed.",
        "Do not go by the remarks: get the file without them, or hide them and compare.",
    ),
    "seal-weak": Sentence(
        "签名所用算法已不安全：{problem}。",
        "请向发证机关取得重新签章的文件。",
        "The signature uses an algorithm that is no longer safe: {problem}.",
        "Ask the issuer for a file sealed anew.",
    ),
    "seal-unsupported": Sentence(
        "签名使用的算法本系统尚不能核验：{problem}。",
        "不表示文件有问题；请向签章单位核实，或使用支持该算法的核验工具。",
        "The signature uses an algorithm that cannot be checked here: {problem}.",
        "No finding against the file: ask who sealed it, or use a tool that knows the algorithm.",
    ),
    "status-unknown": Sentence(
        "文件与签章核验通过，但未能查询登记状态。",
        "请联网后再核验登记状态，不可仅凭文件认定有效。",
        "File and seal hold, but the status on record could not be asked.",
        "Check the status online; the file alone does not say it is valid.",
    ),
    "issuer-not-authorised": Sentence(
        "未查到签章单位签发此类证照的权限。",
        "请勿采用，联系证照库管理单位。",
        "Issuer not authorised for this type.",
        "Refuse; contact the operator.",
    ),
    "copy-expired": Sentence(
        "加注件已过期，不影响原证照效力。",
        "请重新授权或直接调取。",
        "Purpose copy expired; the original is unaffected.",
        "Request it again.",
    ),
    "copy-other-purpose": Sentence(
        "加注件用途为“{purpose}”，与本次事项不符。",
        "请重新申请用于本事项的加注件。",
        "Made for another purpose: {purpose}.",
        "Request one for this matter.",
    ),
    "printed": Sentence(
        "这是打印件，无法验证电子签名；库内记录：{state}。",
        "请核对要素，以库内记录为准。",
        "A print: the signature cannot be checked; on record: {state_en}.",
        "Compare; rely on the record.",
    ),
    "cannot-tell": Sentence(
        "暂时无法核验：{service}不可用，不表示证照有问题。",
        "{later}；可按容缺受理先行收件。",
        "Cannot tell now ({service_en} is unavailable); not a finding against it.",
        "{later_en}; accept the filing provisionally.",
    ),
    "valid-then": Sentence(
        "受理日（{date}）有效，现{state}。",
        "请审批人员按适用规定判断。",
        "Valid on the acceptance day ({date}), now {state_en}.",
        "The approver decides.",
    ),
    "not-a-certificate": Sentence(
        "文件可读，但不是电子证照。",
        "请确认是否选错文件。",
        "Readable, not a certificate.",
        "Check the file chosen.",
    ),
    "unreadable": Sentence(
        "文件无法读取：{fault}。",
        "请重新获取原文件。",
        "The file cannot be read: {fault_en}.",
        "Get the original file again.",
    ),
    "foreign-valid": Sentence(
        "文件签名完好，签章证书受信任；不是本库证照。",
        "请按签章单位的规定判断是否采用。",
        "The signature is intact and trusted; the file is not of this library.",
        "Decide by the rules of whoever sealed it.",
    ),
    **BEYOND_THE_RECORD,
}
"""The sentence of every verdict code.

`valid-on-record` is no code: what `valid` says when no file was checked.
"""
