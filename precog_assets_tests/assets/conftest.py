"""The same services, venue and clock as the pipeline's tests, given to Dagster as a resource."""

from __future__ import annotations

from precog_assets_tests.automation.conftest import resource
from precog_assets_tests.pipeline.conftest import clock, services, venue

__all__ = ["clock", "resource", "services", "venue"]
