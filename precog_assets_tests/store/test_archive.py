"""The raw archive's byte stores: a folder, and S3 against a real server on loopback."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.ports import Archive
from precog_assets.store import archive as module
from precog_assets.store.archive import Budget, FolderArchive, S3Archive, open_archive

BODY = b'{"events": [' + b'{"id": "401772714"},' * 500 + b"]}"
SHA = hashlib.sha256(BODY).hexdigest()
BUCKET = "precog-raw"

WRITER = """
import hashlib, sys
from pathlib import Path
from precog_assets.store.archive import FolderArchive
archive = FolderArchive(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    body = b"answer %d " % number * 2000
    archive.put(hashlib.sha256(body).hexdigest(), body)
"""


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def client(s3_url: str) -> Any:
    """An S3 client of the test's own."""
    return boto3.client(
        "s3",
        endpoint_url=s3_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def s3(s3_url: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server as people configure it, with an empty bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client.create_bucket(Bucket=BUCKET)
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    return s3_url


@pytest.fixture(params=["folder", "s3"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "folder":
        return open_archive(str(tmp_path / "raw"))
    request.getfixturevalue("s3")
    return open_archive(f"s3://{BUCKET}/some/prefix/")


@pytest.fixture
def damage(archive: Archive, client: Any) -> Callable[[bytes], None]:
    """Replaces what is stored under SHA."""

    def replace(data: bytes) -> None:
        if isinstance(archive, FolderArchive):
            (archive.root / SHA[:2] / SHA[2:4] / f"{SHA}.zst").write_bytes(data)
        else:
            key = f"some/prefix/{SHA[:2]}/{SHA[2:4]}/{SHA}.zst"
            client.put_object(Bucket=BUCKET, Key=key, Body=data)

    return replace


def test_what_was_put_is_got_back_and_put_once(archive: Archive) -> None:
    assert not archive.exists(SHA)
    written = archive.put(SHA, BODY)
    assert 0 < written < len(BODY) / 10
    assert archive.put(SHA, BODY) == 0
    assert archive.exists(SHA)
    assert archive.get(SHA) == BODY
    assert archive.size_bytes() == written


def test_nothing_at_all_can_be_put_too(archive: Archive) -> None:
    sha = hashlib.sha256(b"").hexdigest()
    assert archive.put(sha, b"") > 0
    assert archive.exists(sha)
    assert archive.get(sha) == b""


def test_the_size_is_the_sum_of_what_was_written(archive: Archive) -> None:
    assert archive.size_bytes() == 0
    bodies = [os.urandom(500) for _ in range(12)]
    assert archive.size_bytes() + sum(archive.put(hashlib.sha256(b).hexdigest(), b) for b in bodies) > 6000
    assert archive.size_bytes() == sum(len(zstandard.ZstdCompressor(level=3).compress(b)) for b in bodies)


def test_what_is_not_there_is_named(archive: Archive) -> None:
    with pytest.raises(FileNotFoundError, match=f"holds nothing under {SHA}"):
        archive.get(SHA)


@pytest.mark.parametrize(
    "stored",
    [
        b"not zstandard",
        b"",
        zstandard.compress(b"something else"),
        zstandard.compress(BODY)[:-5],
        # A frame header that claims 2^60 bytes.
        b"\x28\xb5\x2f\xfd\xe0" + (1 << 60).to_bytes(8, "little") + b"\x01\x00\x00",
    ],
    ids=["not zstandard", "empty", "other bytes", "cut off", "claims too much"],
)
def test_damage_is_noticed_and_said(archive: Archive, damage: Callable[[bytes], None], stored: bytes) -> None:
    archive.put(SHA, BODY)
    damage(stored)
    with pytest.raises(PrecogError, match=r"\.zst is damaged; restore it from a backup, or delete it") as error:
        archive.get(SHA)
    assert error.value.code == "system.archive"


@pytest.mark.parametrize("name", ["", "abc", SHA.upper(), "../" + SHA, SHA + "0", SHA[:-1] + "/"])
def test_only_hashes_are_names(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="expected 64 hexadecimal digits"):
        archive.get(name)
    with pytest.raises(ValueError, match="hash"):
        archive.put(name, BODY)


def test_a_body_under_a_foreign_hash_is_refused(archive: Archive) -> None:
    with pytest.raises(ValueError, match=f"the body hashes to {SHA}"):
        archive.put("0" * 64, BODY)


def test_threads_may_write_the_same_and_others_at_once(archive: Archive) -> None:
    bodies = [f"answer {number % 10} ".encode() * 300 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: archive.put(hashlib.sha256(body).hexdigest(), body), bodies))
    for body in bodies:
        assert archive.get(hashlib.sha256(body).hexdigest()) == body
    assert archive.size_bytes() == sum(len(zstandard.ZstdCompressor(level=3).compress(body)) for body in set(bodies))


@given(body=st.binary(max_size=2000))
def test_any_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    archive = FolderArchive(tmp_path_factory.getbasetemp() / "any", fsync=False)
    sha = hashlib.sha256(body).hexdigest()
    archive.put(sha, body)
    assert archive.get(sha) == body


def test_processes_killed_while_writing_leave_only_whole_answers(tmp_path: Path) -> None:
    root = tmp_path / "raw"
    env = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
        writer.stdin.write("\n")
        writer.stdin.flush()
    deadline = time.monotonic() + 20
    while not (found := list(root.glob("*/*/*.zst"))):
        assert time.monotonic() < deadline
    for writer in writers:
        writer.kill()
        writer.communicate()
    archive = FolderArchive(root)
    found = list(root.glob("*/*/*.zst"))
    assert found
    for path in found:
        assert archive.get(path.stem).startswith(b"answer ")
    for number in range(60):
        body = b"answer %d " % number * 2000
        archive.put(hashlib.sha256(body).hexdigest(), body)
        assert archive.get(hashlib.sha256(body).hexdigest()) == body
    assert len(list(root.glob("*/*/*.zst"))) == 60


def test_a_file_is_written_aside_and_renamed_once_its_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / SHA[:2] / SHA[2:4] / f"{SHA}.zst"
    synced: list[tuple[int, int, bool]] = []

    def fsync(handle: int) -> None:
        stat = os.fstat(handle)
        synced.append((stat.st_ino, stat.st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    written = FolderArchive(tmp_path).put(SHA, BODY)
    assert synced == [(path.stat().st_ino, written, False)]


def test_half_written_files_of_killed_processes_are_cleared_later(tmp_path: Path) -> None:
    FolderArchive(tmp_path)
    old, new = tmp_path / ".incoming" / "old", tmp_path / ".incoming" / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    archive = FolderArchive(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)
    assert archive.size_bytes() == 0


def test_an_empty_file_left_by_a_power_cut_is_written_again(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    archive.put(SHA, BODY)
    (tmp_path / SHA[:2] / SHA[2:4] / f"{SHA}.zst").write_bytes(b"")
    assert not archive.exists(SHA)
    assert archive.put(SHA, BODY) > 0
    assert archive.get(SHA) == BODY


def test_a_folder_that_cannot_be_written_is_a_system_failure(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path / "raw")
    (tmp_path / "raw" / SHA[:2]).write_text("a file where a folder should be")
    with pytest.raises(PrecogError, match=r"cannot be looked at: .*Not a directory") as error:
        archive.put(SHA, BODY)
    assert error.value.code == "system.archive"
    (tmp_path / "raw" / SHA[:2]).unlink()
    (tmp_path / "raw" / ".incoming").rmdir()
    with pytest.raises(PrecogError, match=r"cannot be written: .*No such file") as error:
        archive.put(SHA, BODY)
    assert error.value.code == "system.archive"


def test_a_disk_that_is_full_is_a_system_failure_and_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    body = os.urandom(100_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(PrecogError, match=r"cannot be written: .*File too large"):
            archive.put(hashlib.sha256(body).hexdigest(), body)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / ".incoming").iterdir()) == []
    assert not archive.exists(hashlib.sha256(body).hexdigest())


def test_a_folder_that_cannot_be_made_is_a_system_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PrecogError, match="cannot be made") as error:
        FolderArchive(tmp_path / "file" / "raw")
    assert error.value.code == "system.archive"


def test_addresses_say_which_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for url, place in (
        (str(tmp_path / "a b"), tmp_path / "a b"),
        (f"file://{tmp_path}/a%20b", tmp_path / "a b"),
        ("~/raw", tmp_path / "raw"),
        ("raw", tmp_path / "raw"),
    ):
        assert open_archive(url).describe() == str(place)
    archive = open_archive("s3://bucket/some/prefix/")
    assert isinstance(archive, S3Archive)
    assert archive.describe() == "s3://bucket/some/prefix"
    assert open_archive("s3://bucket").describe() == "s3://bucket"


@pytest.mark.parametrize("url", ["", "gs://bucket/x", "http://host/x", "s3://", "s3:///x", "file://host/x"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        open_archive(url)


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="without credentials") as error:
        open_archive("s3://AKIA123:s3cret@bucket/x")
    assert "s3cret" not in str(error.value)


def test_a_bucket_that_is_not_there_is_a_system_failure(s3: str) -> None:
    archive = open_archive("s3://no-such-bucket/x")
    for ask in (lambda: archive.put(SHA, BODY), archive.size_bytes):
        with pytest.raises(PrecogError, match="s3://no-such-bucket/x") as error:
            ask()
        assert error.value.code == "system.archive"


def test_a_store_out_of_reach_is_a_system_failure(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    archive = open_archive(f"s3://{BUCKET}", endpoint_url=f"http://127.0.0.1:{port}")
    with pytest.raises(PrecogError, match="Could not connect"):
        archive.put(SHA, BODY)


def test_listing_goes_on_over_pages_and_leaves_other_prefixes_out(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTED_AT_ONCE", 2)
    archive, other = open_archive(f"s3://{BUCKET}/a"), open_archive(f"s3://{BUCKET}/ab")
    bodies = [os.urandom(100) for _ in range(5)]
    written = sum(archive.put(hashlib.sha256(body).hexdigest(), body) for body in bodies)
    other.put(SHA, BODY)
    assert archive.size_bytes() == written


@pytest.mark.parametrize(
    ("used", "status"), [(0, "ok"), (799, "ok"), (800, "near"), (1000, "near"), (1001, "over"), (9999, "over")]
)
def test_a_budget_is_ok_near_or_over(used: int, status: str) -> None:
    assert Budget(1000).status(used) == status


def test_a_budget_of_nothing_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="was 0"):
        Budget(0)


def test_a_budget_is_told_in_words() -> None:
    budget = Budget(10_000_000_000)
    assert budget.text(1_200_000_000) == "1.2 GB of 10.0 GB (12 %)"
    assert budget.text(1_200_000_000, bytes_per_day=88e6) == (
        "1.2 GB of 10.0 GB (12 %), 88.0 MB a day, full in about 100 days"
    )
    assert budget.text(0, bytes_per_day=0) == "0 B of 10.0 GB (0 %), 0 B a day"
    assert budget.text(11_000_000_000, bytes_per_day=1).endswith("1 B a day, over its budget")
