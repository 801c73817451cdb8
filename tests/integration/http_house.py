"""A served node with something of everything on record, and a scene for every operation."""

import json
from itertools import count
from urllib.parse import quote

import httpx

from api.schemas import examples
from certlib.states import REASONS, Action

CLIENTS = ("transport", "counter")
NUMBER = "粤交运管许可揭字445230000001号"
"""The number of the documented order: each request gets one of its own for it."""
_BEFORE = {
    "restoreCertificate": (
        "suspend",
        {"reason_code": REASONS[Action.SUSPEND][0].code, "effective_from": "2026-11-01"}
        | {"legal_basis": "某条", "document_number": "文1号", "authority": "机关"},
    ),
    "decideRenewal": (
        "renewal-applications",
        {"applied_on": "2026-10-01", "case_number": "办1号"},
    ),
    "liftRestriction": (
        "restrictions",
        {"kind": "seized", "authority": "机关", "document_number": "文1号"}
        | {"effective_from": "2026-11-01"},
    ),
}
"""What must have happened before the operation can do anything."""
_REVIEWS = {"approveDraft", "reviewTypeVersion"}
_TYPE = f"{examples.ISSUER}777"
_HOOK = {"url": "https://localhost/hook", "topics": ["certificate.*"]}
_KEYS = count(1)
_NUMBERS = count(1)


