"""Upstreams, one folder each, all of one shape: client, payloads, parse. Only `http.py` talks HTTP.

A client asks and returns fetches; a parser is a pure function from bytes to rows and rejections.
"""
