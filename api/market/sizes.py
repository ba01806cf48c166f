"""How large companies are: head counts, revenue, and how many of their people a data set lists."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from api.market.draws import Draws, Ints, Rows

MAX_EMPLOYEES = 250_000
# Upper ends of the size bands micro, small and mid; what is larger is "large".
BAND_ENDS = np.array([9, 49, 249])

_QUANTILES = 1 << 12
# People state round figures: about a quarter are rounded to the nearest of these,
_ROUND = np.array(
    [
        *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 70, 75, 80, 90),
        *(100, 120, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800),
        *(1_000, 1_200, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000),
        *(10_000, 15_000, 20_000, 30_000, 50_000, 100_000, MAX_EMPLOYEES),
    ]
)
_ROUND_SHARE = 0.25
# and some to the nearest power of ten or half of it.
_HEAPS = np.array([5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, MAX_EMPLOYEES])
_HEAP_SHARE = 0.06
_REVENUE_SIGMA = 0.55
# A data set lists about this many of a company's people per (employees ** 0.75).
_LISTED = 0.7
_MAX_LISTED = 4_000
# In a small market no single company holds more than this part of the people.
_MAX_LISTED_SHARE = 100
_MIN_LIMIT = 25
_UNLISTED_SHARE = 0.03


class Sizes:
    """Head counts and revenues of industries, from tables of quantiles.

    ``employees`` are (median, sigma) of each industry's log-normal head count, ``revenue`` the US
    dollars an employee.
    """

    def __init__(self, employees: Sequence[tuple[float, float]], revenue: Sequence[int]) -> None:
        self._employees = np.stack(
            [
                np.clip(np.rint(median * _log_normal(sigma)), 1, MAX_EMPLOYEES).astype(np.int64)
                for median, sigma in employees
            ]
        )
        self._revenue = np.array(revenue, dtype=np.float64)
        self._revenue_noise = _log_normal(_REVENUE_SIGMA)

    def draw_employees(self, draws: Draws, rows: Rows, industry: Ints) -> Ints:
        """A head count from 1 to ``MAX_EMPLOYEES`` a row, heaped on round figures."""
        drawn = draws.below("company.employees", rows, _QUANTILES)
        exact: Ints = self._employees[industry, drawn]
        heaped = draws.chance("company.heaped", rows, _HEAP_SHARE)
        rounded = draws.chance("company.rounded", rows, _ROUND_SHARE)
        return np.where(
            heaped & (exact > 5),
            _nearest(_HEAPS, exact),
            np.where(rounded, _nearest(_ROUND, exact), exact),
        )

    def draw_revenue(self, draws: Draws, rows: Rows, industry: Ints, employees: Ints) -> Ints:
        """Yearly revenue in US dollars, two significant digits, sometimes three."""
        noise = self._revenue_noise[draws.below("company.revenue", rows, _QUANTILES)]
        exact = (employees * self._revenue[industry] * noise).astype(np.int64)
        powers = 10 ** np.arange(19, dtype=np.int64)
        digits = np.searchsorted(powers, exact, side="right")
        kept = 2 + draws.chance("company.revenue_digits", rows, 0.3)
        unit = powers[np.maximum(digits - kept, 0)]
        return (exact + unit // 2) // unit * unit

    def draw_listed(self, draws: Draws, rows: Rows, employees: Ints, persons: int) -> Ints:
        """How many of a company's people are listed, in a market of ``persons`` in all."""
        # Roots are correctly rounded on every machine, powers are not.
        usual = np.sqrt(employees) * np.sqrt(np.sqrt(employees)) * _LISTED
        jitter = 0.4 + draws.below("company.listed", rows, 1_200) / 1_000
        limit = min(_MAX_LISTED, max(_MIN_LIMIT, persons // _MAX_LISTED_SHARE))
        most = limit // 2 + draws.below("company.most_listed", rows, limit // 2 + 1)
        listed = np.clip((usual * jitter + 0.5).astype(np.int64), 1, np.minimum(employees, most))
        listed[draws.chance("company.unlisted", rows, _UNLISTED_SHARE)] = 0
        return listed


def bands(employees: Ints) -> Ints:
    """The size band of each head count: 0 micro, 1 small, 2 mid, 3 large."""
    return np.searchsorted(BAND_ENDS, employees)


@lru_cache(maxsize=1)
def _standard_normal() -> tuple[float, ...]:
    normal = NormalDist()
    return tuple(normal.inv_cdf((number + 0.5) / _QUANTILES) for number in range(_QUANTILES))


@lru_cache
def _log_normal(sigma: float) -> NDArray[np.float64]:
    """The quantiles of a log-normal distribution around 1, ``_QUANTILES`` of them."""
    return np.array([math.exp(sigma * z) for z in _standard_normal()])


def _nearest(steps: Ints, values: Ints) -> Ints:
    """The step nearest to each value in ratio, so that 30 goes to 50 and not to 10."""
    above = np.clip(np.searchsorted(steps, values), 1, len(steps) - 1)
    low, high = steps[above - 1], steps[above]
    return np.where(values * values <= low * high, low, high)
