"""The command line: `certlib`. One module per command, one place for output and errors."""

from api.cli.app import main

__all__ = ["main"]
