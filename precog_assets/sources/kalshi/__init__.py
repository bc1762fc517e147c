"""Kalshi: the exchange's REST reads, and its payloads as rows.

`client.py` asks (paths, parameters, cursors; `auth.py` signs), `parse.py` reads bytes into rows and named
rejections by the models and contracts of `payloads.py`. Tickers are taken apart in `domain.tickers`.
"""
