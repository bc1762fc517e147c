"""What assets, checks, sensors and schedules are given: this process's services, opened on first use.

Belongs here: the Dagster resource. Does not: opening anything; that is `services.services_for`, which keeps
one set of clients and engines per process, since Dagster builds resources anew at every tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from precog_assets.services import Services


class PrecogServices(dg.ConfigurableResource):
    """Clock, database, archive and venue clients of the environment that PRECOG_ENV and the modes name."""

    def get(self) -> Services:
        """The services; raises ConfigurationError or PrecogError, naming what is wrong. Tests override this."""
        from precog_assets.services import services_for

        return services_for()
