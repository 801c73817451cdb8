"""Access tokens (RFC 6749 client credentials, RFC 7519): short-lived, signed, bound to a person.

Secrets are 256 random bits, so one SHA-256 is hash enough: there is nothing to guess.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.failures import NotAuthenticated
from certlib.ports import Clock, Entropy
from certlib.registry import Client
from certlib.usecases.caller import Caller

__all__ = ["AccessToken", "Tokens", "hash_secret", "new_secret", "secret_matches"]

_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"
_AUDIENCE: Final = "certlib"
_SCHEME: Final = "sha256:"
_SECRET_OCTETS: Final = 32
_LONGEST: Final = 4096
_NO_HASH: Final = _SCHEME + "0" * 64


def new_secret(entropy: Entropy) -> str:
    """A client's secret: 256 random bits in hexadecimal. Shown once, never kept."""
    return entropy.octets(_SECRET_OCTETS).hex()


def hash_secret(secret: str) -> str:
    """What is kept of a secret."""
    return _SCHEME + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_matches(client: Client | None, secret: str) -> bool:
    """Whether `secret` is that of `client`, in constant time; never for None or a disabled one."""
    kept = _NO_HASH if client is None else client.secret_hash
    same = hmac.compare_digest(hash_secret(secret).encode(), kept.encode())
    return same and client is not None and client.disabled_at is None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and what its holder must know of it; `seconds` is its life."""

    token: str
    seconds: int
    scopes: frozenset[str]


class Tokens:
    """Issues and reads access tokens.

    Args:
        key: 32 octets or more; another key makes every token void.
        node_id: the issuer of the tokens.
        seconds: life of a token.
    """

    def __init__(
        self, key: bytes, clock: Clock, entropy: Entropy, *, node_id: str, seconds: int
    ) -> None:
        self._key = OctKey.import_key(key)
        self._clock = clock
        self._entropy = entropy
        self._node_id = node_id
        self._seconds = seconds

    def issue(self, client: Client, scopes: frozenset[str], person: str = "") -> AccessToken:
        """A token for `client` with `scopes`, acting for `person` (an account, or "")."""
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self._node_id,
            "aud": _AUDIENCE,
            "sub": client.client_id,
            "dept": client.department_code,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + self._seconds,
            "jti": self._entropy.octets(16).hex(),
        }
        if person:
            claims["act"] = {"sub": person}
        header = {"alg": _ALGORITHM, "typ": _TYPE}
        token = jws.serialize_compact(header, json.dumps(claims).encode(), self._key)
        return AccessToken(token, self._seconds, scopes)

    def caller(self, authorization: str, request_id: str) -> Caller:
        """Who calls, by the `Authorization` header.

        Raises:
            NotAuthenticated: no bearer token, a foreign or altered one, or one that has expired.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or len(token) > _LONGEST:
            raise NotAuthenticated
        claims = self._claims(token.strip())
        if claims.get("iss") != self._node_id or claims.get("aud") != _AUDIENCE:
            raise NotAuthenticated
        if claims["exp"] <= int(self._clock.now().timestamp()):
            raise NotAuthenticated
        return Caller(
            client_id=claims["sub"],
            department_code=claims["dept"],
            scopes=frozenset(claims["scope"].split()),
            person=claims.get("act", {}).get("sub", ""),
            request_id=request_id,
        )

    def _claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that we signed: their types are ours."""
        try:
            signed = jws.deserialize_compact(token, self._key, algorithms=[_ALGORITHM])
            claims: Mapping[str, Any] = json.loads(signed.payload)
        except (JoseError, ValueError) as error:
            raise NotAuthenticated from error
        if signed.protected.get("typ") != _TYPE:
            # RFC 8725 section 3.11: what this key signs for another use is no access token.
            raise NotAuthenticated
        return claims
