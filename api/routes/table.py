"""Every router, in the order of the document."""

from typing import Final

from fastapi import APIRouter

from api.routes import (
    batches,
    certificates,
    decisions,
    files,
    operation,
    publishing,
    token,
    types,
    verifications,
)
from api.web import pages

ROUTERS: Final[tuple[APIRouter, ...]] = (
    token.router,
    types.router,
    certificates.router,
    files.router,
    decisions.router,
    batches.router,
    verifications.router,
    operation.router,
    publishing.router,
    pages.router,
)
