"""One sentence about an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gradlens.explanation import Explanation


def describe_explanation(explanation: Explanation) -> str:
    """Describe an explanation in a sentence, for text where no picture is shown.

    Parameters
    ----------
    explanation
        The explanation.

    Returns
    -------
    str
        A sentence without markup.
    """
    if explanation.is_similarity:
        return _describe_ranking(explanation)
    if explanation.is_prediction:
        return _describe_prediction(explanation)
    return _describe_attributions(explanation)


def _describe_ranking(explanation: Explanation) -> str:
    scores = np.atleast_2d(explanation.data["scores"])
    indices = np.atleast_2d(explanation.data["ordered_indices"])
    labels = explanation.side.get("train_labels")
    if scores.size == 0:
        return f"{explanation.meta['name']} ranks no training examples."
    first = int(indices[0, 0])
    label = ""
    if labels is not None and first < len(labels):
        label = f", labelled {name_label(explanation, labels[first])}"
    return (
        f"{explanation.meta['name']} ranks {scores.shape[1]:,} training examples. The most similar "
        f"is example {first}{label}, with a score of {scores[0, 0]:.3g}."
    )


def _describe_prediction(explanation: Explanation) -> str:
    outputs = np.atleast_2d(explanation.data["predictions"])
    if outputs.size == 0:
        return "The model predicts nothing."
    first = outputs[0].reshape(-1)
    if first.size == 1:
        return f"The model predicts {first[0]:.4g}."
    best = int(np.argmax(first))
    return (
        f"The model predicts {name_label(explanation, best)}, with an output of {first[best]:.3g}."
    )


def _describe_attributions(explanation: Explanation) -> str:
    attributions = explanation.data.get("attributions")
    name = explanation.meta["name"]
    if attributions is None:
        return f"{name}, with {', '.join(explanation.data) or 'no data'}."
    arrays = attributions if isinstance(attributions, list) else [attributions]
    values = np.asarray(arrays[0], dtype=np.float64)
    if values.size == 0:
        return f"{name} attributes to no examples."
    one = values[0]
    target = find_target(explanation, 0)
    of = "" if target is None else f" of {name_label(explanation, target)}"
    positive, negative = float(one[one > 0].sum()), float(one[one < 0].sum())
    return (
        f"{name} attributes the score{of} to an input of shape {tuple(one.shape)}: "
        f"{positive:+.3g} for it, {negative:+.3g} against it."
    )


def find_target(explanation: Explanation, index: int) -> int | None:
    """Find the explained output of an example.

    Parameters
    ----------
    explanation
        The explanation.
    index
        The example.

    Returns
    -------
    int | None
        The index of the output, or None if the explanation doesn't say.
    """
    target: Any = explanation.data.get("target")
    if target is None:
        return None
    flat = np.asarray(target).reshape(-1)
    if flat.size == 0 or flat.dtype.kind not in "iuf":
        return None
    return int(flat[0 if flat.size == 1 else index])


def name_label(explanation: Explanation, label: Any) -> str:
    """Name a class.

    Parameters
    ----------
    explanation
        The explanation, whose side has the names.
    label
        The index of the class, or its name.

    Returns
    -------
    str
        The name.
    """
    names = explanation.side.get("labels") or []
    is_index = isinstance(label, int | np.integer) and 0 <= int(label) < len(names)
    return str(names[int(label)]) if is_index else str(label)
