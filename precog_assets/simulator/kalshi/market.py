"""The world's own market, put together: listings, lives, hours, makers, takers, books, and the reads over them."""

from __future__ import annotations

from precog_assets.simulator.kalshi.candles import Candles
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.combo_reads import ComboReads
from precog_assets.simulator.kalshi.combos import Combos
from precog_assets.simulator.kalshi.depth import Depth
from precog_assets.simulator.kalshi.exchange.view import Overlay, Untouched
from precog_assets.simulator.kalshi.exchange_reads import ExchangeReads
from precog_assets.simulator.kalshi.fees import FeeReads, Fees
from precog_assets.simulator.kalshi.flow import Flow
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.hours import Hours
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listings import Listings
from precog_assets.simulator.kalshi.milestones import Milestones
from precog_assets.simulator.kalshi.pages import Pages
from precog_assets.simulator.kalshi.prices import Makers
from precog_assets.simulator.kalshi.prints import Prints
from precog_assets.simulator.kalshi.reads import Reads
from precog_assets.simulator.kalshi.selection import Selection
from precog_assets.simulator.kalshi.tape import Tape
from precog_assets.simulator.kalshi.targets import Targets
from precog_assets.simulator.kalshi.wire import Wire
from precog_assets.simulator.world.model import WorldView


class WorldMarket:
    """The parts of one world's market; all but `hours` never change."""

    def __init__(self, world: WorldView, habits: Habits | None = None) -> None:
        self.habits = habits or Habits()
        self.hours = Hours()
        self.catalog = Catalog(world)
        self.lifecycle = Lifecycle(world, self.habits)
        self.makers = Makers(self.lifecycle)
        self.flow = Flow(self.lifecycle, self.makers, self.hours, self.habits)
        self.depth = Depth(self.lifecycle, self.makers, self.flow, self.hours)
        self.selection = Selection(self.catalog, self.lifecycle)
        self.combos = Combos(self.catalog, self.lifecycle, self.makers, self.depth)
        self.fees = Fees(self.habits)
        self._world = world

    def reads(self, overlay: Overlay | None = None) -> Reads:
        """The public reads over it, with what accounts changed where there are any."""
        over = overlay or Untouched()
        prints = Prints(self.flow, over)
        wire = Wire(self.lifecycle, self.depth, self.flow, over)
        listings = Listings(self.selection, self.combos)
        return Reads(
            self.catalog,
            self.selection,
            listings,
            Pages(wire, self.combos, self.depth, self.flow, over),
            wire,
            self.combos,
            self.fees,
            Milestones(self.catalog, self.selection, self.lifecycle),
            others=(
                ExchangeReads(self.hours, self.selection),
                ComboReads(self.selection, listings, self.combos),
                FeeReads(self.fees, self.selection),
                Targets(self._world, self.catalog),
                Tape(self.selection, prints, wire, Candles(self.lifecycle, self.hours, self.depth, prints, wire)),
            ),
        )
