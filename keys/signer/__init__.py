"""Signers: processes that hold the keys and sign what is on record, and those who ask them."""
