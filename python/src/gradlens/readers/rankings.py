"""Rankings of training examples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array
from gradlens.errors import InvalidArgumentError, describe


def is_ranking(source: Any) -> bool:
    """Check for captum's ``KMostInfluentialResults``.

    Parameters
    ----------
    source
        Any object.

    Returns
    -------
    bool
        Whether it has its fields.
    """
    return hasattr(source, "indices") and hasattr(source, "influence_scores")


def read_ranking(scores: Any, order: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read scores and the training examples that they belong to.

    Parameters
    ----------
    scores
        As :func:`gradlens.similarity` takes them.
    order
        The training examples in the order of the scores, or None.

    Returns
    -------
    tuple[NDArray[np.float32], NDArray[np.int64]]
        The scores in descending order and the training examples, both [n_test, n_train].

    Raises
    ------
    InvalidArgumentError
        If they aren't a ranking.
    """
    if isinstance(scores, Mapping):
        keys = ", ".join(repr(key) for key in scores)
        raise InvalidArgumentError("scores", f"a dictionary of {keys}", "one of its values")
    if hasattr(scores, "meta") and hasattr(scores, "data"):
        raise InvalidArgumentError(
            "scores", describe(scores), "arrays; use explanation() for explanations"
        )
    if order is None:
        scores, order = _split_pair(scores)
    values = to_array("scores", scores).astype(np.float32)
    if values.ndim == 1:
        values = values[None]
    if values.ndim != 2 or values.shape[1] == 0:
        raise InvalidArgumentError("scores", describe(scores), "[n_test, n_train]")
    if order is None:
        indices = np.argsort(-values, axis=1, kind="stable")
        return np.take_along_axis(values, indices, axis=1), indices
    return values, _read_order(order, values)


def _split_pair(scores: Any) -> tuple[Any, Any]:
    """Separate captum's pairs of indices and scores."""
    if is_ranking(scores):
        return scores.influence_scores, scores.indices
    if isinstance(scores, tuple) and len(scores) == 2 and hasattr(scores[0], "shape"):
        indices, values = scores
        if to_array("scores", indices).dtype.kind in "iu":
            return values, indices
    return scores, None


def _read_order(order: Any, values: NDArray[np.float32]) -> NDArray[np.int64]:
    indices = to_array("order", order)
    if indices.dtype.kind not in "iu" or indices.size != values.size:
        raise InvalidArgumentError(
            "order",
            f"{describe(order)} of {indices.dtype}",
            f"the indices of training examples, of shape {values.shape} as the scores",
        )
    indices = indices.astype(np.int64).reshape(values.shape)
    ordered = np.sort(indices, axis=1)
    if indices.min() < 0 or (np.diff(ordered, axis=1) == 0).any():
        raise InvalidArgumentError("order", describe(order), "each training example at most once")
    for row in values:
        ranked = row[np.isfinite(row)]
        if (np.diff(ranked) > 0).any():
            raise InvalidArgumentError(
                "scores",
                "scores that increase",
                "descending scores; rank all training examples instead of the least similar ones, "
                "such as with captum's influence(…) without k",
            )
    return indices
