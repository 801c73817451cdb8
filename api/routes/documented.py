"""What every operation says in the API document beside its own shapes."""

from typing import Any


def needs(scope: str) -> dict[str, Any]:
    """The operation's security: an access token with `scope`."""
    return {"security": [{"client": [scope]}]}


def header(description: str, example: str) -> dict[str, Any]:
    """A response header."""
    return {"description": description, "schema": {"type": "string"}, "example": example}


ETAG = {"ETag": header("登记版本，供 If-Match 使用。 The version, for If-Match.", '"1"')}
LOCATION = {
    "Location": header("证照登记的地址。 Where the record is.", "/v1/certificates/1.2.156…")
}
REPLAYED = {
    "Idempotent-Replayed": header("同键的首次结果。 The key's first answer, given again.", "true")
}
