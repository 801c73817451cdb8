"""Every router, in the order of the document."""

from typing import Final

from fastapi import APIRouter

from api.routes import (
    amendments,
    batches,
    certificates,
    changes,
    decisions,
    departments,
    drafts,
    duties,
    files,
    holders,
    known_files,
    ocsp,
    operation,
    paper,
    publishing,
    statuses,
    token,
    type_lifecycle,
    types,
    verifications,
    versions,
    webhooks,
)
from api.web import docs_page, file_check, pages, problem_pages, site

ROUTERS: Final[tuple[APIRouter, ...]] = (
    token.router,
    types.router,
    type_lifecycle.router,
    departments.router,
    holders.router,
    certificates.router,
    drafts.router,
    versions.router,
    files.router,
    decisions.router,
    amendments.router,
    duties.batches,
    duties.lists,
    batches.router,
    paper.router,
    verifications.router,
    statuses.router,
    known_files.router,
    changes.router,
    webhooks.router,
    operation.router,
    publishing.router,
    ocsp.router,
    file_check.router,
    pages.router,
    problem_pages.router,
    docs_page.router,
    site.router,
)
