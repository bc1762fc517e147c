"""The raw archive's byte stores: a folder, or a bucket, of zstandard-compressed, content-addressed answers.

Belongs here: putting, getting and measuring bytes by their SHA-256, and the size budget. Does not:
which response has which hash, and which bytes are new (`raw.responses`, behind `ResponseLog`).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import zstandard

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.ports import Archive

if TYPE_CHECKING:
    from botocore.client import BaseClient

COMPRESSION_LEVEL = 3
LISTED_AT_ONCE = 1000
_SUFFIX = ".zst"
_INCOMING = ".incoming"
_STALE_INCOMING_S = 3600.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


def open_archive(url: str, *, fsync: bool = True, endpoint_url: str | None = None) -> Archive:
    """The archive at `url`: a folder path, `file:///folder`, or `s3://bucket/prefix`.

    `fsync` (folder only) forces bytes to the disk before they count as kept. `endpoint_url` (bucket
    only) replaces `AWS_ENDPOINT_URL`; credentials come from the usual chain, never from the URL.
    Raises ConfigurationError for any other address, and PrecogError(system.archive) for a folder
    that cannot be made.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        if not parts.netloc or "@" in parts.netloc:
            raise ConfigurationError(
                "raw archive: expected s3://bucket/prefix, without credentials in it; those come from the usual "
                "AWS variables, files or roles."
            )
        return S3Archive(parts.netloc, parts.path.strip("/"), endpoint_url=endpoint_url)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ConfigurationError(f"raw archive {url!r}: a file URL names no host; expected file:///folder.")
        return FolderArchive(Path(unquote(parts.path)), fsync=fsync)
    if "://" in url or not url:
        raise ConfigurationError(f"raw archive {url!r}: expected a folder, file:///folder or s3://bucket/prefix.")
    return FolderArchive(Path(url).expanduser(), fsync=fsync)


class FolderArchive:
    """Files `ab/cd/<sha256>.zst` under one folder. Safe for threads and processes writing at once.

    A file appears whole or not at all: it is written aside and renamed. With `fsync` its bytes reach
    the disk before that, so that a row in the database never outlives them in a power cut.
    """

    def __init__(self, root: Path, *, fsync: bool = True) -> None:
        self.root = root.absolute()
        self._fsync = fsync
        self._incoming = self.root / _INCOMING
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._drop_stale()
        except OSError as error:
            raise self._failed("made", error) from error

    def put(self, sha256: str, body: bytes) -> int:
        """Store `body` under its hash; the compressed bytes written now, 0 when it was there.

        Raises ValueError when `sha256` is not the body's, and PrecogError(system.archive).
        """
        _check(sha256, body)
        path = self._path(sha256)
        if _size(path) > 0:
            return 0
        compressed = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(body)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, compressed)
        except OSError as error:
            raise self._failed("written", error) from error
        return len(compressed)

    def get(self, sha256: str) -> bytes:
        """The bytes of a hash. Raises FileNotFoundError, or PrecogError(system.archive) when they are damaged."""
        path = self._path(sha256)
        try:
            compressed = path.read_bytes()
        except FileNotFoundError as error:
            raise FileNotFoundError(f"raw archive {self.describe()} holds nothing under {sha256}") from error
        except OSError as error:
            raise self._failed("read", error) from error
        return _opened(sha256, compressed, str(path))

    def exists(self, sha256: str) -> bool:
        return _size(self._path(sha256)) > 0

    def size_bytes(self) -> int:
        """Compressed bytes held now; looks at every file, so ask rarely (about 1 s for 200,000)."""
        total = 0
        for folder, _, names in os.walk(self.root):
            total += sum(_size(Path(folder, name)) for name in names if name.endswith(_SUFFIX))
        return total

    def describe(self) -> str:
        return str(self.root)

    def _path(self, sha256: str) -> Path:
        _check_name(sha256)
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}{_SUFFIX}"

    def _write(self, path: Path, compressed: bytes) -> None:
        handle, aside = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(compressed)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
            Path(aside).replace(path)
        except OSError:
            Path(aside).unlink(missing_ok=True)
            raise

    def _drop_stale(self) -> None:
        """What a killed process left half written."""
        for path in self._incoming.iterdir():
            if time.time() - path.stat().st_mtime > _STALE_INCOMING_S:
                path.unlink(missing_ok=True)

    def _failed(self, what: str, error: OSError) -> PrecogError:
        return PrecogError("system.archive", f"raw archive {self.root} cannot be {what}: {error}")


