"""The catalogue as a running server tells it: which fields a type has."""

from collections.abc import Mapping

from api.cli.batch.columns import Fields, FieldSpec
from api.cli.failures import CommandFailure
from api.cli.patience import Patience
from api.cli.remote import BUSY, Answer, Server, quoted

_NOT_FOUND = 404


class RemoteCatalogue:
    """Fields of types, each asked for once."""

    def __init__(self, server: Server, issuer: str, patience: Patience | None = None) -> None:
        self._server = server
        self._issuer = issuer
        self._patience = patience or Patience(0)
        self._known: dict[str, Fields] = {}

    def fields(self, type_code: str) -> Fields:
        """The fields of the newest version in face order; {} when there is no such type.

        Raises:
            CommandFailure: the server does not answer, or refuses.
        """
        if type_code not in self._known:
            self._known[type_code] = self._asked(type_code) if type_code else {}
        return self._known[type_code]

    def _asked(self, type_code: str) -> Fields:
        path = f"/v1/types/{quoted(type_code)}"
        answer = self._patience.insist(lambda: self._get(path))
        if answer.status == _NOT_FOUND:
            return {}
        if not answer.good:
            raise answer.refusal()
        try:
            properties: Mapping[str, Mapping[str, object]]
            properties = answer.body["versions"][0]["schema"]["properties"]
            specs = {key: _spec(key, found) for key, found in properties.items()}
            order = {key: int(str(found.get("x-order", 999))) for key, found in properties.items()}
            return dict(sorted(specs.items(), key=lambda item: order[item[0]]))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CommandFailure(
                "服务器的证照目录无法识别，请核对服务器版本。",
                "The server's catalogue is not understood: compare the versions.",
            ) from error

    def _get(self, path: str) -> Answer:
        answer = self._server.get(path, self._issuer)
        if answer.status in BUSY:
            raise answer.refusal()
        return answer


def _spec(key: str, found: Mapping[str, object]) -> FieldSpec:
    items = found.get("items")
    return FieldSpec(
        title=str(found.get("title", key)),
        title_en=str(found.get("x-title-en", key)),
        kind=str(found.get("type", "string")),
        format=str(found.get("format", "")),
        items=str(items.get("type", "")) if isinstance(items, Mapping) else "",
    )
