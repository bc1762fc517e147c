"""What rests while a venue is away is taken back: nobody would see what happens to it.

Belongs here: the rule, and the paper account's orders. Does not: that the venue is away (`venue_watch`), orders at the
exchange (`pipeline.venue`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from precog_assets.domain.trading import OrderStatus
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.roles import fence
from precog_assets.store.account import open_orders
from precog_assets.store.book import take_turn, update_orders
from precog_assets.store.leases import Lease
from precog_assets.store.snapshots import PAPER

if TYPE_CHECKING:
    from precog_assets.services import Services

AWAY_S = 30.0
"""A stream, or a REST, that is away for so long is a venue that is down."""
REASON = "venue_down"


def stand_down(services: Services, lease: Lease) -> int:
    """Take back what rests on paper; how many orders. Raises PrecogError(system.*)."""
    with in_database(services.engine) as connection:
        at = take_turn(connection, PAPER, services.clock.now)
        fence(connection, lease)
        resting = [replace(one, status=OrderStatus.CANCELED, reason=REASON) for one in open_orders(connection, PAPER)]
        return update_orders(connection, resting, at)
