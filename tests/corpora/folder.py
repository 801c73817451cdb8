"""Where the public files are: not part of the product, and often absent."""

import os
from pathlib import Path

FOLDER = Path(
    os.environ.get("CERTLIB_CORPORA") or Path(__file__).resolve().parents[3] / "shared" / "corpora"
)
ABSENT = "public corpora absent: set CERTLIB_CORPORA to their folder"
