"""Which faults there are, and which of them strike: by place, by time, by lot. The lot depends on the seed only.

The n-th request that a rule fits is struck or not whatever else happens, so a run is repeated by the same requests.
Every strike is written to the ledger by whoever carries it out, through `Engine.tell`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import Clock
from precog_assets.simulator.faults.asked import Asked
from precog_assets.simulator.faults.rules import AnyRule, Maintenance
from precog_assets.simulator.kalshi.noise import key_of, unit
from precog_assets.simulator.ledger import Recorder

MOST_RULES = 200
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Standing:
    """A rule with what happened to it so far."""

    rule: AnyRule
    key: int
    fitted: int = 0
    struck: int = 0
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strike:
    """A rule that applies, now; `lot` gives the numbers its details are drawn by."""

    rule: AnyRule
    key: int
    memory: dict[str, Any]
    """What the rule remembers between strikes, by name."""

    def lot(self, index: int = 0) -> float:
        """The `index`-th number of this strike, in [0, 1)."""
        return unit(self.key, index)

    def remembered(self, name: str, value: Any) -> Any:
        """What was first said under the name; it is remembered from now on. Of very many names, no more."""
        if name not in self.memory and len(self.memory) < MOST_REMEMBERED:
            self.memory[name] = value
        return self.memory.get(name, value)


class Engine:
    """The faults of one simulator. Safe to use from any thread."""

    def __init__(self, seed: int, clock: Clock, real_now: Callable[[], datetime], recorder: Recorder) -> None:
        self._seed = seed
        self._clock = clock
        self._real_now = real_now
        self._recorder = recorder
        self._lock = threading.Lock()
        self._standing: dict[str, _Standing] = {}
        self._numbered = 0
        self.on_stream = False
        """Whether any rule strikes frames: asked before every one."""

    @property
    def rules(self) -> tuple[AnyRule, ...]:
        return tuple(standing.rule for standing in self._standing.values())

    @property
    def maintenance(self) -> tuple[Maintenance, ...]:
        """The windows in which the exchange, or its trading, is closed."""
        return tuple(rule for rule in self.rules if isinstance(rule, Maintenance))

    def counts(self) -> dict[str, int]:
        """How often each rule struck, by id."""
        return {name: standing.struck for name, standing in self._standing.items()}

    def is_on(self, rule: AnyRule) -> bool:
        """Whether the rule's time is now."""
        return _is_on(rule, self._clock.now() if rule.clock == "world" else self._real_now())

    def add(self, rule: AnyRule) -> AnyRule:
        """Have a rule strike from now on; it comes back with its id. Raises ConfigurationError for an id in use."""
        with self._lock:
            if len(self._standing) >= MOST_RULES:
                raise ConfigurationError(f"faults: {MOST_RULES} are there already; remove one first")
            name = rule.id
            while not name or (not rule.id and name in self._standing):
                self._numbered += 1
                name = f"{rule.kind}-{self._numbered}"
            if name in self._standing:
                raise ConfigurationError(f"fault.id: {name!r} is in use; choose another, or leave it out")
            rule = rule.model_copy(update={"id": name})
            self._standing[name] = _Standing(rule, key_of("fault", self._seed, name))
            self._note_streams()
        return rule

    def remove(self, name: str) -> bool:
        """Whether there was a rule of that id."""
        with self._lock:
            found = self._standing.pop(name, None) is not None
            self._note_streams()
        return found

    def clear(self) -> int:
        """Remove all; how many they were."""
        with self._lock:
            count = len(self._standing)
            self._standing.clear()
            self._note_streams()
        return count

    def strike_request(self, asked: Asked) -> list[Strike]:
        """The faults of a request, oldest rule first."""
        if not self._standing:
            return []
        with self._lock:
            return self._strikes(lambda rule: not rule.on_stream and _fits_request(rule, asked))

    def strike_frames(self, kinds: frozenset[str], channel: str | None, ticker: str | None) -> list[Strike]:
        """The faults of those kinds for a frame, or for a connection where channel and ticker are None."""
        with self._lock:
            return self._strikes(
                lambda rule: rule.on_stream and rule.kind in kinds and _fits_frame(rule, channel, ticker)
            )

    def tell(self, strike: Strike, effect: str, facts: Mapping[str, Any]) -> None:
        """Write a strike that was carried out to the ledger; `effect` says in a few words what was done."""
        rule = strike.rule
        told = {"rule_id": rule.id, "fault": rule.kind, "effect": effect, **facts}
        self._recorder.record("fault", self._clock.now(), told)

    def _strikes(self, fits: Callable[[AnyRule], bool]) -> list[Strike]:
        world, real = self._clock.now(), self._real_now()
        found = []
        for standing in self._standing.values():
            rule = standing.rule
            if rule.count is not None and standing.struck >= rule.count:
                continue
            if not _is_on(rule, world if rule.clock == "world" else real) or not fits(rule):
                continue
            key = key_of(standing.key, standing.fitted)
            standing.fitted += 1
            if unit(key, -1) < rule.probability:
                standing.struck += 1
                found.append(Strike(rule, key, standing.memory))
        return found

    def _note_streams(self) -> None:
        self.on_stream = any(standing.rule.on_stream for standing in self._standing.values())


def _is_on(rule: AnyRule, now: datetime) -> bool:
    return (rule.begins is None or now >= rule.begins) and (rule.ends is None or now < rule.ends)


def _fits_request(rule: AnyRule, asked: Asked) -> bool:
    if isinstance(rule, Maintenance):
        return False  # the exchange's own hours refuse
    return (
        rule.venue in (None, asked.venue)
        and (not rule.methods or asked.method in rule.methods)
        and (rule.path is None or fnmatchcase(asked.path, rule.path))
        and (rule.league is None or rule.league in asked.leagues)
        and (rule.ticker is None or any(fnmatchcase(ticker, rule.ticker) for ticker in asked.tickers))
        and all(name in asked.query and fnmatchcase(asked.query[name], glob) for name, glob in rule.query.items())
    )


def _fits_frame(rule: AnyRule, channel: str | None, ticker: str | None) -> bool:
    if rule.channel is not None and channel is not None and rule.channel != channel:
        return False
    return rule.ticker is None or (ticker is not None and fnmatchcase(ticker, rule.ticker))
