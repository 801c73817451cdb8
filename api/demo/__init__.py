"""Demo data: every department, every open type, three of them in every state."""

from api.demo.load import load
from api.demo.report import next_steps

__all__ = ["load", "next_steps"]
