"""Every way to end has a class, a code, a meaning and something to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import precog_assets
from precog_assets.domain.errors import CODES, ErrorClass, PrecogError

SOURCE = Path(precog_assets.__file__).parent


def test_every_class_has_a_code() -> None:
    assert {entry.error_class for entry in CODES.values()} == set(ErrorClass)


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_it_means_and_what_to_do(code: str) -> None:
    entry = CODES[code]
    assert entry.code == code
    assert entry.meaning.endswith(".")
    assert entry.action.endswith((".", "`"))


def test_a_codes_prefix_goes_with_its_class() -> None:
    for code, entry in CODES.items():
        prefix = code.partition(".")[0]
        if prefix in ("contract", "system"):
            assert entry.error_class.value == prefix


def test_an_error_carries_its_code_and_class() -> None:
    error = PrecogError("system.database", "The database does not answer.")
    assert (error.code, error.error_class, str(error)) == (
        "system.database",
        ErrorClass.SYSTEM,
        "The database does not answer.",
    )


def test_a_code_that_is_not_listed_cannot_be_raised() -> None:
    with pytest.raises(KeyError):
        PrecogError("system.weather", "?")


def test_no_module_uses_a_code_that_is_not_listed() -> None:
    pattern = re.compile(r'"((?:http|contract|system)\.[a-z_]+)"')
    asgi = {"http.disconnect", "http.request"}
    modules = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    used = {(path.name, code) for path, text in modules.items() for code in pattern.findall(text) if code not in asgi}
    assert {code for _, code in used} >= {"http.blocked", "system.database"}
    assert sorted((name, code) for name, code in used if code not in CODES) == []
