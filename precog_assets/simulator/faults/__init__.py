"""Faults: what goes wrong between a venue and who reads it, on demand and on time.

`rules` says what a fault is, `engine` which of them apply to a request or a frame, `http` and `stream` do it,
`answers` and `payload` have what it looks like. Every application is written to the ledger.
"""
