"""Pages of lists: how many, from where on, and the address of the next one."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query, Request

MOST: Final = 200
"""Lines of one page."""

Limit = Annotated[int, Query(ge=1, le=MOST, description="每页条数。 Lines of a page.")]
"""Lines of a page."""

NEXT: Final = "下一页的地址，末页为空。 Address of the next page, empty on the last one."
"""What every list says of its `next`."""


def next_page(request: Request, **changes: str) -> str:
    """The address of this list with other parameters: that of its next page."""
    kept = {key: value for key, value in request.query_params.items() if key not in changes}
    return f"{request.url.path}?{urlencode({**kept, **changes})}"
