"""Every way a step can end: its class, its code, what it means and what to do.

An outcome is never confused with emptiness: "no games today" is OK with zero rows, "refused" is
BLOCKED, "could not be read" is CONTRACT. `CODES` is the one list; the README page is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    OK = "ok"
    NOT_MODIFIED = "not_modified"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    BLOCKED = "blocked"
    CONTRACT = "contract"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    code: str
    error_class: ErrorClass
    meaning: str
    action: str


_ALL = (
    ErrorCode("ok", ErrorClass.OK, "Answered and read.", "Nothing."),
    ErrorCode(
        "http.unchanged",
        ErrorClass.NOT_MODIFIED,
        "Answered with the same bytes as the time before; nothing was written.",
        "Nothing.",
    ),
    ErrorCode(
        "http.timeout",
        ErrorClass.TRANSIENT,
        "The source did not answer within the timeouts of config/sources.yaml, after all retries.",
        "Wait; if it lasts, compare `precog doctor` and raise the timeouts.",
    ),
    ErrorCode(
        "http.connection",
        ErrorClass.TRANSIENT,
        "No connection: DNS, refused, reset, or cut off in the middle of the answer.",
        "Check the network and the host with `precog doctor`.",
    ),
    ErrorCode(
        "http.rate_limited",
        ErrorClass.TRANSIENT,
        "The source answered 429.",
        "Lower the rate of this API in config/sources.yaml; it takes effect at once.",
    ),
    ErrorCode("http.server_error", ErrorClass.TRANSIENT, "The source answered 5xx, after all retries.", "Wait."),
    ErrorCode(
        "http.budget",
        ErrorClass.TRANSIENT,
        "Not sent: our own rate limit left no room within a second, or the host's pause after its 429 is not over.",
        "Nothing, unless it is frequent: beside `http.rate_limited` a lower rate in config/sources.yaml, else a higher "
        "one or fewer leagues.",
    ),
    ErrorCode(
        "http.circuit_open",
        ErrorClass.TRANSIENT,
        "The host failed repeatedly; requests are held back until it recovers.",
        "Wait; the breaker tries again by itself.",
    ),
    ErrorCode(
        "http.bad_request", ErrorClass.PERMANENT, "The source answered 400.", "See the kept body; mend the request."
    ),
    ErrorCode(
        "http.unauthorized", ErrorClass.PERMANENT, "The source answered 401.", "Check key id, key file and clock."
    ),
    ErrorCode(
        "http.not_found",
        ErrorClass.PERMANENT,
        "The source answered 404 or 410.",
        "The thing is gone, or its path changed.",
    ),
    ErrorCode("http.client_error", ErrorClass.PERMANENT, "The source answered another 4xx.", "See the kept body."),
    ErrorCode(
        "http.redirect",
        ErrorClass.PERMANENT,
        "The source answered 3xx, which is not followed.",
        "Its address changed; see the kept answer.",
    ),
    ErrorCode(
        "http.blocked",
        ErrorClass.BLOCKED,
        "The source refuses us: 403, usually an HTML page of its edge network.",
        'Set another `HTTP_USER_AGENT`, or poll from another network. This is never "no games".',
    ),
    ErrorCode(
        "contract.not_json", ErrorClass.CONTRACT, "The answer is not the JSON it should be.", "See the kept body."
    ),
    ErrorCode(
        "contract.cursor",
        ErrorClass.CONTRACT,
        "A list's pages go in circles, do not end, or carry a cursor that is none: what was read is not complete.",
        "See the detail; the pages that came are kept, and the next poll starts again from the first.",
    ),
    ErrorCode(
        "contract.vanished",
        ErrorClass.CONTRACT,
        "A required key is missing from the payload: the source changed its shape.",
        "See ops.contract_samples; mend payloads.py. The asset stands still until then, others go on.",
    ),
    ErrorCode(
        "contract.games_file",
        ErrorClass.CONTRACT,
        "A file of games given to us breaks the exchange format; nothing of it was used.",
        "Mend the rows the message names; README, exchange format, has the columns and rules.",
    ),
    ErrorCode(
        "stream.missing",
        ErrorClass.TRANSIENT,
        "Frames of a venue's stream were missed or came out of order, or the venue ended a subscription.",
        "Nothing: it is subscribed anew, and missed trades are read over REST. If frequent, see the collector's lag.",
    ),
    ErrorCode(
        "stream.spoiled",
        ErrorClass.CONTRACT,
        "A frame of a stream could not be read, or contradicts those before it; its markets are subscribed anew.",
        "See ops.stream_gaps and ops.rejections; if it goes on, the venue changed its frames.",
    ),
    ErrorCode(
        "stream.silent",
        ErrorClass.TRANSIENT,
        "A stream's socket was open and nothing came, or a command was not answered; it was given up.",
        "Nothing: it is opened again. If frequent, look at the network between us and the venue.",
    ),
    ErrorCode(
        "stream.closed",
        ErrorClass.TRANSIENT,
        "A stream's connection ended.",
        "Nothing: it is opened again, later each time; listings are polled meanwhile.",
    ),
    ErrorCode(
        "stream.refused",
        ErrorClass.PERMANENT,
        "The venue refused a command on its stream.",
        "See `counts` of `precog collect --json`: refused, with the venue's number; its manual says what it means.",
    ),
    ErrorCode(
        "stream.clock_skew",
        ErrorClass.PERMANENT,
        "The venue refused the stream's handshake because our clock differs from its own.",
        "Synchronise this machine's clock (NTP); `precog doctor` shows the difference.",
    ),
    ErrorCode(
        "system.database", ErrorClass.SYSTEM, "The database did not answer.", "Start it; the step catches up by itself."
    ),
    ErrorCode(
        "system.archive",
        ErrorClass.SYSTEM,
        "The raw archive could not be written.",
        "Check space and rights under PRECOG_HOME, or the bucket.",
    ),
    ErrorCode(
        "system.spool",
        ErrorClass.SYSTEM,
        "The spool of facts that wait for the database is full, cannot be written, or was changed by someone else.",
        "Start the database, make room under PRECOG_HOME/spool; raw frames are kept, so nothing is lost meanwhile.",
    ),
    ErrorCode(
        "system.budget",
        ErrorClass.SYSTEM,
        "The step's time budget ran out; the rest is taken up at the next tick.",
        "Nothing, unless it is frequent.",
    ),
    ErrorCode(
        "system.epoch",
        ErrorClass.SYSTEM,
        "Another process has taken over the role; what this one decided meanwhile was not written.",
        "Nothing: the other goes on. If it is frequent, look in ops.leases for a holder that stalls.",
    ),
    ErrorCode(
        "system.clock",
        ErrorClass.SYSTEM,
        "Our clock differs from a venue's by more than config/sources.yaml allows; nothing is taken, no order sent.",
        "Synchronise this machine's clock (NTP); `precog doctor` shows the difference.",
    ),
    ErrorCode("system.internal", ErrorClass.SYSTEM, "A defect in Precog itself.", "Report it with the log line."),
)

CODES: dict[str, ErrorCode] = {entry.code: entry for entry in _ALL}


class PrecogError(Exception):
    """A failure with a class and a code; `code` must be in CODES."""

    def __init__(self, code: str, message: str) -> None:
        self.error = CODES[code]
        super().__init__(message)

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def error_class(self) -> ErrorClass:
        return self.error.error_class


class ConfigurationError(Exception):
    """The user's settings are wrong; the message names the variable or key, what was read, what is right."""
