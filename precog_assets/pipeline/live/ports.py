"""The collector's steps over services: which function of the platform does each of its ports.

Belongs here: this wiring. Does not: the steps, the tasks (`collector`), leases and chores (`process`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.live import Priority, RawPlace
from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.boards import read_boards
from precog_assets.pipeline.live.boards_away import BoardPoller
from precog_assets.pipeline.live.collector import Ports
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.live.reaction import Reactor
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.pipeline.live.timing import Offset
from precog_assets.pipeline.live.watched import Watched, read_watched
from precog_assets.pipeline.markets import read_markets, series_of
from precog_assets.pipeline.report import new_correlation_id
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.store.stream_log import GapSeen, write_gaps

if TYPE_CHECKING:
    from precog_assets.services import Services

STEP = "markets told of"


def ports_of(
    services: Services,
    rows: SegmentRows,
    boards: BoardPoller,
    react: Reactor,
    told: Callable[[Sequence[GapFact]], None],
    follows: Callable[[Watched], object],
) -> Ports:
    """The ports of a collector over these services. `told` hears of gaps that were written, `follows` of the markets
    that are followed from now on, and how many are not.
    """
    ours = frozenset(series_of(services.leagues))

    def wanted() -> Mapping[str, Priority]:
        watched = read_watched(services)
        follows(watched)
        return dict(zip(watched.tickers, watched.priorities.values(), strict=True))

    def gaps(connection: sa.Connection, facts: Sequence[GapFact]) -> None:
        write_gaps(connection, [GapSeen(one.gap, one.at) for one in facts])

    def read(tickers: Sequence[str]) -> None:
        known = [ticker for ticker in tickers if ticker.partition("-")[0] in ours]
        if known:
            read_markets(services, known, correlation_id=new_correlation_id(), step=STEP)

    def response_of(place: RawPlace) -> int | None:
        return rows.response_of(place)

    return Ports(
        wanted=wanted,
        apply=BatchApplier(services.engine, response_of, gaps, told),
        react=react,
        boards=lambda: read_boards(services),
        poll_board=boards,
        read_markets=read,
        sealed=lambda sealed: rows.seal([sealed]),
        clock_set=services.clocks.ours_set,
        dated=services.clocks.observe,
        offset=lambda: venue_offset(services),
    )


def venue_offset(services: Services) -> Offset | None:
    """The exchange's clock against ours, as this process knows it and decides by; None where nothing tells it."""
    known = services.clocks.estimates().get(VENUE)
    return None if known is None else known[0]
