"""Options of acts that two persons do, until the administration page asks each of them apart."""

from collections.abc import Callable
from typing import Any

from api.cli import options


def operator(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--operator`: who acts."""
    return options.option(
        "--operator", required=True, zh="经办人账号。", en="Account of the person who acts."
    )(function)


def second(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--second`: who confirms."""
    return options.option(
        "--second",
        required=True,
        zh="复核人账号，须为另一人。",
        en="Account of the person who confirms: somebody else.",
    )(function)
