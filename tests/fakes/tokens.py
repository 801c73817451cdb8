"""A real token: SoftHSM2 with a folder and a configuration of the test's own."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.hardware_library import library
from keys.hardware_sessions import HardwareToken, TokenOptions

MODULE = next(
    (
        path
        for path in (
            "/usr/lib/softhsm/libsofthsm2.so",
            "/usr/lib64/softhsm/libsofthsm2.so",
            "/usr/lib64/pkcs11/libsofthsm2.so",
        )
        if Path(path).exists()
    ),
    "",
)
PIN = "2468"
LABEL = "seals"


@dataclass(frozen=True)
class SoftToken:
    """A token in `folder/tokens`; the environment of this process names its configuration."""

    folder: Path

    def options(self, **changed: object) -> TokenOptions:
        return TokenOptions(**{"module": MODULE, "label": LABEL, "pin": PIN} | changed)

    def opened(self, **changed: object) -> HardwareToken:
        return HardwareToken(self.options(**changed))

    def environment(self) -> dict[str, str]:
        """Settings of a node that has this token."""
        pin = self.folder / "pin"
        pin.write_text(f"{PIN}\n")
        pin.chmod(0o400)
        return {
            "CERTLIB_PKCS11_MODULE": MODULE,
            "CERTLIB_PKCS11_TOKEN": LABEL,
            "CERTLIB_PKCS11_PIN_FILE": str(pin),
            "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"),
        }

    def taken_out(self) -> None:
        (self.folder / "tokens").rename(self.folder / "away")
        (self.folder / "tokens").mkdir()

    def put_back(self) -> None:
        (self.folder / "tokens").rmdir()
        (self.folder / "away").rename(self.folder / "tokens")
        library(MODULE).mended()  # the test need not wait for the pause between two attempts


def soft_token(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    """A fresh token; the module, which lives as long as the process, is started anew for it."""
    if not MODULE or shutil.which("softhsm2-util") is None:
        told = "install softhsm2 (scripts/system_packages.sh test)"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    (folder / "tokens").mkdir(parents=True)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = false\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    subprocess.run(
        f"softhsm2-util --init-token --free --so-pin 1357 --label {LABEL} --pin {PIN}".split(),
        check=True,
        capture_output=True,
    )
    found = library(MODULE)
    found.mended()
    found.restart(found.epoch)
    found.mended()
    return SoftToken(folder)
