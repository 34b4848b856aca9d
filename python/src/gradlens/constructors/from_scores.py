"""Explanations from scores of training examples."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array, to_list
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.readers.rankings import read_ranking


def similarity(
    scores: Any,
    order: Any = None,
    *,
    examples: Any = None,
    train_labels: Any = None,
    labels: Sequence[str] | None = None,
    predicted: int | str | None = None,
    top_k: int = 5,
    channels: Literal["first", "last"] = "last",
    task: Literal["classification", "regression"] = "classification",
    method: str | None = None,
) -> Explanation:
    """Make an explanation that ranks training examples, such as captum's influences.

    Parameters
    ----------
    scores
        [n_test, n_train] or [n_train]: a score of each training example, in their order. With
        ``order``, in that order and descending; the best k are enough. Captum's
        ``KMostInfluentialResults`` and pairs of indices and scores contain both.
    order
        The training examples in the order of the scores. Default: by descending score.
    examples
        The training examples: an array [n_train, …] or a list of texts. The most similar ones are
        kept, and the least similar ones if all are ranked.
    train_labels
        The labels of the training examples.
    labels
        The names of the classes.
    predicted
        The model's prediction for the explained example.
    top_k
        How many of the most and the least similar examples are kept.
    channels
        Whether an image's channels are its last axis or, as in PyTorch, its first.
    task
        What the model does.
    method
        The name of the method.

    Returns
    -------
    Explanation
        The explanation.

    Raises
    ------
    InvalidArgumentError
        If shapes or counts don't match.
    """
    if channels not in ("first", "last"):
        raise InvalidArgumentError("channels", describe(channels), "'first' or 'last'")
    values, indices = read_ranking(scores, order)
    trained = None if train_labels is None else to_list("train_labels", train_labels)
    count = min(top_k, values.shape[1])
    data: dict[str, Any] = {"scores": values, "ordered_indices": indices}
    if examples is not None:
        data["most_similar"] = _pick(examples, indices[:, :count])
        if _is_whole(indices, examples, trained):
            data["least_similar"] = _pick(examples, indices[:, ::-1][:, :count])
    data["non_finite"] = [
        [int(index) for index in row[~np.isfinite(own)]]
        for row, own in zip(indices, values, strict=True)
    ]
    params: dict[str, Any] = {"task_name": task}
    if channels == "first":
        params["channels"] = ["first"]
    meta = {"name": method or "Similarity", "type": ["whitebox"], "params": params}
    side = {
        "labels": to_list("labels", labels),
        "train_labels": trained,
        "predicted": predicted,
    }
    return Explanation(meta, data, side)


def _is_whole(indices: NDArray[np.int64], examples: Any, labels: list[Any] | None) -> bool:
    """Whether all training examples are ranked, as far as is known."""
    ranked = indices.shape[1]
    known = max(len(examples), len(labels or []))
    return bool(known <= ranked and indices.max() < ranked)


def _pick(examples: Any, indices: NDArray[np.int64]) -> Any:
    if len(examples) <= indices.max():
        raise InvalidArgumentError(
            "examples", describe(examples), f"at least {indices.max() + 1} examples, as in scores"
        )
    if len(examples) > 0 and isinstance(examples[0], str):
        return [[str(examples[index]) for index in row] for row in indices]
    return to_array("examples", examples)[indices]
