"""What a fault is: a kind with its parameters, where it strikes, and when. Read from JSON or YAML, checked whole.

Every rule is a flat object: `{"kind": "latency", "venue": "kalshi", "path": "*/markets", "delay_ms": 800}`.
Fields of place and time are the same for every kind; a field a kind does not have is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.faults.paths import KeyPath, read_path

Venue = Literal["espn", "kalshi", "stream"]
_Texts = tuple[str, ...]


_Path = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(lambda text: read_path(text) and text)]
_LONGEST_S = 86_400.0


class Rule(BaseModel):
    """Place and time of a fault; all that is given must fit. A rule without either strikes everything, always."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str = Field("", pattern=r"^[A-Za-z0-9_.-]{0,64}$")
    """Given out where it is left empty."""
    venue: Venue | None = None
    path: str | None = Field(None, min_length=1)
    """A glob over the path, e.g. `/trade-api/v2/markets*`; `*` also takes slashes."""
    methods: _Texts = ()
    query: dict[str, str] = Field(default_factory=dict)
    """Globs over the values of query parameters that must be there."""
    league: str | None = None
    """Our league key: ESPN's boards of it, Kalshi's series of it."""
    ticker: str | None = Field(None, min_length=1)
    """A glob over Kalshi tickers in the path, the query, or a frame."""
    channel: str | None = None
    """Of a stream's frames."""
    clock: Literal["world", "real"] = "world"
    """Which clock `from` and `to` are of."""
    begins: AwareDatetime | None = Field(None, alias="from")
    ends: AwareDatetime | None = Field(None, alias="to")
    """Not included."""
    probability: float = Field(1.0, gt=0.0, le=1.0)
    count: int | None = Field(None, ge=1)
    """How often it strikes at most."""

    @field_validator("begins", "ends")
    @classmethod
    def _in_utc(cls, instant: datetime | None) -> datetime | None:
        return None if instant is None else instant.astimezone(UTC)

    @model_validator(mode="after")
    def _in_order(self) -> Rule:
        if self.begins is not None and self.ends is not None and self.ends <= self.begins:
            raise ValueError(f"to {self.ends.isoformat()} is not after from {self.begins.isoformat()}")
        return self

    @property
    def on_stream(self) -> bool:
        """Whether it strikes frames and connections of the stream instead of requests."""
        return False


class _HttpRule(Rule):
    @model_validator(mode="after")
    def _not_on_frames(self) -> _HttpRule:
        if self.channel is not None:
            raise ValueError("this fault strikes requests; only faults of frames have a channel")
        return self


class Latency(_HttpRule):
    """An answer that takes longer."""

    kind: Literal["latency"]
    delay_ms: float = Field(gt=0, le=_LONGEST_S * 1000)
    jitter_ms: float = Field(0.0, ge=0, le=_LONGEST_S * 1000)
    """Up to as much is added, evenly."""


class Refused(_HttpRule):
    """An error instead of an answer, worded as the venue words it; `blocked` is Akamai's 403 page."""

    kind: Literal["rate_limit", "server_error", "unavailable", "blocked", "gone"]
    retry_after_s: int | None = Field(None, ge=0, le=86_400)
    """Said in a Retry-After header where it is given."""


class Timeout(_HttpRule):
    """A request that is never answered; the client gives up."""

    kind: Literal["timeout"]


class Broken(_HttpRule):
    """An answer cut short: its JSON (`truncated`), its connection (`reset`), or both without a word (`half_open`).

    `half_open` goes silent after `keep` of the body and leaves the connection open; `reset` resets it there.
    """

    kind: Literal["truncated", "reset", "half_open_answer"]
    keep: float = Field(0.5, ge=0.0, lt=1.0)
    """Share of the body that is sent."""


class BrokenJson(_HttpRule):
    """A whole answer whose JSON does not parse."""

    kind: Literal["broken_json"]


