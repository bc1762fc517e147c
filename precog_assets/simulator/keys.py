"""The first account of a remembered world: made at its first start, its private key in a file only its owner reads."""

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

FIRST_BALANCE_DOLLARS = Decimal(10_000)
FIRST_TIER = "advanced"


@dataclass(frozen=True, slots=True)
class FirstKey:
    """What a client needs to trade on the first account."""

    key_id: str
    file: Path


def first_key(exchange: Exchange, file: Path) -> FirstKey:
    """The key in the file, made if there is none, as a key of the exchange's first account, opened if there is none.

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
        account_id = next(iter(exchange.accounts), None)
        if account_id is None:
            exchange.open_account(FIRST_BALANCE_DOLLARS, FIRST_TIER, pem, key_id)
        else:
            exchange.add_key(account_id, pem, key_id)
    return FirstKey(key_id, file)
