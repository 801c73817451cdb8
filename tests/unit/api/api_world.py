"""The site over a small house: real registry, rules and routes; fake paper, seals and stamps."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from api.app import create_app
from api.settings import Settings
from api.timings import Timings
from api.tokens import hash_secret
from certlib.canonical import canonical_bytes
from certlib.errors import SigningUnavailable
from certlib.registry import Client
from certlib.usecases.caller import SCOPES
from certlib.usecases.preserve import Preserved
from certlib.usecases.report import MakeReports, Origin
from keys.ocsp import OcspAnswer, Status
from signing.pages.sample import sample_fields
from storage.engines import EngineOptions
from storage.status import StatusReader
from tests.unit.usecases.house import ISSUER, OTHER, TYPE, House, build

SECRET = "s3cret" * 8
ORDER = {
    "type_code": TYPE,
    "number": "粤交运许可字 0001 号",
    "holders": [
        {"name": "揭阳市示例运输有限公司", "code_type": "001", "code": "91445202MA9TEXT00K"}
    ],
    "issue_date": "2026-11-20",
    "valid_to": "2030-11-19",
    "division_code": "445202",
    "fields": {"KZ_JYFW": "道路普通货物运输"},
}
DECISION = {
    "reason_code": "penalty",
    "effective_from": "2026-11-22",
    "legal_basis": "《道路运输条例》第六十四条",
    "document_number": "揭交罚〔2026〕1号",
    "authority": "揭阳市交通运输局",
}


class PaperPress:
    """Receipts as their content alone."""

    error = None

    def pdf(self, receipt):
        return b"%PDF " + self.json(receipt)

    def json(self, receipt):
        if self.error is not None:
            raise self.error
        return canonical_bytes(receipt.as_json())


def _a_list():
    """A real one: caches are told when the next one comes."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")])
    first, last = datetime(2026, 11, 20, tzinfo=UTC), datetime(2036, 11, 20, tzinfo=UTC)
    builder = x509.CertificateRevocationListBuilder(name, first, last)
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return made.public_bytes(Encoding.DER)


LIST = _a_list()


class PaperResponder:
    """Answers to requests that begin with `nonce` are for one caller alone."""

    def __init__(self, clock):
        self._clock = clock

    def respond(self, request):
        if not request:
            return OcspAnswer(b"malformed", Status.MALFORMED_REQUEST)
        now = None if request.startswith(b"nonce") else self._clock.now()
        until = now and now + timedelta(seconds=90)
        return OcspAnswer(b"answer to " + request, Status.SUCCESSFUL, now, until)


class PaperKey:
    name = "timestamp"
    error = None

    def sign(self, message):
        if self.error is not None:
            raise self.error
        return b"signed" + message


class PaperAuthority:
    def __init__(self):
        self.key = PaperKey()
        self.refreshed = self.appointed = 0
        self.sealed = {}
        self.keys = []

    def public_certificates(self):
        return {"root.cer": b"DER of root"}

    def crls(self):
        return {"root.crl": LIST}

    def refresh_crls(self):
        self.refreshed += 1
        return True

    def keep_responders(self):
        self.appointed += 1
        return True

    def crls_end(self):
        return datetime(2026, 11, 24, tzinfo=UTC)

    def list_keys(self):
        return self.keys

    def keep_seals(self, names):
        new = len(names.items() - self.sealed.items())
        self.sealed = dict(names)
        return new

    def ask_seals(self, names):
        self.asked = dict(names)
        return 1

    def check_keys(self):
        self.key.sign(b"anything")

    def keep_timestamp_key(self):
        return False

    def keep_own_keys(self):
        return False

    def timestamps_end(self):
        return datetime(2029, 11, 24, tzinfo=UTC)


class PaperStanding:
    version, problem, seconds, crls, remembered = 0, None, 0.0, 0, True
    named = MappingProxyType({})

    def late(self, now):
        return self.seconds

    def faulty(self, now):
        return self.crls


class PaperTrust:
    def __init__(self):
        self.now = PaperStanding()

    def standing(self):
        return self.now


class PaperClock:
    problem, synchronised, jump, behind = None, True, 0.0, 0.0

    def now(self):
        if self.problem is not None:
            raise self.problem
        return datetime(2026, 11, 23, tzinfo=UTC)

    def standing(self):
        return self


