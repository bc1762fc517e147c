"""What runs by itself: live sensors, schedules, what was missed, runs whose process is gone, and the purge of
Dagster's own events.

Belongs here: deciding when, and telling Dagster what a tick changed. Does not: the steps themselves
(`pipeline`). Decisions are plain functions; sensors are shells around them.
"""
