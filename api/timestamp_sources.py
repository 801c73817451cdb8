"""The file that names timestamp authorities in their order (`CERTLIB_TIMESTAMP_SOURCES`, TOML)."""

import tomllib
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.egress.addresses import Network, networks

__all__ = ["OWN", "OutsideAuthority", "SourcesFile", "SourcesUnreadable", "read_sources"]

OWN: Final = "own"
"""The name of the node's own authority in the file."""

_LARGEST: Final = 65_536


class SourcesUnreadable(Exception):
    """What is wrong with the file, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def _address(url: str) -> str:
    parts = urlsplit(url)
    _ = parts.port  # raises ValueError
    bare = "@" not in parts.netloc and not parts.fragment and url.isascii() and url.isprintable()
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or not bare):
        raise ValueError("http or https, a host, ASCII, no user and no fragment")
    return url


def _networks(given: list[str]) -> list[str]:
    networks(given)  # raises ValueError
    return given


class OutsideAuthority(BaseModel):
    """One authority of the file.

    Attributes:
        name: in metrics, log and findings; `own` is the node's own authority, without an address.
        url: where requests are posted.
        policy: dotted object identifier to ask for; "" takes the authority's own.
        certificates: PEM file beside this one, of certificates one of which must have signed;
            without it whoever the trust list lets stamp may have.
        seconds: the longest that one token may take.
        tolerance: seconds by which its time may differ from ours.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    url: Annotated[str, AfterValidator(_address)] = ""
    policy: str = Field(default="", pattern=r"^([0-2](\.(0|[1-9][0-9]*))+)?$")
    certificates: str = ""
    seconds: float = Field(default=3.0, ge=0.1, le=20)
    tolerance: float = Field(default=60.0, ge=1, le=3600)


class SourcesFile(BaseModel):
    """The whole file.

    Attributes:
        seconds: bound of one timestamp, all authorities together.
        networks: networks of the city that addresses may lead to although they are not public.
        source: the authorities, first choice first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    seconds: float = Field(default=6.0, ge=0.1, le=25)
    networks: Annotated[list[str], AfterValidator(_networks)] = Field(default_factory=list)
    source: list[OutsideAuthority] = Field(min_length=1, max_length=8)

    @property
    def reachable(self) -> tuple[Network, ...]:
        """`networks`, read."""
        return networks(self.networks)


def read_sources(path: Path) -> SourcesFile:
    """The file at `path`.

    Raises:
        SourcesUnreadable: it is missing, no TOML, or says something else than it may.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST)
        found = SourcesFile.model_validate(tomllib.loads(content.decode()))
    except OSError as error:
        raise SourcesUnreadable(str(error.strerror), str(error.strerror)) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SourcesUnreadable(f"{place}：{first['msg']}", f"{place}: {first['msg']}") from None
    except ValueError as error:  # no UTF-8, no TOML
        raise SourcesUnreadable(f"不是 TOML：{error}", f"no TOML: {error}") from None
    _check(found)
    return found


def _check(found: SourcesFile) -> None:
    names = [one.name for one in found.source]
    if len(set(names)) != len(names):
        raise SourcesUnreadable("名称重复", "a name stands twice")
    for one in found.source:
        if (one.name == OWN) == bool(one.url):
            raise SourcesUnreadable(
                f"{one.name}：本库机构（own）不写 url，其他机构须写",
                f"{one.name}: the own authority has no url, every other one has",
            )
