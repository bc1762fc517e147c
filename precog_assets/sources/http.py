"""The only place that talks HTTP: one GET to a source, bounded, counted, classified, kept raw.

Belongs here: timeouts, retries, holding back, and handing every answer to the response log before
anyone parses it. Does not: what an answer means (`outcome.py`), paths, payloads and signatures of
any one source, nor where raw answers are stored (`domain.ports.ResponseLog`).

An outcome is never an exception: `get` returns a `Fetch` with the class and code of
`domain.errors`. Only defects, and system failures of the response log, are raised.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
import tenacity

from precog_assets.config.sources import Mode, SourceConfig
from precog_assets.domain.errors import CODES
from precog_assets.domain.facts import Origin
from precog_assets.domain.live import DateSeen
from precog_assets.domain.ports import Captured, RawResponse, ResponseLog
from precog_assets.domain.times import Clock, SystemClock
from precog_assets.sources.address import host_of, is_loopback, without_credentials
from precog_assets.sources.breaker import HostBreaker, HostPause
from precog_assets.sources.limits import RateLimiter
from precog_assets.sources.outcome import PREFIX_BYTES, Connecting, Fetch, classify, detail_of, http_date, retry_after_s

log = logging.getLogger("precog.http")

Params = Mapping[str, str | int | Sequence[str]]

MAX_LIMIT_WAIT_S = 1.0
RETRIED = frozenset({"http.timeout", "http.connection", "http.rate_limited", "http.server_error"})
HOST_FAILED = frozenset({"http.timeout", "http.connection", "http.server_error"})


class UnrecordedResponses:
    """A response log that keeps nothing: for uses without a database, such as `precog doctor`."""

    def capture(self, response: RawResponse) -> Captured:
        return Captured(None, hashlib.sha256(response.body).hexdigest(), False)


@dataclass(frozen=True, slots=True)
class _Call:
    """What stays the same over all attempts of one `get`."""

    request: httpx.Request
    feed: str
    url: str
    correlation_id: str
    origin: Origin
    capture: bool
    config: SourceConfig
    started: float
    """`time.monotonic` at the start; the bound on the whole call counts from here."""

    def remaining_s(self) -> float:
        return self.config.timeout_s.total - (time.monotonic() - self.started)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One attempt: an answer, or why there was none."""

    code: str
    observed_at: datetime
    elapsed_ms: float
    """Of this attempt alone."""
    waited_ms: float
    """Of the whole call until this attempt ended."""
    detail: str = ""
    status_code: int | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after_s: float | None = None
    captured: Captured | None = None
    sent: bool = True
    closed_before: bool = False
    """The host had closed a connection kept from an earlier request, as it may: it says nothing of the host."""


def _timeouts(config: SourceConfig, remaining_s: float) -> httpx.Timeout:
    bound = max(remaining_s, 0.001)
    read = min(config.timeout_s.read, bound)
    connect = min(config.timeout_s.connect, bound)
    return httpx.Timeout(connect=connect, read=read, write=read, pool=connect)


def _query(params: Params | None) -> dict[str, str | int | list[str]] | None:
    """httpx reads an empty mapping as "drop the query of the path", hence None."""
    if not params:
        return None
    return {key: value if isinstance(value, (str, int)) else list(value) for key, value in params.items()}


def _since_ms(started: float) -> float:
    return (time.monotonic() - started) * 1000


