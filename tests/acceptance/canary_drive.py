"""A served node, and planted holders driven through every route of it."""

import csv
import hashlib
import io
import json
import re
import socket
import sqlite3
import time
from contextlib import closing, suppress
from datetime import date, timedelta
from urllib.parse import quote

import httpx
import openpyxl

from api.demo.orders import ISSUERS, TRANSPORT, owner_of, repeated
from api.routes.table import ROUTERS
from api.shipped import type_files
from certlib.usecases.caller import SCOPES
from signing.pages.sample import sample_fields
from tests.acceptance.canaries import (
    ADDRESS,
    COMPANY,
    COMPANY_CODE,
    CONTACT,
    CONTACT_PHONE,
    HOLDER,
    NOTED,
    PHONE,
    RECEIVER,
    RENAMED,
    SECOND,
    THIRD,
)
from tests.acceptance.node_process import NodeProcess

DRIVER, PROJECT = "11100000000019713D071", "11445200990090307L001"
TODAY = date.today()
START = TODAY - timedelta(days=40)
VERSIONS = {version.type_code: version for version, _ in type_files()}


class Node(NodeProcess):
    """The node with its clients, and all that it has ever answered."""

    def __init__(self, folder, **more):
        super().__init__(folder / "var", stores=more)
        self.answers = []
        self.said = []
        self.keys = 0
        self._bearers = {}
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def cli(self, *arguments, check=True, **more):
        done = self.run(*arguments, check=False, **more)
        self.said.append((arguments[0], done.stdout, done.stderr))
        assert not check or done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

    def client(self, name, department, scopes=SCOPES):
        given = [word for scope in scopes for word in ("--scope", scope)]
        done = self.run("clients", "add", name, "--department", department, "--json", *given)
        self.secrets = getattr(self, "secrets", {}) | {
            name: json.loads(done.stdout)["client_secret"]
        }

    def bearer(self, client, person):
        if (client, person) not in self._bearers:
            form = {"grant_type": "client_credentials", "act": person}
            answer = self.http.post("/oauth2/token", data=form, auth=(client, self.secrets[client]))
            self._bearers[client, person] = answer.json()["access_token"]
        return {"Authorization": f"Bearer {self._bearers[client, person]}"}

    def ask(self, method, path, *, client="transport", person="maker.one", **given):
        """The answer, kept for the search."""
        headers = self.bearer(client, person) | given.pop("headers", {})
        if method == "POST" and "Idempotency-Key" not in headers:
            self.keys += 1
            headers["Idempotency-Key"] = f"canary-{self.keys:06d}"
        answer = self.http.request(method, path, headers=headers, **given)
        self.answers.append((method, path.partition("?")[0], answer))
        return answer

    def done(self, method, path, **given):
        answer = self.ask(method, path, **given)
        if not answer.is_success:
            print("FAIL", method, path, answer.status_code, answer.text[:700])
            return answer
        assert answer.is_success, (method, path, answer.status_code, answer.text[:1500])
        return answer


def _order(code, holders, number, fields=(), person=None):
    version = VERSIONS[code]
    made = sample_fields(version) | repeated(version, owner_of(person)) if person else {}
    return {
        "type_code": code,
        "issuer_code": ISSUERS[code],
        "number": number,
        "holders": holders,
        "issue_date": START.isoformat(),
        "valid_from": START.isoformat(),
        "valid_to": (START + timedelta(days=1400)).isoformat() if version.term_years else None,
        "division_code": "445202",
        "fields": {**made, **dict(fields)},
    }


def driver(person, number=None):
    """A driver's card: number, address and telephone of its holder; the face number is theirs."""
    holders = [{"name": person.name, "code_type": "111", "code": person.code}]
    fields = {"KZ_ZZ": ADDRESS, "KZ_LXDH": PHONE}
    return _order(DRIVER, holders, number or person.code, fields, person)


def company(number, name=COMPANY, code=TRANSPORT, **fields):
    holders = [{"name": name, "code_type": "001", "code": COMPANY_CODE}]
    plain = {
        "KZ_DZ": ADDRESS,
        "KZ_FDDBR": CONTACT,
        "KZ_JJXZ": "有限责任公司",
        "KZ_JYFW": "道路普通货物运输",
        "KZ_LXDH": CONTACT_PHONE,
    }
    return _order(code, holders, number, fields or plain)


