"""Parsers of bytes under a fuzzer that is led by coverage (`make fuzz T=syntax SECONDS=60`).

`targets` says for each parser what may come out of it and what never may; `corpus` makes the
inputs to begin with; `found` keeps what once broke a promise, and every run of the tests asks it
again, with the corpus and a few hundred changes of it.
"""
