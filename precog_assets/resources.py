"""What assets, checks, sensors and schedules are given: this process's services, opened on first use.

Belongs here: the Dagster resource. Does not: opening anything; that is `services.services_for`, which keeps
one set of clients and engines per process, since Dagster builds resources anew at every tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from precog_assets.services import Services


class PrecogServices(dg.ConfigurableResource):
    """Clock, database, archive and venue clients of the environment that PRECOG_ENV and the modes name."""

    environment: str = Field(default="", description="The environment the definitions were built for")

    def get(self) -> Services:
        """The services; tests override this.

        Raises ConfigurationError or PrecogError, naming what is wrong; also when this process's variables
        name another environment than the one the definitions were loaded for.
        """
        from precog_assets.services import services_for

        services = services_for()
        if self.environment and services.environment.name != self.environment:
            raise ConfigurationError(
                f"The definitions were loaded for {self.environment}, but this process's PRECOG_ENV and modes name "
                f"{services.environment.name}; start the code server again with the same variables."
            )
        return services