def project(number):
    return company(
        number,
        code=PROJECT,
        KZ_XMMC="某仓储楼工程",
        KZ_JSWZ=ADDRESS,
        KZ_YDXZ="物流仓储用地",
        KZ_JSGM="新建仓储楼一栋",
        KZ_PFZW=["同意该项目的建设工程设计方案。"],
        KZ_LXR=CONTACT,
        KZ_LXDH=CONTACT_PHONE,
    )


def decision(reason, **more):
    return {
        "reason_code": reason,
        "effective_from": TODAY.isoformat(),
        "legal_basis": "《道路运输从业人员管理规定》第四十条",
        "document_number": "揭交决〔2026〕7号",
        "authority": "揭阳市交通运输局",
        "note": f"当事人{NOTED}已于窗口签收。",
        **more,
    }


def drive(node):
    node.hook = node.done(
        "POST",
        "/v1/webhooks",
        json={
            "url": node.receiver.url,
            "topics": ["certificate.*"],
            "type_codes": [],
            "description": "办件系统",
        },
    ).json()["webhook_id"]
    first = node.done("POST", "/v1/certificates", json=driver(HOLDER)).json()["identifier"]
    second = node.done("POST", "/v1/certificates", json=company("粤交运管许可揭字 1 号")).json()
    _questions(node, first)
    _life(node, first, second["identifier"])
    _paper(node, second["identifier"])
    _drafts(node)
    _groups(node)
    _holders(node)
    _notices(node, first)
    _lists(node)
    _command_line(node, first)
    _refused(node, first)
    _wrong_places(node)


def _questions(node, identifier):
    path = f"/v1/certificates/{identifier}"
    for query in ("", "?reveal=true"):
        assert HOLDER.name[0] in node.done("GET", path + query).text
    node.done("GET", f"{path}/history")
    node.done("GET", f"{path}/versions")
    node.pdf = node.done("GET", f"{path}/file").content
    for query in (
        {"holder": {"code_type": "111", "code": HOLDER.code}},
        {"holder": {"name": HOLDER.name}},
        {"number": HOLDER.code, "type_code": DRIVER},
    ):
        node.ask("POST", "/v1/certificates/search", json=query)
    ask = "/v1/verifications"
    node.done("POST", ask, json={"identifier": identifier})
    for fields in (
        {"type_code": DRIVER, "number": HOLDER.code},
        {"type_code": DRIVER, "holder": {"code": HOLDER.code, "name": HOLDER.name}},
        {"type_code": DRIVER, "holder_code": HOLDER.code, "holder_name": HOLDER.name},
        {"identifier": identifier, "fields": {"KZ_ZZ": ADDRESS, "KZ_LXDH": PHONE}},
        {"identifier": identifier, "holder_name": SECOND.name, "number": SECOND.code},
    ):
        node.ask("POST", ask, json=fields)
    typed = {"Content-Type": "application/pdf"}
    node.done("POST", ask, content=node.pdf, headers=typed)
    changed = node.pdf[:4000] + bytes([node.pdf[4000] ^ 1]) + node.pdf[4001:]
    node.done("POST", ask, content=changed, headers=typed)
    node.ask("POST", ask, content=f"%PDF-1.7 {HOLDER.name} {HOLDER.code}".encode(), headers=typed)
    node.done("POST", ask, files={"file": (f"{HOLDER.name}.pdf", node.pdf, "application/pdf")})
    digest = hashlib.sha256(node.pdf).hexdigest()
    for start in ("/v/", "/v1/files/"):
        node.done("GET", start + digest)
    named = f"{HOLDER.name}-{HOLDER.code}.pdf"
    for sent in (node.pdf, changed, f"{HOLDER.name} {HOLDER.code}".encode()):
        for accept in ("*/*", "text/html"):
            form = {"file": (named, sent, "application/pdf")}
            node.ask("POST", "/v", files=form, headers={"Accept": accept})
    node.done("POST", "/v1/statuses", json={"identifiers": [identifier]})
    node.done("GET", f"/v1/status/{identifier}")
    node.done("GET", f"/v/{identifier}")
    for wrong in (HOLDER.code, HOLDER.name, quote(HOLDER.name), f"{identifier}{HOLDER.code}"):
        for start in ("/v1/status/", "/v/", "/v1/certificates/", "/problems/", "/pki/"):
            node.ask("GET", start + wrong)


