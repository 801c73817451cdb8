"""What stands on a face, as plain data for the designs: wording and order, no layout.

A design never names a field. It draws the rows that `signing.pages.rows` makes from the type's
field dictionary, and the type's own wording.
"""

import re
from typing import Any, Final

from certlib.catalogue import TypeVersion
from certlib.document import Content
from certlib.ports import PageOrder
from signing.pages.rows import metadata_texts, rows_of
from signing.pages.values import day_text, text_of, with_script

__all__ = ["face_of"]

_FORMS: Final = {"original": "正本", "duplicate": "副本", "annex": "附页", "drawing": "附图"}
_PLACE: Final = re.compile(r"\{(KZ_\w+|holder|number|validity|date)\}")


def face_of(order: PageOrder) -> dict[str, Any]:
    """The whole face of a certificate as JSON values.

    Raises:
        Invalid: a value is not what its schema says, a picture is none, a sum does not fit.
    """
    content, version = order.content, order.type_version
    rows = rows_of(content, version)
    return {
        "title": content.name,
        "title_en": version.name_en,
        "kind": content.form,
        "form": _FORMS.get(content.form, content.form),
        "form_label": _form_label(content, version),
        "number": content.number,
        "identifier": content.identifier,
        "issuer": content.issuer_name,
        "seal_name": content.seal_name or content.issuer_name,
        "date": day_text(content.issue_date),
        "date_parts": [content.issue_date.year, content.issue_date.month, content.issue_date.day],
        "holders": [with_script(holder.name) for holder in content.holders],
        "validity": metadata_texts(content)["validity"],
        "demonstration": content.demonstration,
        "draft": order.draft,
        "verify_url": order.verify_url,
        "hints": dict(version.face or {}),
        "words": _wording(content, version),
        "rows": rows,
    }


def _form_label(content: Content, version: TypeVersion) -> str:
    """正本, 副本 2; "" where the type has one form only and does not ask for its name."""
    told = bool((version.face or {}).get("show_form"))
    if not told and content.form == "original" and len(version.forms) < 2:  # noqa: PLR2004 - one form needs no name
        return ""
    copy = f" {content.copy_number}" if content.copy_number else ""
    return _FORMS.get(content.form, content.form) + copy


def _wording(content: Content, version: TypeVersion) -> dict[str, str]:
    """The type's sentences with their places filled, in one pass: a value fills no place."""
    hints = version.face or {}
    properties = version.schema.get("properties", {})
    metadata = metadata_texts(content) | {"date": day_text(content.issue_date)}

    def filled(place: re.Match[str]) -> str:
        name = place[1]
        if not name.startswith("KZ_"):
            return metadata[name]
        if name not in content.fields:
            return ""
        return text_of(properties.get(name, {}).get("x-format", "text"), content.fields[name])

    given = {key: hints.get(key, default) for key, default in _wordings(content).items()}
    return {key: _PLACE.sub(filled, text) for key, text in given.items()}


def _wordings(content: Content) -> dict[str, str]:
    return {"subject": content.name, "preamble": "", "closing": "", "note": ""}
