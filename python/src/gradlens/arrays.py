"""Arrays as libraries give them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlens.errors import InvalidArgumentError, describe


def to_array(argument: str, value: Any) -> NDArray[Any]:
    """Convert a numpy array, torch, TensorFlow or JAX tensor, or nested lists to a numpy array.

    Parameters
    ----------
    argument
        The argument's name, for messages.
    value
        The numbers.

    Returns
    -------
    NDArray[Any]
        The array.

    Raises
    ------
    InvalidArgumentError
        If it isn't an array of numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if "bfloat16" in str(getattr(value, "dtype", "")):
            value = value.float()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise InvalidArgumentError(argument, describe(value), "an array of numbers") from error
    if array.dtype.kind not in "biuf":
        raise InvalidArgumentError(argument, describe(value), "an array of numbers")
    return array


def to_list(argument: str, value: Any) -> list[Any] | None:
    """Convert names or labels to a list.

    Parameters
    ----------
    argument
        The argument's name, for messages.
    value
        A list, tuple or array, or None.

    Returns
    -------
    list[Any] | None
        The list, or None.

    Raises
    ------
    InvalidArgumentError
        If it isn't a list.
    """
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise InvalidArgumentError(argument, describe(value), "a list")
    return value.tolist() if hasattr(value, "tolist") else list(value)
