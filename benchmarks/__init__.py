"""The figures the README quotes: each measured against a peer in the same run, or stated plainly as a time.

Belongs here: measuring. Does not: anything the product needs, and anything a test asserts.
Run with `make bench`, or `python -m benchmarks --only parsing --quick`.
"""
