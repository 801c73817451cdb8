"""What of a person is shown by default: enough to recognise, too little to use."""

from collections.abc import Callable, Mapping

HIDDEN = "***"
"""Stands for a value that is not shown at all, whatever its length."""

_IDENTITY_LENGTH = 18
_STARS_OF_A_NAME = 2
# Below these lengths the visible ends would tell most of the code.
_TWO_ENDS = 8
_ONE_END = 4
_DISTRICTS = "县区市"
_SHOWN_OF_AN_ADDRESS = 3
_SHORTEST_TELEPHONE = 8


def masked_name(name: str) -> str:
    """A person's name: 李四 → 李*, 王小明 → 王**, 欧阳某某 → 欧**; a single character is hidden."""
    text = name.strip()
    hidden = min(len(text) - 1, _STARS_OF_A_NAME)
    return text[:1] + "*" * hidden if hidden > 0 else "*" * len(text)


def masked_identity(code: str) -> str:
    """A person's code: 445221********0019; shorter ones keep two, one or no places at each end."""
    if len(code) == _IDENTITY_LENGTH:
        return code[:6] + "*" * 8 + code[-4:]
    shown = 2 if len(code) >= _TWO_ENDS else 1 if len(code) >= _ONE_END else 0
    return code[:shown] + "*" * (len(code) - 2 * shown) + code[len(code) - shown :]


def masked_value(rule: str, value: object) -> object:
    """A sensitive field as it is shown by default, by its rule in `MASKS`.

    Texts of a list are masked one by one; whatever else it is, and what is hidden, stays hidden.
    """
    mask = MASKS.get(rule, _hidden)
    if isinstance(value, list) and mask is not _hidden:
        return [masked_value(rule, item) for item in value]
    return mask(value) if isinstance(value, str) else HIDDEN


def _hidden(text: str) -> str:
    del text
    return HIDDEN


def _address(text: str) -> str:
    """Down to the county, district or city: an address begins with its largest part."""
    end = next((at for unit in _DISTRICTS if (at := text.find(unit) + 1)), 0)
    shown = text[:end] if 0 < end < len(text) else text[: len(text) // _SHOWN_OF_AN_ADDRESS]
    return shown + HIDDEN


def _telephone(text: str) -> str:
    """138******78: the first three and the last two characters."""
    if len(text) < _SHORTEST_TELEPHONE:
        return HIDDEN
    return text[:3] + "*" * (len(text) - 3 - 2) + text[-2:]


def _year(text: str) -> str:
    """1985-**-**: of a day the year."""
    return text[:4] + "-**-**" if text[4:5] == "-" else HIDDEN


MASKS: Mapping[str, Callable[[str], str]] = {
    "hidden": _hidden,
    "name": masked_name,
    "code": masked_identity,
    "address": _address,
    "telephone": _telephone,
    "day": _year,
}
"""Masking rules that a field may name (`x-mask`); `hidden` shows nothing."""
