"""The public tape: what makers and takers of the world traded, with what accounts changed in it.

Where no account ever traded it is the world's own flow. Elsewhere prints are less what accounts' resting orders
took from them, and trades of accounts stand among them.
"""

from __future__ import annotations

from typing import NamedTuple

from precog_assets.simulator.kalshi.exchange.view import Overlay
from precog_assets.simulator.kalshi.flow import Flow, Print
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US
from precog_assets.simulator.kalshi.listing import Event, Listed

_ACCOUNTS_PLACE = 99_999
"""Place of accounts' trades: after the world's prints of the same instant."""


class Deal(NamedTuple):
    """One public trade; sorts by time, then place."""

    time_us: int
    place: int
    account_trade_id: str
    """Of a trade with an account in it; '' for prints of the world."""
    size: int
    taker_yes: bool
    price: int
    """Of YES, in 1/10,000 dollars."""


class Prints:
    """The public trades of every market."""

    def __init__(self, flow: Flow, overlay: Overlay) -> None:
        self._flow = flow
        self._overlay = overlay

    def touched(self, market: Listed) -> bool:
        """Whether accounts ever changed anything in the market."""
        return self._overlay.touched(market.ticker)

    def trades(self, event: Event, market: Listed, start_us: int, end_us: int) -> list[Deal]:
        """Trades with start_us < time <= end_us, oldest first."""
        prints = self._flow.trades(event, market, start_us, end_us)
        if not self._overlay.touched(market.ticker):
            return [self._deal(event, market, trade, trade.size) for trade in prints]
        diverted = self._overlay.diverted(market.ticker)
        sizes = [(trade, trade.size - diverted.get((trade.hour, trade.place), 0)) for trade in prints]
        deals = [self._deal(event, market, trade, size) for trade, size in sizes if size > 0]
        for made in self._overlay.trades(market.ticker, start_us, end_us):
            taker_yes = made.taker == "yes"
            deals.append(Deal(made.time_us, _ACCOUNTS_PLACE, made.trade_id, made.count, taker_yes, made.price))
        return sorted(deals)

    def _deal(self, event: Event, market: Listed, trade: Print, size: int) -> Deal:
        price = self._flow.price_of(event, market, trade)
        return Deal(trade.time_us, trade.place, "", size, trade.taker_yes, price)

    def last(self, event: Event, market: Listed, time_us: int) -> Deal | None:
        """The latest trade at or before that time; None before the first."""
        latest = self._flow.last(event, market, time_us)
        if not self._overlay.touched(market.ticker):
            return None if latest is None else self._deal(event, market, latest, latest.size)
        begin_us, span_us = time_us, HOUR_US
        while begin_us > event.created_us:
            begin_us -= span_us
            found = self.trades(event, market, begin_us, min(begin_us + span_us, time_us))
            if found:
                return found[-1]
            span_us = DAY_US
        return None

    def volume(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts traded at or before that time."""
        traded = self._flow.volume(event, market, time_us)
        touched = self._overlay.touched(market.ticker)
        return traded + self._overlay.volume(market.ticker, time_us) if touched else traded

    def trade_id(self, market: Listed, deal: Deal) -> str:
        """The trade's UUID."""
        if deal.account_trade_id:
            return deal.account_trade_id
        trade = Print(deal.time_us, deal.size, deal.taker_yes, deal.time_us // HOUR_US, deal.place)
        return self._flow.trade_id(market, trade)
