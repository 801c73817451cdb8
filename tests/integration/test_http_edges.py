"""Every operation of the API document, asked in every awkward way: a documented answer each time.

Where schemathesis draws at random, this goes through what has broken services before: NUL, half a
surrogate pair, the first and the last day there is, numbers without end, cursors of another list.
The node holds records, so that questions reach further than "not found".
"""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from api.audit import AuditOptions, audit, trust_of_register
from api.cursors import cursor
from api.schemas import examples
from tests.integration.http_house import House
from tests.integration.http_process import prepare, serving
from tests.integration.http_promises import operations, resolved

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_SURROGATE, _BIDI, _NUL = "\ud800", "\u202e", "\0"
_DAYS = ["0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "10000-01-01", "2026-11-22T00:00"]
_STRINGS = [
    "",
    " ",
    _NUL,
    _SURROGATE,
    _BIDI,
    "\x1b[2J",
    "\U0002ffff",
    "𰻝",
    "e\u0301",
    "x" * 70_000,
]
_NUMBERS = [-1, 0, 2**31, 2**53 - 1, 2**53, 10**40, 1.5, -0.0]
_OTHERS = [None, True, [], {}, [[]] * 3, {"": ""}]
_INSTANTS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T00:00:00"]
_BODIES = {
    "nothing": b"",
    "white space": b" \n ",
    "cut off": b'{"a":',
    "no object": b"[]",
    "null": b"null",
    "a number": b"1e999",
    "a mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a key twice": b'{"reason":"a","reason":"b"}',
    "NaN": b'{"reason":NaN}',
    "deep": b"[" * 100_000,
    "deep and whole": b'{"a":' * 500 + b"1" + b"}" * 500,
    "half a key": b'{"\\ud800":1}',
    "wide": b"{" + b",".join(b'"k%d":0' % n for n in range(5000)) + b"}",
}
_SEGMENTS = [
    "%00", "%FF%FE", "a%2Fb", "..%2F..%2Fetc", "%E2%80%AE", "%20", "%25", "%ED%A0%80", "0", "*",
    "x" * 4000,
]  # fmt: skip
_QUERY = [
    "", "%00", "%FF", "%ED%A0%80", "%E2%80%AE", "-1", "0", "99999999999999999999", "1e3", "٣",
    "0001-01-01", "9999-12-31", "x" * 300, "a%2Fb", "true", "open", cursor(2**63 - 1), cursor(0),
    "2026-11-22~1.2.156",
]  # fmt: skip
_IF_MATCH = ['"1', 'W/"1"', "1", '"99999999999999999999"', "*", '"0"', "", '"-1"', '"1","2"', "é"]
_WANTED = {"before": "2026.1", "after": "2026.1"}
_WANTED |= {"type_code": examples.TYPE, "duty_code": "credit-assessment"}
_SCENES = 5
_KEYS = ["", "k" * 129, "a b", "é", "445221198501010019"]
_TOKENS = ["", "Bearer", "Bearer x.y.z", "Basic eDp5", "Bearer é", "bearer " + "x" * 8000]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edges") / "var"
    prepare(folder)
    rates = {f"CERTLIB_RATE_{kind}": "1e6" for kind in ("READ", "WRITE", "VERIFY", "PUBLIC")}
    with serving(folder, **rates) as server:
        made = House(server)
        yield made
        made.close()
        unforeseen = [line for line in server.lines() if line["event"] == "unforeseen"]
        assert unforeseen == []
    assert _violations(folder) == set()


def _violations(folder):
    """What the auditor finds in the record after all that; the node has ended."""
    secrets = folder.with_name("var-secrets")
    options = AuditOptions(
        f"sqlite:///{folder / 'certlib.sqlite'}",
        folder / "objects",
        (secrets / "kek",),
        trust_of_register(folder / "keys" / "register"),
        datetime.now(UTC),
        folders=(folder / "keys", secrets),
    )
    found = audit(options).invariants
    return {(item.name, one.code, one.subject) for item in found for one in item.violations}


def _query(operation, **changes):
    """The query with what must be there, and `changes` as they are."""
    wanted = {
        item["name"]: _WANTED[item["name"]]
        for item in operation.parameters("query")
        if item.get("required")
    }
    pairs = [f"{name}={value}" for name, value in (wanted | changes).items()]
    return "?" + "&".join(pairs) if pairs else ""


def _encoded(value):
    return json.dumps(value).encode()  # half a surrogate pair as an escape


def _paths(operation, places):
    for wrong in operation.parameters("path"):
        for segment in _SEGMENTS:
            path = operation.path.replace(f"{{{wrong['name']}}}", segment)
            for name, value in places.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            yield f"{wrong['name']} {segment[:20]}", path


def _queries(operation, path):
    for item in operation.parameters("query"):
        name = item["name"]
        values = [value for value in _QUERY if name != "wait" or not value.isdigit()]
        for value in values:
            yield f"?{name}={value[:20]}", path + _query(operation, **{name: value})
        yield f"?{name} twice", path + _query(operation) + f"&{name}=1&{name}=2"
    yield "unknown parameter", path + _query(operation, **{"%00": "%00"})


def _headers(operation):
    names = {item["name"].lower() for item in operation.parameters("header")}
    if "if-match" in names:
        yield from ((f"If-Match {value}", {"If-Match": value}) for value in _IF_MATCH)
    if "idempotency-key" in names:
        yield from ((f"key {value!r}"[:30], {"Idempotency-Key": value}) for value in _KEYS)
        yield "no key", {"Idempotency-Key": None}
    if operation.protected:
        yield from ((f"token {value!r}"[:30], {"Authorization": value}) for value in _TOKENS)
        yield "no token", {"Authorization": None}
    for kind in ("text/plain", "application/json; charset=utf-16", "é", "multipart/form-data"):
        yield f"type {kind}", {"Content-Type": kind}
    yield "accept", {"Accept": "image/*", "Accept-Language": "é;q=x", "Accept-Encoding": "*;q=-1"}
    yield "request id", {"X-Request-Id": "../../x"}
    yield "range", {"Range": "bytes=99999999999999999999-,-0", "If-None-Match": "é"}


def _awkward(value):
    match value:
        case bool() | None:
            return [None, "true", 2]
        case int():
            return [*_NUMBERS, None, "1"]
        case str() if len(value) == len("2026-01-01") and value[4] == "-":
            return [*_DAYS, None, 0, ""]
        case str() if value.endswith("Z") and "T" in value:
            return [*_INSTANTS, *_DAYS[:2], None, 0, ""]
        case str():
            return [*_STRINGS, None, 0]
        case list():
            return [[], [None], [[]], [{}], {}, "x", [*value] * 250]
        case _:
            return _OTHERS


def _changed(value, schema, where=""):
    """The body with one place of it replaced, for every place and everything awkward."""
    schema = resolved(schema)
    for other in _awkward(value):
        yield f"{where} = {other!r}"[:80], other
    match value:
        case dict():
            known = schema.get("properties", {})
            for name, below in {**dict.fromkeys(known, ""), **value}.items():
                for what, other in _changed(below, known.get(name, {}), f"{where}/{name}"):
                    yield what, {**value, name: other}
                if name in value:
                    yield f"no {where}/{name}", {key: value[key] for key in value if key != name}
            yield f"{where}/zz", {**value, "zz\0": 1}
        case [first, *rest]:
            for what, other in _changed(first, schema.get("items", {}), f"{where}/0"):
                yield what, [other, *rest]


def _bodies(operation, example):
    """Awkward bodies, each with its media type and what is awkward about it."""
    kinds = operation.said.get("requestBody", {}).get("content", {})
    for kind in kinds or ("application/json",):
        for what, content in _BODIES.items():
            yield what, kind, content
    if example is not None:
        for what, body in _changed(example, kinds["application/json"]["schema"]):
            yield what, "application/json", _encoded(body)


@pytest.mark.parametrize("operation", operations(), ids=repr)
def test_whatever_is_asked_gets_a_documented_answer(house, operation):
    asked = _Asked(house, operation)
    asked.first()
    if operation.method in {"POST", "PUT"}:
        for what, kind, content in _bodies(operation, asked.example):
            asked.ask(what, content=content, headers={"Content-Type": kind})
            asked.afresh()
    for what, path in [*_paths(operation, asked.places), *_queries(operation, asked.path)]:
        asked.ask(what, path)
    for what, headers in _headers(operation):
        asked.ask(what, headers=headers)
    for number in range(3):  # the act, its repetition, another body under its key
        other = None if number < 2 or asked.example is None else _encoded({"zz": 1})
        asked.ask(f"key {number}", content=other, headers={"Idempotency-Key": f"again-{operation}"})
    asked.ask("from another department", client="counter")
    assert not asked.broken, "\n".join(asked.broken)


class _Asked:
    """What was asked of one operation, and which answers are not as documented."""

    def __init__(self, house, operation):
        self.broken = []
        self._house, self._operation = house, operation
        self._scenes, self._acted = 0, False
        self._set()

    def _set(self):
        self.path, self.example, self.places = self._house.scene(self._operation)

    def first(self):
        """As it should be asked: or else the rest would be about something else."""
        answer = self.ask("as it is")
        kinds = self._operation.said.get("requestBody", {}).get("content", {})
        if not kinds or "application/json" in kinds:
            assert answer.status_code < 300, answer.text
        self.afresh()

    def afresh(self):
        """Another record, where the act was done to this one; a few times."""
        if self._acted and self._scenes < _SCENES:
            self._scenes += 1
            self._set()
        self._acted = False

    def ask(self, what, path=None, *, content=None, **arguments):
        if content is None and self.example is not None:
            content = _encoded(self.example)
        where = self.path + _query(self._operation) if path is None else path
        answer = self._house.ask(self._operation, where, content=content, **arguments)
        told = self._operation.broken(answer)
        if told:
            self.broken.append(f"{what}: {told}")
        self._acted |= self._operation.method != "GET" and answer.status_code < 300
        return answer
