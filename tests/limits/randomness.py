"""Published tests of random numbers: each takes uniform draws in (0, 1) of 52 bits and returns a p-value.

No maintained package brings such a battery for NumPy arrays (those on PyPI with NIST SP 800-22 rest since 2021, and
TestU01 has no binding), so these are a few strong tests of each kind, by the formulas of Knuth (The Art of Computer
Programming 2, 3rd edition, 3.3.1 to 3.3.3), Marsaglia (1985, A current view of random number generators; with Tsay,
Linear Algebra and its Applications 67), L'Ecuyer and Simard (1999, Beware of linear congruential generators with
multipliers of the form a = +-2^q +- 2^r; 2007, TestU01, ACM TOMS 33(4) 22) and NIST (SP 800-22 rev. 1a, section 2.1).
Where bits matter a test looks at the first and at the last ones, for generators are weakest there.
"""

from math import factorial

import numpy as np
from scipy import stats

BITS = 52


def integers(draws):
    """The 52 bits of each draw."""
    return (draws * 2.0**BITS).astype(np.uint64)


def chi_square(counts, shares):
    """Pearson's test of counts against the shares of their classes."""
    return stats.chisquare(counts, counts.sum() * np.asarray(shares)).pvalue


def poisson(count, mean):
    """A small p for too many, one near 1 for too few."""
    return stats.poisson.sf(count - 1, mean) if count > mean else 1.0 - stats.poisson.cdf(count, mean)


def sum_of_squares(scores):
    """Of independent standard normal scores."""
    return stats.chi2.sf((np.asarray(scores) ** 2).sum(), np.size(scores))


def kolmogorov_smirnov(draws):
    """Knuth 3.3.1 B: equidistribution."""
    return stats.kstest(draws, "uniform").pvalue


