"""What watchers of a market are told: the differences of its shown book, and its ticker when that moved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from precog_assets.simulator.kalshi.exchange.events import BookDelta, TickerMoved
from precog_assets.simulator.kalshi.exchange.model import Order, Outcome
from precog_assets.simulator.kalshi.exchange.pit import Pit
from precog_assets.simulator.kalshi.exchange.units import DOLLAR
from precog_assets.simulator.kalshi.exchange.view import Book, Level

if TYPE_CHECKING:
    from precog_assets.simulator.kalshi.exchange.floor import Floor


def start_showing(floor: Floor, pit: Pit) -> None:
    """Begin to watch: what is shown now is the ground on which deltas build."""
    book = pit.laid_over(pit.base)
    if pit.clock and book != pit.shown:
        pit.clock += 1
    pit.shown = book
    pit.told = ticker_of(floor, pit, book, floor.now_us)


def show(floor: Floor, pit: Pit, time_us: int, cause: Order | None = None) -> None:
    """Tell what changed in a watched market since it was last told; `cause` is the order that did it."""
    if not pit.watchers:
        return
    book = pit.laid_over(pit.base)
    if book != pit.shown:
        pit.clock += 1
        _tell_side(floor, pit, "yes", pit.shown.yes, book.yes, time_us, cause)
        _tell_side(floor, pit, "no", pit.shown.no, book.no, time_us, cause)
        pit.shown = book
    ticker = ticker_of(floor, pit, book, time_us)
    if pit.told is None or replace(pit.told, time_us=time_us) != ticker:
        pit.told = ticker
        floor.tell(ticker)


def _tell_side(
    floor: Floor,
    pit: Pit,
    side: Outcome,
    before: tuple[Level, ...],
    after: tuple[Level, ...],
    time_us: int,
    cause: Order | None,
) -> None:
    if before == after:
        return
    sizes, left = dict(after), dict(before)
    for price in sorted(sizes.keys() | left.keys()):
        delta = sizes.get(price, 0) - left.get(price, 0)
        if not delta:
            continue
        if cause is None:
            floor.tell(BookDelta(time_us, pit.ticker, side, price, delta, pit.clock))
        else:
            floor.tell(
                BookDelta(
                    time_us,
                    pit.ticker,
                    side,
                    price,
                    delta,
                    pit.clock,
                    cause.account_id,
                    cause.client_order_id,
                    cause.subaccount,
                )
            )


def open_interest(floor: Floor, pit: Pit) -> int:
    """Contracts by which accounts raise the open interest: what the larger of their two sides holds."""
    yes = no = 0
    for account_id, number in pit.holders:
        held = floor.accounts[account_id].purses[number].held(pit.ticker)
        if held > 0:
            yes += held
        else:
            no -= held
    return max(yes, no)


def last_trade(floor: Floor, pit: Pit, time_us: int) -> tuple[int, int]:
    """Price and contracts of the newest trade, a world's print or an account's; zeros before the first."""
    flow = floor.market.flow
    printed = flow.last(pit.event, pit.market, time_us)
    own = pit.trades[-1] if pit.trades else None
    if own is not None and (printed is None or own.time_us >= printed.time_us):
        return own.price, own.count
    if printed is None:
        return 0, 0
    return flow.price_of(pit.event, pit.market, printed), printed.size


def ticker_of(floor: Floor, pit: Pit, book: Book, time_us: int) -> TickerMoved:
    """The market's ticker while it shows that book."""
    yes, no = book
    volume = floor.market.flow.volume(pit.event, pit.market, time_us)
    last_price, last_size = last_trade(floor, pit, time_us)
    return TickerMoved(
        time_us=time_us,
        ticker=pit.ticker,
        last_price=last_price,
        yes_bid=yes[-1][0] if yes else 0,
        yes_ask=DOLLAR - no[-1][0] if no else DOLLAR,
        bid_size=yes[-1][1] if yes else 0,
        ask_size=no[-1][1] if no else 0,
        volume=volume + pit.volume(time_us),
        open_interest=floor.market.flow.open_interest(pit.market, volume) + open_interest(floor, pit),
        last_size=last_size,
    )
