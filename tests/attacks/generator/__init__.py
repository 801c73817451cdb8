"""Attacks on sealed files, made by seed, each with the verdict that it must get.

One module a family; each yields `Case`s. The ideas are from the literature (Mladenov et al. 2019,
"1 Trillion Dollar Refund"; Mainka et al. 2021, "Shadow Attacks"; Rohlmann et al. 2021, "Breaking
the Specification: PDF Certification"); the code is ours alone.
"""
