"""Kalshi's request signature: the key pair, and the three headers of a signed request.

Belongs here: loading a private key, signing. Does not: which requests are signed (`client.py`).
The signed text is timestamp + METHOD + path; the path holds `/trade-api/v2` and no query; the body is not signed.
The kind of key is read from the PEM: RSA signs with PSS, SHA-256 and a salt of 32 bytes; Ed25519 plainly.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from precog_assets.domain.errors import ConfigurationError

KEY_ID_VARIABLE = "KALSHI_KEY_ID"
KEY_PATH_VARIABLE = "KALSHI_PRIVATE_KEY_PATH"

KEY_HEADER = "KALSHI-ACCESS-KEY"
TIMESTAMP_HEADER = "KALSHI-ACCESS-TIMESTAMP"
SIGNATURE_HEADER = "KALSHI-ACCESS-SIGNATURE"

_SALT_BYTES = 32
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SALT_BYTES)
_EXPECTED = "expected the PEM file with the RSA or Ed25519 private key that belongs to KALSHI_KEY_ID"


@dataclass(frozen=True, slots=True)
class KalshiCredentials:
    """A key id and its private key. Neither shows in its repr."""

    key_id: str = field(repr=False)
    private_key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = field(repr=False)

    def sign(self, method: str, path: str, timestamp_ms: int) -> dict[str, str]:
        """The three headers that sign one request.

        `path` is the whole path from the host on, e.g. `/trade-api/v2/portfolio/balance`; a query is left out.
        `timestamp_ms` is Unix milliseconds; the exchange accepted 5 s of skew and refused 30 s.
        """
        text = f"{timestamp_ms}{method.upper()}{path.partition('?')[0]}".encode()
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            signature = self.private_key.sign(text, _PSS, hashes.SHA256())
        else:
            signature = self.private_key.sign(text)
        return {
            KEY_HEADER: self.key_id,
            TIMESTAMP_HEADER: str(timestamp_ms),
            SIGNATURE_HEADER: base64.b64encode(signature).decode("ascii"),
        }


def load_credentials(key_id: str, path: str | Path) -> KalshiCredentials:
    """Read the private key at `path`. Raises ConfigurationError naming the variable that is wrong."""
    if not key_id.strip():
        raise ConfigurationError(f"{KEY_ID_VARIABLE} is empty; expected the id of the API key in {path}.")
    file = Path(path).expanduser()
    try:
        pem = file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{KEY_PATH_VARIABLE}={path}: {reason}; {_EXPECTED}.") from error
    return KalshiCredentials(key_id.strip(), _private_key(pem, path))


def _private_key(pem: bytes, path: str | Path) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ConfigurationError(
            f"{KEY_PATH_VARIABLE}={path}: the key is encrypted with a passphrase; "
            f"{_EXPECTED}, without one (`openssl pkey -in KEY -out PLAIN` removes it)."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{KEY_PATH_VARIABLE}={path}: holds no private key in PEM; {_EXPECTED}.") from error
    if isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
    raise ConfigurationError(f"{KEY_PATH_VARIABLE}={path}: is a key of the kind {kind}; {_EXPECTED}.")
