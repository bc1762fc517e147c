"""Kept frames read again give what the live session gave, of markets too that were left and followed again."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from precog_assets.domain.facts import QuoteSeen
from precog_assets.sources.kalshi.stream.replay import StreamReplay, tickers_of
from precog_assets.sources.kalshi.stream.session import StreamSession
from precog_assets.sources.kalshi.stream.subscriptions import CHANNELS, ORDERBOOK, TICKER
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A, B, ScriptedVenue


class Kept:
    """A live session whose frames are kept, each with the quote of A that the session had after it."""

    def __init__(self, *tickers: str) -> None:
        self.session = StreamSession(Random(1), CHANNELS)
        self.venue = ScriptedVenue()
        self.frames: list[tuple[bytes, QuoteSeen | None]] = []
        self.session.want(tickers)
        self.session.opened()
        self.settle()

    def follow(self, *tickers: str) -> None:
        self.session.want(tickers)
        self.settle()

    def settle(self) -> None:
        while commands := self.session.due(0.0):
            for command in commands:
                for data in self.venue.answer(command):
                    self.hear(data)

    def hear(self, data: bytes) -> None:
        self.session.receive(data, 0.0)
        self.frames.append((data, self.session.quote(A)))

    def moved(self, ticker: str, price: str, change: str) -> None:
        sid = self.venue.sids[ORDERBOOK]
        self.hear(wire.delta(sid, self.venue.next_seq(sid), ticker, price, change))

    def read_again(self) -> list[QuoteSeen | None]:
        """The quote of A after each frame, by the frames alone."""
        replay, found = StreamReplay(tickers_of(data for data, _ in self.frames)), []
        for data, _ in self.frames:
            replay.receive(data, 0.0)
            found.append(replay.session.quote(A))
        return found


def test_read_again_a_market_has_the_quotes_it_had_live() -> None:
    kept = Kept(A, B)
    kept.hear(wire.ticker(kept.venue.sids[TICKER], A))
    kept.moved(A, "0.4200", "3.00")
    kept.moved(B, "0.4100", "2.00")
    kept.moved(A, "0.4200", "-3.00")
    assert kept.read_again() == [quote for _, quote in kept.frames]
    assert len({quote.yes_bid for _, quote in kept.frames if quote is not None}) == 2


def test_of_a_market_that_was_left_nothing_old_is_shown_when_it_is_followed_again() -> None:
    kept = Kept(A, B)
    kept.hear(wire.ticker(kept.venue.sids[TICKER], A, volume_fp="100.00"))
    kept.follow(B)
    assert kept.read_again()[-1] is None
    left_after = len(kept.frames)
    kept.venue.levels[A] = ([["0.6000", "1.00"]], [["0.3000", "1.00"]])
    kept.follow(A, B)
    shown = [quote for quote in kept.read_again()[left_after:] if quote is not None]
    assert shown
    assert {(quote.yes_bid, quote.volume) for quote in shown} == {(Decimal("0.6000"), None)}


def test_of_a_channel_that_was_closed_nothing_old_is_shown_when_it_is_opened_again() -> None:
    kept = Kept(A)
    kept.follow()
    assert kept.read_again()[-1] is None
    kept.venue.levels[A] = ([["0.6000", "1.00"]], [["0.3000", "1.00"]])
    kept.follow(A)
    assert kept.read_again()[-1] == kept.frames[-1][1] is not None