def serial(digits, base):
    """Knuth 3.3.2 B: pairs that follow each other fall evenly into base^2 cells."""
    pairs = digits[: len(digits) // 2 * 2].reshape(-1, 2) @ np.array([base, 1])
    return chi_square(np.bincount(pairs, minlength=base**2), np.full(base**2, base**-2.0))


def gap(draws, chance=0.125, longest=50):
    """Knuth 3.3.2 D: r draws between two below `chance` with probability chance (1 - chance)^r."""
    gaps = np.minimum(np.diff(np.flatnonzero(draws < chance)) - 1, longest)
    shares = chance * (1.0 - chance) ** np.arange(longest)
    return chi_square(np.bincount(gaps, minlength=longest + 1), np.append(shares, 1.0 - shares.sum()))


def permutation(draws, length=5):
    """Knuth 3.3.2 P: the orders of five draws are equally likely."""
    order = draws[: len(draws) // length * length].reshape(-1, length).argsort(axis=1)
    code = order @ length ** np.arange(length)
    _, counts = np.unique(code, return_counts=True)
    return chi_square(
        np.append(counts, np.zeros(factorial(length) - len(counts))), np.full(factorial(length), 1 / factorial(length))
    )


def maximum(draws, length=8):
    """Knuth 3.3.2 C: the largest of t draws, to the t-th power, is uniform."""
    largest = draws[: len(draws) // length * length].reshape(-1, length).max(axis=1)
    return stats.kstest(largest**length, "uniform").pvalue


def collision(digits, base=2**13, points=2**14):
    """Knuth 3.3.2 I: n points in m = base^2 cells hit a taken one n - m + m (1 - 1/m)^n times on average; Poisson, as m
    is much larger than n."""
    groups = digits[: len(digits) // 2 * 2].reshape(-1, 2) @ np.array([base, 1])
    groups = groups[: len(groups) // points * points].reshape(-1, points)
    hits = sum(points - len(np.unique(group)) for group in groups)
    mean = points + base**2 * np.expm1(points * np.log1p(-1.0 / base**2))
    return poisson(hits, mean * len(groups))


def birthday_spacings(days, birthdays=2**12, year=2.0**32):
    """Marsaglia 1985; Knuth 3.3.2 J: of the spacings of m birthdays in n days m^3/(4 n) equal another, Poisson."""
    groups = np.sort(days[: len(days) // birthdays * birthdays].astype(np.int64).reshape(-1, birthdays), axis=1)
    spacings = np.sort(np.diff(groups, axis=1), axis=1)
    return poisson((np.diff(spacings, axis=1) == 0).sum(), birthdays**3 / (4.0 * year) * len(groups))


def matrix_rank(words, size=32):
    """Marsaglia and Tsay 1985: the ranks of random 32 x 32 matrices of bits, by elimination of all at once."""
    rows = words[: len(words) // size * size].astype(np.uint64).reshape(-1, size)
    matrices, used = np.arange(len(rows)), np.zeros(rows.shape, dtype=bool)
    for column in range(size):
        holds = (rows >> np.uint64(column)) & np.uint64(1) != 0
        free = holds & ~used
        pivot, found = free.argmax(axis=1), free.any(axis=1)
        used[matrices, pivot] |= found
        holds[matrices, pivot] = False
        rows = rows ^ np.where(holds & found[:, None], rows[matrices, pivot][:, None], np.uint64(0))
    lost = np.bincount(np.minimum(size - used.sum(axis=1), 3), minlength=4)
    shares = [rank_share(size, size - deficit) for deficit in range(3)]
    return chi_square(lost, [*shares, 1.0 - sum(shares)])


def rank_share(size, rank):
    """2^(r (2 n - r) - n^2) prod_{i < r} (1 - 2^(i - n))^2 / (1 - 2^(i - r))."""
    i = np.arange(rank)
    return 2.0 ** (rank * (2 * size - rank) - size**2) * np.prod((1 - 2.0 ** (i - size)) ** 2 / (1 - 2.0 ** (i - rank)))


def bit_frequencies(bits):
    """NIST SP 800-22 2.1, of each of the 52 places: half are ones, sqrt(n)/2."""
    return sum_of_squares((bits.sum(axis=0) - len(bits) / 2) / (np.sqrt(len(bits)) / 2))


def bit_changes(bits):
    """TestU01 sstring_AutoCor, lag one draw: half of the bits at each place change from one draw to the next."""
    return bit_frequencies(bits[1:] != bits[:-1])


def hamming_independence(bits):
    """L'Ecuyer and Simard 1999: numbers of ones in two draws that follow each other are independent binomials."""
    classes = np.clip(bits.sum(axis=1), 23, 29) - 23
    shares = np.diff(stats.binom.cdf([-1, 23, 24, 25, 26, 27, 28, BITS], BITS, 0.5))
    pairs = classes[: len(classes) // 2 * 2].reshape(-1, 2) @ np.array([7, 1])
    return chi_square(np.bincount(pairs, minlength=49), np.outer(shares, shares).ravel())


def serial_correlations(draws, lags=16):
    """Knuth 3.3.2 K: 12 (u - 1/2)(v - 1/2) of draws that are 1 to 16 apart has mean 0 and variance 1."""
    away = draws - 0.5
    return sum_of_squares([12.0 * away[lag:] @ away[:-lag] / np.sqrt(len(away) - lag) for lag in range(1, lags + 1)])


def battery(draws):
    """The p-value of every test, by name."""
    words = integers(draws)
    first, last = (words >> np.uint64(BITS - 32)).astype(np.int64), (words & np.uint64(2**32 - 1)).astype(np.int64)
    bits = np.unpackbits(words.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")[:, :BITS]
    bits = bits.astype(np.int8)
    return {
        "Kolmogorov-Smirnov": kolmogorov_smirnov(draws),
        "serial pairs, first bits": serial(first >> 27, 32),
        "serial pairs, last bits": serial(last & 31, 32),
        "gap": gap(draws),
        "permutation": permutation(draws),
        "maximum of 8": maximum(draws),
        "collision, first bits": collision(first >> 19),
        "collision, last bits": collision(last & (2**13 - 1)),
        "birthday spacings, first bits": birthday_spacings(first),
        "birthday spacings, last bits": birthday_spacings(last),
        "matrix rank, first bits": matrix_rank(first),
        "matrix rank, last bits": matrix_rank(last),
        "bit frequencies": bit_frequencies(bits),
        "bit changes": bit_changes(bits),
        "Hamming independence": hamming_independence(bits),
        "serial correlations": serial_correlations(draws),
    }
