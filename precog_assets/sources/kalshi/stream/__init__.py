"""Kalshi's WebSocket as the platform follows it: the protocol without sockets, and the client that speaks it.

`frames` reads bytes into `events`; `sequence`, `books` and `subscriptions` are what a connection knows; `session` puts
them together; `pacing` says when to try again; `client` is the only module with a socket.
"""
