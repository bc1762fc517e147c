"""The gates a market passes before it is traded: one function each, in the order asked.

Belongs here: questions to a snapshot, each answered with what was read, what was wanted and whether that was so. Does
not: arithmetic of values and sizes (`asked.py`, `sizing.py`), what follows from the answers (`decide.py`). A new gate
is a function here and a line in `GATES`.

A decision is taken only if every gate passed, so the order decides nothing but which failure is named first. It is
the one in which a person would ask: is it a market of ours, are its facts fresh, can it be traded, is it worth it, may
we. The kill switch therefore stands last and still stops everything. `clock` and `venue` are asked before all of them,
and only where our clock is off (each age is counted with it) or the venue down. A gate whose own subject is missing
fails (no quote fails `quote_age`); a gate that needs what an earlier one missed answers None.

`no_in_play_model` asks whether the model of games in play says anything of a game in play; `game_phase` after it,
whether the strategy trades in play at all, which none of the default ones does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite

from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.statuses import PLAYING, MarketStatus
from precog_assets.domain.trading import GateResult, Rung
from precog_assets.trading.answers import ZONES, answer_age, answer_room, when
from precog_assets.trading.asked import STEPS, Asked, number, seconds_between

Gate = Callable[[Asked], GateResult]

SKILL = "skill"
SIZE = "size"
"""Of the result that `decide` adds once the limits have bound."""
_ACTIVE = MarketStatus.ACTIVE.value
_DAY_S = 86_400.0
_HOUR_S = 3_600.0
_RATED = frozenset(kind.value for kind in RATED_KINDS)
_RATED_NAMES = ", ".join(sorted(_RATED))
_IN_PLAY = frozenset(phase.value for phase in PLAYING)
_SAID_IN_PLAY = "a probability, if in play"


def matched(asked: Asked) -> GateResult:
    """The market is tied to one game, and what YES pays for is known."""
    snapshot = asked.snapshot
    link, game = snapshot.link, snapshot.game
    if link.verdict != "matched":
        detail = "tied to no game"
    elif link.game_id is None or link.outcome is None:
        detail = "what YES pays for is not known"
    elif game is not None and game.game_id != link.game_id:
        detail = f"tied to {link.game_id}, but these are the facts of {game.game_id}"
    elif game is not None and snapshot.market.league not in (None, game.league):
        detail = f"a market of {snapshot.market.league}, a game of {game.league}"
    else:
        return asked.rules.answer("matched", True, "matched", "matched")
    return GateResult("matched", False, link.verdict, "matched", detail)


def league(asked: Asked) -> GateResult:
    """The strategy trades the league."""
    game, rules = asked.snapshot.game, asked.rules
    key = game.league if game is not None else asked.snapshot.market.league
    return rules.answer("league", None if key is None else key in rules.leagues, key, rules.league_names)


def rated(asked: Asked) -> GateResult:
    """Both sides have enough rated games, and the forecast knew nothing later than the snapshot."""
    snapshot, least = asked.snapshot, asked.rules.min_games
    forecast = snapshot.forecast
    if forecast is None:
        return GateResult("rated", False, None, least, "no forecast")
    games = min(forecast.games_home, forecast.games_away)
    ahead = seconds_between(snapshot.as_of, forecast.as_of)
    if not ahead <= 0:
        return GateResult("rated", False, games, least, f"forecast {when(ahead)}")
    return asked.rules.answer("rated", games >= least, games, least)


def rating_age(asked: Asked) -> GateResult:
    """The last game that either side was rated by is not too long ago. Days."""
    snapshot, most = asked.snapshot, asked.rules.max_rating_age_days
    if snapshot.forecast is None:
        return GateResult("rating_age", None, None, most)
    if snapshot.forecast.rated_at is None:
        return GateResult("rating_age", False, None, most, "never rated")
    age_s = seconds_between(snapshot.forecast.rated_at, snapshot.as_of)
    return answer_age(asked.rules, "rating_age", age_s, most, _DAY_S)


def not_exhibition(asked: Asked) -> GateResult:
    """The game counts: preseason, exhibition and all-star games are not rated and not traded."""
    game = asked.snapshot.game
    if game is None:
        return GateResult("not_exhibition", None, None, _RATED_NAMES)
    return asked.rules.answer("not_exhibition", game.game_kind in _RATED, game.game_kind, _RATED_NAMES)


def quote_age(asked: Asked) -> GateResult:
    """The prices were last seen, changed or confirmed, not too long ago and not after the snapshot. Seconds."""
    quote, as_of, most = asked.snapshot.quote, asked.snapshot.as_of, asked.rules.max_quote_age_s
    if quote is None:
        return GateResult("quote_age", False, None, most, "no quote")
    observed, confirmed = seconds_between(quote.observed_at, as_of), seconds_between(quote.confirmed_at, as_of)
    if observed >= 0:
        observed = min(confirmed, observed)
    return answer_age(asked.rules, "quote_age", observed, most, 1.0)


def game_state_age(asked: Asked) -> GateResult:
    """The game's state was last seen not too long ago and not after the snapshot. Seconds."""
    game, most = asked.snapshot.game, asked.rules.max_game_state_age_s
    if game is None:
        return GateResult("game_state_age", False, None, most, "no state of the game")
    age_s = seconds_between(game.observed_at, asked.snapshot.as_of)
    return answer_age(asked.rules, "game_state_age", age_s, most, 1.0)


