"""The code on every face reads back as the address that was ordered."""

import pages_families
import pymupdf
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_orders import LICENCE, TYPE_CODES, order

from signing.pages.qr import qr_svg
from signing.pages.sample import sample_order


def _read(pdf: bytes, dpi: int) -> list[str]:
    with pymupdf.open(stream=pdf) as document:
        picture = document[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    view = memoryview(picture.samples).cast("B", (picture.height, picture.width))
    return [code.text for code in zxingcpp.read_barcodes(view)]


@pytest.mark.parametrize("code", TYPE_CODES)
def test_the_code_on_the_page_reads_back(renderer, code):
    wanted = order(code)

    assert _read(renderer.render(wanted), 200) == [wanted.verify_url]


@pytest.mark.parametrize("form", ["original", "annex", "drawing"])
@pytest.mark.parametrize("family", ["LANDSCAPE", "PORTRAIT", "CARD", "PROOF", "REPORT", "RESULT"])
def test_the_code_of_every_family_reads_back(renderer, family, form):
    wanted = sample_order(getattr(pages_families, family), form=form)

    assert _read(renderer.render(wanted), 200) == [wanted.verify_url]


def test_the_longest_identifier_reads_back(renderer):
    """94 characters under a long public address."""
    code = "11100000000013338W011"
    identifier = f"1.2.156.3005.2.{code}.114451009999990234.{'0F1E2D3C4B5A6978' * 2}.001.K"
    address = f"https://zhengzhao.zwfw.jieyang.gd.example.cn/public/v/{identifier}"
    wanted = order(LICENCE, identifier=identifier)
    longer = type(wanted)(wanted.content, wanted.type_version, address, wanted.attachment)

    assert _read(renderer.render(longer), 250) == [address]


@settings(max_examples=25, deadline=None)
@given(tail=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY.", min_size=1, max_size=94))
def test_the_fixed_mask_reads_back_for_any_identifier(tail):
    address = f"https://zz.example.cn/v/{tail}"
    with pymupdf.open(stream=qr_svg(address).encode(), filetype="svg") as image:
        picture = image[0].get_pixmap(matrix=pymupdf.Matrix(6, 6), colorspace=pymupdf.csGRAY)
    view = memoryview(picture.samples).cast("B", (picture.height, picture.width))

    assert [code.text for code in zxingcpp.read_barcodes(view)] == [address]


def test_the_same_address_gives_the_same_image():
    assert qr_svg("https://zz.example.cn/v/1") == qr_svg("https://zz.example.cn/v/1")