def _life(node, card, permit):
    def act(identifier, name, **body):
        return node.done("POST", f"/v1/certificates/{identifier}/{name}", json=body)

    until = (TODAY + timedelta(days=30)).isoformat()
    act(card, "suspend", **decision("withheld", until=until))
    act(card, "restore", **decision("decision-lifted"))
    act(card, "restrictions", **_without(decision(""), "reason_code", "note", "legal_basis"),
        kind="frozen")  # fmt: skip
    act(
        card,
        "restrictions/lift",
        document_number="揭交决〔2026〕7号",
        kind="frozen",
        lift_document="揭交决〔2026〕8号",
        lifted_on=TODAY.isoformat(),
    )
    act(card, "renewal-applications", applied_on=TODAY.isoformat(), case_number="2026110001")
    act(
        card,
        "renewal-applications/decision",
        decided_on=TODAY.isoformat(),
        document_number="揭交准延〔2026〕1号",
        outcome="refused",
    )
    act(card, "delivery", channel="counter", delivered_on=TODAY.isoformat(), receiver=RECEIVER)
    duty = {
        "key": "inspection-1",
        "identifier": card,
        "duty_code": "integrity-assessment",
        "year": TODAY.year,
        "result": "passed",
        "done_on": TODAY.isoformat(),
    }
    node.done("POST", "/v1/periodic-results", json={"rows": [duty]})
    act(permit, "forms", form="duplicate", copy_number=1)
    moved = node.ask(
        "POST",
        f"/v1/certificates/{permit}/versions",
        json={"reason": "change", "fields": {"KZ_DZ": f"{ADDRESS}二楼", "KZ_FDDBR": CONTACT}},
    )
    assert moved.is_success, moved.text
    for action, reason in (
        ("revoke", "penalty"),
        ("annul", "fraud"),
        ("withdraw", "law-changed"),
        ("deregister", "own-wish"),
        ("void", "issuing-error"),
        ("transfer-out", "moved"),
    ):
        number = f"4452{TODAY.year}{len(node.answers):010d}"
        made = node.done("POST", "/v1/certificates", json=driver(THIRD, number)).json()
        more = decision(reason)
        if action == "transfer-out":
            more |= {"receiving_authority": "汕头市交通运输局", "receiving_division": "440500"}
        node.done("POST", f"/v1/certificates/{made['identifier']}/{action}", json=more)


def _without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def _paper(node, identifier):
    print_ = {
        "form": "original",
        "copy_number": 0,
        "print_number": "JT20260001",
        "blank_number": "A000001",
        "place": "市行政服务中心一楼",
        "printed_at": f"{TODAY.isoformat()}T00:10:00Z",
        "replaces": "",
    }
    node.done(
        "POST",
        "/v1/blank-forms",
        json={"type_code": TRANSPORT, "form": "original", "first": "A000001", "last": "A000050"},
    )
    newest = node.done("GET", f"/v1/certificates/{identifier}/versions").json()
    current = [item["identifier"] for item in newest["versions"] if item["state"] == "ISSUED"][-1]
    node.done("POST", f"/v1/certificates/{current}/paper", json={"prints": [print_]})
    node.done("GET", f"/v1/certificates/{current}/paper")
    act = {"act": "declare-void", "notice": "揭阳日报", "on": TODAY.isoformat()}
    lost = {"act": "lose", "on": TODAY.isoformat(), "print_number": "JT20260001"}
    for body in (lost, act | {"print_number": "JT20260001"}):
        node.ask("POST", f"/v1/certificates/{current}/paper/acts", json=body)
    node.done(
        "POST",
        "/v1/blank-forms/spoilage",
        json={"type_code": TRANSPORT, "form": "original", "numbers": ["A000017"], "reason": "错位"},
    )
    node.done(
        "POST",
        "/v1/paper/untwinned",
        json={
            "type_code": DRIVER,
            "number": SECOND.code,
            "print_number": "CY20260009",
            "printed_on": TODAY.isoformat(),
        },
    )


