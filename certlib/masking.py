"""What of a person is shown by default: enough to recognise, too little to use."""

_IDENTITY_LENGTH = 18
_STARS_OF_A_NAME = 2
# Below these lengths the visible ends would tell most of the code.
_TWO_ENDS = 8
_ONE_END = 4


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
