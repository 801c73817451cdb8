"""Whole certificates, reserve to publish, beside pages that typst renders and nobody keeps."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

from api.demo.lives import Term
from api.demo.orders import ISSUERS, order
from api.founding import type_files
from certlib.errors import CertlibError
from certlib.ports import PageOrder
from certlib.usecases.caller import SCOPES, Caller
from certlib.usecases.order import IssueRequest
from signing.pages.face import face_of
from signing.pages.renderer import DESIGNS_FOLDER, _inputs, _moment
from signing.pages.typesetter import Typesetter

GROUP = 20


class WholeIssue:
    """One type of a node. Every certificate and every page is another one."""

    def __init__(self, node, type_code: str) -> None:
        self._node = node
        self._version = next(item for item, _ in type_files() if item.type_code == type_code)
        self._caller = Caller(
            "bench", ISSUERS[type_code], frozenset(SCOPES), person="bench-officer"
        )
        self._next = 1
        self._typesetter = Typesetter(DESIGNS_FOLDER, at_once=2)
        self._two = ThreadPoolExecutor(2)
        self._contents = self._issued(self._orders(GROUP))
        gc.collect()
        gc.freeze()  # as the service does when it starts

    def issue(self, count: int) -> float:
        """Seconds for so many certificates, in groups as a bulk order comes."""
        spent = 0.0
        while count > 0:
            batch = self._orders(min(GROUP, count))
            started = time.perf_counter()
            outcomes = self._node.issue.issue(self._caller, batch)
            spent += time.perf_counter() - started
            for outcome in outcomes:
                if isinstance(outcome, CertlibError):
                    raise outcome
            count -= GROUP
        return spent

    def render(self, count: int) -> float:
        """Seconds of typst for so many pages, one after the other; nothing else is counted."""
        return self._typeset(count, map)

    def render_two(self, count: int) -> float:
        """The same with two compilers in two threads: typst in its best mode on two cores."""
        return self._typeset(count, self._two.map)

    def _typeset(self, count: int, side_by_side) -> float:
        sheets = [self._sheet(number) for number in range(count)]
        started = time.perf_counter()
        for _ in side_by_side(lambda sheet: self._typesetter.pdf(*sheet), sheets):
            pass
        return time.perf_counter() - started

    def _sheet(self, place: int) -> tuple:
        order = self._page(place)
        design = DESIGNS_FOLDER / order.type_version.design / "design.typ"
        return design, _inputs(order, face_of(order)), _moment(order.content)

    def _page(self, place: int) -> PageOrder:
        self._next += 1
        kept = self._contents[place % len(self._contents)]
        # Another number each: typst remembers pages, and no two real ones are the same.
        content = replace(kept, number=f"{kept.number} 甲{self._next}")
        url = f"{self._node.settings.url}/v/{content.identifier}"
        return PageOrder(content, self._version, url, content.canonical())

    def _orders(self, count: int) -> list[IssueRequest]:
        years = self._version.term_years
        term = Term(date(2026, 6, 1), date(2026, 6, 1), date(2030, 5, 31) if years else None)
        first, self._next = self._next, self._next + count
        return [
            IssueRequest(order(self._version, number, term), f"bench-{number}")
            for number in range(first, first + count)
        ]

    def _issued(self, requests: list[IssueRequest]) -> list:
        read = self._node.read
        outcomes = self._node.issue.issue(self._caller, requests)
        return [read.certificate(self._caller, item.identifier).content for item in outcomes]