def _drafts(node):
    def drafted(number, **more):
        return node.done(
            "POST", "/v1/drafts", json=project(number) | more, client="planning", person="maker.one"
        ).json()["identifier"]

    paths = [f"/v1/drafts/{drafted(f'揭规建许〔2026〕{number} 号')}" for number in (1, 2, 3)]
    node.done("GET", paths[0], client="planning")
    node.done("GET", f"{paths[0]}/page", client="planning")
    node.done("GET", "/v1/drafts", client="planning")
    back = {"reason": f"联系人{NOTED}的电话有误，请核对。"}
    node.done("POST", f"{paths[0]}/return", json=back, client="planning", person="checker.two")
    node.done("POST", f"{paths[2]}/discard", json=back, client="planning", person="maker.one")
    node.done("POST", f"{paths[1]}/approve", json={}, client="planning", person="checker.two")
    node.done("POST", f"{paths[1]}/seal", json={}, client="planning", person="sealer.three")


def _groups(node):
    rows = [
        {"key": "group-1", "order": driver(SECOND, f"4452{TODAY.year}0000000001")},
        {"key": "group-2", "order": driver(SECOND, f"4452{TODAY.year}0000000002") | {"fields": {}}},
        {"key": HOLDER.code, "order": driver(SECOND, f"4452{TODAY.year}0000000003")},
    ]
    node.ask("POST", "/v1/certificate-batches", json={"rows": rows[2:]})
    node.done("POST", "/v1/certificate-batches", json={"rows": rows[:2]})


def _holders(node):
    change = {
        "kind": "renamed",
        "before": [{"code": COMPANY_CODE, "code_type": "001", "name": COMPANY}],
        "after": [{"code": COMPANY_CODE, "code_type": "001", "name": RENAMED}],
        "basis": "市场主体变更登记",
        "document_number": "（揭）市监变〔2026〕第1号",
        "effective_from": START.isoformat(),
    }
    event = node.done("POST", "/v1/holder-changes", json=change).json()["event_id"]
    whom = {"code": COMPANY_CODE, "code_type": "001"}
    node.done("POST", "/v1/holder-changes/search", json=whom)
    node.done("POST", "/v1/certificates", json=company("粤交运管许可揭字 9 号", RENAMED))
    why = {"reason": f"{NOTED}申报有误"}
    node.done("POST", f"/v1/holder-changes/{event}/void", json=why)


def _notices(node, identifier):
    path = f"/v1/webhooks/{node.hook}"
    node.done("GET", "/v1/webhooks")
    node.done("GET", path)
    node.done("POST", f"{path}/test", json={})
    for _ in range(200):
        if any(identifier.encode() in got.body for got in node.receiver.got):
            break
        time.sleep(0.1)
    deliveries = node.done("GET", f"{path}/deliveries").json()["deliveries"]
    assert deliveries
    node.done("POST", f"{path}/deliveries/{deliveries[0]['delivery_id']}/replay", json={})
    span = {"from": f"{START.isoformat()}T00:00:00Z", "until": f"{TODAY.isoformat()}T23:59:59Z"}
    node.done("POST", f"{path}/replays", json=span)
    node.done("POST", f"{path}/secret", json={})
    node.done("POST", f"{path}/disable", json={})
    node.done("POST", f"{path}/enable", json={})
    other = node.done(
        "POST",
        "/v1/webhooks",
        json={"url": node.receiver.url, "topics": ["certificate.*"], "description": ""},
    ).json()["webhook_id"]
    node.done("DELETE", f"/v1/webhooks/{other}")
    node.done("GET", "/v1/changes")


def _lists(node):
    for path in (
        "/metrics",
        f"/v1/overdue-duties?type_code={DRIVER}&duty_code=integrity-assessment",
        "/v1/late-deliveries",
        "/v1/paper/late",
        "/v1/paper/uncollected",
        "/v1/paper/untwinned",
        "/v1/blank-forms",
        "/v1/blank-forms/stock?type_code=" + TRANSPORT,
    ):
        answer = node.ask("GET", path)
        if not answer.is_success:
            answer = node.done("GET", f"{path.partition('?')[0]}?type_code={DRIVER}")


