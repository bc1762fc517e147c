"""Public reads about the exchange itself: its status and hours, cutoffs, costs, and incentive programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from precog_assets.simulator.kalshi.answers import Key, page
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.hours import Hours
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, instant_of, microseconds
from precog_assets.simulator.kalshi.limits import DEFAULT_COST, ENDPOINT_COSTS
from precog_assets.simulator.kalshi.listing import Event, Listed, market_uuid
from precog_assets.simulator.kalshi.noise import stable_uuid, unit
from precog_assets.simulator.kalshi.selection import ARCHIVED_AFTER, Filters, Selection, markets_of
from precog_assets.simulator.kalshi.wire import Json, count_text, time_text

SHARDS = ("Default", "Combos", "Crypto & Commodities")
_PREFIX = "/trade-api/v2"
_USER_DATA_BEHIND = timedelta(milliseconds=170)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PROGRAM_STATUSES = ("all", "active", "upcoming", "closed", "paid_out")
_PROGRAM_TYPES = ("all", "liquidity", "volume", "margin_maker_volume", "margin_taker_volume")
_PROGRAM_SHARE = 0.05
_DESCRIPTION = "Liquidity incentive"


class ExchangeReads:
    """The reads of exchange, cutoff, costs and incentives."""

    def __init__(self, hours: Hours, selection: Selection) -> None:
        self._hours = hours
        self._selection = selection

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/exchange/status", "GetExchangeStatus", self._status),
            Endpoint("GET", "/exchange/schedule", "GetExchangeSchedule", self._schedule),
            Endpoint("GET", "/exchange/user_data_timestamp", "GetUserDataTimestamp", self._user_data),
            Endpoint("GET", "/historical/cutoff", "GetHistoricalCutoff", self._cutoff),
            Endpoint("GET", "/account/endpoint_costs", "GetAccountEndpointCosts", self._costs),
            Endpoint("GET", "/incentive_programs", "GetIncentivePrograms", self._programs),
        ]

    def _status(self, call: Call) -> Json:
        active = self._hours.exchange_active(call.now)
        trading = self._hours.trading_active(call.now)
        now: Json = {
            "exchange_active": active,
            "trading_active": trading,
            "intra_exchange_transfers_active": active,
        }
        shards = [{"exchange_index": i, "description": name, **now} for i, name in enumerate(SHARDS)]
        resumes_us = self._hours.resumes_us(microseconds(call.now))
        resume = {} if resumes_us is None else {"exchange_estimated_resume_time": time_text(instant_of(resumes_us))}
        return {**now, **resume, "exchange_index_statuses": shards}

    def _schedule(self, call: Call) -> Json:
        week: Json = {day: [{"open_time": "00:00", "close_time": "00:00"}] for day in _DAYS}
        week["thursday"] = [
            {"open_time": "00:00", "close_time": "03:00"},
            {"open_time": "05:00", "close_time": "00:00"},
        ]
        span = {"start_time": "2024-12-01T00:00:00Z", "end_time": "2200-12-01T00:00:00Z"}
        now_us = microseconds(call.now)
        windows = [
            {
                "start_datetime": time_text(instant_of(closure.begin_us)),
                "end_datetime": time_text(instant_of(closure.end_us)),
            }
            for closure in self._hours.closures
            if closure.end_us > now_us
        ]
        return {"schedule": {"standard_hours": [{**span, **week}], "maintenance_windows": windows}}

    def _user_data(self, call: Call) -> Json:
        return {"as_of_time": time_text(call.now - _USER_DATA_BEHIND)}

    def _cutoff(self, call: Call) -> Json:
        cutoff = time_text(cutoff_at(call.now))
        return {
            "market_settled_ts": cutoff,
            "trades_created_ts": cutoff,
            "orders_updated_ts": cutoff,
            "market_positions_last_updated_ts": cutoff,
        }

    def _costs(self, _call: Call) -> Json:
        costs = [{"method": method, "path": _PREFIX + path, "cost": cost} for method, path, cost in ENDPOINT_COSTS]
        return {"default_cost": DEFAULT_COST, "endpoint_costs": costs}

    def _programs(self, call: Call) -> Json:
        query = call.query
        status = query.choice("status", _PROGRAM_STATUSES) or "all"
        kind = query.choice("type", _PROGRAM_TYPES) or "all"
        limit, after = query.limit(100, 10_000, lowest=1), query.after()
        described = query.text("incentive_description")
        rows = (
            row
            for row in self._all_programs(call.now)
            if kind in ("all", row[2]["incentive_type"])
            and described in (None, row[2]["incentive_description"])
            and status in ("all", row[1])
        )
        taken, cursor = page(rows, limit, lambda row: row[0], after)
        return {"incentive_programs": [row for _, _, row in taken], "next_cursor": cursor}

    def _all_programs(self, now: datetime) -> Iterator[tuple[Key, str, Json]]:
        for event, market in markets_of(self._selection.live(Filters(), now)):
            if unit(market.key, 60) < _PROGRAM_SHARE:
                row = _program(event, market)
                yield (
                    (event.sort_key[0], market.ticker),
                    _program_status(event, microseconds(now)),
                    row | {"paid_out": microseconds(now) >= event.deadline_us},
                )


def cutoff_at(now: datetime) -> datetime:
    """What settled, traded or changed before this instant is in the historical tier only."""
    return (now.astimezone(UTC) - ARCHIVED_AFTER).replace(hour=0, minute=0, second=0, microsecond=0)


def _program_span(event: Event) -> tuple[int, int]:
    begin_us = max(event.opened_us, event.start_us - DAY_US)
    return begin_us, max(begin_us + HOUR_US, event.start_us)


def _program_status(event: Event, now_us: int) -> str:
    begin_us, end_us = _program_span(event)
    if now_us < begin_us:
        return "upcoming"
    if now_us < end_us:
        return "active"
    return "paid_out" if now_us >= event.deadline_us else "closed"


def _program(event: Event, market: Listed) -> Json:
    begin_us, end_us = _program_span(event)
    return {
        "id": stable_uuid("incentive", market.key),
        "market_id": market_uuid(market.ticker),
        "market_ticker": market.ticker,
        "incentive_type": "liquidity",
        "incentive_description": _DESCRIPTION,
        "start_date": time_text(instant_of(begin_us)),
        "end_date": time_text(instant_of(end_us)),
        "period_reward": 200_000,
        "discount_factor_bps": 5_000,
        "target_size_fp": count_text(30_000),
    }
