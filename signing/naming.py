"""Names that stand in every certificate file: writer and reader must agree on them for decades."""

__all__ = [
    "ATTACHMENT_NAME",
    "FIELD_LABEL",
    "FIELD_NAME",
    "NAMESPACE",
    "PREFIX",
    "STAMP_LABEL",
    "STAMP_NAME",
]

NAMESPACE = "urn:certlib:gbt36903:1.0#"
"""XMP namespace of the GB/T 36903 elements; a URN, so it belongs to no machine."""

PREFIX = "zz"
"""Preferred XMP prefix of `NAMESPACE`."""

ATTACHMENT_NAME = "certificate.json"
"""File name of the canonical JSON attachment (`/AFRelationship /Source`)."""

FIELD_NAME = "Seal"
"""Name of the one signature field."""

FIELD_LABEL = "电子签章"
"""What assistive technology reads of it (`/TU`)."""

STAMP_NAME = "Timestamp"
"""How names of document timestamps' fields begin; their place among all fields follows."""

STAMP_LABEL = "存档时间戳"
"""What assistive technology reads of those."""