def _command_line(node, identifier):
    """Spreadsheets with good and bad rows, and whatever else an operator types."""
    header = ["type_code", "issuer_code", "number", "holder_name", "holder_code_type",
              "holder_code", "issue_date", "valid_from", "valid_to", "division_code",
              "KZ_DZ", "KZ_FDDBR", "KZ_JJXZ", "KZ_JYFW", "KZ_LXDH"]  # fmt: skip
    rows = [
        [TRANSPORT, ISSUERS[TRANSPORT], f"粤交运管许可揭字 7{n} 号", COMPANY, "001", COMPANY_CODE,
         START.isoformat(), START.isoformat(), "2029-12-31", "445202", ADDRESS, CONTACT,
         "有限责任公司", "道路普通货物运输", CONTACT_PHONE]
        for n in range(2)
    ]  # fmt: skip
    bad = [
        *rows[0][:5],
        HOLDER.code,
        "3/4/2026",
        *rows[0][7:10],
        ADDRESS,
        HOLDER.name,
        *rows[0][12:],
    ]
    table = node.folder / "rows.csv"
    for name, content in (("gb18030", [header, *rows]), ("utf-8", [header, bad])):
        text = io.StringIO()
        csv.writer(text).writerows(content)
        table.write_bytes(text.getvalue().encode(name))
        node.cli("issue", str(table), check=False)
        node.cli("issue", str(table), "--json", check=False)
    book = openpyxl.Workbook()
    for row in [header, rows[0], bad]:
        book.active.append(row)
    book.save(node.folder / "rows.xlsx")
    node.cli("issue", str(node.folder / "rows.xlsx"), check=False)
    lines = node.folder / "rows.jsonl"
    order = json.dumps(driver(THIRD, "44520000000099"), ensure_ascii=False)
    lines.write_text(f"{order}\n{order[:-7]}\n", "utf-8")
    node.cli("issue", str(lines), "--json", check=False)
    node.cli("show", identifier, "--history")
    sealed = node.folder / "card.pdf"
    sealed.write_bytes(node.pdf)
    node.cli("verify", str(sealed), "--json", check=False)
    node.cli("verify", HOLDER.code, check=False)
    node.cli(
        *(
            "revoke",
            identifier,
            "--legal-basis",
            "《道路运输条例》",
            "--document",
            "揭交罚〔2026〕9号",
        ),
        *("--authority", "揭阳市交通运输局"),
    )
    node.cli("show", HOLDER.code, check=False)
    node.cli("issue", str(node.folder / f"{HOLDER.code}.csv"), check=False)


def _refused(node, identifier):
    """What should never be sent so, is."""
    basic = [("transport", HOLDER.code), (HOLDER.code, "x"), ("transport", HOLDER.name.encode())]
    for pair in basic:
        answer = node.http.post(
            "/oauth2/token", data={"grant_type": "client_credentials"}, auth=pair
        )
        node.answers.append(("POST", "/oauth2/token", answer))
    for act in (HOLDER.code, HOLDER.name):
        form = {"grant_type": "client_credentials", "act": act}
        auth = ("transport", node.secrets["transport"])
        node.answers.append(
            ("POST", "/oauth2/token", node.http.post("/oauth2/token", data=form, auth=auth))
        )
    body = driver(HOLDER, "4452000000007777")
    for key in (HOLDER.code, f"{HOLDER.code}-1", quote(HOLDER.name), PHONE, HOLDER.name.encode()):
        headers = {"Idempotency-Key": key}
        with suppress(UnicodeEncodeError):
            node.ask(
                "POST", "/v1/certificates", json=body | {"made_by": HOLDER.code}, headers=headers
            )
    for change in (
        {"made_by": HOLDER.code},
        {"approved_by": [HOLDER.code, HOLDER.name]},
        {"type_code": HOLDER.code},
        {"issuer_code": HOLDER.name},
        {"issue_date": HOLDER.code},
        {"division_code": HOLDER.code[:6] + PHONE},
        {"fields": body["fields"] | {"KZ_CSRQ": PHONE, HOLDER.code: ADDRESS, "KZ_ZJCX": ADDRESS}},
        {"holders": [{"name": HOLDER.name, "code_type": "111", "code": HOLDER.code[:-1] + "5"}]},
        {"holders": [{"name": HOLDER.name, "code_type": "111", "code": "0" + HOLDER.code}]},
        {"holders": [{"name": HOLDER.name * 60, "code_type": HOLDER.name, HOLDER.code: ADDRESS}]},
    ):
        assert not node.ask("POST", "/v1/certificates", json=body | change).is_success
    for wrong in ({"authority": HOLDER.code * 40}, {"reason_code": HOLDER.name}, {HOLDER.code: 1}):
        path = f"/v1/certificates/{identifier}/void"
        assert not node.ask("POST", path, json=decision("issuing-error") | wrong).is_success


