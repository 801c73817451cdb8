"""Pages of lists: a cursor `after`, so many lines, and a `Link` to the next one.

Every list is read by keyset: what is added meanwhile neither repeats nor hides a line. The link is
put on every answer that has an `after` (`api.routes.reading`).
"""

from typing import Annotated, Final

from fastapi import Query
from pydantic import Field

MOST: Final = 200
"""Lines of one page."""

Limit = Annotated[int, Query(ge=1, le=MOST, description="每页条数。 Lines of a page.")]
"""Lines of a page."""

After = Annotated[
    str,
    Field(description="下一页的游标，末页为空。 Cursor of the next page, empty on the last one."),
]
"""What every page says of the next one."""
