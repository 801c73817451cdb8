"""Settings for a command, with failures as sentences that name what to set."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.cli.failures import UsageProblem
from api.settings import Settings


def settings_for(data_dir: Path, *, demo: bool, **more: Any) -> Settings:
    """The settings of this node.

    Raises:
        UsageProblem: a setting is missing or wrong; the sentence names it.
    """
    # By the alias that outranks the environment: the option was read from there already.
    given: dict[str, Any] = {"CERTLIB_DATA_DIR": data_dir.resolve(), **more}
    if demo:
        given["demo"] = True
    try:
        return Settings(**given)
    except ValidationError as error:
        raise _problem(error) from error


def reading_settings(data_dir: Path) -> Settings:
    """The settings for reading only: who prints no QR code needs no public address."""
    return settings_for(data_dir, demo=True)


def _problem(error: ValidationError) -> UsageProblem:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "setting":
        said = first.get("ctx", {})
        return UsageProblem(said["zh"], said["en"])
    name = str(first["loc"][0]).upper()
    name = name if name.startswith("CERTLIB_") else f"CERTLIB_{name}"
    return UsageProblem(f"设置 {name} 有误，请更正。", f"{name} is wrong: {first['msg']}.")
