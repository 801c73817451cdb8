"""The hardware token of the settings; nothing is loaded before a key in it is asked to sign."""

from api.settings import Settings
from keys.hardware_sessions import HardwareToken, TokenOptions


def token_of(settings: Settings) -> HardwareToken | None:
    """The token that the settings name; None where they name none."""
    if settings.pkcs11_module is None:
        return None
    return HardwareToken(
        TokenOptions(
            module=str(settings.pkcs11_module),
            label=settings.pkcs11_token,
            pin=settings.pkcs11_pin,
            sessions=settings.pkcs11_sessions,
        )
    )
