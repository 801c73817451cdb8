"""The n-th mutant of a seed: which file, which mutations; always the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.attacks.mutation import bytewise, tlv
from tests.attacks.mutation.originals import Original

_ALL = {**bytewise.MUTATIONS, **tlv.MUTATIONS}
_NAMES = tuple(_ALL)
_WEIGHTS = tuple(weight for weight, _ in _ALL.values())
_HEAVY = 0.25
"""Files with several revisions are read several times slower: they come up less often."""


@dataclass(frozen=True)
class Mutant:
    """A file and how it was made; `seed/number` makes it anew."""

    recipe: str
    pdf: bytes
    original: Original


def mutant(files: Sequence[Original], seed: int, number: int) -> Mutant:
    """The mutant; it may be equal to an original where a mutation changed nothing."""
    chance = Random(f"{seed}/{number}")
    weights = [_HEAVY if item.name.endswith("lifted") else 1.0 for item in files]
    original = chance.choices(files, weights)[0]
    pdf, steps = original.pdf, []
    others = [item.pdf for item in files]
    for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
        name = chance.choices(_NAMES, _WEIGHTS)[0]
        try:
            pdf = _ALL[name][1](pdf, chance, others)
        except (IndexError, ValueError, KeyError, AssertionError):
            # The mutation before has left nothing on which this one could work.
            steps.append(f"({name})")
            continue
        steps.append(name)
    return Mutant(f"{seed}/{number} {original.name}: {', '.join(steps)}", pdf, original)
