"""The words of the file check: the form, what the browser says by itself, findings, refusals."""

from collections.abc import Mapping
from typing import Final

FILE_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "file_title": "核验手中的文件",
        "file_lead": "先在您的设备上计算文件指纹并与登记比对，文件不上传。",
        "file_plain": "提交后文件上传到本库检查：只在内存中读取，得出结论即丢弃，不保存、不转发。",
        "file_choose": "选择 PDF 文件",
        "file_drop": "也可以把文件拖到这里",
        "file_send": "上传并核验",
        "file_limit": "仅限 PDF，不超过 {limit} MB。",
        "identifier_title": "没有文件？按标识核验",
        "file_hashing": "正在计算文件指纹，文件没有离开您的设备…",
        "file_asking": "正在与签发登记比对…",
        "file_sending": "正在上传…",
        "file_reading": "已上传，正在检查…",
        "file_unknown": "签发登记中没有与它逐字节相同的文件。",
        "file_unknown_next": "这不等于文件有问题：另存、打印成 PDF 都会使它变化。要上传检查吗？",
        "file_kept": "文件会发送到本库，只在内存中读取，得出结论即丢弃，不保存、不转发；"
        "文件名不发送。",
        "file_yes": "上传检查",
        "file_no": "不上传，换一个文件",
        "file_other": "换一个文件",
        "file_retry": "重试",
        "say_several": "一次核验一个文件：请只选择或拖入一个 PDF 文件。",
        "say_folder": "这是文件夹：请打开它，选择其中的一个 PDF 文件。",
        "say_none": "没有收到文件：请选择证照的 PDF 文件。",
        "say_empty": "文件是空的，可能没有下载完整：请重新获取原文件。",
        "say_large": "文件超过 {limit} MB，无法核验：请确认是否选错文件。",
        "say_picture": "这是图片，不是 PDF：照片和截图里没有电子签章。请取得 PDF 原文件，"
        "或按图中的标识核验。",
        "say_web": "这是网页，不是 PDF：请下载证照的 PDF 原文件。",
        "say_other": "这不是 PDF 文件：请选择证照的 PDF 原文件。",
        "say_gone": "无法读取所选文件，它可能已被移动、删除或改动：请重新选择。",
        "say_network": "网络中断，没有收到结果：文件还在，联网后请重试。",
        "say_trouble": "系统暂时不可用，不表示文件有问题：请稍后重试。",
        "print": "打印核验结果",
        "findings": "检查结果",
        "pass": "通过",
        "fail": "不通过",
        "unknown": "无法确定",
        "check_integrity": "文件内容",
        "check_changes": "签章后改动",
        "check_seal": "电子签章",
        "check_issuer_authority": "签发权限",
        "check_original": "是否原件",
        "check_status": "登记状态",
        "named": "文件所称的证照（登记信息，供核对）",
        "file": "文件",
        "file_name": "文件名",
        "sha256": "文件指纹（SHA-256）",
        "service": "核验地址",
        "printed_note": "本页是核验结果的打印件，证照状态可能变化，请以再次核验为准。",
        "unchecked": "无法核验",
        "not_ours": "不是本库证照",
        "receipt": "核验回执",
        "unknown_title": "登记中没有这个文件指纹。",
        "unknown_next": "文件指纹按整个文件计算：另存、打印成 PDF、转发时被改写都会使它变化。"
        "请在下方上传文件检查，或按标识核验。",
        "refused": "没有核验",
        "back": "返回核验",
    },
    "en": {
        "file_title": "Check a file",
        "file_lead": "First your device computes the file's fingerprint, which is compared with "
        "the record; the file is not uploaded.",
        "file_plain": "The file is sent to this library to be examined: it is read in memory and "
        "dropped with the result; it is neither kept nor passed on.",
        "file_choose": "Choose a PDF",
        "file_drop": "or drop it here",
        "file_send": "Upload and check",
        "file_limit": "PDF only, up to {limit} MB.",
        "identifier_title": "No file? Check by identifier",
        "file_hashing": "Computing the fingerprint; the file has not left your device…",
        "file_asking": "Comparing with the record…",
        "file_sending": "Uploading…",
        "file_reading": "Uploaded; being examined…",
        "file_unknown": "No file on record is byte for byte the same.",
        "file_unknown_next": "That is no finding against it: saving it anew or printing it to PDF "
        "changes it. Send it to be examined?",
        "file_kept": "It goes to this library, is read in memory and dropped with the result; it "
        "is neither kept nor passed on, and its name is not sent.",
        "file_yes": "Send it",
        "file_no": "Do not send, choose another",
        "file_other": "Choose another",
        "file_retry": "Try again",
        "say_several": "One file at a time: choose or drop a single PDF.",
        "say_folder": "This is a folder: open it and choose one PDF in it.",
        "say_none": "There was no file: choose the certificate's PDF.",
        "say_empty": "The file is empty, perhaps not fully downloaded: get the original again.",
        "say_large": "The file is over {limit} MB and cannot be checked: is it the right one?",
        "say_picture": "This is a picture, not a PDF: photographs and screenshots hold no seal. "
        "Get the PDF, or check by the identifier in the picture.",
        "say_web": "This is a web page, not a PDF: download the certificate's PDF.",
        "say_other": "This is not a PDF: choose the certificate's PDF.",
        "say_gone": "The file cannot be read; it may have been moved, deleted or changed: choose "
        "it again.",
        "say_network": "The network broke before a result came: the file is still here, try again "
        "when you are online.",
        "say_trouble": "The service is not available at present, which says nothing against the "
        "file: try again later.",
        "print": "Print the result",
        "findings": "Findings",
        "pass": "Passed",
        "fail": "Failed",
        "unknown": "Not known",
        "check_integrity": "Content",
        "check_changes": "Later changes",
        "check_seal": "Seal",
        "check_issuer_authority": "Issuer's authority",
        "check_original": "Original",
        "check_status": "Status on record",
        "named": "The certificate that the file names (from the record, to compare)",
        "file": "File",
        "file_name": "File name",
        "sha256": "Fingerprint (SHA-256)",
        "service": "Checked at",
        "printed_note": "A print of a result: the certificate's status may change, and a new check "
        "counts.",
        "unchecked": "Could not be checked",
        "not_ours": "Not of this library",
        "receipt": "A receipt of a verification",
        "unknown_title": "This fingerprint is not on record.",
        "unknown_next": "A fingerprint covers the whole file: saving it anew, printing it to PDF "
        "or rewriting it on the way changes it. Have the file examined below, or check by "
        "identifier.",
        "refused": "Not checked",
        "back": "Back to the check",
    },
}

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "body-too-large": (
        "文件太大，无法核验：请确认是否选错文件。",
        "The file is too large to be checked: is it the right one?",
    ),
    "field-missing": (
        "没有收到文件：请先选择证照的 PDF 文件，再提交。",
        "There was no file: choose the certificate's PDF first, then send it.",
    ),
    "media-type-unsupported": (
        "提交的内容不是文件表单：请用本页的表单选择 PDF 文件。",
        "This was no form with a file: use the form on this page.",
    ),
    "request-malformed": (
        "上传的内容不完整或无法读取：请重新选择文件再试。",
        "The upload was incomplete or cannot be read: choose the file and try again.",
    ),
    "request-too-slow": (
        "上传太慢，没有收完：请换一个网络后重试。",
        "The upload was too slow and did not finish: try again on another network.",
    ),
    "too-many-requests": (
        "您的网络核验得太频繁：请稍等片刻再试。",
        "Too many checks from your network: wait a moment and try again.",
    ),
    "overloaded": (
        "现在核验的人太多，不表示文件有问题：请稍等片刻再试。",
        "Too many checks at once: wait a moment and try again. It is no finding against the file.",
    ),
}
"""Refusals in the words of a passer-by, by the code of the problem document: (Chinese, English)."""

TROUBLE: Final = (
    "系统暂时不可用，不表示证照有问题：请稍后再试。",
    "The service is not available, which says nothing against the certificate: try again later.",
)
MISTAKEN: Final = (
    "这个请求无法办理：请返回核验页重新开始。",
    "This request cannot be dealt with: go back to the check and begin anew.",
)
