"""What `precog collect` does to its own process."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from precog_assets.cli.collect import ARENAS, credentials_of
from precog_assets.domain.errors import ConfigurationError
from precog_assets.environment import Settings, resolve

ALLOCATE = """
import ctypes, sys, threading
from precog_assets.cli.collect import few_arenas
if sys.argv[1] == "few":
    few_arenas()
gate = threading.Barrier(12)
def work():
    gate.wait()
    held = [bytes(2000 + number) for number in range(500)]
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(c.fopen(sys.argv[2].encode(), b"w"))
c.malloc_info(0, file)
c.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas for threads")
def test_many_threads_share_few_arenas(tmp_path: Path) -> None:
    def arenas(how: str) -> int:
        told = tmp_path / how
        subprocess.run([sys.executable, "-c", ALLOCATE, how, str(told)], check=True)
        return told.read_text().count("<heap nr")

    assert arenas("few") <= ARENAS < arenas("as they come")


@pytest.mark.parametrize("mode", ["demo", "live"])
def test_a_real_exchange_without_a_key_is_refused_and_both_variables_are_named(mode: str, tmp_path: Path) -> None:
    given = {"precog_home": tmp_path, "espn_mode": mode, "kalshi_mode": mode}
    environment = resolve(Settings(_env_file=None, **given))  # type: ignore[call-arg]
    with pytest.raises(ConfigurationError, match=f"KALSHI_MODE={mode}.*KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH"):
        credentials_of(environment)
