"""Demo data: every department, three types, 300 certificates of generated holders."""

from api.demo.load import load
from api.demo.report import next_steps

__all__ = ["load", "next_steps"]