class EmptyEvents(_HttpRule):
    """Events, or markets, that are `{}` in an answer that is otherwise good."""

    kind: Literal["empty_events"]
    share: float = Field(1.0, gt=0.0, le=1.0)


class Vanished(_HttpRule):
    """Games or markets missing from the lists that have them."""

    kind: Literal["vanished"]
    names: _Texts = ()
    """Globs over ESPN ids and Kalshi tickers; without any, a share of all."""
    share: float = Field(0.3, gt=0.0, le=1.0)


class StuckStatus(_HttpRule):
    """Statuses that stay what they were when the fault began, whatever happens; or one that is given."""

    kind: Literal["stuck_status"]
    names: _Texts = ("*",)
    status: str | None = None
    """E.g. STATUS_SCHEDULED, active."""


class _FieldRule(_HttpRule):
    field: _Path
    """E.g. `markets[*].yes_bid_dollars` (`paths`)."""
    names: _Texts = ()
    """Globs over ESPN ids and Kalshi tickers; with them the field's path begins at the game or market so named."""
    share: float = Field(1.0, gt=0.0, le=1.0)
    """Of the places where the field is."""

    @property
    def key_path(self) -> KeyPath:
        return read_path(self.field)


class FieldGone(_FieldRule):
    """A field that is gone, or null."""

    kind: Literal["missing_field", "null_field"]


class RenamedField(_FieldRule):
    """A field under another name."""

    kind: Literal["renamed_field"]
    to_name: str = Field(min_length=1)


class FieldValue(_FieldRule):
    """A field that is not expected (`extra_field`), or another value in one that is (`changed_field`)."""

    kind: Literal["extra_field", "changed_field"]
    value: Any


class StaleRead(_HttpRule):
    """Answers of a while ago, in seconds of the world's clock. Only reads are stale."""

    kind: Literal["stale_read"]
    age_s: float = Field(gt=0, le=_LONGEST_S)


class ClockSkew(_HttpRule):
    """A venue whose clock is wrong: its Date header, and the window in which it takes signatures."""

    kind: Literal["clock_skew"]
    skew_s: float = Field(ge=-_LONGEST_S, le=_LONGEST_S)
    """Above 0: the venue's clock is ahead."""


class Maintenance(_HttpRule):
    """Kalshi's exchange closed, or only its trading, from `from` to `to` of the world's clock."""

    kind: Literal["maintenance"]
    scope: Literal["exchange", "trading"] = "exchange"

    @model_validator(mode="after")
    def _has_a_window(self) -> Maintenance:
        if self.begins is None or self.ends is None:
            raise ValueError("from and to: a maintenance window needs both")
        if self.clock != "world" or self.venue not in (None, "kalshi") or self.probability < 1 or self.count:
            raise ValueError("a maintenance window is Kalshi's, by the world's clock, and always happens")
        return self


class _StreamRule(Rule):
    @model_validator(mode="after")
    def _only_on_frames(self) -> _StreamRule:
        if self.path or self.methods or self.query or self.league:
            raise ValueError("this fault strikes frames: path, methods, query and league do not apply")
        if self.venue not in (None, "stream"):
            raise ValueError(f"this fault strikes the stream, not venue {self.venue!r}")
        return self

    @property
    def on_stream(self) -> bool:
        return True


class FrameFault(_StreamRule):
    """A frame that is lost, comes twice, changes places with the next, or is not JSON any more."""

    kind: Literal["drop_frame", "repeat_frame", "reorder_frame", "corrupt_frame"]


class GarbageFrame(_StreamRule):
    """A frame that is no message: bytes that are no text, other JSON than an object, or very much of nothing."""

    kind: Literal["garbage_frame"]
    form: Literal["binary", "json", "huge"] = "binary"
    size_bytes: int = Field(4_000_000, ge=1, le=64_000_000)
    """Of a huge one."""


class RenamedFrameField(_StreamRule):
    """A frame with a field under another name."""

    kind: Literal["renamed_frame_field"]
    field: _Path
    """E.g. `msg.trade_id` (`paths`)."""
    to_name: str = Field(min_length=1)

    @property
    def key_path(self) -> KeyPath:
        return read_path(self.field)