def market_open(asked: Asked) -> GateResult:
    """The venue takes orders for the market; one that is closed may go on quoting."""
    market = asked.snapshot.market
    if not seconds_between(asked.snapshot.as_of, market.close_time) > 0:
        return GateResult("market_open", False, market.status, _ACTIVE, f"closes {market.close_time.isoformat()}")
    return asked.rules.answer("market_open", market.status == _ACTIVE, market.status, _ACTIVE)


def no_in_play_model(asked: Asked) -> GateResult:
    """The game is not in play, or the model of games in play gives a probability for the state it is in."""
    game, play = asked.snapshot.game, asked.snapshot.play
    if game is None:
        return GateResult("no_in_play_model", None, None, _SAID_IN_PLAY)
    if game.phase not in _IN_PLAY:
        return asked.rules.answer("no_in_play_model", True, game.phase, _SAID_IN_PLAY)
    if play is None or play.p_in_play is None:
        why_not = "the state of the game was not read" if play is None else play.why_not
        return GateResult("no_in_play_model", False, game.phase, _SAID_IN_PLAY, why_not)
    if not 0.0 <= play.p_in_play <= 1.0:
        return GateResult("no_in_play_model", False, game.phase, _SAID_IN_PLAY, f"{play.p_in_play!r} is no probability")
    return GateResult("no_in_play_model", True, play.p_in_play, _SAID_IN_PLAY)


def game_phase(asked: Asked) -> GateResult:
    """The game is in a phase that the strategy trades: yet to play, or in play too where it is told to."""
    game, rules = asked.snapshot.game, asked.rules
    if game is None:
        return GateResult("game_phase", None, None, rules.phase_names)
    return rules.answer("game_phase", game.phase in rules.phases, game.phase, rules.phase_names)


def time_to_start(asked: Asked) -> GateResult:
    """The game begins neither too soon nor too late, at a time that was announced, or is in play. Hours."""
    game, rules = asked.snapshot.game, asked.rules
    if game is None:
        return GateResult("time_to_start", None, None, rules.hours_window)
    if rules.in_play and game.phase in _IN_PLAY:
        return rules.answer("time_to_start", True, game.phase, rules.hours_window)
    hours = seconds_between(asked.snapshot.as_of, game.start_time) / _HOUR_S
    if not isfinite(hours):
        return GateResult("time_to_start", False, None, rules.hours_window, ZONES)
    if not game.start_time_valid:
        return GateResult("time_to_start", False, hours, rules.hours_window, "the start time is not announced")
    open_ = rules.min_hours_to_start <= hours <= rules.max_hours_to_start
    return rules.answer("time_to_start", open_, hours, rules.hours_window)


def spread(asked: Asked) -> GateResult:
    """Both sides are wanted, the bid is below the ask, and not by much. Dollars."""
    quote, rules = asked.snapshot.quote, asked.rules
    if quote is None:
        return GateResult("spread", None, None, rules.max_spread)
    book = quote.book
    if not book.yes_bids or not book.no_bids:
        why = "one-sided book" if book.yes_bids or book.no_bids else "empty book"
        return GateResult("spread", False, None, rules.max_spread, why)
    bid, against = asked.tops
    if bid is None or against is None:
        return GateResult("spread", False, None, rules.max_spread, "a price is no number")
    wide = STEPS - against - bid
    if wide > 0:
        return rules.answer("spread", wide <= rules.max_spread_steps, wide / STEPS, rules.max_spread)
    return GateResult("spread", False, wide / STEPS, rules.max_spread, "crossed book" if wide else "locked book")


def depth(asked: Asked) -> GateResult:
    """Enough is offered at the best price of the side that would be bought. Contracts."""
    offer, least = asked.offer, asked.rules.min_depth
    if offer is None:
        return GateResult("depth", None, None, least)
    if not isfinite(offer.contracts):
        return GateResult("depth", False, None, least, "a count is no number")
    return asked.rules.answer("depth", offer.contracts >= least, offer.contracts, least, offer.side)


