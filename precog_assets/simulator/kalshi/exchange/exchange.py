"""The exchange as others see it: accounts, an overlay for public reads, a source of events for the stream."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.kalshi.exchange.accounts import ALL_SCOPES, Account, Key
from precog_assets.simulator.kalshi.exchange.events import TickerMoved, TradeMade
from precog_assets.simulator.kalshi.exchange.keys import generate_keys, read_public_key
from precog_assets.simulator.kalshi.exchange.membership import check_scopes, check_tier
from precog_assets.simulator.kalshi.exchange.pit import Pit
from precog_assets.simulator.kalshi.exchange.running import RunningExchange
from precog_assets.simulator.kalshi.exchange.telling import last_trade, open_interest, ticker_of
from precog_assets.simulator.kalshi.exchange.trading import Amendment, Done, Ticket
from precog_assets.simulator.kalshi.exchange.units import DOLLAR_MONEY, LEAST_MONEY
from precog_assets.simulator.kalshi.exchange.view import Book
from precog_assets.simulator.kalshi.instants import instant_of
from precog_assets.simulator.kalshi.listing import market_uuid

_DAYS_BEFORE, _DAYS_AFTER = 4, 9


@dataclass(frozen=True, slots=True)
class Opened:
    """A new account, or a new key of one; the private key is given out here and kept nowhere."""

    account_id: str
    key_id: str
    private_key_pem: str | None


class Exchange(RunningExchange):
    """One exchange over one world's market: an `Overlay` and an `ExchangeView`."""

    _ids: tuple[int, dict[str, str]] = (-1, {})

    @property
    def accounts(self) -> Mapping[str, Account]:
        """All accounts by id, to be read only."""
        return self._floor.accounts

    def key(self, key_id: str) -> Key | None:
        """An API key by its id."""
        return self._floor.keys.get(key_id)

    def keys_of(self, account_id: str) -> list[Key]:
        """The API keys of an account, oldest first."""
        return [key for key in self._floor.keys.values() if key.account_id == account_id]

    def open_account(
        self,
        balance_dollars: Decimal,
        tier: str = "basic",
        public_key_pem: str | None = None,
        key_id: str | None = None,
        *,
        key_kind: str = "rsa",
        scopes: Sequence[str] = ALL_SCOPES,
    ) -> Opened:
        """A new account with money and a key; makes the key where none is given.

        Raises ValueError naming what is wrong with the balance, tier, key or scopes.
        """
        money = balance_dollars * DOLLAR_MONEY
        if not money.is_finite() or money < 0 or money % LEAST_MONEY:
            raise ValueError(f"balance of {balance_dollars} dollars: expected 0 or more, in steps of 0.0001")
        check_tier(tier)
        private, public = (None, public_key_pem) if public_key_pem else generate_keys(key_kind)
        key_id = self._new_key_id(public, key_id, scopes)
        account: Account = self.do_now("open_account", "", {"tier": tier})
        self.do_now("add_key", account.account_id, {"key_id": key_id, "public_pem": public, "scopes": list(scopes)})
        if money:
            self.do_now("deposit", account.account_id, {"money": int(money)})
        return Opened(account.account_id, key_id, private)

    def add_key(
        self,
        account_id: str,
        public_key_pem: str | None = None,
        key_id: str | None = None,
        *,
        key_kind: str = "rsa",
        scopes: Sequence[str] = ALL_SCOPES,
    ) -> Opened:
        """Another key for an account. Raises ValueError as `open_account`."""
        private, public = (None, public_key_pem) if public_key_pem else generate_keys(key_kind)
        key_id = self._new_key_id(public, key_id, scopes)
        self.do_now("add_key", account_id, {"key_id": key_id, "public_pem": public, "scopes": list(scopes)})
        return Opened(account_id, key_id, private)

    def _new_key_id(self, public_pem: str, key_id: str | None, scopes: Sequence[str]) -> str:
        read_public_key(public_pem)
        key_id = str(uuid.uuid4()) if key_id is None else key_id
        if not key_id or key_id in self._floor.keys:
            raise ValueError(f"key id {key_id!r}: must be new and not empty")
        check_scopes(scopes)
        return key_id

    def deposit(self, account_id: str, dollars: Decimal) -> None:
        """Bring money in, or take it out where it is below 0. Raises ValueError when there is not so much."""
        money = dollars * DOLLAR_MONEY
        if account_id not in self._floor.accounts:
            raise ValueError(f"account {account_id!r}: there is none of that id")
        if not money.is_finite() or money % LEAST_MONEY:
            raise ValueError(f"deposit of {dollars} dollars: expected steps of 0.0001")
        self.do_now("deposit", account_id, {"money": int(money)})

    def place(self, now_us: int, account_id: str, ticket: Ticket) -> Done:
        """Place an order. Raises Refusal as the venue refuses it."""
        return self.do(now_us, "place", account_id, asdict(ticket))

    def amend(self, now_us: int, account_id: str, order_id: str, subaccount: int | None, wanted: Amendment) -> Done:
        """Change a resting order. Raises Refusal as the venue refuses it."""
        terms = {"order_id": order_id, "subaccount": subaccount, "wanted": asdict(wanted)}
        return self.do(now_us, "amend", account_id, terms)

    @property
    def busy(self) -> bool:
        """Whether anything happens here with time: reads must `advance` first."""
        return self._lives is not None or bool(self._floor.plans)

    def knows(self, ticker: str, now_us: int) -> bool:
        """Whether the market is created by then."""
        found = self._market.catalog.market(ticker)
        return found is not None and found[0].created_us <= now_us

    def book(self, ticker: str, now_us: int) -> Book:
        """The whole book after `advance(now_us)`; equal to what the deltas told of it add up to."""
        pit = self._need(ticker, now_us)
        return pit.laid_over(pit.base)

    def clock(self, ticker: str) -> int:
        """Of the newest change to a watched market's book; 0 before the first."""
        pit = self._floor.pits.get(ticker)
        return pit.clock if pit is not None else 0

    def ticker(self, ticker: str, now_us: int) -> TickerMoved:
        """What a TickerMoved of a market would say after `advance(now_us)`."""
        pit = self._need(ticker, now_us)
        return ticker_of(self._floor, pit, pit.laid_over(pit.base), now_us)

    def _need(self, ticker: str, now_us: int) -> Pit:
        self.advance(now_us)
        pit = self._floor.pit(ticker)
        if pit is None:
            raise ValueError(f"market {ticker!r}: there is none at {instant_of(now_us).isoformat()}")
        return pit

    def market_id(self, ticker: str) -> str:
        """The market's UUID."""
        return market_uuid(ticker)

    def ticker_of(self, market_id: str, now_us: int) -> str | None:
        """The ticker of a UUID; None where no market created by then, and listed around then, has it."""
        day = eastern_day(instant_of(now_us))
        if self._ids[0] != day.toordinal():
            catalog = self._market.catalog
            events = catalog.around(catalog.series.values(), day, before=_DAYS_BEFORE, after=_DAYS_AFTER)
            found = {self.market_id(market.ticker): market.ticker for event in events for market in event.markets}
            self._ids = (day.toordinal(), found)
        ticker = self._ids[1].get(market_id)
        return ticker if ticker is not None and self.knows(ticker, now_us) else None

    def last_price(self, ticker: str, now_us: int) -> int:
        """The market's newest trade's price, accounts' trades included; 0 before the first."""
        return last_trade(self._floor, self._need(ticker, now_us), now_us)[0]

    def queue_position(self, ticker: str, order_id: str) -> int:
        """Contracts that are filled before a resting order at its price."""
        pit = self._floor.pits[ticker]
        return next(pit.queue_position(o) for o in (*pit.bids, *pit.asks) if o.order_id == order_id)

    def touched(self, ticker: str) -> bool:
        """Whether an account ever traded or rested an order there."""
        pit = self._floor.pits.get(ticker)
        return pit is not None and pit.used

    def laid_over(self, ticker: str, base: Book) -> Book:
        """The book with accounts' orders in it and without what they took, over the world's own book."""
        pit = self._floor.pit(ticker) if ticker in self._floor.pits else None
        return base if pit is None else pit.laid_over(base)

    def trades(self, ticker: str, start_us: int, end_us: int) -> Sequence[TradeMade]:
        """Trades with an account in them, start_us < time <= end_us, oldest first."""
        pit = self._floor.pits.get(ticker)
        return () if pit is None else pit.trades_in(start_us, end_us)

    def diverted(self, ticker: str) -> Mapping[tuple[int, int], int]:
        """By (hour, place) of a print: contracts of it that accounts' resting orders took from it."""
        pit = self._floor.pits.get(ticker)
        return {} if pit is None else pit.diverted

    def volume(self, ticker: str, time_us: int) -> int:
        """Contracts by which accounts changed the volume up to that time."""
        pit = self._floor.pits.get(ticker)
        return 0 if pit is None else pit.volume(time_us)

    def open_interest(self, ticker: str) -> int:
        """Contracts by which accounts changed the open interest."""
        pit = self._floor.pits.get(ticker)
        return 0 if pit is None else open_interest(self._floor, pit)
