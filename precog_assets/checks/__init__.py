"""The asset checks, by subject; one multi-check an asset.

Belongs here: reading what a check needs and saying what was found. Does not: the rules of rows
(`domain.schemas`), nor seconds-level decisions of the sensors (`automation`).
"""
