"""The world: leagues, seasons, schedules and games as pure functions of a seed and an instant."""
