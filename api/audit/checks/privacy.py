"""INV-11: no holder's code and no holder's name outside the columns that are sealed for them.

Holders are opened from their sealed columns, and everything else that is text is searched for them:
every text column of every table, payloads of events, names of objects, log files. Names that are
public anyway (of departments) are not looked for, nor are names of a single character.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.audit.database import Snapshot
from api.audit.report import CannotAudit, Invariant
from api.audit.unsealing import DoesNotOpen, Opener

_LEAK = ("{}处：登记栏目中有持证主体的代码或姓名", "a holder's code or name, {} times")
_OPEN = ("无法解密，不能核对", "does not open, so it cannot be searched for")
_SEALED: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("certificate_holders", "code", ("identifier", "position")),
    ("holder_names", "name", ("identifier", "position", "sequence")),
    ("holder_change_parties", "code", ("event_id", "role", "position")),
    ("holder_change_parties", "name", ("event_id", "role", "position")),
)
_PUBLIC = frozenset(
    {
        "certificate_types",
        "department_names",
        "departments",
        "issue_list",
        "type_records",
        "type_versions",
        "use_list",
    }
)
"""Tables about offices and forms: a word in them that is also somebody's name is no leak."""
_OFFICES = (
    "SELECT credit_code, name, short_name FROM departments UNION "
    "SELECT credit_code, name, short_name FROM department_names"
)
_EVENTS = "SELECT event_id, payload FROM outbox"
_CODE = re.compile(r"[0-9A-Za-z]{8,}")
_HAN = re.compile(r"[·㐀-鿿豈-﫿\U00020000-\U000323af]{2,}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_SHORTEST = 2
_SHORT = 3
"""Names up to this length count only where nothing but other writing stands around them."""


@dataclass(slots=True)
class Holders:
    """What to look for.

    Attributes:
        codes: in capitals; names: as they were given.
        lengths: of the names.
    """

    codes: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)

    def add(self, column: str, text: str) -> None:
        """Takes a code or a name."""
        if column == "code" and _CODE.fullmatch(text):
            self.codes.add(text.upper())
        elif column == "name" and len(text) >= _SHORTEST:
            self.names.add(text)
            self.lengths.add(len(text))

    def leave_out(self, codes: Iterable[str], names: Iterable[str]) -> None:
        """Forgets what is public."""
        self.codes.difference_update(codes)
        self.names.difference_update(names)
        self.lengths = {len(name) for name in self.names}

    def in_text(self, text: str, *, names: bool = True) -> bool:
        """Whether a text holds any of them, escaped as in JSON or not."""
        if "\\u" in text:
            text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        if any(found.upper() in self.codes for found in _CODE.findall(text)):
            return True
        return names and not text.isascii() and any(map(self._in_run, _HAN.findall(text)))

    def _in_run(self, run: str) -> bool:
        if run in self.names:
            return True
        long = [length for length in self.lengths if _SHORT < length <= len(run)]
        return any(
            run[start : start + length] in self.names
            for length in long
            for start in range(len(run) - length + 1)
        )


def check(
    snapshot: Snapshot, opener: Opener, names: Iterable[str], logs: Sequence[Path]
) -> Invariant:
    """Searches everything that is text; `names` are of objects, `logs` files to read.

    Raises:
        CannotAudit: a log file cannot be read.
    """
    found = Invariant("INV-11")
    holders = _holders(found, snapshot, opener)
    places: Counter[str] = Counter()
    for place, text, named in _texts(snapshot, opener, names, logs):
        found.checked += 1
        places[place] += holders.in_text(text, names=named)
    for place, count in sorted(places.items()):
        if count:
            zh, en = _LEAK
            found.broken(place, "personal-data", zh.format(count), en.format(count))
    return found


def _holders(found: Invariant, snapshot: Snapshot, opener: Opener) -> Holders:
    holders, tables = Holders(), snapshot.keys()
    for table, column, key in _SEALED:
        if table not in tables:
            continue
        for row in snapshot.rows(f"SELECT {', '.join(key)}, {column} FROM {table}"):  # noqa: S608 - names of this file
            place = "\x1f".join(str(row[name]) for name in key)
            try:
                clear = opener.column(bytes(row[column] or b""), table, column, place).decode()
            except (DoesNotOpen, UnicodeDecodeError):
                found.broken(str(row[key[0]]), "holder-does-not-open", *_OPEN)
                continue
            holders.add(column, clear)
    offices = list(snapshot.rows(_OFFICES))
    public = {office[column] for office in offices for column in ("name", "short_name")}
    holders.leave_out((office["credit_code"] for office in offices), public)
    return holders


def _texts(
    snapshot: Snapshot, opener: Opener, names: Iterable[str], logs: Sequence[Path]
) -> Iterator[tuple[str, str, bool]]:
    """(place, text, whether names are to be looked for)."""
    for table in sorted(snapshot.keys()):
        named = table not in _PUBLIC
        for row in snapshot.rows(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name of the catalogue
            yield from ((f"{table}.{column}", text, named) for column, text in _strings(row))
    for row in snapshot.rows(_EVENTS):
        try:
            clear = opener.column(bytes(row["payload"]), "outbox", "payload", row["event_id"])
        except DoesNotOpen:
            continue  # damage is for others to name; nobody can read it
        yield "outbox.payload", clear.decode("utf-8", "replace"), True
    yield from (("objects", name, True) for name in names)
    for path in logs:
        yield from ((path.name, line, True) for line in _lines(path))


def _strings(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((column, value) for column, value in row.items() if isinstance(value, str) and value)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            yield from stream
    except OSError as error:
        raise CannotAudit(
            f"无法读取日志文件 {path.name}。", f"The log file {path.name} cannot be read."
        ) from error
