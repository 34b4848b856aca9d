"""Results of shap."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlens.arrays import to_array
from gradlens.errors import InvalidArgumentError, describe
from gradlens.readers.result import AttributionResult


def is_shap(source: Any) -> bool:
    """Check for an ``shap.Explanation``.

    Parameters
    ----------
    source
        Any object.

    Returns
    -------
    bool
        Whether it has its fields.
    """
    return hasattr(source, "values") and hasattr(source, "base_values")


def read_shap(source: Any, x: Any, target: Any) -> AttributionResult:
    """Read the attributions of one output from an ``shap.Explanation``.

    Parameters
    ----------
    source
        The explanation, of a batch or of one example.
    x
        The explained examples. None: shap's own data.
    target
        The output, or one per example, if there is an axis of outputs.

    Returns
    -------
    AttributionResult
        The attributions [n, …].

    Raises
    ------
    InvalidArgumentError
        If the output isn't given, or the meaning of an axis isn't clear.
    """
    # Versions before 0.40 have no names of outputs.
    names = getattr(source, "output_names", None)
    text = None if x is not None else _find_text(source)
    if text is not None:
        tokens, own = text
        values = to_array("values", own)[None]
        has_outputs = values.ndim == 3
        result = AttributionResult(attributions=values, tokens=tokens)
    else:
        data = source.data if x is None else x
        values, examples, has_outputs = _read_numbers(source, data)
        result = AttributionResult(attributions=values, x=examples)
        if examples is None and data is not None:
            result.values = [
                str(value) for value in np.asarray(data, dtype=object).reshape(len(values), -1)[0]
            ]
        if values.ndim - has_outputs == 2:
            result.features = _list_names(source.feature_names, values.shape[1])
    result.method = "SHAP"
    if has_outputs:
        result.labels = _list_names(names, values.shape[-1])
        result.target = _choose_output(target, values, result.labels)
        result.attributions = np.stack(
            [own[..., index] for own, index in zip(values, result.target, strict=True)]
        )
    elif isinstance(names, str) and target is None:
        result.labels, result.target = [names], 0
    return result


def _read_numbers(source: Any, data: Any) -> tuple[NDArray[Any], NDArray[Any] | None, bool]:
    """Return values [n, …] or [n, …, outputs], the data [n, …], and whether outputs are an axis."""
    values = to_array("values", source.values)
    base = None if source.base_values is None else to_array("base_values", source.base_values)
    axes = None if data is None else np.ndim(data)
    has_outputs = _has_outputs(values, base, axes)
    is_one = (values.ndim - has_outputs) == 1
    examples = _to_numbers(data)
    if is_one:
        return values[None], None if examples is None else examples[None], has_outputs
    return values, examples, has_outputs


def _has_outputs(values: NDArray[Any], base: NDArray[Any] | None, axes: int | None) -> bool:
    """Whether the last axis of the values is one of outputs; refuses what has several meanings."""
    further = None if axes is None else values.ndim - axes
    if base is None:
        if further in (0, 1):
            return further == 1
    elif base.ndim == 2:
        if further in (None, 1) and values.ndim > 2:
            return True
    elif base.ndim == 1:
        if further in (None, 0) and values.ndim > 1 and len(base) == len(values):
            return False
        # A row with a base value per output. With more axes, it may also be a batch of examples.
        if further == 1 and axes == 1 and len(base) == values.shape[-1]:
            return True
    elif further in (None, 0) and values.ndim in (1, 2, 4):
        return False
    shape = "none" if base is None else f"shape {base.shape}"
    raise InvalidArgumentError(
        "attributions",
        f"values of shape {values.shape} with base_values of {shape}"
        + ("" if axes is None else f" and data of {axes} axes"),
        "values [n, …] with base_values [n], or values [n, …, outputs] with base_values "
        "[n, outputs]. Index a single example as explanation[i:i+1]. For one output, pass "
        "explanation.values[..., k] and x=explanation.data. Interaction values aren't shown",
    )


def _choose_output(target: Any, values: NDArray[Any], labels: list[str] | None) -> NDArray[Any]:
    count, outputs = values.shape[0], values.shape[-1]
    if target is None:
        if outputs > 1:
            names = "" if labels is None else f": {', '.join(labels[:10])}"
            raise InvalidArgumentError(
                "target",
                "None",
                f"the index of the output to show, because shap's values have {outputs}{names}",
            )
        target = 0
    chosen = to_array("target", target).astype(np.int64).reshape(-1)
    if chosen.size not in (1, count) or chosen.min() < 0 or chosen.max() >= outputs:
        raise InvalidArgumentError(
            "target", describe(target), f"an index below {outputs}, or {count} of them"
        )
    targets: NDArray[np.int64] = np.broadcast_to(chosen, (count,)).copy()
    return targets


def _find_text(source: Any) -> tuple[list[str], Any] | None:
    """Find the tokens of a single text and their values; None if the data isn't text."""
    data, values, names = source.data, source.values, source.feature_names
    if isinstance(data, tuple) and all(_list_tokens(tokens) is not None for tokens in data):
        if len(data) != 1:
            raise InvalidArgumentError(
                "attributions",
                f"shap's values of {len(data)} texts",
                "those of one text: explanation[i]",
            )
        (data,) = data
        values, names = values[0], None
    tokens = _list_tokens(data)
    # The names of a text's features are its tokens. A row of categories has names of columns.
    if tokens is None or (
        names is not None and [token.strip() for token in tokens] != [str(n).strip() for n in names]
    ):
        return None
    return tokens, values


def _list_tokens(data: Any) -> list[str] | None:
    if not isinstance(data, np.ndarray) or data.ndim != 1 or data.size == 0:
        return None
    return [str(item) for item in data] if all(isinstance(item, str) for item in data) else None


def _to_numbers(data: Any) -> NDArray[Any] | None:
    """Convert a table; None for one with texts in it."""
    if data is None:
        return None
    if getattr(getattr(data, "dtype", None), "kind", None) == "O":
        try:
            return np.asarray(data).astype(np.float64)
        except (TypeError, ValueError):
            return None
    return to_array("x", data)


def _list_names(names: Any, count: int) -> list[str] | None:
    is_list = isinstance(names, Sequence | np.ndarray) and not isinstance(names, str)
    if not is_list or len(names) != count or not all(isinstance(name, str) for name in names):
        return None
    return [str(name) for name in names]
