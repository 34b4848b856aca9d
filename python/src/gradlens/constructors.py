"""Explanations from the results of other libraries."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array, to_list
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation


def explanation(source: Any, *, labels: Sequence[str] | None = None, **side: Any) -> Explanation:
    """Take an explanation as it is: alibi's, one with ``meta`` and ``data``, or shap's.

    Parameters
    ----------
    source
        An object or dictionary with ``meta`` and ``data``, such as alibi returns; an
        ``shap.Explanation``; JSON text; or the bytes of a frame.
    labels
        The names of the classes.
    **side
        What an element needs in addition, such as ``tokens`` or ``train_labels``.

    Returns
    -------
    Explanation
        The explanation.

    Raises
    ------
    InvalidArgumentError
        If it isn't an explanation.
    """
    extra = {"labels": to_list("labels", labels), **side}
    if isinstance(source, Explanation):
        return Explanation(source.meta, source.data, {**source.side, **_given(extra)})
    if isinstance(source, bytes | bytearray | memoryview):
        return explanation(Explanation.from_frame(source), **extra)
    if isinstance(source, str):
        return explanation(Explanation.from_json(source), **extra)
    if _is_shap(source):
        return attribution(source, **extra)
    meta, data = _field(source, "meta"), _field(source, "data")
    if not isinstance(meta, Mapping) or not isinstance(data, Mapping):
        raise InvalidArgumentError(
            "source",
            describe(source),
            "an object with meta and data, as alibi's explainers return; "
            "use attribution() or similarity() for arrays",
        )
    return Explanation(meta, data, extra)


def attribution(
    attributions: Any,
    *,
    x: Any = None,
    target: Any = None,
    predictions: Any = None,
    deltas: Any = None,
    labels: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    tokens: Sequence[str] | None = None,
    channels: Literal["first", "last"] = "last",
    method: str | None = None,
) -> Explanation:
    """Make an explanation of attributions, such as captum's, torch's, shap's or your own.

    Parameters
    ----------
    attributions
        An array or tensor [n, …], a tuple or list of them for several inputs, or an
        ``shap.Explanation``.
    x
        The explained examples, in the same form. Default: shap's own data.
    target
        The explained output: an index, or one per example. It selects the output of shap's
        values [n, …, outputs].
    predictions
        The model's outputs [n, outputs].
    deltas
        The convergence deltas [n].
    labels
        The names of the outputs.
    features
        The names of a row's features.
    tokens
        The words of a text, one per position.
    channels
        Whether an image's channels are its last axis or, as in PyTorch, its first.
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
    if _is_shap(attributions):
        attributions, x, features = _read_shap(attributions, x, features, target)
        method = method or "SHAP"
    arrays = _to_arrays("attributions", attributions)
    examples = None if x is None else _to_arrays("x", x)
    if examples is not None and len(examples) != len(arrays):
        raise InvalidArgumentError("x", f"{len(examples)} arrays", f"{len(arrays)}, one per input")
    count = _example_count("attributions", arrays)
    if examples is not None and _example_count("x", examples) != count:
        raise InvalidArgumentError("x", describe(examples[0]), f"{count} examples")
    data: dict[str, Any] = {"attributions": arrays}
    if examples is not None:
        data["X"] = examples[0] if len(examples) == 1 else examples
    for name, value in (("predictions", predictions), ("deltas", deltas)):
        if value is not None:
            data[name] = to_array(name, value)
    if predictions is not None and data["predictions"].shape[:1] != (count,):
        raise InvalidArgumentError("predictions", describe(predictions), f"{count} examples")
    data["target"] = _read_target(target, count)
    is_of_images = channels == "first"
    params: dict[str, Any] = {"input_count": len(arrays)}
    if is_of_images:
        params["channels"] = ["first"] * len(arrays)
    meta = {"name": method or "Attribution", "type": ["whitebox"], "params": params}
    side = {
        "labels": to_list("labels", labels),
        "features": to_list("features", features),
        "tokens": to_list("tokens", tokens),
    }
    return Explanation(meta, data, side)


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
    """Make an explanation that ranks training examples, such as influences or similarities.

    Parameters
    ----------
    scores
        [n_test, n_train] or [n_train]: a score of each training example, in their order if
        ``order`` isn't given, otherwise in that order.
    order
        The training examples in the order of the scores. Default: by descending score.
    examples
        The training examples: an array [n_train, …] or a list of texts. The most and the least
        similar ones are kept.
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
    values = to_array("scores", scores).astype(np.float32)
    if values.ndim == 1:
        values = values[None]
    if values.ndim != 2 or values.shape[1] == 0:
        raise InvalidArgumentError("scores", describe(scores), "[n_test, n_train]")
    if order is None:
        indices = np.argsort(-values, axis=1, kind="stable")
        values = np.take_along_axis(values, indices, axis=1)
    else:
        indices = to_array("order", order).astype(np.int64).reshape(values.shape)
    count = min(top_k, values.shape[1])
    data: dict[str, Any] = {"scores": values, "ordered_indices": indices}
    if examples is not None:
        data["most_similar"] = _pick(examples, indices[:, :count])
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
        "train_labels": None if train_labels is None else to_list("train_labels", train_labels),
        "predicted": predicted,
    }
    return Explanation(meta, data, side)


def _pick(examples: Any, indices: NDArray[np.int64]) -> Any:
    if isinstance(examples, list | tuple) and examples and isinstance(examples[0], str):
        return [[examples[index] for index in row] for row in indices]
    array = to_array("examples", examples)
    if array.shape[0] <= indices.max():
        raise InvalidArgumentError(
            "examples", describe(examples), f"at least {indices.max() + 1} examples, as in scores"
        )
    return array[indices]


def _to_arrays(argument: str, value: Any) -> list[NDArray[Any]]:
    if isinstance(value, list | tuple) and value and hasattr(value[0], "shape"):
        return [to_array(argument, item) for item in value]
    return [to_array(argument, value)]


def _example_count(argument: str, arrays: list[NDArray[Any]]) -> int:
    counts = {array.shape[0] if array.ndim > 1 else None for array in arrays}
    (count, *others) = counts
    if others or count is None:
        raise InvalidArgumentError(
            argument, ", ".join(describe(array) for array in arrays), "arrays [n, …] of n examples"
        )
    return int(count)


def _read_target(target: Any, count: int) -> Any:
    if target is None:
        return None
    array = to_array("target", target).astype(np.int64).reshape(-1)
    if array.size not in (1, count):
        raise InvalidArgumentError("target", describe(target), f"an index, or {count} of them")
    return np.broadcast_to(array, (count,)).copy()


def _is_shap(source: Any) -> bool:
    return hasattr(source, "values") and hasattr(source, "base_values")


def _read_shap(
    source: Any, x: Any, features: Sequence[str] | None, target: Any
) -> tuple[Any, Any, Sequence[str] | None]:
    values = to_array("attributions", source.values)
    x = source.data if x is None else x
    if x is not None and values.ndim == np.ndim(x) + 1:
        if target is None:
            raise InvalidArgumentError(
                "target", "None", "the output to show: shap's values have an axis of outputs"
            )
        chosen = _read_target(target, values.shape[0])
        values = np.stack([row[..., index] for row, index in zip(values, chosen, strict=True)])
    return values, x, features if features is not None else source.feature_names


def _field(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
