"""The reads about combos alone: their events, and the collection they are made from."""

from __future__ import annotations

from datetime import datetime

from precog_assets.simulator.kalshi.answers import Key, bad_request, not_found, page
from precog_assets.simulator.kalshi.combo_wire import collection, combo_event, combo_market
from precog_assets.simulator.kalshi.combos import COLLECTION, COMBO_SERIES, Combo, Combos
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.listings import Listings
from precog_assets.simulator.kalshi.selection import Filters, Selection
from precog_assets.simulator.kalshi.wire import Json

_STATUSES = ("unopened", "open", "closed")


class ComboReads:
    """Multivariate events and collections of a world."""

    def __init__(self, selection: Selection, listings: Listings, combos: Combos) -> None:
        self._selection = selection
        self._listings = listings
        self._combos = combos

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", path, name, handler)
            for path, name, handler in (
                ("/events/multivariate", "GetMultivariateEvents", self._events),
                ("/multivariate_event_collections", "GetMultivariateEventCollections", self._collections),
                (
                    "/multivariate_event_collections/{collection_ticker}",
                    "GetMultivariateEventCollection",
                    self._one_collection,
                ),
            )
        ]

    def _events(self, call: Call) -> Json:
        query, now = call.query, call.now
        limit, after = query.limit(100, 200, lowest=1), query.after()
        series, wanted = query.text("series_ticker"), query.text("collection_ticker")
        if series is not None and wanted is not None:
            raise bad_request("series_ticker and collection_ticker cannot be used together")
        nested, tickers = query.flag("with_nested_markets"), query.split("tickers")
        if wanted not in (None, COLLECTION) or series not in (None, COMBO_SERIES):
            return {"cursor": "", "events": []}
        if tickers is None:
            combos = self._listings.live_combos(Filters(), now, after)
        else:
            named = (self._listings.combo(ticker, now) for ticker in dict.fromkeys(tickers))
            found = [combo for combo in named if combo and combo.event_ticker in tickers]
            combos = iter(sorted(found, key=_key))
        taken, cursor = page(combos, limit, _key, after)
        rows = []
        for combo in taken:
            row = combo_event(combo)
            if nested:
                row["markets"] = [combo_market(self._combos, combo, microseconds(now))]
            rows.append(row)
        return {"cursor": cursor, "events": rows}

    def _collections(self, call: Call) -> Json:
        query = call.query
        query.limit(100, 200, lowest=1)
        status = query.choice("status", _STATUSES)
        related, series = query.text("associated_event_ticker"), query.text("series_ticker")
        row = self._collection(call.now)
        fits = (
            status in (None, "open")
            and series in (None, COMBO_SERIES)
            and (related is None or related in row["associated_event_tickers"])
            and query.after() is None
        )
        return {"cursor": "", "multivariate_contracts": [row] if fits else []}

    def _one_collection(self, call: Call) -> Json:
        if call.path["collection_ticker"] != COLLECTION:
            raise not_found()
        return {"multivariate_contract": self._collection(call.now)}

    def _collection(self, now: datetime) -> Json:
        return collection(self._selection.live(Filters(status="open"), now), microseconds(now))


def _key(combo: Combo) -> Key:
    return combo.sort_key
