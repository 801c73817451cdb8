"""How it is with the list of other authorities, as Prometheus sees it."""

from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from api.trust_parts import TrustStanding

__all__ = ["TrustFigures"]

_GAUGES: Final = {
    "version": ("certlib_trust_list_version", "Version of the list of others in force"),
    "refused": ("certlib_trust_list_refused", "Whether the list that lies there is not"),
    "late": ("certlib_trust_list_overdue_seconds", "Since when a newer list was due"),
    "crls": ("certlib_trust_crls_faulty", "Revocation lists of others, overdue or bad"),
}


class TrustFigures:
    """Four gauges, told together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges = {
            key: Gauge(name, text, registry=registry) for key, (name, text) in _GAUGES.items()
        }

    def tell(self, standing: TrustStanding, now: datetime) -> None:
        """Sets all of them."""
        self._gauges["version"].set(standing.version)
        self._gauges["refused"].set(standing.problem is not None)
        self._gauges["late"].set(standing.late(now))
        self._gauges["crls"].set(standing.faulty(now))
