"""How sure a share is that was counted in a sample."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The score interval of a share, 95 %: it holds where a sample has none, too. (0, 1) without a trial.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212.
    """
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, _Z * _Z / trials
    middle = share + spread / 2
    width = _Z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low, high = (middle - width) / (1 + spread), (middle + width) / (1 + spread)
    return (low if hits else 0.0), (high if hits < trials else 1.0)
