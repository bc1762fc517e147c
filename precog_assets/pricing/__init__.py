"""What a price means, what taking it costs, and what a forecast is worth beside it.

`blend.py` is the market-aware probability; `odds.py` and `vig.py` turn prices into probabilities; `fees.py` and
`fee_book.py` say what a trade is charged; `value.py` is what is left of an edge. No database, no clock, no venue.
"""
