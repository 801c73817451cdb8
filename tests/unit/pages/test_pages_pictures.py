"""Pictures: whole and harmless ones are drawn, everything else is refused by name."""

import base64
import json
import random
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from itertools import product

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages_families import PORTRAIT, REPORT
from pages_reading import boxes

from certlib.errors import Invalid
from signing.pages.pictures import picture_from
from signing.pages.sample import sample_fields, sample_order


def _pixels(width, height, colours=pymupdf.csRGB):
    found = pymupdf.Pixmap(colours, pymupdf.IRect(0, 0, width, height))
    found.clear_with(230)
    for x in range(0, width, 5):
        found.set_rect(pymupdf.IRect(x, 0, x + 2, height), (40,) * colours.n)
    return found


def _jpeg(width=60, height=84, colours=pymupdf.csRGB):
    return _pixels(width, height, colours).tobytes("jpeg")


def _png(width=60, height=84):
    return _pixels(width, height).tobytes("png")


def _text(data):
    return base64.b64encode(data).decode("ascii")


def _chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _made_png(width, height, depth, colour, interlace=0, rows=None, extra=b""):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = (
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        if interlace
        else [(0, 0, 1, 1)]
    )  # fmt: skip
    if rows is None:
        rows = b""
        for x, y, right, down in passes:
            across, lines = len(range(x, width, right)), len(range(y, height, down))
            rows += (b"\0" + b"\x55" * -(-across * depth * channels // 8)) * (
                lines if across else 0
            )
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    palette = _chunk(b"PLTE", bytes(range(48))) if colour == 3 else b""
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + palette
        + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    )  # fmt: skip


def _segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _exif(orientation, order="<"):
    head = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = head + struct.pack(order + "I", 8) + struct.pack(order + "H", 1) + entry + bytes(4)
    return _segment(0xE1, b"Exif\0\0" + tiff)


@pytest.mark.parametrize("colours", [pymupdf.csRGB, pymupdf.csGRAY])
def test_a_jpeg_is_taken_with_its_shape(colours):
    assert picture_from(_text(_jpeg(60, 84, colours)), "image/jpeg").ratio == pytest.approx(60 / 84)


@pytest.mark.parametrize(
    ("depth", "colour", "interlace"),
    [
        *product((1, 2, 4, 8, 16), (0,), (0, 1)),
        *product((8, 16), (2, 4, 6), (0, 1)),
        *product((1, 2, 4, 8), (3,), (0, 1)),
    ],
)
def test_every_kind_of_png_is_taken(depth, colour, interlace):
    data = _made_png(21, 17, depth, colour, interlace)

    assert picture_from(_text(data), "image/png").ratio == pytest.approx(21 / 17)


@pytest.mark.parametrize(("orientation", "order"), list(product(range(1, 9), "<>")))
def test_an_orientation_is_turned_upright(orientation, order):
    """CIPA DC-008: from 5 on the picture lies on its side."""
    data = _jpeg(60, 84)
    turned = picture_from(_text(data[:2] + _exif(orientation, order) + data[2:]), "image/jpeg")

    assert turned.ratio == pytest.approx(60 / 84 if orientation < 5 else 84 / 60)
    assert ("matrix(1 0 0 1 0 0)" in turned.svg) == (orientation == 1)


