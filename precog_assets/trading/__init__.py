"""From a price to a position: whether to take one, how much of it, and what became of it.

Belongs here: gates, sizes, the ladder of a strategy, orders and their book-keeping; pure functions of what they are
given. Does not: reading or storing any of it (`store/`, `queries/`), who drives it (`pipeline/`), what a price means
(`pricing/`). Time is `as_of`, never a clock.
"""
