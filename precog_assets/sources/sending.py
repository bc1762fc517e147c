"""What changes something at a source: one POST or DELETE, sent once and never again, kept raw like every answer.

Belongs here: sending over `http.HttpClient`'s connections, limits and breaker. Does not: what is sent, nor what an
answer means. Nothing is retried: a request without an answer may have been carried out, and only who sent it can ask.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from precog_assets.domain.facts import Origin
from precog_assets.sources.address import without_credentials
from precog_assets.sources.http import HttpClient, Params, _Call, _query
from precog_assets.sources.outcome import Fetch

log = logging.getLogger("precog.http")


class HttpSender(HttpClient):
    """A client that may also send. Reads are retried as always, what is sent is not."""

    def send(
        self,
        method: Literal["POST", "DELETE"],
        path: str,
        *,
        body: Any = None,
        params: Params | None = None,
        feed: str,
        correlation_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> Fetch:
        """Send once and say how it ended. `body` is sent as JSON; `headers` (signatures) are never kept.

        `attempts` of the answer is 0 when our own rate limit or the breaker held the request back: then, and only
        then, it is certain that it never left. Raises ValueError for a path that does not start with `/`, and what
        the response log raises, in which case it may have been carried out.
        """
        if not path.startswith("/"):
            raise ValueError(f"path {path!r} must start with `/`; it is taken under the base URL {self.base_url}")
        content = None if body is None else orjson.dumps(body)
        given = {**({"Content-Type": "application/json"} if content is not None else {}), **(headers or {})}
        request = self._client.build_request(method, path, params=_query(params), headers=given, content=content)
        config, url = self._config(), without_credentials(request.url)
        call = _Call(request, feed, url, correlation_id, Origin.LIVE, True, config, time.monotonic())
        answer = self._held_back(call)
        sent = answer is None
        if answer is None:
            answer = self._send(call)
            self._heard(answer)
            if answer.status_code is not None:
                answer = self._captured(call, answer)
        fetch = self._fetch_of(call, answer, int(sent))
        if not fetch.ok:
            log.warning(
                "sending failed: source=%s mode=%s feed=%s code=%s status=%s sent=%s elapsed_ms=%.0f "
                "correlation_id=%s detail=%s",
                *(self.source, self.mode, feed, fetch.code, fetch.status_code, sent, fetch.elapsed_ms),
                *(correlation_id, fetch.detail),
            )
        return fetch
