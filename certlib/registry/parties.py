"""Holders and departments over time: dated names and codes, successions, delegations."""

from typing import Protocol


class PartyReads(Protocol):
    """What can be asked."""


class PartyWrites(PartyReads, Protocol):
    """What can be kept."""
