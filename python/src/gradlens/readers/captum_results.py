"""Results of captum."""

from typing import Any

from numpy.typing import NDArray

from gradlens.arrays import to_array
from gradlens.errors import InvalidArgumentError, describe
from gradlens.readers.result import AttributionResult


def is_language_result(source: Any) -> bool:
    """Check for an ``LLMAttributionResult``.

    Parameters
    ----------
    source
        Any object.

    Returns
    -------
    bool
        Whether it has its fields.
    """
    return hasattr(source, "seq_attr") and hasattr(source, "input_tokens")


def read_language_result(source: Any, target: Any) -> AttributionResult:
    """Read the attributions to the tokens of a prompt.

    Parameters
    ----------
    source
        An ``LLMAttributionResult``.
    target
        The position of the output token to explain. None: the whole answer.

    Returns
    -------
    AttributionResult
        The attributions [1, tokens].

    Raises
    ------
    InvalidArgumentError
        If the result has no attributions of single output tokens.
    """
    tokens = [str(token) for token in source.input_tokens]
    if target is None:
        return AttributionResult(
            attributions=to_array("seq_attr", source.seq_attr)[None], tokens=tokens
        )
    if source.token_attr is None:
        raise InvalidArgumentError(
            "target", describe(target), "none: the result only has attributions of the whole answer"
        )
    rows = to_array("token_attr", source.token_attr)
    index = int(to_array("target", target).reshape(-1)[0])
    if not 0 <= index < len(rows):
        raise InvalidArgumentError(
            "target", str(index), f"the position of one of {len(rows)} tokens"
        )
    return AttributionResult(
        attributions=rows[index][None],
        tokens=tokens,
        target=index,
        labels=[str(token) for token in source.output_tokens],
    )


def split_deltas(result: Any) -> tuple[Any, Any]:
    """Separate attributions from convergence deltas.

    Parameters
    ----------
    result
        What ``attribute`` returned: attributions, or with ``return_convergence_delta`` a pair of
        attributions and deltas.

    Returns
    -------
    tuple[Any, Any]
        The attributions, and the deltas or None.
    """
    if isinstance(result, tuple) and len(result) == 2:
        attributions, deltas = result
        if getattr(deltas, "ndim", None) == 1 and getattr(attributions, "ndim", 2) > 1:
            return attributions, deltas
    return result, None


def average_deltas(deltas: Any, count: int) -> NDArray[Any]:
    """Average the deltas of random samples, as captum's ``GradientShap`` returns them.

    Parameters
    ----------
    deltas
        [n], or [n · samples] with the samples of an example one after the other.
    count
        The number of examples.

    Returns
    -------
    NDArray[Any]
        [n]: how far the mean attributions are from completeness.

    Raises
    ------
    InvalidArgumentError
        If they don't belong to the examples.
    """
    array = to_array("deltas", deltas)
    if array.ndim != 1 or array.size == 0 or array.size % count != 0:
        raise InvalidArgumentError("deltas", describe(deltas), f"{count}, one per example")
    return array if array.size == count else array.reshape(count, -1).mean(axis=1)
