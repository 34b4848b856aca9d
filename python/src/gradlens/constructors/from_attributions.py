"""Explanations from attributions."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array, to_list
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.readers.captum_results import (
    average_deltas,
    is_language_result,
    read_language_result,
    split_deltas,
)
from gradlens.readers.result import AttributionResult
from gradlens.readers.shap_values import is_shap, read_shap


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
    times: Sequence[str] | None = None,
    channels: Literal["first", "last"] = "last",
    kind: Literal["image", "text", "tabular", "series"] | None = None,
    method: str | None = None,
) -> Explanation:
    """Make an explanation of attributions, such as captum's, torch's, shap's or your own.

    Parameters
    ----------
    attributions
        An array or tensor [n, …], or a tuple or list of them for several inputs; captum's pair of
        attributions and convergence deltas, or its ``LLMAttributionResult``; an
        ``shap.Explanation``.
    x
        The explained examples, in the same form. Default: shap's own data.
    target
        The explained output: an index, or one per example. It selects the output of a
        ``shap.Explanation`` with values [n, …, outputs], and the output token of an
        ``LLMAttributionResult``.
    predictions
        The model's outputs [n, outputs].
    deltas
        The convergence deltas [n], or [n · samples], which are averaged.
    labels
        The names of the outputs.
    features
        The names of a row's features.
    tokens
        The words of a text, one per position.
    times
        The names of the time steps of a series.
    channels
        Whether the channels of an image or a series are its last axis or, as in PyTorch, its
        first.
    kind
        What the examples are. Default: one axis is a row of features, two or three are an image.
        A time series [n, steps, features] is ``'series'``.
    method
        The name of the method.

    Returns
    -------
    Explanation
        The explanation.

    Raises
    ------
    InvalidArgumentError
        If shapes or counts don't match, or the meaning of an axis isn't clear.
    """
    if channels not in ("first", "last"):
        raise InvalidArgumentError("channels", describe(channels), "'first' or 'last'")
    if kind not in (None, "image", "text", "tabular", "series"):
        raise InvalidArgumentError("kind", describe(kind), "'image', 'text', 'tabular' or 'series'")
    result = _read_attributions(attributions, x, target)
    arrays = _to_arrays("attributions", result.attributions)
    examples = None if result.x is None else _to_arrays("x", result.x)
    count = _example_count("attributions", arrays)
    tokens = result.tokens if tokens is None else tokens
    if examples is not None:
        _check_examples(arrays, examples, count, has_tokens=tokens is not None)
    data: dict[str, Any] = {"attributions": arrays}
    if examples is not None:
        data["X"] = examples[0] if len(examples) == 1 else examples
    if predictions is not None:
        data["predictions"] = to_array("predictions", predictions)
        if data["predictions"].shape[:1] != (count,):
            raise InvalidArgumentError("predictions", describe(predictions), f"{count} examples")
    deltas = result.deltas if deltas is None else deltas
    if deltas is not None:
        data["deltas"] = average_deltas(deltas, count)
    data["target"] = _read_target(result.target, count)
    params: dict[str, Any] = {"input_count": len(arrays)}
    if channels == "first":
        params["channels"] = ["first"] * len(arrays)
    name = method or result.method or "Attribution"
    meta = {"name": name, "type": ["whitebox"], "params": params}
    side = {
        "labels": to_list("labels", result.labels if labels is None else labels),
        "features": to_list("features", result.features if features is None else features),
        "tokens": to_list("tokens", tokens),
        "times": to_list("times", times),
        "values": result.values,
        "kind": kind,
    }
    return Explanation(meta, data, side)


def _read_attributions(attributions: Any, x: Any, target: Any) -> AttributionResult:
    if is_shap(attributions):
        result = read_shap(attributions, x, target)
    elif is_language_result(attributions):
        result = read_language_result(attributions, target)
    elif hasattr(attributions, "meta") and hasattr(attributions, "data"):
        raise InvalidArgumentError(
            "attributions", describe(attributions), "arrays; use explanation() for explanations"
        )
    else:
        arrays, deltas = split_deltas(attributions)
        result = AttributionResult(attributions=arrays, deltas=deltas)
    if result.target is None:
        result.target = target
    if result.x is None and result.values is None:
        result.x = x
    return result


def _check_examples(
    arrays: list[NDArray[Any]], examples: list[NDArray[Any]], count: int, *, has_tokens: bool
) -> None:
    if len(examples) != len(arrays):
        raise InvalidArgumentError(
            "x",
            f"{len(examples)} arrays",
            f"{len(arrays)}, one per input; for a list with an array per output, pass its k-th",
        )
    if _example_count("x", examples) != count:
        raise InvalidArgumentError("x", describe(examples[0]), f"{count} examples")
    for array, example in zip(arrays, examples, strict=True):
        if array.ndim == example.ndim + 1 and not has_tokens:
            raise InvalidArgumentError(
                "attributions",
                f"shape {array.shape} for x of shape {example.shape}",
                "as many axes as x has; choose an output with attributions[..., k], or sum over "
                "the embedding of a text with attributions.sum(-1) or give its tokens",
            )


def _to_arrays(argument: str, value: Any) -> list[NDArray[Any]]:
    if not (isinstance(value, list | tuple) and value and hasattr(value[0], "shape")):
        return [to_array(argument, value)]
    arrays = [to_array(argument, item) for item in value]
    if argument == "attributions" and any(array.dtype.kind in "biu" for array in arrays):
        raise InvalidArgumentError(
            argument,
            "an array of integers among several",
            "one array of numbers per input; of shap's ranked outputs, pass values[..., 0] with "
            "target=indexes[:, 0]",
        )
    return arrays


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
