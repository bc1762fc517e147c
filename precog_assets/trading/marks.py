"""What a position would fetch: at the mid, and by selling all of it into the book. Pure.

Belongs here: marks a contract, before fees. Does not: holdings and profit (`ledger.py`).
"""

from __future__ import annotations

from decimal import Decimal

from precog_assets.domain.trading import QuoteFacts, Side

ZERO, ONE = Decimal(0), Decimal(1)


def mark_mid(quote: QuoteFacts | None, side: Side) -> Decimal | None:
    """Dollars a contract at the middle of bid and ask; None without both."""
    if quote is None or quote.mid is None:
        return None
    return quote.mid if side is Side.YES else ONE - quote.mid


def mark_liquidation(quote: QuoteFacts | None, side: Side, contracts: Decimal) -> Decimal | None:
    """Dollars a contract that selling all `contracts` now would bring, on average over the bids it would meet.

    What nobody bids for brings nothing. None without a quote, and without contracts.
    """
    if quote is None or contracts <= 0:
        return None
    left, brought = contracts, ZERO
    for level in quote.book.bids(side):
        sold = min(left, level.contracts)
        brought += sold * level.price
        left -= sold
        if not left:
            break
    return brought / contracts
