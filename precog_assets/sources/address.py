"""Addresses: the host of a base URL, whether it is loopback, and a URL as it may be kept.

Belongs here: pure functions of URLs. Does not: which hosts are allowed in a mode (`environment`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

import httpx

from precog_assets.domain.errors import ConfigurationError

_SECRET_KEY = re.compile(
    r"secret|token|passw|signature|credential|api[_-]?key|access[_-]?key|session|^key$|^sig$|^auth", re.IGNORECASE
)


def host_of(base_url: str) -> str:
    """The host of a base URL. Raises ConfigurationError when it names none, or is not http(s)."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"base URL {base_url!r}: {error}; expected e.g. https://site.api.espn.com") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"base URL {base_url!r} names no http(s) host; expected e.g. https://site.api.espn.com"
        )
    return url.host


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is this machine's loopback."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def without_credentials(url: httpx.URL) -> str:
    """The URL as kept: no user, password or fragment, and `***` for query values whose key looks secret."""
    params = url.params
    for key in params:
        if _SECRET_KEY.search(key):
            params = params.set(key, "***")
    if params != url.params:
        url = url.copy_with(params=params)
    return str(url.copy_with(userinfo=b"", fragment=None))
