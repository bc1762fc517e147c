"""Accounts a remembered world has from its start: their private keys lie in files that only their owner reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.keys import generate_keys
from precog_assets.simulator.kalshi.noise import stable_uuid

FIRST_MEMBER = "default"
FIRST_BALANCE_DOLLARS = Decimal(10_000)
FIRST_TIER = "advanced"


@dataclass(frozen=True, slots=True)
class MemberKey:
    """What a client needs to trade on an account."""

    key_id: str
    file: Path


def member_key(
    exchange: Exchange, file: Path, balance_dollars: Decimal = FIRST_BALANCE_DOLLARS, tier: str = FIRST_TIER
) -> MemberKey:
    """The key in the file, made if there is none, and its account on the exchange, opened if there is none.

    The key's id follows from the key. Raises ConfigurationError for a file that holds no private key.
    """
    if not file.exists():
        private, _ = generate_keys("rsa")  # the official clients sign with RSA only
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(private)
    try:
        public = load_pem_private_key(file.read_bytes(), password=None).public_key()
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{file}: not a private key in PEM ({error}); remove it to have a new one.") from error
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key_id = stable_uuid("key", pem)
    if exchange.key(key_id) is None:
        exchange.open_account(balance_dollars, tier, pem, key_id)
    return MemberKey(key_id, file)
