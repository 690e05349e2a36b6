"""The 97.5 % quantiles used for intervals, the same on every processor.

The C library computes logarithms and powers with different routines on different processors, so the last digits of a quantile
differ. Rounded to nine decimals they do not, since no quantile is within 1e-12 of a rounding boundary.
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
