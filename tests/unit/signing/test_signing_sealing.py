"""Promises of sealing: what a sealed file has, and what it never has."""

import asyncio
import hashlib
import re
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import signing_pki
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.pdf_utils.reader import PdfFileReader

from certlib.errors import KeyUnusable, SealMismatch, SigningUnavailable
from certlib.sealing_errors import TimestampMissing
from signing import outside, sealing
from signing.gap import SealProfile, finish
from signing.sealing import PadesSealer


def _gap(pdf: bytes) -> tuple[int, int]:
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)
    zero, before, after, rest = (int(number) for number in found.groups())
    assert zero == 0
    assert after + rest == len(pdf)
    return before, after


def _cms(pdf: bytes) -> cms.SignedData:
    before, after = _gap(pdf)
    contents = bytes.fromhex(pdf[before + 1 : after - 1].decode())
    return cms.ContentInfo.load(contents)["content"]


def test_digest_in_the_seal_is_the_digest_of_everything_outside_the_gap(sealed):
    before, after = _gap(sealed)
    attributes = {
        item["type"].native: item["values"][0].native
        for item in _cms(sealed)["signer_infos"][0]["signed_attrs"]
    }
    assert attributes["message_digest"] == hashlib.sha256(sealed[:before] + sealed[after:]).digest()


def test_gap_holds_lower_case_digits_and_zeros(sealed):
    before, after = _gap(sealed)
    assert re.fullmatch(rb"<[0-9a-f]+>", sealed[before:after])
    assert sealed[:before].endswith(b"/Contents ")
    cms_length = len(_cms_bytes(sealed))
    assert set(sealed[before + 1 + 2 * cms_length : after - 1]) == {ord("0")}


def _cms_bytes(pdf: bytes) -> bytes:
    before, after = _gap(pdf)
    contents = bytes.fromhex(pdf[before + 1 : after - 1].decode())
    return cms.ContentInfo.load(contents).dump()


def test_nothing_follows_the_sealing_revision(sealed, page):
    assert sealed.startswith(page)
    assert sealed.endswith(b"%%EOF\n")
    assert sealed.count(b"%%EOF") == 2


def test_certified_with_no_changes_and_one_invisible_field(sealed):
    reader = PdfFileReader(BytesIO(sealed))
    (field,) = (item.get_object() for item in reader.root["/AcroForm"]["/Fields"])
    left, bottom, right, top = (float(number) for number in field["/Rect"])
    assert (right - left, top - bottom) == (0, 0)
    assert field["/FT"] == "/Sig"
    signature = field["/V"]
    assert reader.root["/Perms"]["/DocMDP"] == signature
    assert signature["/Reference"][0]["/TransformParams"]["/P"] == 1
    assert signature["/SubFilter"] == "/ETSI.CAdES.detached"
    assert "/JavaScript" not in reader.root.get("/Names", {})


def test_claimed_time_stands_in_the_dictionary_and_not_in_the_cms(sealed, content):
    """EN 319 142-1, 5.3: /M holds the time, signing-time is forbidden."""
    signature = PdfFileReader(BytesIO(sealed)).embedded_signatures[0].sig_object
    assert signature["/M"].startswith(content.sealed_at.strftime("D:%Y%m%d%H%M%S"))
    types = [item["type"].native for item in _cms(sealed)["signer_infos"][0]["signed_attrs"]]
    assert sorted(types) == [
        "cms_algorithm_protection",
        "content_type",
        "message_digest",
        "signing_certificate_v2",
    ]


def test_only_unsigned_attribute_is_the_timestamp(sealed):
    unsigned = _cms(sealed)["signer_infos"][0]["unsigned_attrs"]
    assert [item["type"].native for item in unsigned] == ["signature_time_stamp_token"]


def test_level_b_b_has_no_unsigned_attribute(pki, page, content):
    result = pki.sealer().seal(page, content, "B-B")
    assert result.level == "B-B"
    assert not _cms(result.pdf)["signer_infos"][0]["unsigned_attrs"]


def test_key_signs_once_per_file(pki, page, content):
    before = pki.seal.signatures
    pki.sealer().seal(page, content)
    assert pki.seal.signatures == before + 1


def test_equal_input_gives_equal_bytes_outside_the_gap(pki, page, content):
    first, second = (pki.sealer().seal(page, content).pdf for _ in range(2))
    before, after = _gap(first)
    assert (first[:before], first[after:]) == (second[:before], second[after:])


def test_reserve_that_is_too_small_is_enlarged(pki, page, content):
    pdf = pki.sealer(reserved=512).seal(page, content).pdf
    before, after = _gap(pdf)
    room, needed = (after - before - 2) // 2, len(_cms_bytes(pdf))
    assert needed > 512
    assert abs(room - 256 - needed) < 16  # an ECDSA signature varies by a byte or two


def test_finish_refuses_what_does_not_fit(page, content):
    prepared = outside.sealed(page, SealProfile(content.as_json(), signing_pki.NOW, 16))
    with pytest.raises(SealMismatch):
        finish(prepared, bytes(17))
    assert finish(prepared, bytes(16)).pdf.endswith(prepared.tail)


