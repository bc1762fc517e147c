"""The Gaussian distribution function, on arrays; scipy is loaded when it is first asked for."""

from __future__ import annotations

from precog_assets.domain.in_play import Floats


def below(x: Floats) -> Floats:
    """P(a standard Gaussian is below x), elementwise."""
    from scipy.special import ndtr

    return ndtr(x)
