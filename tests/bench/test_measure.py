"""The statistics of the benchmarks."""

import pytest

from api.bench.measure import latency, ratio


def test_percentiles_are_measured_values() -> None:
    found = latency([second / 1000 for second in range(100, 0, -1)])
    assert (found.calls, found.p50_ms, found.p95_ms, found.p99_ms) == (100, 50, 95, 99)
    assert latency([0.25]).p99_ms == 250


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.95, 5)])
def test_a_ratio_is_that_of_one_percentile(share: float, value: float) -> None:
    """Nine of ten calls take twice as long, the slowest five times."""
    under = [1.0] * 100
    over = [2.0] * 90 + [5.0] * 10
    found = ratio("over ÷ under", over, under, 2, share)
    assert (found.value, found.met) == (value, value <= 2)
    assert found.low <= found.value <= found.high


def test_a_goal_is_met_when_it_is_reached() -> None:
    assert ratio("same", [1.0, 1.0], [1.0, 1.0], 1).met
    assert not ratio("more", [1.01], [1.0], 1).met
