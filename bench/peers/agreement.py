"""How far two results for the same weights and data are apart."""

import numpy as np

# Both are float32 sums of up to 400,000 products in another order: some 1e-6 of the largest. A wrong rule is off by its
# own size. It bounds the order as well: only scores that are closer than twice this can stand the other way round.
TOLERANCE = 1e-5


def compare(what, ours, theirs, tolerance=TOLERANCE):
    """The greatest difference in parts of the greatest value, and Spearman's rank correlation."""
    ours, theirs = np.ravel(ours).astype(float), np.ravel(theirs).astype(float)
    error = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    correlation = rank_correlation(ours, theirs)
    return {
        "what": what,
        "error": error,
        "tolerance": tolerance,
        "rankCorrelation": correlation,
        "agrees": error <= tolerance,
    }


def rank_correlation(first, second):
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values):
    """Equal values share the mean of their ranks: a pixel that is 0 has attribution 0."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]