@pytest.mark.parametrize(
    "exif",
    [_exif(0), _exif(9), _exif(6).replace(b"\x12\x01", b"\x10\x01"), _segment(0xE1, b"Exif\0\0II*\0\xff\xff\0\0"), _segment(0xE1, b"http://ns\0x"),
     _segment(0xE1, b"Exif\0\0"), _segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x05\0" + bytes(9))],
)  # fmt: skip
def test_an_orientation_that_says_nothing_is_none(exif):
    data = _jpeg(60, 84)

    assert picture_from(_text(data[:2] + exif + data[2:]), "image/jpeg").ratio < 1


def test_what_a_camera_adds_is_not_laid_into_the_page():
    """Place and time of a photograph are nobody's business on a certificate."""
    note = _segment(0xFE, b"N 23 32 E 116 22") + _segment(0xE2, b"ICC_PROFILE\0" + bytes(40))
    data = _jpeg()
    pictured = picture_from(_text(data[:2] + note + data[2:]), "image/jpeg")
    text = _chunk(b"tEXt", b"GPS\0N 23 32")
    drawn = picture_from(_text(_made_png(20, 20, 8, 2, extra=text)), "image/png")

    assert pictured.svg == picture_from(_text(data), "image/jpeg").svg
    assert drawn.svg == picture_from(_text(_made_png(20, 20, 8, 2)), "image/png").svg


def test_fill_before_a_marker_is_allowed():
    """T.81, B.1.1.2."""
    data = _jpeg()

    assert picture_from(_text(data[:2] + b"\xff\xff" + data[2:]), "image/jpeg").ratio < 1


_CMYK = pymupdf.Pixmap(pymupdf.csCMYK, pymupdf.IRect(0, 0, 20, 20))
_CMYK.clear_with(90)
_HEAD = b"\x89PNG\r\n\x1a\n"
_IHDR = _made_png(20, 20, 8, 2)[8:33]


def _broken(marker, at, octet):
    """The first such segment with one octet of its body (or of its end) changed."""
    data = bytearray(_jpeg())
    start = data.index(bytes([0xFF, marker]))
    length = int.from_bytes(data[start + 2 : start + 4])
    data[start + 4 + at if at >= 0 else start + 2 + length + at] = octet
    return bytes(data)


def _with_segment(marker, body):
    data = _jpeg()
    return data[:2] + _segment(marker, body) + data[2:]


DAMAGED = {
    "empty": ("image/jpeg", b""),
    "text": ("image/jpeg", b"no picture at all"),
    "other type": ("image/jpeg", _png()),
    "other type again": ("image/png", _jpeg()),
    "cut off": ("image/jpeg", _jpeg()[:-40]),
    "cut off in the head": ("image/jpeg", _jpeg()[:60] + b"\xff\xd9"),
    "no scan": ("image/jpeg", _jpeg().split(b"\xff\xda")[0] + b"\xff\xd9"),
    "something after the end": ("image/jpeg", _jpeg() + b"PK\x03\x04\xff\xd9"),
    "four colours": ("image/jpeg", _CMYK.tobytes("jpeg")),
    "arithmetic coding": ("image/jpeg", _jpeg().replace(b"\xff\xc2", b"\xff\xc9", 1)),
    "twelve bits": ("image/jpeg", _jpeg().replace(b"\xff\xc2\0\x11\x08", b"\xff\xc2\0\x11\x0c", 1)),
    "a scan of a stranger": ("image/jpeg", _jpeg().replace(b"\xff\xda\0\x0c\x03\x01", b"\xff\xda\0\x0c\x03\x09", 1)),
    "a scan backwards": ("image/jpeg", _broken(0xDA, -3, 63)),
    "a scan of nothing": ("image/jpeg", _broken(0xDA, 0, 0)),
    "two components of a name": ("image/jpeg", _broken(0xC2, 9, 1)),
    "too few components": ("image/jpeg", _broken(0xC2, 5, 1)),
    "no such sampling": ("image/jpeg", _broken(0xC2, 7, 0x35)),
    "no such quantiser": ("image/jpeg", _broken(0xDB, 0, 0x04)),
    "half a quantiser": ("image/jpeg", _broken(0xDB, 0, 0x10)),
    "no such code table": ("image/jpeg", _broken(0xC4, 0, 0x24)),
    "too many codes": ("image/jpeg", _broken(0xC4, 1, 9)),
    "codes without symbols": ("image/jpeg", _broken(0xC4, 16, 40)),
    "a symbol too large": ("image/jpeg", _broken(0xC4, 17, 99)),
    "no codes": ("image/jpeg", _with_segment(0xC4, bytes(17))),
    "no frame": ("image/jpeg", _jpeg().replace(b"\xff\xc2", b"\xff\xe9", 1)),
    "no marker": ("image/jpeg", b"\xff\xd8ab\xff\xd9"),
    "too small": ("image/jpeg", _jpeg(15, 84)),
    "too small again": ("image/png", _png(84, 15)),
    "too large": ("image/png", _made_png(4001, 16, 1, 0)),
    "a bomb": ("image/png", _made_png(20, 20, 8, 2, rows=bytes(9_000_000))),
    "rows missing": ("image/png", _made_png(20, 20, 8, 2, rows=bytes(100))),
    "rows cut off": ("image/png", _HEAD + _IHDR + _chunk(b"IDAT", zlib.compress(bytes(1220))[:-6]) + _chunk(b"IEND", b"")),
    "no such filter": ("image/png", _made_png(20, 20, 8, 2, rows=b"\x05" + bytes(20 * 61 - 1))),
    "not inflatable": ("image/png", _HEAD + _IHDR + _chunk(b"IDAT", b"\0" * 20) + _chunk(b"IEND", b"")),
    "no palette": ("image/png", _made_png(20, 20, 8, 3).replace(_chunk(b"PLTE", bytes(range(48))), b"")),
    "no such depth": ("image/png", _made_png(20, 20, 4, 2)),
    "no such interlace": ("image/png", _made_png(20, 20, 8, 2, interlace=2)),
    "wrong check": ("image/png", _png().replace(b"IDAT", b"IDAU", 1)),
    "chunk beyond the end": ("image/png", _png()[:-4]),
    "no end": ("image/png", _png()[:-12]),
    "no chunks": ("image/png", _HEAD),
    "a short head": ("image/png", _HEAD + _chunk(b"IHDR", b"") + _chunk(b"IEND", b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_what_cannot_be_drawn_is_refused(name):
    media, data = DAMAGED[name]
    with pytest.raises(ValueError):
        picture_from(_text(data), media)


@pytest.mark.parametrize("text", ["?", "abc", "/9j/ /9j/", "数据", "=" * 8, _text(_jpeg())[:-1]])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(ValueError):
        picture_from(text, "image/jpeg")


@given(st.sampled_from(["image/jpeg", "image/png"]), st.integers(0, 10**6), st.data())
def test_damage_is_a_value_error_or_a_picture(media, seed, data):
    """No other exception escapes, whatever byte is changed, cut or added."""
    whole = bytearray(_jpeg(20, 20) if media == "image/jpeg" else _png(20, 20))
    randomly = random.Random(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        whole[randomly.randrange(len(whole))] = randomly.randrange(256)
    if data.draw(st.booleans()):
        del whole[randomly.randrange(len(whole)) :]
    with suppress(ValueError):
        assert picture_from(_text(bytes(whole)), media).svg


def test_every_refused_picture_is_named(renderer):
    """Of a list the one at fault, and all fields at once."""
    pictures = sample_fields(REPORT)["KZ_ZP"]
    pictures[1]["image"] = pictures[3]["image"] = _text(b"nothing")
    fields = {"KZ_ZP": pictures, "KZ_RQ": "2026-02-30"}

    with pytest.raises(Invalid) as caught:
        renderer.render(sample_order(REPORT, fields=fields))

    assert {(problem.field, problem.code) for problem in caught.value.problems} == {
        ("/fields/KZ_ZP/1/image", "picture-unusable"),
        ("/fields/KZ_ZP/3/image", "picture-unusable"),
        ("/fields/KZ_RQ", "format"),
    }


@pytest.mark.parametrize("value", [_text(b"GIF89a"), 7, ["x"], {"image": "x"}])
def test_a_field_that_is_no_picture_is_named(renderer, value):
    problems = renderer.problems(sample_fields(PORTRAIT) | {"KZ_ZP": value}, PORTRAIT)

    assert [(item.field, item.code) for item in problems] == [("/fields/KZ_ZP", "picture-unusable")]


def test_many_large_pictures_are_too_many(renderer):
    """Small to send, yet each of them fills memory while it is drawn."""
    large = _text(_made_png(4000, 4000, 1, 0))
    pictures = [{"caption": "大", "image": large} for _ in range(4)]
    schema = json.loads(json.dumps(REPORT.schema).replace("image/jpeg", "image/png"))

    def named(count):
        fields = sample_fields(REPORT) | {"KZ_ZP": pictures[:count]}
        return [item.field for item in renderer.problems(fields, replace(REPORT, schema=schema))]

    assert named(3) == []
    assert named(4) == ["/fields/KZ_ZP"]


def test_the_picture_on_the_page_is_the_picture_given(renderer):
    """A jpeg of dark and light stripes comes out with its own pixels, described."""
    pdf = renderer.render(sample_order(PORTRAIT, fields={"KZ_ZP": _text(_jpeg(50, 70))}))

    assert "照片" in [box.text for box in boxes(pdf)]
    with pymupdf.open(stream=pdf) as document:
        images = {item[:4] for page in document for item in page.get_images(full=True)}
    assert any(width == 50 and height == 70 for _, _, width, height in images)


def test_a_picture_that_the_typesetter_leaves_out_is_refused(renderer, monkeypatch):
    """It does so in silence: the page is counted, and the picture at fault is named."""

    def unread(value, media_type):
        picture = picture_from(value, media_type)
        damaged = value == _text(_jpeg(30, 30))
        return replace(picture, svg=picture.svg.replace("/9j/", "AAAA")) if damaged else picture

    monkeypatch.setattr("signing.pages.values.picture_from", unread)
    pictures = sample_fields(REPORT)["KZ_ZP"]
    pictures[2]["image"] = _text(_jpeg(30, 30))

    with pytest.raises(Invalid) as caught:
        renderer.render(sample_order(REPORT, fields={"KZ_ZP": pictures}))
    assert [problem.field for problem in caught.value.problems] == ["/fields/KZ_ZP/2/image"]


def test_pictures_keep_pages_deterministic(renderer):
    first = renderer.render(sample_order(REPORT))
    renderer.render(sample_order(PORTRAIT))

    assert renderer.render(sample_order(REPORT)) == first


@pytest.mark.parametrize("media", ["image/jpeg", "image/png"])
def test_samples_are_pictures_of_both_kinds(media):
    spec = {"type": "string", "contentMediaType": media, "x-format": "photograph"}
    for name in ("portrait", "landscape", "drawing"):
        version = _with_picture(spec | {"x-sample": f"sample:{name}"})
        value = sample_fields(version)["KZ_P"]
        assert picture_from(value, media).ratio > 0


def _with_picture(spec):
    return replace(PORTRAIT, schema={"type": "object", "properties": {"KZ_P": spec}})
