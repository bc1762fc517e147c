"""Schemathesis signs what it sends, as Kalshi's clients do: loaded through SCHEMATHESIS_HOOKS by Python 3.13."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import schemathesis
from kalshi_python_sync.auth import KalshiAuth

AUTH = KalshiAuth(os.environ["KALSHI_KEY_ID"], Path(os.environ["KALSHI_PRIVATE_KEY_PATH"]).read_text())


@schemathesis.hook
def before_call(context, case, kwargs):
    """Headers of the path as it is sent."""
    url = urlsplit(case.as_transport_kwargs(base_url=case.operation.base_url)["url"])
    case.headers = {**(case.headers or {}), **AUTH.create_auth_headers(case.operation.method.upper(), url.path)}
