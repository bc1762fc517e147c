"""Signatures as the exchange checks them, and key files that are refused with what would be right."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from precog_assets.domain.errors import ConfigurationError
from precog_assets.sources.kalshi.auth import KalshiCredentials, load_credentials

KEY_ID = "3f1c0f7e-0000-4000-8000-00000000abcd"
PATH = "/trade-api/v2/portfolio/balance"
NOW_MS = 1_790_000_000_000
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PSS_32 = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def write(folder: Path, pem: bytes) -> Path:
    path = folder / "key.pem"
    path.write_bytes(pem)
    return path


def pem_of(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def signature_of(headers: dict[str, str]) -> bytes:
    return base64.b64decode(headers["KALSHI-ACCESS-SIGNATURE"], validate=True)


def test_an_rsa_key_signs_with_pss_sha256_and_a_salt_of_32_bytes(tmp_path: Path) -> None:
    headers = load_credentials(KEY_ID, write(tmp_path, pem_of(RSA_KEY))).sign("GET", PATH, NOW_MS)
    text = f"{NOW_MS}GET{PATH}".encode()
    RSA_KEY.public_key().verify(signature_of(headers), text, PSS_32, hashes.SHA256())
    assert headers["KALSHI-ACCESS-KEY"] == KEY_ID
    assert headers["KALSHI-ACCESS-TIMESTAMP"] == "1790000000000"
    assert len(headers) == 3


def test_a_key_in_the_older_pkcs1_form_is_read_too(tmp_path: Path) -> None:
    pem = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    headers = load_credentials(KEY_ID, write(tmp_path, pem)).sign("GET", PATH, NOW_MS)
    RSA_KEY.public_key().verify(signature_of(headers), f"{NOW_MS}GET{PATH}".encode(), PSS_32, hashes.SHA256())


def test_an_ed25519_key_signs_the_same_text_plainly(tmp_path: Path) -> None:
    headers = load_credentials(KEY_ID, write(tmp_path, pem_of(ED_KEY))).sign("get", PATH, NOW_MS)
    ED_KEY.public_key().verify(signature_of(headers), f"{NOW_MS}GET{PATH}".encode())


def test_the_query_is_not_signed() -> None:
    credentials = KalshiCredentials(KEY_ID, ED_KEY)
    headers = credentials.sign("GET", f"{PATH}?limit=5&cursor=abc", NOW_MS)
    assert headers == credentials.sign("GET", PATH, NOW_MS)


@pytest.mark.parametrize("text", [f"{NOW_MS + 1}GET{PATH}", f"{NOW_MS}POST{PATH}", f"{NOW_MS}GET{PATH}s"])
def test_another_time_method_or_path_does_not_verify(text: str) -> None:
    headers = KalshiCredentials(KEY_ID, ED_KEY).sign("GET", PATH, NOW_MS)
    with pytest.raises(InvalidSignature):
        ED_KEY.public_key().verify(signature_of(headers), text.encode())


def test_neither_key_id_nor_key_shows_in_the_repr() -> None:
    shown = repr(KalshiCredentials(KEY_ID, RSA_KEY))
    assert KEY_ID not in shown
    assert "RSAPrivateKey" not in shown


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no private key in PEM"),
        (b"not a key", "holds no private key in PEM"),
        (
            RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "holds no private key in PEM",
        ),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "is a key of the kind EC"),
        (
            ED_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
            "encrypted with a passphrase",
        ),
    ],
    ids=["empty", "text", "public", "elliptic", "encrypted"],
)
def test_a_wrong_key_file_is_refused_naming_the_variable(tmp_path: Path, content: bytes, says: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ConfigurationError) as refused:
        load_credentials(KEY_ID, path)
    assert f"KALSHI_PRIVATE_KEY_PATH={path}" in str(refused.value)
    assert says in str(refused.value)
    assert "RSA or Ed25519" in str(refused.value)


def test_a_missing_key_file_is_refused_naming_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"KALSHI_PRIVATE_KEY_PATH=.*No such file"):
        load_credentials(KEY_ID, tmp_path / "nowhere.pem")


def test_a_folder_as_key_file_is_refused_naming_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"KALSHI_PRIVATE_KEY_PATH=.*Is a directory"):
        load_credentials(KEY_ID, tmp_path)


def test_an_empty_key_id_is_refused_naming_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="KALSHI_KEY_ID is empty"):
        load_credentials("  ", write(tmp_path, pem_of(ED_KEY)))
