"""Milestones, which are games as Kalshi calls them, and the live data of games: what the sport's feed says of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.simulator.kalshi.answers import Query, bad_request, invalid, not_found, page
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, target_of
from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets.simulator.kalshi.selection import LISTED_AFTER, Filters, Selection
from precog_assets.simulator.kalshi.sports import SPORTS
from precog_assets.simulator.kalshi.wire import Json, time_text
from precog_assets.simulator.world.model import Truth

_MOST_LIVE = 100
_DAYS_BEFORE, _DAYS_AFTER = LISTED_AFTER.days + 3, 9
_UPDATED_AFTER = timedelta(seconds=90)
_PERIODS = {
    Sport.FOOTBALL: "quarter",
    Sport.BASKETBALL: "quarter",
    Sport.HOCKEY: "period",
    Sport.BASEBALL: "inning",
    Sport.SOCCER: "half",
    Sport.TENNIS: "set",
}
_STATUSES = {"STATUS_POSTPONED": "postponed", "STATUS_CANCELED": "cancelled", "STATUS_SUSPENDED": "suspended"}
_WIDGETS = {"pre": "scheduled", "in": "live", "post": "final"}


class Milestones:
    """Milestones and live data of a world."""

    def __init__(self, catalog: Catalog, selection: Selection, lifecycle: Lifecycle) -> None:
        self._catalog = catalog
        self._selection = selection
        self._lifecycle = lifecycle

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", path, name, handler)
            for path, name, handler in (
                ("/milestones", "GetMilestones", self._list),
                ("/milestones/{milestone_id}", "GetMilestone", self._one),
                ("/live_data/batch", "GetLiveDatas", self._batch),
                ("/live_data/events/{event_ticker}", "GetEventLiveData", self._of_event),
                ("/live_data/milestone/{milestone_id}", "GetLiveDataByMilestone", self._live),
                ("/live_data/milestone/{milestone_id}/game_stats", "GetGameStats", self._stats),
                ("/live_data/{type}/milestone/{milestone_id}", "GetLiveData", self._live),
            )
        ]

    def milestone(self, event: Event, now: datetime) -> Json:
        """A Milestone object: the game with its start, and which structured target is at home."""
        game = event.game
        source = source_of(event)
        return {
            "id": event.milestone_id,
            "category": "Sports",
            "type": SPORTS[event.sport].milestone_type,
            "title": event.milestone_title,
            "notification_message": "Who will emerge victorious?",
            "start_date": time_text(self._lifecycle.announced_start(event, now)),
            "end_date": None,
            "primary_event_tickers": [event.ticker],
            "related_event_tickers": [event.ticker],
            "source_id": source,
            "source_ids": {"source_3_id": source},
            "details": {
                "league": event.series.milestone_league,
                "status": _status(self._lifecycle.truth(event, now)),
                "home_team_id": target_of(game.home),
                "away_team_id": target_of(game.away),
                "main_game_event_ticker": event.ticker,
                "source_id": source,
            },
            "last_updated_ts": time_text(event.created + _UPDATED_AFTER),
        }

    def _list(self, call: Call) -> Json:
        query, now = call.query, call.now
        query.need_integer("limit")
        limit, after = query.limit(100, 500, lowest=1), query.after()
        wanted = {name: query.text(name) for name in ("category", "competition", "type", "source_id")}
        earliest = _instant(query, "minimum_start_date")
        updated_s = query.integer("min_updated_ts")
        related = query.text("related_event_ticker")
        if related is not None:
            named = self._selection.event(related, now)
            events = iter([named] if named else [])
        else:
            events = self._selection.live(Filters(), now, after)
        kept = (
            event
            for event in events
            if (earliest is None or self._lifecycle.announced_start(event, now) >= earliest)
            and (updated_s is None or (event.created + _UPDATED_AFTER).timestamp() >= updated_s)
            and wanted["category"] in (None, "Sports")
            and wanted["competition"] in (None, event.series.competition)
            and wanted["type"] in (None, SPORTS[event.sport].milestone_type)
            and wanted["source_id"] in (None, source_of(event))
        )
        taken, cursor = page(kept, limit, lambda event: event.sort_key, after)
        return {"cursor": cursor, "milestones": [self.milestone(event, now) for event in taken]}

    def _one(self, call: Call) -> Json:
        return {"milestone": self.milestone(self._need(call.path["milestone_id"], call.now), call.now)}

    def _need(self, milestone_id: str, now: datetime) -> Event:
        event = self._find(milestone_id, now)
        if event is None:
            raise not_found()
        return event

    def _find(self, milestone_id: str, now: datetime) -> Event | None:
        """The newest event of a game by its milestone's id, among those listed around now."""
        found = [event for event in self._around(now) if event.milestone_id == milestone_id]
        return max(found, key=lambda event: event.created_us, default=None)

    def _around(self, now: datetime) -> Iterator[Event]:
        series = self._catalog.series.values()
        for event in self._catalog.around(series, eastern_day(now), before=_DAYS_BEFORE, after=_DAYS_AFTER):
            if now >= event.created:
                yield event

    def _batch(self, call: Call) -> Json:
        wanted = call.query.repeated("milestone_ids")
        if not wanted:
            raise invalid(call.query.operation, "MilestoneIds", "required")
        if len(wanted) > _MOST_LIVE:
            raise invalid(call.query.operation, "MilestoneIds", "max")
        chosen = set(wanted)
        known: dict[str, Event] = {}
        for event in self._around(call.now):
            if event.milestone_id in chosen:
                known[event.milestone_id] = event
        rows = [self.live_data(known[one], call.now) for one in dict.fromkeys(wanted) if one in known]
        return {"live_datas": rows}

    def _live(self, call: Call) -> Json:
        event = self._need(call.path["milestone_id"], call.now)
        if call.path.get("type", SPORTS[event.sport].milestone_type) != SPORTS[event.sport].milestone_type:
            raise not_found()
        return {"live_data": self.live_data(event, call.now)}

    def _of_event(self, _call: Call) -> Json:
        """Event-keyed live data is of prices and weather: games have none."""
        raise not_found()

    def _stats(self, call: Call) -> Json:
        event = self._need(call.path["milestone_id"], call.now)
        if event.sport is Sport.TENNIS:
            return {}  # said to be null where a sport has none, which the schema allows only as absent
        periods: dict[int, list[Json]] = {}
        score: tuple[int, int] | None = None
        for state in self._lifecycle.played(event, call.now):
            now_score = (state.home_score, state.away_score)
            if score is not None and now_score != score:
                periods.setdefault(state.period, []).append(
                    {
                        "clock": state.display_clock,
                        "home_points": state.home_score,
                        "away_points": state.away_score,
                        "wall_clock": time_text(state.at),
                    }
                )
            score = now_score
        last = max(periods, default=0)
        return {"pbp": {"periods": [{"events": periods.get(number, [])} for number in range(1, last + 1)]}}

    def live_data(self, event: Event, now: datetime) -> Json:
        """A LiveData object: score, period and clock as the feed has them."""
        truth = self._lifecycle.truth(event, now)
        situation = truth.situation or {}
        possession = {event.game.home.espn_id: "home", event.game.away.espn_id: "away"}.get(
            str(situation.get("possession", "")), ""
        )
        updated_s = int(max(truth.at, event.created).timestamp())
        return {
            "type": SPORTS[event.sport].milestone_type,
            "milestone_id": event.milestone_id,
            "details": {
                "away_points": truth.away_score,
                "home_points": truth.home_score,
                "last_event_created_ts": None,
                "last_event_is_timeout": False,
                "last_updated_ts": updated_s,
                "period": truth.period,
                "period_remaining_time": truth.display_clock,
                "period_type": _PERIODS[event.sport],
                "possession": possession,
                "score_last_updated_ts": None,
                "status": _status(truth),
                "widget_status": _WIDGETS[truth.state],
                "winner": truth.winner or "",
            },
        }


def source_of(event: Event) -> str:
    """The id under which the sport's feed knows the game."""
    return stable_uuid("source", event.game.league, event.game.event_id)


def _status(truth: Truth) -> str:
    if truth.status in _STATUSES:
        return _STATUSES[truth.status]
    return {"pre": "scheduled", "in": "inprogress"}.get(truth.state, "closed")


def _instant(query: Query, name: str) -> datetime | None:
    text = query.text(name)
    if text is None:
        return None
    try:
        return parse_instant(text).astimezone(UTC)
    except ValueError as error:
        raise bad_request(str(error)) from error
