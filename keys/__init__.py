"""Custody of keys, seal certificates, revocation lists, timestamps, trust anchors."""
