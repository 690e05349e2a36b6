"""The 97.5 % quantiles that intervals are made of, the same on every processor.

The C library computes logarithms and powers by other routines on other processors, so the last digits of a quantile differ. Rounded
to nine decimals they do not, since no quantile lies within 1e-12 of where rounding turns.
"""

from __future__ import annotations

from functools import cache

NORMAL = 1.959963985
"""Of the standard normal distribution."""

_DECIMALS = 9


@cache
def students(freedom: int) -> float:
    """Of Student's t.

    Args:
        freedom: degrees of freedom, at least 1.
    """
    # scipy.special alone loads three times faster than scipy.stats
    from scipy.special import stdtrit

    return round(float(stdtrit(freedom, 0.975)), _DECIMALS)