def price_bounds(asked: Asked) -> GateResult:
    """The price lies where the strategy trades; 0 and 1 never do. Dollars a contract of the side to buy."""
    offer, rules = asked.offer, asked.rules
    if offer is None:
        return GateResult("price_bounds", None, None, rules.price_window)
    return rules.answer(
        "price_bounds", rules.price_open(offer.price_steps), offer.price, rules.price_window, offer.side
    )


def min_net_value(asked: Asked) -> GateResult:
    """The first contract is worth enough after half-spread and fee. Dollars."""
    offer, least = asked.offer, asked.rules.min_net_value
    if offer is None:
        return GateResult("min_net_value", False, None, least, asked.why_no_offer)
    value = offer.value
    return GateResult("min_net_value", value >= least, value, least, offer.side.value)


def max_net_value(asked: Asked) -> GateResult:
    """Not worth so much that an error is likelier. Dollars."""
    offer, most = asked.offer, asked.rules.max_net_value
    if offer is None:
        return GateResult("max_net_value", None, None, most)
    value = offer.value
    return GateResult(
        "max_net_value", value <= most, value, most, "" if value <= most else "taken for an error until confirmed"
    )


def skill(asked: Asked) -> GateResult:
    """The strategy has left shadow in the league, and its figures still say so."""
    facts, rules = asked.snapshot.skill, asked.rules
    rung = rules.rung(facts)
    detail = f"{facts.graded} graded" if rung is facts.rung else f"{facts.graded} graded; fell from {facts.rung.value}"
    return rules.answer(SKILL, rung is not Rung.SHADOW, rung.value, rules.skill_wanted, detail)


def exposure_market(asked: Asked) -> GateResult:
    """There is room under the limit of one market. Dollars that can be lost, here and in the next four."""
    return answer_room(asked.rules, "exposure_market", asked.snapshot.exposure.market)


def exposure_game(asked: Asked) -> GateResult:
    """There is room under the limit of one game."""
    return answer_room(asked.rules, "exposure_game", asked.snapshot.exposure.game)


def exposure_league(asked: Asked) -> GateResult:
    """There is room under the limit of one league."""
    return answer_room(asked.rules, "exposure_league", asked.snapshot.exposure.league)


def exposure_day(asked: Asked) -> GateResult:
    """There is room under the limit of one day."""
    return answer_room(asked.rules, "exposure_day", asked.snapshot.exposure.day)


def exposure_total(asked: Asked) -> GateResult:
    """There is room under the limit of everything together."""
    return answer_room(asked.rules, "exposure_total", asked.snapshot.exposure.total)


def drawdown(asked: Asked) -> GateResult:
    """Equity has not fallen too far below its highest. A share of the highest."""
    exposure, most = asked.snapshot.exposure, asked.rules.max_drawdown
    equity, peak = number(exposure.equity), number(exposure.peak_equity)
    if not (0 < equity < inf and -inf < peak < inf):
        return GateResult("drawdown", False, None, most, f"equity {exposure.equity}, highest {exposure.peak_equity}")
    fallen = max(0.0, (peak - equity) / peak) if peak > 0 else 0.0
    return asked.rules.answer("drawdown", fallen < most, fallen, most)


def order_rate(asked: Asked) -> GateResult:
    """Fewer orders went out in the last minute than may."""
    sent, most = asked.snapshot.exposure.orders_last_minute, asked.rules.orders_per_minute
    return asked.rules.answer("order_rate", sent < most, sent, most)


def kill_switch(asked: Asked) -> GateResult:
    """Nobody has stopped trading."""
    thrown = asked.snapshot.kill_switch
    return asked.rules.answer("kill_switch", not thrown, "on" if thrown else "off", "off")


def clock(asked: Asked) -> GateResult:
    """Our clock agrees with those of the sources. Asked only where it does not: then nothing else is to be believed."""
    wrong = asked.snapshot.clock
    return GateResult("clock", not wrong, "off" if wrong else "right", "right", wrong)


def venue(asked: Asked) -> GateResult:
    """Both ways to the venue are there. Asked only where one is not: nobody would see what becomes of an order."""
    away = asked.snapshot.venue_away
    return GateResult("venue", not away, "down" if away else "there", "there", away)


GATES: dict[str, Gate] = {
    gate.__name__: gate
    for gate in (
        matched,
        league,
        rated,
        rating_age,
        not_exhibition,
        quote_age,
        game_state_age,
        market_open,
        no_in_play_model,
        game_phase,
        time_to_start,
        spread,
        depth,
        price_bounds,
        min_net_value,
        max_net_value,
        skill,
        exposure_market,
        exposure_game,
        exposure_league,
        exposure_day,
        exposure_total,
        drawdown,
        order_rate,
        kill_switch,
    )
}
"""Every gate by name, in the order asked."""