class House:
    """Asks the node, and knows records that an operation can be tried on."""

    def __init__(self, server):
        self.url = server.url
        self.http = httpx.Client(base_url=server.url, timeout=60)
        self.tokens = {name: server.bearer(name, act="maker") for name in CLIENTS}
        self.tokens["reviewer"] = server.bearer("transport", act="reviewer")
        self.identifier = self._issued()
        self._version = count(1)
        firm = examples.ORDER["holders"][0]
        self._event = {
            "kind": "renamed",
            "before": [firm],
            "after": [{**firm, "name": "揭阳市示例物流有限公司"}],
            "effective_from": "2026-05-01",
            "basis": "变更登记",
        }

    def close(self):
        self.http.close()

    def ask(self, operation, path, *, client="", content=None, headers=None):
        """Asks with a key of its own; a header that is None is left out."""
        client = client or ("reviewer" if operation.name in _REVIEWS else "transport")
        sent = dict(self.tokens[client]) if operation.protected else {}
        sent |= {"Idempotency-Key": f"e-{next(_KEYS)}"}
        if content is not None:
            sent["Content-Type"] = "application/json"
        lines = [
            (name, value.encode("latin-1"))
            for name, value in (sent | (headers or {})).items()
            if value is not None
        ]
        content = content and content.replace(_encoded(NUMBER), _encoded(_number()))
        return self.http.request(operation.method, path, content=content, headers=lines)

    def scene(self, operation):
        """The path of a record that the operation can do its work on, and a body for it."""
        body = operation.example()
        places = {"type_code": examples.TYPE, "credit_code": examples.ISSUER, "name": "root.cer"}
        if "{version}" in operation.path and operation.method != "GET":
            places["type_code"] = _TYPE
            places["version"], body = self._type(operation, body)
        elif "{version}" in operation.path:
            places["version"] = "2026.1"
        if "{webhook_id}" in operation.path:
            places["webhook_id"], places["delivery_id"] = self._webhook(operation)
        if "{event_id}" in operation.path:
            places["event_id"] = self._happened(operation)
        if "{identifier}" in operation.path:
            places["identifier"] = self._certificate(operation)
            body = _fitting(operation, body, places["identifier"])
        if "{sha256}" in operation.path:
            places["sha256"] = self._post("/v1/certificates", _order())["sha256"]
        if operation.name == "putDepartment":
            # Other questions may have renamed it: by now another name would need a day.
            body = body | self._names()
        if operation.name == "spoilBlankForms":
            body = body | {"numbers": [self._blank()]}
        path = operation.path
        for name, value in places.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return path, body, places

    def scene_of_reading(self, path):
        """Records that are there, for the names in a path; nothing is made."""
        if "{version}" in path:
            return {"type_code": examples.TYPE, "version": "2026.1"}
        known = {"identifier": self.identifier, "credit_code": examples.ISSUER}
        return {name: value for name, value in known.items() if f"{{{name}}}" in path}

    def _type(self, operation, body):
        version = f"2030.{next(self._version)}"
        draft = {"definition": {**examples.DEFINITION, "type_code": _TYPE, "version": version}}
        path = f"/v1/types/{_TYPE}/versions/{version}"
        if operation.name != "draftTypeVersion":
            self._post(path, draft)
        if operation.name in {"publishTypeVersion", "withdrawTypeVersion"}:
            self._post(f"{path}/review", None, **self.tokens["reviewer"])
        if operation.name == "publishTypeVersion":
            body = {"published_from": f"{2100 + int(version[5:])}-01-01"}
        if operation.name == "withdrawTypeVersion":
            day = f"{2100 + int(version[5:])}-01-01"
            self._post(f"{path}/publish", {"published_from": day})
            body = body | {"last_day": day}
        return version, draft if body and "definition" in body else body

    def _webhook(self, operation):
        self.no_webhooks()  # a department may have but so many
        made = self._post("/v1/webhooks", _HOOK)["webhook_id"]
        if "{delivery_id}" not in operation.path:
            return made, ""
        self._issued()
        for _ in range(500):
            answer = self.http.get(
                f"/v1/webhooks/{made}/deliveries", headers=self.tokens["reviewer"]
            )
            for delivery in answer.json()["deliveries"]:
                return made, delivery["delivery_id"]
        raise AssertionError("nothing was queued")

    def no_webhooks(self):
        for hook in self.http.get("/v1/webhooks", headers=self.tokens["reviewer"]).json()[
            "webhooks"
        ]:
            self.http.delete(f"/v1/webhooks/{hook['webhook_id']}", headers=self.tokens["reviewer"])

    def _names(self):
        path = f"/v1/departments/{examples.ISSUER}"
        found = self.http.get(path, headers=self.tokens["transport"]).json()
        return {"name": found["name"], "short_name": found["short_name"]}

    def _blank(self):
        """The number of a blank form that has just come."""
        number = f"B{next(_NUMBERS):06}"
        stock = {"type_code": examples.TYPE, "form": "original", "numbers": [number]}
        self._post("/v1/blank-forms", stock)
        return number

    def _happened(self, operation):
        if "holder-changes" in operation.path:
            return self._post("/v1/holder-changes", self._event)["event_id"]
        name = {"name": "揭阳市交通局", "short_name": "交通局", "basis": "更名"}
        path = f"/v1/departments/{examples.ISSUER}/names"
        return self._post(path, name | {"effective_from": "2026-06-01"})["event_id"]

    def _certificate(self, operation):
        if operation.path.startswith("/v1/drafts/"):
            made = self._post("/v1/drafts", _order())["identifier"]
            if operation.name == "sealDraft":
                self._post(f"/v1/drafts/{made}/approve", None, **self.tokens["reviewer"])
            return made
        if operation.method == "GET":
            return self.identifier
        made = self._issued()
        path = f"/v1/certificates/{made}"
        act, before = _BEFORE.get(operation.name, ("", None))
        if act:
            self._post(f"{path}/{act}", before)
        if operation.name in {"printPaper", "changePaper"}:
            # Other questions may have begun a stock: then every sheet is printed on a form of it.
            stock = {"type_code": examples.TYPE, "form": "original", "numbers": [_of(made)]}
            self._post("/v1/blank-forms", stock)
        if operation.name == "changePaper":
            self._post(f"{path}/paper", {"prints": [_print(_of(made))]})
        return made

    def _issued(self):
        return self._post("/v1/certificates", _order())["identifier"]

    def _post(self, path, body, **headers):
        sent = self.tokens["transport"] | {"Idempotency-Key": f"e-{next(_KEYS)}"} | headers
        answer = self.http.post(path, json=body, headers=sent)
        assert answer.is_success, f"{path}: {answer.text}"
        return answer.json()


def _fitting(operation, body, made):
    """The documented body, as far as it has to differ for this operation."""
    action = next((item for item in Action if operation.path.endswith(f"/{item.value}")), None)
    if body is not None and "reason_code" in body and action is not None:
        reasons = [item.code for item in REASONS[action]]
        chosen = "own-wish" if "own-wish" in reasons else reasons[0]
        body = body | {"reason_code": chosen, "effective_from": "2026-11-20"}
    if operation.name == "transferOutCertificate":
        body = body | {"receiving_authority": "深圳市交通运输局", "receiving_division": "440300"}
    if operation.name == "printPaper":
        body = {"prints": [_print(_of(made))]}
    if operation.name == "changePaper":
        body = body | {"print_number": _of(made), "on": "2026-11-20"}
    if operation.name == "liftRestriction":
        body = {"kind": "seized", "lifted_on": "2026-11-20"}
    return body


def _of(identifier):
    """A print number of a certificate's own."""
    return f"P-{identifier.split('.')[-3]}"


def _print(number):
    return {**examples.PRINT, "blank_number": number, "print_number": number}


def _order():
    return examples.ORDER | {"number": _number()}


def _number():
    return f"粤交运管许可揭字{next(_NUMBERS):012}号"


def _encoded(text):
    return json.dumps(text).encode()
