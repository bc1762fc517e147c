"""PostgreSQL and the raw archive: tables, migrations, bulk writes, partitions, the response log.

Belongs here: how rows get in and where bytes lie. Does not: what they mean (domain), what people ask
of them (queries), when they are written (pipeline).
"""
