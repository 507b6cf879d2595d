"""The normal distribution against SciPy, and compiled against plain."""

import numpy as np
import pytest
from scipy import special, stats

from colend.compilation import compiled
from colend.equations.normal import inverse_mills_ratio, normal_cdf, normal_density, normal_quantile

POINTS = np.concatenate([np.linspace(-9, 9, 181), [-20.0, -24.9]])


def test_cdf_and_density():
    for x in POINTS:
        assert normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-13)
        assert normal_density(x) == pytest.approx(stats.norm.pdf(x), rel=1e-13)


def test_quantile_inverts_the_cdf_to_the_accuracy_of_as241():
    probabilities = np.concatenate([np.linspace(0.001, 0.999, 999), [1e-300, 1e-30, 1e-12, 1e-6, 0.075, 0.925]])
    for p in probabilities:
        assert normal_quantile(p) == pytest.approx(special.ndtri(p), rel=2e-15, abs=4e-15)


@pytest.mark.parametrize("k", [-40.0, -25.001, -24.999, -3.0, 0.0, 2.5, 30.0])
def test_inverse_mills_ratio(k):
    assert inverse_mills_ratio(k) == pytest.approx(
        np.exp(stats.norm.logpdf(k) - stats.norm.logcdf(k)), rel=1e-5, abs=1e-300
    )


@pytest.mark.parametrize("function", [normal_cdf, normal_density, normal_quantile, inverse_mills_ratio])
def test_compiled_and_plain_agree_to_the_last_bit(function):
    arguments = np.random.default_rng(1).random(2_000) if function is normal_quantile else POINTS
    fast = compiled(function)
    assert all(fast(float(x)) == function(float(x)) for x in arguments)