@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_rsa_seals_fit_the_reserve_at_once(page, content, level):
    pki = signing_pki.make_pki(key=rsa.generate_private_key(65537, 3072))
    pki.sealer().seal(page, content, level)
    assert pki.seal.signatures == 1


def test_room_without_a_timestamp_is_what_the_key_needs(pki, page, content):
    pdf = pki.sealer().seal(page, content, "B-B").pdf
    before, after = _gap(pdf)
    assert 0 <= (after - before - 2) // 2 - len(_cms_bytes(pdf)) <= 3  # a shorter signature


def test_sealing_time_comes_from_the_content_or_the_clock(pki, page):
    later = signing_pki.NOW + timedelta(hours=3)
    content = signing_pki.make_content(sealed_at=later)
    assert b"(D:20260601110000Z)" in pki.sealer().seal(page, content).pdf
    content = signing_pki.make_content(sealed_at=None)
    assert b"(D:20260601080000Z)" in pki.sealer().seal(page, content).pdf


def test_moment_in_another_zone_is_written_as_utc(pki, page):
    from datetime import timezone

    moment = datetime(2026, 6, 1, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    content = signing_pki.make_content(sealed_at=moment)
    assert b"(D:20260601080000Z)" in pki.sealer().seal(page, content).pdf
    assert moment.astimezone(UTC) == signing_pki.NOW


class _Down:
    def token(self, imprint, algorithm="sha256"):
        raise SigningUnavailable(what="tsa")


def test_missing_timestamp_authority_is_an_outage_and_not_a_lower_level(pki, page, content):
    with pytest.raises(SigningUnavailable):
        PadesSealer(pki.seal, _Down(), signing_pki.FixedClock()).seal(page, content)
    with pytest.raises(SigningUnavailable):
        PadesSealer(pki.seal, None, signing_pki.FixedClock()).seal(page, content)
    with pytest.raises(SigningUnavailable):
        pki.sealer().seal(page, content, "B-XL")


@pytest.mark.parametrize("error", signing_pki.OUTAGES, ids=lambda error: error.code)
def test_every_reason_for_which_there_is_no_timestamp_keeps_the_seal(pki, page, content, error):
    """The signature is made and counted: whoever may seal without a timestamp is given it."""

    class Refusing:
        def token(self, imprint, algorithm="sha256"):
            raise error

    with pytest.raises(TimestampMissing) as caught:
        PadesSealer(pki.seal, Refusing(), signing_pki.FixedClock()).seal(page, content)
    assert _cms(caught.value.pdf)["signer_infos"]


def test_key_with_an_unknown_algorithm_is_named(pki, page, content):
    class Odd(signing_pki.Leaf):
        algorithm = "sm2-sm3"

    odd = Odd(pki.seal.certificate, pki.seal.key, pki.seal.issuer)
    with pytest.raises(KeyUnusable):
        PadesSealer(odd, None, signing_pki.FixedClock()).seal(page, content, "B-B")


@pytest.mark.parametrize("page", [b"", b"not a pdf", b"%PDF-1.7\n%%EOF\n"])
def test_page_that_is_no_page_is_refused(pki, content, page):
    with pytest.raises(SealMismatch):
        pki.sealer().seal(page, content)


def test_sealed_file_is_not_sealed_again(pki, content, sealed):
    with pytest.raises(SealMismatch):
        pki.sealer().seal(sealed, content)


def test_long_token_costs_a_second_signature_once(pki, page, content, monkeypatch):
    """How long they are is remembered: key and counter are spared from then on."""
    monkeypatch.setattr(sealing, "_TOKEN", 10)
    sealer, before = pki.sealer(), pki.seal.signatures
    sealer.seal(page, content)
    assert pki.seal.signatures == before + 2
    sealer.seal(page, content)
    assert pki.seal.signatures == before + 3


def test_sealed_receipt_is_not_sealed_again(pki, page):
    """Without metadata of its own, nothing but the form in it tells."""
    sealed = pki.sealer().seal_receipt(page, pki.seal)
    with pytest.raises(SealMismatch):
        pki.sealer().seal_receipt(sealed, pki.seal)


def test_sealing_runs_in_threads_and_inside_a_coroutine(pki, page, content):
    sealer, found = pki.sealer(), []
    threads = [
        threading.Thread(target=lambda: found.append(sealer.seal(page, content))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4

    async def inside():
        return sealer.seal(page, content)

    assert asyncio.run(inside()).level == "B-T"


def test_answer_carries_the_digest_of_the_file(pki, page, content):
    result = pki.sealer().seal(page, content)
    assert result.sha256 == hashlib.sha256(result.pdf).hexdigest()


def test_reserve_that_is_never_enough_ends(pki, page, content, monkeypatch):
    real = sealing._prepared
    monkeypatch.setattr(sealing, "_prepared", lambda *args: real(*args)._replace(room=0))
    with pytest.raises(KeyUnusable):
        pki.sealer().seal(page, content)