class PaperLists:
    def __init__(self):
        self.failing, self.found = set(), []

    def round(self, now):
        yield from self.found


class PaperTimestamps:
    error = None

    def token(self, imprint, algorithm="sha256"):
        if self.error is not None:
            raise SigningUnavailable(what="tsa")
        return b"token"

    def respond(self, request):
        return b"answer to " + request


class PaperCare:
    def __init__(self, *results):
        self.results = list(results)

    def run(self):
        return self.results.pop(0) if self.results else Preserved()


@dataclass
class Parts:
    house: House
    settings: Settings
    status: StatusReader
    authority: PaperAuthority
    timestamps: PaperTimestamps
    token_key: bytes = b"t" * 32
    lock_files: Any = None
    preserve: Any = field(default_factory=PaperCare)
    timings: Timings = field(default_factory=Timings)
    trust: PaperTrust = field(default_factory=PaperTrust)
    lists: PaperLists = field(default_factory=PaperLists)
    answers: PaperLists = field(default_factory=PaperLists)
    stamp_clock: PaperClock = field(default_factory=PaperClock)
    timestamp_sources: Any = None

    @property
    def reports(self):
        return MakeReports(
            PaperPress(),
            self.house.clock,
            self.house.entropy,
            Origin("445200", "https://zz.example"),
        )

    @property
    def ocsp(self):
        return PaperResponder(self.house.clock)

    @property
    def outside_lists(self):
        return self.lists

    @property
    def outside_answers(self):
        return self.answers

    def samples(self, version):
        return sample_fields(version)

    def __getattr__(self, name):
        return getattr(self.house, name)


class Browser:
    """Asks a site over ASGI, from ordinary synchronous tests."""

    def __init__(self, site, portal):
        self._portal = portal
        transport = httpx.ASGITransport(app=site)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://site")

    def ask(self, method, path, **arguments) -> httpx.Response:
        async def asked():
            return await self._client.request(method, path, **arguments)

        return self._portal.call(asked)

    def get(self, path, **arguments):
        return self.ask("GET", path, **arguments)

    def post(self, path, **arguments):
        return self.ask("POST", path, **arguments)


@dataclass
class World:
    parts: Any
    site: Any
    browser: Browser

    @property
    def house(self):
        return self.parts.house

    def bearer(self, client_id="transport", **form):
        answer = self.browser.post(
            "/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": SECRET,
                **form,
            },
        )
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def issue(self, key="k-1", person="", **changes):
        return self.browser.post(
            "/v1/certificates",
            json={**ORDER, **changes},
            headers=self.bearer(**({"act": person} if person else {})) | {"Idempotency-Key": key},
        )

    def issued(self, key="k-1", **changes):
        answer = self.issue(key, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json()["identifier"]

    def act(self, identifier, action, key="a-1", headers=None, **changes):
        return self.browser.post(
            f"/v1/certificates/{identifier}/{action}",
            json={**DECISION, **changes},
            headers=self.bearer() | {"Idempotency-Key": key} | (headers or {}),
        )

    def again(self, **settings):
        """The same parts behind a site with other settings."""
        parts = replace(self.parts, settings=self.parts.settings.model_copy(update=settings))
        site = create_app(parts)
        return World(parts, site, Browser(site, self.browser._portal))


def open_world(folder: Path, portal) -> World:
    house = build(folder)
    with house.registry.begin() as uow:
        for client_id, department, scopes in (
            ("transport", ISSUER, frozenset(SCOPES)),
            ("reader", ISSUER, frozenset({"certificates:read"})),
            ("reform", OTHER, frozenset(SCOPES)),
        ):
            secret = hash_secret(SECRET)
            uow.put_client(
                Client(client_id, client_id, department, scopes, secret, house.clock.now())
            )
        uow.commit()
    options = EngineOptions(f"sqlite:///{folder / 'certlib.sqlite'}")
    settings = Settings(data_dir=folder, demo=True, body_limit=100_000, upload_limit=300_000)
    parts = Parts(
        house,
        settings,
        StatusReader(options, house.clock),
        PaperAuthority(),
        PaperTimestamps(),
    )
    site = create_app(parts)
    return World(parts, site, Browser(site, portal))


def portal():
    return start_blocking_portal("asyncio")
