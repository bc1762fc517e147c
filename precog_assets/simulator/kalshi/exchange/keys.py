"""API keys: RSA and Ed25519, read, made, and what they signed checked as Kalshi checks it."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_RSA_BITS = 2_048

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


def read_public_key(pem: str) -> PublicKey:
    """An RSA or Ed25519 public key. Raises ValueError for anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"public key: not a PEM of one ({error})") from error
    if not isinstance(key, rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise ValueError(f"public key: {type(key).__name__}; expected RSA or Ed25519")
    return key


def generate_keys(kind: str = "rsa") -> tuple[str, str]:
    """A new private key and its public half as PEM; `kind` is rsa or ed25519."""
    if kind not in ("rsa", "ed25519"):
        raise ValueError(f"key kind {kind!r}: expected rsa or ed25519")
    private = (
        rsa.generate_private_key(public_exponent=65_537, key_size=_RSA_BITS)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return secret.decode(), public.decode()


def signed(public: PublicKey, text: bytes, signature: str) -> bool:
    """Whether the base64 signature is the key's over the text: RSA-PSS (SHA-256, 32 bytes of salt) or Ed25519."""
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(raw, text, _PSS, hashes.SHA256())
        else:
            public.verify(raw, text)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
