"""Reads the catalogue: types with their versions, and which fields of a type are sensitive."""

from collections import defaultdict
from collections.abc import Sequence

from certlib.catalogue import TypeVersion
from certlib.errors import TypeUnknown
from certlib.registry import Registry
from certlib.usecases.caller import TYPES, Caller

_CODE_SHOWN = 32


class Catalogue:
    """The types of this node. Versions are immutable, so those that were asked for are kept."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kept: dict[tuple[str, str], TypeVersion] = {}

    def types(self, caller: Caller) -> list[TypeVersion]:
        """The newest version of each type, by code.

        Raises:
            ScopeMissing: the caller may not read types.
        """
        caller.need(TYPES)
        with self._registry.read() as session:
            versions = session.type_versions()
        newest: dict[str, list[TypeVersion]] = defaultdict(list)
        for item in versions:
            newest[item.type_code].append(item)
        return [_newest_first(newest[code])[0] for code in sorted(newest)]

    def versions(self, caller: Caller, type_code: str) -> list[TypeVersion]:
        """Every version of one type, the newest first.

        Raises:
            ScopeMissing: the caller may not read types.
            TypeUnknown: there is none.
        """
        caller.need(TYPES)
        with self._registry.read() as session:
            found = [item for item in session.type_versions() if item.type_code == type_code]
        if not found:
            raise TypeUnknown(type_code=type_code[:_CODE_SHOWN])
        return _newest_first(found)

    def sensitive(self, type_code: str, version: str) -> frozenset[str]:
        """Keys of the fields that are masked by default."""
        found = self.known(type_code, version)
        return frozenset() if found is None else found.sensitive_keys

    def known(self, type_code: str, version: str) -> TypeVersion | None:
        """A version that certificates name; it never changes, so it is asked for once."""
        key = (type_code, version)
        if key not in self._kept:
            with self._registry.read() as session:
                found = session.type_version(type_code, version)
            if found is None:
                return None
            self._kept[key] = found
        return self._kept[key]


def _newest_first(versions: Sequence[TypeVersion]) -> list[TypeVersion]:
    return sorted(versions, key=_version_order, reverse=True)


def _version_order(version: TypeVersion) -> list[tuple[int, int, str]]:
    """2026.10 comes after 2026.9: numbers as numbers, the rest as text."""
    parts = version.version.split(".")
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
