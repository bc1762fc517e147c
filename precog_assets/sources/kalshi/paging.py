"""Cursors: pages one after the other until the venue says that was the last.

An empty cursor ends the list. Kalshi answers a cursor it does not know with page 1 and no error, so a cursor
that comes a second time means going in circles, and pages have a bound: both end as a failed `Fetch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import orjson

from precog_assets.domain.errors import CODES
from precog_assets.sources.http import Fetch

MAX_PAGES = 500


def pages(get: Callable[[str, int], Fetch], *, max_pages: int = MAX_PAGES) -> Iterator[Fetch]:
    """Every page as it was fetched, by `get(cursor, number)` with numbers from 1; the cursor of page 1 is empty.

    Ends after the last page or the first failure. When it ends early for a reason that no answer shows (a cursor
    that repeats or is none, a body that is no JSON, too many pages) one more `Fetch` follows, of class `contract`,
    without a body, that says so: a list is complete only if every `Fetch` was `ok`.
    """
    met: set[str] = set()
    cursor, number = "", 0
    while True:
        number += 1
        fetch = get(cursor, number)
        yield fetch
        if not fetch.ok:
            return
        try:
            document = orjson.loads(fetch.body)
        except orjson.JSONDecodeError as error:
            yield _broken(fetch, "contract.not_json", f"page {number}: {error}")
            return
        found = document.get("cursor") if isinstance(document, dict) else None
        if found is None or found == "":
            return
        if not isinstance(found, str):
            yield _broken(fetch, "contract.cursor", f"page {number}: cursor is a {type(found).__name__}, not a string")
            return
        if found in met:
            yield _broken(fetch, "contract.cursor", f"page {number}: cursor {found[:80]!r} came a second time")
            return
        if number >= max_pages:
            yield _broken(fetch, "contract.cursor", f"no end after {max_pages} pages")
            return
        met.add(found)
        cursor = found


def _broken(fetch: Fetch, code: str, detail: str) -> Fetch:
    return replace(
        fetch, error_class=CODES[code].error_class, code=code, body=b"", response_id=None, sha256=None, detail=detail
    )
