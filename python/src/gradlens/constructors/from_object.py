"""Explanations from objects of other libraries."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradlens.arrays import to_list
from gradlens.constructors.from_attributions import attribution
from gradlens.constructors.from_scores import similarity
from gradlens.errors import InvalidArgumentError, describe
from gradlens.explanation import Explanation
from gradlens.readers.captum_results import is_language_result
from gradlens.readers.rankings import is_ranking
from gradlens.readers.shap_values import is_shap


def explanation(source: Any, *, labels: Sequence[str] | None = None, **side: Any) -> Explanation:
    """Take an explanation as it is: alibi's, shap's, or one with ``meta`` and ``data``.

    Parameters
    ----------
    source
        An object or dictionary with ``meta`` and ``data``, such as alibi returns; an
        ``shap.Explanation`` of one output; captum's ``LLMAttributionResult`` or
        ``KMostInfluentialResults``; JSON text; or the bytes of a frame.
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
    if is_ranking(source):
        return explanation(similarity(source), **extra)
    if is_shap(source) or is_language_result(source):
        return explanation(attribution(source), **extra)
    meta, data = _field(source, "meta"), _field(source, "data")
    if not isinstance(meta, Mapping) or not isinstance(data, Mapping):
        raise InvalidArgumentError(
            "source",
            describe(source),
            "an object with meta and data, as alibi's explainers return; "
            "use attribution() or similarity() for arrays",
        )
    if not {"attributions", "scores", "predictions"} & set(data):
        way_out = (
            "; use attribution(source.shap_values[k], x=…) for the output k"
            if "shap_values" in data
            else ""
        )
        raise InvalidArgumentError(
            "source",
            f"an explanation by {meta.get('name')} with {', '.join(map(str, data)) or 'no data'}",
            f"data with attributions, scores or predictions{way_out}",
        )
    return Explanation(meta, data, extra)


def _field(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
