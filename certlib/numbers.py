"""Face numbers (证照编号, ZZBH) and document numbers (文号) as they are compared and searched.

The face keeps what the department wrote; uniqueness and search use the key.
"""

from certlib.characters import folded

_BRACKETS = {
    **dict.fromkeys("〔[【〖(⟨〈《「『{", "["),
    **dict.fromkeys("〕]】〗)⟩〉》」』}", "]"),
}
# Half-width forms of these come out of the folding; 一 and ー are letters, not dashes.
_DASHES = dict.fromkeys("‐‑‒–—―−⁃─━﹘", "-")
_SAME = str.maketrans({**_BRACKETS, **_DASHES})


def number_key(number: str) -> str:
    """The key of a face or document number; equal for numbers that differ in typing only.

    Full-width characters become half-width and letters capitals; 〔〕 [] 【】 and round brackets
    become one kind, and so do dashes; spaces and invisible characters go. `粤交许〔2026〕12号` and
    `粤交许【２０２６】 12号` are one number. The key of a key is itself.
    """
    return folded(number).translate(_SAME)