class HttpClient:
    """GETs to one source in one mode. Safe for threads; keep one per process, and close it.

    `source` is the source's configuration, or a callable that gives the one in force now (timeouts and
    retries follow it; the breaker keeps what it began with). `user_agent` None leaves httpx's own,
    which ESPN's edge lets through. `sleep` is how retries wait, in seconds. `dated` hears the `Date` of each answer
    beside this machine's clock (`wall`), which is not `clock` over a simulated world.
    """

    def __init__(
        self,
        source: SourceConfig | Callable[[], SourceConfig],
        *,
        mode: Mode,
        base_url: str,
        user_agent: str | None,
        response_log: ResponseLog,
        clock: Clock,
        limiter: RateLimiter,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        dated: Callable[[DateSeen], None] | None = None,
        wall: Clock | None = None,
    ) -> None:
        self._config = source if callable(source) else lambda: source
        config = self._config()
        self.source = config.name
        self.mode: Mode = mode
        self.base_url = base_url
        self._log = response_log
        self._clock = clock
        self._limiter = limiter
        self._sleep = sleep
        self._dated = dated
        self._wall = wall or SystemClock()
        host = host_of(base_url)
        self.breaker, self._pause = HostBreaker(host, config.breaker), HostPause()
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Accept-Encoding": "gzip, deflate"} | ({"User-Agent": user_agent} if user_agent else {}),
            timeout=_timeouts(config, config.timeout_s.total),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=60.0),
            follow_redirects=False,
            # A proxy of the environment must not carry loopback requests away.
            trust_env=not is_loopback(host),
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._client.close()

    def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        feed: str,
        correlation_id: str,
        origin: Origin = Origin.LIVE,
        headers: Mapping[str, str] | None = None,
        capture: bool = True,
    ) -> Fetch:
        """GET `path` under the base URL and say how it ended, after retries of what is transient.

        `feed` names what is asked for again and again; its answers are compared with each other.
        `headers` (signatures) are sent and never kept. `capture=False` keeps no raw answer, and a 304
        has none. The call ends after `timeout_s.total`; an answer that trickles and then stalls may take
        one read timeout longer.
        Raises ValueError for a path that does not start with `/`, and what the response log raises.
        """
        if not path.startswith("/"):
            raise ValueError(f"path {path!r} must start with `/`; it is taken under the base URL {self.base_url}")
        config = self._config()
        request = self._client.build_request("GET", path, params=_query(params), headers=headers)
        url = without_credentials(request.url)
        call = _Call(request, feed, url, correlation_id, origin, capture, config, time.monotonic())
        fetch = self._fetch_of(call, *self._with_retries(call))
        if not fetch.ok:
            log.warning(
                "fetch failed: source=%s mode=%s feed=%s code=%s status=%s attempts=%d elapsed_ms=%.0f "
                "correlation_id=%s detail=%s",
                *(self.source, self.mode, feed, fetch.code, fetch.status_code, fetch.attempts, fetch.elapsed_ms),
                *(correlation_id, fetch.detail),
            )
        return fetch

    def _with_retries(self, call: _Call) -> tuple[_Answer, int]:
        """The last answer of the source, or of our own limits where nothing was sent, and the requests sent."""
        answers: list[_Answer] = []
        retries = call.config.retries
        backoff = tenacity.wait_exponential_jitter(
            multiplier=retries.wait_initial_s, max=retries.wait_max_s, jitter=retries.wait_initial_s
        )

        def wait(state: tenacity.RetryCallState) -> float:
            asked = answers[-1].retry_after_s
            return backoff(state) if asked is None else asked

        tenacity.Retrying(
            sleep=self._sleep,
            wait=wait,
            stop=tenacity.stop_after_attempt(retries.attempts)
            | tenacity.stop_before_delay(call.config.timeout_s.total),
            retry=tenacity.retry_if_result(lambda answer: answer.code in RETRIED),
            retry_error_callback=lambda _: None,
        )(lambda: self._attempt(call, answers))
        sent = [answer for answer in answers if answer.sent]
        return (sent or answers)[-1], len(sent)

    def _attempt(self, call: _Call, answers: list[_Answer]) -> _Answer:
        as_asked = bool(answers) and answers[-1].retry_after_s is not None
        answer = self._held_back(call, paused=as_asked)
        if answer is None:
            answer = self._send(call)
            self._heard(answer)
            if call.capture and answer.status_code not in (None, 304):
                answer = self._captured(call, answer)
        answers.append(answer)
        return answer

    def _heard(self, answer: _Answer) -> None:
        """Have breaker and pause know how a request that was sent ended."""
        if answer.closed_before:
            self.breaker.undecided()
            return
        self.breaker.record(failed=answer.code in HOST_FAILED)
        if answer.code == "http.rate_limited":
            self._pause.refused(answer.retry_after_s)
        elif answer.status_code is not None:
            self._pause.answered()

    def _held_back(self, call: _Call, *, paused: bool = False) -> _Answer | None:
        """Why this attempt must not be sent, if so: the host wants a pause or failed, or our own limit is used up.

        `paused`: it waited as long as the host said.
        """
        if not paused and (left_s := self._pause.left_s()) > 0:
            code, detail = "http.budget", f"{self.breaker.host} refuses for the rate; not asked for {left_s:.1f} s more"
        elif not self.breaker.allows():
            code, detail = "http.circuit_open", f"{self.breaker.host} failed repeatedly; held back until it recovers"
        elif not self._limiter.acquire(
            self.source, self.mode, max_wait_s=max(0.0, min(MAX_LIMIT_WAIT_S, call.remaining_s()))
        ):
            code, detail = "http.budget", f"no room within {MAX_LIMIT_WAIT_S:g} s in our own rate limit; not sent"
        else:
            return None
        return _Answer(code, self._clock.now(), 0.0, _since_ms(call.started), detail, sent=False)

    def _send(self, call: _Call) -> _Answer:
        started, asked_at = time.monotonic(), self._wall.now()
        connecting = Connecting()
        call.request.extensions["timeout"] = _timeouts(call.config, call.remaining_s()).as_dict()
        call.request.extensions["trace"] = connecting
        response = None
        try:
            response = self._client.send(call.request, stream=True)
            self._note_date(response, asked_at)
            try:
                body = self._read(call, response)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            return self._no_answer("http.timeout", error, call, started)
        except (httpx.TransportError, httpx.DecodingError) as error:
            no_answer = self._no_answer("http.connection", error, call, started)
            kept = response is None and connecting.began and not connecting.opened
            return replace(no_answer, closed_before=kept)
        observed_at = self._clock.now()
        content_type = response.headers.get("content-type", "")
        code = classify(response.status_code, content_type, body[:PREFIX_BYTES])
        return _Answer(
            code=code,
            observed_at=observed_at,
            elapsed_ms=_since_ms(started),
            waited_ms=_since_ms(call.started),
            detail=detail_of(code, response, body),
            status_code=response.status_code,
            body=body,
            content_type=content_type,
            retry_after_s=retry_after_s(response.headers.get("retry-after")),
        )

    def _note_date(self, response: httpx.Response, asked_at: datetime) -> None:
        """Tell what time the server says it is; a cache's answer says when it was made."""
        if self._dated is None or response.headers.get("age", "0") != "0":
            return
        date = http_date(response.headers.get("date"))
        if date is not None:
            self._dated(DateSeen(self.source, date, asked_at, self._wall.now(), time.monotonic()))

    def _read(self, call: _Call, response: httpx.Response) -> bytes:
        """The whole body. A source that trickles is cut off once the call's time is over."""
        chunks: list[bytes] = []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if call.remaining_s() <= 0:
                raise httpx.ReadTimeout(
                    f"the answer was not complete after {call.config.timeout_s.total:g} s", request=call.request
                )
        return b"".join(chunks)

    def _no_answer(self, code: str, error: httpx.RequestError, call: _Call, started: float) -> _Answer:
        detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _Answer(code, self._clock.now(), _since_ms(started), _since_ms(call.started), detail)

    def _captured(self, call: _Call, answer: _Answer) -> _Answer:
        assert answer.status_code is not None
        captured = self._log.capture(
            RawResponse(
                source=self.source,
                feed=call.feed,
                url=call.url,
                observed_at=answer.observed_at,
                status_code=answer.status_code,
                content_type=answer.content_type,
                body=answer.body,
                elapsed_ms=answer.elapsed_ms,
                outcome=CODES[answer.code].error_class.value,
                code=answer.code,
                correlation_id=call.correlation_id,
                origin=call.origin,
            )
        )
        return replace(answer, captured=captured)

    def _fetch_of(self, call: _Call, answer: _Answer, attempts: int) -> Fetch:
        captured = answer.captured
        code = "http.unchanged" if answer.code == "ok" and captured and captured.unchanged else answer.code
        return Fetch(
            error_class=CODES[code].error_class,
            code=code,
            status_code=answer.status_code,
            body=answer.body,
            content_type=answer.content_type,
            observed_at=answer.observed_at,
            response_id=captured.response_id if captured else None,
            sha256=captured.sha256 if captured else None,
            feed=call.feed,
            url=call.url,
            elapsed_ms=answer.waited_ms,
            detail=answer.detail,
            attempts=attempts,
        )
