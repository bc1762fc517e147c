"""The collector: one process that follows streams and polls, reacts at once, and loses nothing.

`coalesce` is the queue between what comes in and what is written; `timing` is clocks and lag; both are without I/O.
"""