class S3Archive:
    """Objects `<prefix>/ab/cd/<sha256>.zst` in one bucket. Safe for threads and processes writing at once.

    Two writers of the same hash may both write; the object is the same either way.
    """

    def __init__(self, bucket: str, prefix: str = "", *, endpoint_url: str | None = None) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self._client = _s3_client(endpoint_url)

    def put(self, sha256: str, body: bytes) -> int:
        """Store `body` under its hash; the compressed bytes written now, 0 when it was there.

        Raises ValueError when `sha256` is not the body's, and PrecogError(system.archive).
        """
        _check(sha256, body)
        if self.exists(sha256):
            return 0
        compressed = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(body)
        self._call("put_object", Key=self._key(sha256), Body=compressed)
        return len(compressed)

    def get(self, sha256: str) -> bytes:
        """The bytes of a hash. Raises FileNotFoundError, or PrecogError(system.archive) when they are damaged."""
        from botocore.exceptions import BotoCoreError

        key = self._key(sha256)
        answer = self._call("get_object", Key=key)
        if answer is None:
            raise FileNotFoundError(f"raw archive {self.describe()} holds nothing under {sha256}")
        try:
            compressed = answer["Body"].read()
        except BotoCoreError as error:
            raise PrecogError("system.archive", f"raw archive {self.describe()}: {error}") from error
        return _opened(sha256, compressed, f"s3://{self.bucket}/{key}")

    def exists(self, sha256: str) -> bool:
        return self._call("head_object", Key=self._key(sha256)) is not None

    def size_bytes(self) -> int:
        """Compressed bytes held now; lists every object, 1,000 to a request, so ask rarely."""
        total, token = 0, {}
        while True:
            prefix = f"{self.prefix}/" if self.prefix else ""
            page = self._call("list_objects_v2", Prefix=prefix, MaxKeys=LISTED_AT_ONCE, **token)
            if page is None:
                raise PrecogError("system.archive", f"raw archive {self.describe()}: no such bucket; make it first.")
            total += sum(item["Size"] for item in page.get("Contents", ()) if item["Key"].endswith(_SUFFIX))
            if not page.get("IsTruncated"):
                return total
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def describe(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def _key(self, sha256: str) -> str:
        _check_name(sha256)
        return "/".join(filter(None, (self.prefix, sha256[:2], sha256[2:4], f"{sha256}{_SUFFIX}")))

    def _call(self, operation: str, **arguments: object) -> dict | None:
        """What S3 answers; None for 404. A write to a bucket that is not there is a failure, not None."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(Bucket=self.bucket, **arguments)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404 and operation != "put_object":
                return None
            raise PrecogError("system.archive", f"raw archive {self.describe()}: {error}") from error
        except BotoCoreError as error:
            raise PrecogError("system.archive", f"raw archive {self.describe()}: {error}") from error


def _s3_client(endpoint_url: str | None) -> BaseClient:
    # boto3 takes a quarter of a second to import, and most people use a folder.
    import boto3
    from botocore.config import Config

    own_server = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=16,
        # Servers other than Amazon's seldom answer to bucket names as hosts, or know its newer checksums.
        s3={"addressing_style": "path" if own_server else "auto"},
        request_checksum_calculation="when_required",
    )
    return boto3.Session().client("s3", endpoint_url=endpoint_url, config=config)


BudgetStatus = Literal["ok", "near", "over"]
NEAR_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Budget:
    """How many compressed bytes the archive may hold. Raises ConfigurationError unless it is above 0."""

    limit_bytes: int

    def __post_init__(self) -> None:
        if self.limit_bytes <= 0:
            raise ConfigurationError(f"raw archive: its budget must be above 0 bytes, was {self.limit_bytes}.")

    def status(self, used_bytes: int) -> BudgetStatus:
        """`near` from 80 % of the limit on, `over` above it."""
        if used_bytes > self.limit_bytes:
            return "over"
        return "near" if used_bytes >= NEAR_SHARE * self.limit_bytes else "ok"

    def text(self, used_bytes: int, *, bytes_per_day: float | None = None) -> str:
        """For people, e.g. `1.2 GB of 10.0 GB (12 %), 85.0 MB a day, full in about 103 days`."""
        text = f"{_human(used_bytes)} of {_human(self.limit_bytes)} ({100 * used_bytes / self.limit_bytes:.0f} %)"
        if bytes_per_day is not None:
            text += f", {_human(bytes_per_day)} a day"
            left = self.limit_bytes - used_bytes
            if left < 0:
                text += ", over its budget"
            elif bytes_per_day > 0:
                text += f", full in about {left / bytes_per_day:.0f} days"
        return text


def _human(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def _check_name(sha256: str) -> None:
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is not a SHA-256; expected 64 hexadecimal digits, lower case")


def _check(sha256: str, body: bytes) -> None:
    actual = hashlib.sha256(body).hexdigest()
    if actual != sha256:
        raise ValueError(f"the body hashes to {actual}, not to {sha256!r} as told")


def _size(path: Path) -> int:
    """Bytes of a file; 0 for one that is not there. A file of 0 bytes is what a power cut leaves of one."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise PrecogError("system.archive", f"raw archive: {path} cannot be looked at: {error}") from error


def _opened(sha256: str, compressed: bytes, place: str) -> bytes:
    damaged = f"raw archive: {place} is damaged; restore it from a backup, or delete it"
    try:
        # Streaming: a damaged header must not make us allocate the size it claims.
        body = zstandard.ZstdDecompressor().decompressobj().decompress(compressed)
    except zstandard.ZstdError as error:
        raise PrecogError("system.archive", f"{damaged} ({error})") from error
    actual = hashlib.sha256(body).hexdigest()
    if actual != sha256:
        raise PrecogError("system.archive", f"{damaged} (its bytes hash to {actual})")
    return body
