"""One way to compile: numba with its cache on disk, kept where some folder for it can be written.

What belongs here: the decorators. Modules that use it hold loops over arrays and nothing else, import numba
by importing this one, and are themselves imported where they are used: definitions load without numba.
A compiled function and what it calls stand in one module, because numba's cache notices changes of that alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """`function` as machine code: compiled at first use, cached for the next process, without the GIL.

    Division by zero gives infinities as in NumPy, and the order of sums is the one written, so that equal inputs
    give equal bits however a compiler arranges its loops.
    """
    return _compiled(function)


def summing(function: F) -> F:
    """The same, but sums may be taken in the order the processor likes best: for long sums whose last bit is free.

    Equal inputs give equal bits on one machine; another may differ in the last.
    """
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: F, **more: Any) -> F:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", **more}
    try:
        return cast("F", numba.njit(cache=True, **options)(function))
    except RuntimeError as error:
        logging.getLogger(__name__).warning("%s is compiled anew in each process: %s", function.__name__, error)
        return cast("F", numba.njit(**options)(function))