class CutStream(_StreamRule):
    """A connection that is cut without a word; asked a few times a second while it is open."""

    kind: Literal["cut_stream"]


class FrameDelay(_StreamRule):
    """A connection that lags."""

    kind: Literal["delay_frame"]
    delay_ms: float = Field(gt=0, le=_LONGEST_S * 1000)


class HalfOpen(_StreamRule):
    """A stream that goes silent and stays open; no ping comes and none is answered."""

    kind: Literal["half_open"]


AnyRule = (
    Latency | Refused | Timeout | Broken | BrokenJson | EmptyEvents | Vanished | StuckStatus | FieldGone
    | RenamedField | FieldValue | StaleRead | ClockSkew | Maintenance | FrameFault | GarbageFrame | RenamedFrameField
    | CutStream | FrameDelay | HalfOpen
)  # fmt: skip
_ADAPTER: TypeAdapter[AnyRule] = TypeAdapter(Annotated[AnyRule, Field(discriminator="kind")])
KINDS: tuple[str, ...] = tuple(
    kind for model in get_args(AnyRule) for kind in get_args(model.model_fields["kind"].annotation)
)


def read_rule(raw: Any, place: str = "fault") -> AnyRule:
    """A rule of a JSON object. Raises ConfigurationError naming the field, the value read and what would be right."""
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{place}: {raw!r}; expected an object such as {{'kind': 'latency', 'delay_ms': 800}}")
    if raw.get("kind") not in KINDS:
        raise ConfigurationError(f"{place}.kind: {raw.get('kind')!r}; expected one of {', '.join(KINDS)}")
    try:
        return _ADAPTER.validate_python(raw)
    except ValidationError as error:
        raise ConfigurationError(problems(error, place)) from error


def read_rules(raw: Any, place: str = "faults") -> tuple[AnyRule, ...]:
    """The rules of a list. Raises ConfigurationError as `read_rule` does."""
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise ConfigurationError(f"{place}: {raw!r}; expected a list of faults")
    return tuple(read_rule(item, f"{place}[{number}]") for number, item in enumerate(raw))


def read_fault_file(path: Path) -> tuple[AnyRule, ...]:
    """The faults of a YAML file: a list of them. Raises ConfigurationError naming the file and the field."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not YAML ({error})") from error
    return read_rules(raw["faults"] if isinstance(raw, dict) and list(raw) == ["faults"] else raw, str(path))


def to_json(rule: AnyRule) -> dict[str, Any]:
    """The rule as it could be given again; what was left out stays out."""
    return rule.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"id": rule.id}


def later(rule: AnyRule, anchor: datetime, begin: timedelta, length: timedelta | None) -> AnyRule:
    """The rule from `begin` after `anchor` on, for `length`, by the world's clock."""
    begins = anchor + begin
    ends = None if length is None else begins + length
    given = rule.model_dump(by_alias=True, exclude_unset=True)
    return _ADAPTER.validate_python(given | {"clock": "world", "from": begins, "to": ends})


def problems(error: ValidationError, place: str) -> str:
    """What is wrong, a clause for each field: where it is, what was read, what would be right."""
    told = []
    for problem in error.errors(include_url=False):
        kinds = set(KINDS)
        location = [str(part) for part in problem["loc"] if part not in kinds]
        where = ".".join([place, *location])
        read = problem["input"]
        if problem["type"] == "extra_forbidden":
            told.append(f"{where}: no such field here")
        elif problem["type"] == "missing":
            told.append(f"{where}: missing; {problem['msg'].lower()}")
        elif isinstance(read, dict):
            told.append(f"{where}: {problem['msg'].removeprefix('Value error, ')}")
        else:
            told.append(f"{where}: {read!r}; {problem['msg'].removeprefix('Value error, ').lower()}")
    return "; ".join(told)
