"""A certificate with as many pictures as it may hold is sealed, and read back whole."""

import base64
import hashlib
import random

import pymupdf
import pytest
import signing_pki

from certlib.catalogue import type_version_from
from certlib.evidence import ChangeGrade
from signing.evidence.reader import InProcessEvidenceReader
from signing.naming import PREFIX
from signing.pages.renderer import TypstRenderer
from signing.pages.sample import sample_order

_MOST = 900_000  # characters of base64, certlib/data/types/README.md

_REPORT = type_version_from(
    {
        "type_code": "11445200990090243N001",
        "version": "2026.1",
        "name": "检验报告",
        "name_en": "Report",
        "category": "鉴定报告",
        "design": "inspection-report",
        "schema": {
            "type": "object",
            "properties": {
                "KZ_ZP": {
                    "title": "照片",
                    "type": "array",
                    "x-format": "photographs",
                    "items": {
                        "properties": {
                            "caption": {"type": "string"},
                            "image": {"type": "string", "contentMediaType": "image/jpeg"},
                        }
                    },
                }
            },
        },
    }
)


def _photograph(seed: int) -> str:
    """A noisy JPEG, as large as a sixth of what is allowed."""
    noise = random.Random(seed).randbytes(3 * 300 * 400)
    pixels = pymupdf.Pixmap(pymupdf.csRGB, 300, 400, noise, 0)
    for quality in range(95, 5, -5):
        text = base64.b64encode(pixels.tobytes("jpeg", jpg_quality=quality)).decode("ascii")
        if len(text) <= _MOST // 6:
            return text
    pytest.fail("no quality is small enough")


def test_the_most_pictures_are_sealed_and_read_back(pki):
    pictures = [{"caption": f"第{i}张", "image": _photograph(i)} for i in range(6)]
    order = sample_order(
        _REPORT,
        fields={"KZ_ZP": pictures},
        issuer_code=signing_pki.ISSUER_CODE,
        sealed_at=signing_pki.make_content().sealed_at,
    )
    assert sum(len(picture["image"]) for picture in pictures) > _MOST // 2

    sealed = pki.sealer().seal(TypstRenderer().render(order), order.content).pdf
    facts = InProcessEvidenceReader(lambda: pki.trust).read(sealed)

    assert facts.changes.grade is ChangeGrade.NONE
    assert facts.identifier == order.content.identifier
    assert hashlib.sha256(facts.content.encode()).hexdigest() == order.content.digest()
    # Each stands in the file twice: on the page as it is, and in the compressed attachment.
    assert all(base64.b64decode(picture["image"])[-2000:] in sealed for picture in pictures)
    assert f"{PREFIX}:ZZBS".encode() in sealed
    assert f"{PREFIX}:KZ_ZP".encode() not in sealed
