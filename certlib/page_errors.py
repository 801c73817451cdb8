"""What a page cannot show: leaves of the error tree."""

from certlib.errors import Invalid


class FaceOverflow(Invalid):
    """The values are too long for the face, even at the smallest size allowed."""

    code = "face-overflow"
    zh = "内容过长，版面无法完整容纳，请精简文字或改用附页。"
    en = "The values are too long for the face: shorten them or use an annex."


class PictureUnusable(Invalid):
    """A value that should be a picture (base64 of JPEG or PNG) and cannot be laid into a page."""

    code = "picture-unusable"
    zh = (
        "图片无法使用：应为字典所列类型的完整JPEG或PNG（灰度或彩色），边长16至4000像素，"
        "以base64传输，请重新上传。"
    )
    en = (
        "The picture cannot be used: send a whole JPEG or PNG (grey or RGB) of the type in the "
        "dictionary, 16 to 4000 pixels a side, as base64."
    )


class SumDiffers(Invalid):
    """A total that is not the sum of the table it belongs to."""

    code = "sum-differs"
    zh = "合计与明细之和不一致，请核对明细和合计。"
    en = "The total differs from the sum of its table: check both."
