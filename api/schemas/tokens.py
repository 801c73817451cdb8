"""The token endpoint in the API document: its shapes are those of RFC 6749."""

from typing import Any, Final

from pydantic import BaseModel, Field

from certlib.usecases.caller import SCOPES


class TokenOut(BaseModel):
    """访问令牌。 RFC 6749 section 5.1."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="有效秒数。 Seconds.", examples=[900])
    scope: str = Field(examples=["certificates:issue certificates:read"])


class TokenRefused(BaseModel):
    """RFC 6749 section 5.2."""

    error: str = Field(
        examples=["invalid_client"],
        json_schema_extra={
            "enum": [
                "invalid_request",
                "invalid_client",
                "unsupported_grant_type",
                "invalid_scope",
            ]
        },
    )
    error_description: str
    error_description_zh: str


_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_id": {"type": "string", "maxLength": 64},
        "client_secret": {"type": "string", "format": "password"},
        "scope": {
            "type": "string",
            "description": "空格分隔；缺省为全部已开通权限。 " + " ".join(SCOPES),
        },
        "act": {
            "type": "string",
            "maxLength": 64,
            "description": "经办人账号，不得为身份证件号码。 The acting person's account.",
        },
    },
}

TOKEN_DOCUMENT: Final[dict[str, Any]] = {
    "operation_id": "token",
    "summary": "取得访问令牌 Get an access token",
    "response_model": TokenOut,
    "responses": {
        400: {"model": TokenRefused, "description": "请求有误。 Bad request."},
        401: {"model": TokenRefused, "description": "客户端认证失败。 Wrong credentials."},
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": _FORM,
                    "example": {
                        "grant_type": "client_credentials",
                        "client_id": "transport",
                        "client_secret": "…",
                        "act": "zhang.san",
                    },
                }
            },
        },
        "security": [{"basic": []}, {}],
    },
}
