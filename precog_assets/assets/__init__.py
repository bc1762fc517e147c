"""The assets, by subject: teams, games, markets, links, ratings and forecasts, evaluations, backfills, SQL models.

Belongs here: asset definitions, a dozen lines each, that call a step of `pipeline` and report its rows.
Does not: reading sources, rules, SQL; nor checks, which stand in `checks`.
"""
