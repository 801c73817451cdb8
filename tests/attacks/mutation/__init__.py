"""Mutants: real certificates with something in them changed by chance, each with its recipe.

What a forger thinks of stands in `tests.attacks.generator`; here chance looks for what nobody has
thought of. `originals` are the files, `bytewise` and `tlv` change them, `making` chooses by a seed,
`invariants` says what no mutant may ever do. `python -m tests.attacks.mutation` runs many.
"""
