"""Backtests: stored or imported facts stepped through in the order in which they could be known.

Belongs here: feeds of facts, the loop over them, what came of it in figures, plots and pages. Does not: deciding,
filling, booking and pricing, which are the functions that run live (`trading/`, `pricing/`).

    feed = files.file_feed(league, markets=..., quotes=[...], games=..., schedule=..., assumptions=rules.backtests)
    feed = stored.StoredFeed(engine, league, start, end, assumptions=rules.backtests)
    result = run.run_backtest(feed, strategy, rules.limits, rules.backtests, since=start, until=end, progress=...)

`result.Result` says what is in it; its bets are `account.Bet`.
"""