def _wrong_places(node):
    """Every route, with holders in its path, query, headers, and in bodies that are none."""
    personal = f"{HOLDER.name} {HOLDER.code} {PHONE} {ADDRESS}"
    odd = {
        "X-Request-ID": HOLDER.code,
        "User-Agent": quote(personal),
        "Referer": f"https://example.cn/?q={quote(HOLDER.name)}&n={HOLDER.code}",
        "Cookie": f"n={HOLDER.code}",
        "X-Forwarded-For": f"{HOLDER.code}, 10.0.0.1",
        "If-Match": f'"{HOLDER.code}"',
        "If-None-Match": f'"{HOLDER.code}"',
        "Accept-Language": quote(HOLDER.name),
    }
    bodies = (
        {"content": f'{{"holders": [{{"name": "{HOLDER.name}", "code": {HOLDER.code}'.encode()},
        {"content": personal.encode("gb18030"), "headers": {"Content-Type": "application/json"}},
        {"json": {HOLDER.code: HOLDER.name, "holders": personal, "rows": [personal]}},
        {"json": [personal]},
        {"data": {"name": HOLDER.name, "act": HOLDER.code}},
        {"content": personal.encode(), "headers": {"Content-Type": f"text/{HOLDER.code}"}},
    )
    for method, template in _routes():
        path = re.sub(r"\{[^}]*\}", quote(f"{HOLDER.name}{HOLDER.code}"), template)
        query = f"?q={quote(HOLDER.name)}&code={HOLDER.code}&limit={HOLDER.code}&after={PHONE}"
        for given in bodies if method != "GET" else ({},):
            headers = odd | given.get("headers", {})
            arguments = {name: value for name, value in given.items() if name != "headers"}
            node.ask(method, path + query, headers=headers, **arguments)
    for request_id in (HOLDER.code, PHONE, COMPANY_CODE, f"id-{PHONE}", f"{COMPANY_CODE}.1"):
        node.ask("GET", "/healthz", headers={"X-Request-ID": request_id})
    for raw in (f"GET /{HOLDER.code} HTTP/9.9\r\n\r\n", f"{HOLDER.code}\r\n\r\n"):
        node.answers.append(("RAW", "/", _raw(node, raw.encode())))


def _raw(node, octets):
    with socket.create_connection(("127.0.0.1", node.port), 20) as talk:
        talk.sendall(octets)
        answer = b""
        while part := talk.recv(65536):
            answer += part
    return httpx.Response(400, content=answer)


def _routes():
    for router in ROUTERS:
        for route in router.routes:
            for method in sorted(route.methods or ()):
                template = route.path.replace(":path", "")
                yield method, template


def while_it_runs(node):
    """Whatever a process that runs can show: its figures, and files that are not folded in yet."""
    deadline = time.monotonic() + 10
    while not _sealed(node) and time.monotonic() < deadline:
        time.sleep(0.2)
    found = {"metrics": node.http.get("/metrics").content}
    for path in sorted(node.data_dir.glob("certlib.sqlite*")):
        found[path.name] = path.read_bytes()
    return found


def _sealed(node):
    with closing(sqlite3.connect(f"file:{node.data_dir}/certlib.sqlite?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM history_batches").fetchone()[0] > 0


def afterwards(node):
    """What an operator does with the stopped node."""
    export = node.folder / "export"
    audit = node.cli("audit", "--json", check=False)
    node.green = json.loads(audit.stdout)["green"], audit.stdout
    node.cli("audit", "--export", str(export))
    node.cli("audit", "--prove", str(export))
    with closing(sqlite3.connect(node.data_dir / "certlib.sqlite")) as db:
        sequence = db.execute("SELECT min(sequence) FROM audit_history").fetchone()[0]
    node.cli("audit", "--prove", str(export), "--record", str(sequence))
    node.cli("doctor", "--json", check=False)
    node.cli("keys", "list", "--json")
